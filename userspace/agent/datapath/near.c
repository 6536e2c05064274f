// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The endpoints' places in near4/6.
 *
 * A copy of endpoint4/6 for the programs' speed (maps.h), derived and never believed: it follows each change of an endpoint, comes
 * after the hash's entry and goes before it, and is held against the endpoints whenever these are read back. So a place that is missing,
 * after a failure or a kill, costs packets a hash lookup, and a place that is wrong does not outlive the next start.
 *
 * Two endpoints may want one place: who was there first keeps it, and the other is found by its hash.
 */

#include <string.h>

#include "agent/datapath/dp.h"
#include "base/cleanup.h"
#include "base/mem.h"

static uint32_t place_of(const struct bl_ip *ip)
{
	const uint8_t *end = ip->b + bl_ip_size(ip) - 2;

	return ((uint32_t)end[0] << 8 | end[1]) & (BL_NEAR_SIZE - 1);
}

static struct bl_ip *owner_of(struct bl_tables *t, const struct bl_ip *ip)
{
	return &t->near[ip->family == 6][place_of(ip)];
}

/* Zero in the place: nobody's. */
static int write_place(struct bl_tables *t, uint8_t family, uint32_t place, const struct bl_ip *ip,
		       const struct bl_endpoint *ep, struct bl_err *err)
{
	struct bl_near4 near4 = {};
	struct bl_near6 near6 = {};

	if (ip) {
		near4.ep = near6.ep = *ep;
		memcpy(&near4.addr, ip->b, sizeof(near4.addr));
		memcpy(&near6.addr, ip->b, sizeof(near6.addr));
	}
	if (family == 4)
		return bl_map_io_put(t->io, BL_MAP_near4, &place, &near4, err);
	return bl_map_io_put(t->io, BL_MAP_near6, &place, &near6, err);
}

int bl_near_put(struct bl_tables *t, const struct bl_ip *ip, const struct bl_endpoint *ep,
		struct bl_err *err)
{
	struct bl_ip *owner = owner_of(t, ip);
	int rc;

	if (owner->family && bl_ip_cmp(owner, ip))
		return 0;
	rc = write_place(t, ip->family, place_of(ip), ip, ep, err);
	if (!rc)
		*owner = *ip;
	return rc;
}

int bl_near_drop(struct bl_tables *t, const struct bl_ip *ip, struct bl_err *err)
{
	struct bl_ip *owner = owner_of(t, ip);
	int rc;

	if (!owner->family || bl_ip_cmp(owner, ip))
		return 0;
	rc = write_place(t, ip->family, place_of(ip), NULL, NULL, err);
	if (!rc)
		*owner = (struct bl_ip){};
	return rc;
}

struct found {
	struct bl_tables *t;
	uint8_t family;
	struct bl_near6 *v; /* by place */
};

static int take(void *arg, const void *key, const void *value)
{
	struct found *f = arg;
	uint32_t place = *(const uint32_t *)key;
	const struct bl_near4 *near4 = value;
	struct bl_near6 *to = &f->v[place];

	if (f->family == 6) {
		*to = *(const struct bl_near6 *)value;
	} else {
		to->ep = near4->ep;
		memcpy(&to->addr, &near4->addr, sizeof(near4->addr));
	}
	return 0;
}

/* Whether the place holds this endpoint; what the programs write there is theirs. */
static bool holds(const struct bl_near6 *place, const struct bl_ip *ip, struct bl_endpoint ep)
{
	ep.translated = place->ep.translated;
	return memcmp(&place->addr, ip->b, bl_ip_size(ip)) == 0 &&
	       memcmp(&place->ep, &ep, sizeof(ep)) == 0;
}

/* One family: whom the places belong to, then those that belong to nobody any more. */
static int load_family(struct bl_tables *t, uint8_t family, struct bl_near6 *v, struct bl_err *err)
{
	struct found f = {t, family, v};
	enum bl_map map = family == 4 ? BL_MAP_near4 : BL_MAP_near6;
	int rc = bl_map_io_each(t->io, map, take, &f, err);

	for (size_t i = 0; i < t->n_endpoints && !rc; i++) {
		const struct bl_desired_endpoint *e = &t->endpoints[i];

		if (e->ip.family == family &&
		    holds(&v[place_of(&e->ip)], &e->ip, bl_tables_endpoint(e, true)))
			*owner_of(t, &e->ip) = e->ip;
	}
	for (uint32_t place = 0; place < BL_NEAR_SIZE && !rc; place++) {
		if (v[place].ep.flags && !t->near[family == 6][place].family)
			rc = write_place(t, family, place, NULL, NULL, err);
	}
	return rc;
}

int bl_near_load(struct bl_tables *t, struct bl_err *err)
{
	BL_FREE struct bl_near6 *v = bl_calloc(BL_NEAR_SIZE, sizeof(*v));
	int rc;

	if (!t->near)
		t->near = bl_calloc(2, sizeof(*t->near));
	memset(t->near, 0, 2 * sizeof(*t->near));
	rc = load_family(t, 4, v, err);
	memset(v, 0, BL_NEAR_SIZE * sizeof(*v));
	if (!rc)
		rc = load_family(t, 6, v, err);
	for (size_t i = 0; i < t->n_endpoints && !rc; i++) {
		const struct bl_desired_endpoint *e = &t->endpoints[i];
		struct bl_endpoint ep = bl_tables_endpoint(e, true);

		if (!owner_of(t, &e->ip)->family)
			rc = bl_near_put(t, &e->ip, &ep, err);
	}
	return rc;
}
