// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Endpoints, prefixes and the config entry.
 *
 * Each is wished for as a whole and compared with what the maps hold, of which a copy is kept. After any failure the copy is
 * not trusted any more: the next wish reads the maps again, so that a half-done change is finished and not forgotten.
 *
 * What is done to an endpoint is done to its place in near4/6 as well (near.c).
 *
 * An endpoint has one field that the programs write (maps.h: `translated`). It is left out of every comparison, and an entry that
 * replaces a pod's entry gets it set: too much costs a lookup, too little a connection.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/datapath/dp.h"
#include "agent/state/delta.h"
#include "base/cleanup.h"
#include "base/mem.h"

struct put {
	struct bl_tables *t;
	struct bl_err *err;
};

static enum bl_map endpoint_map(const struct bl_ip *ip)
{
	return ip->family == 4 ? BL_MAP_endpoint4 : BL_MAP_endpoint6;
}

static enum bl_map prefix_map(const struct bl_cidr *c)
{
	return c->ip.family == 4 ? BL_MAP_prefix4 : BL_MAP_prefix6;
}

static int cmp_endpoint(const void *a, const void *b)
{
	const struct bl_desired_endpoint *ea = a, *eb = b;

	return bl_ip_cmp(&ea->ip, &eb->ip);
}

static int cmp_prefix(const void *a, const void *b)
{
	const struct bl_desired_prefix *pa = a, *pb = b;

	return bl_cidr_cmp(&pa->cidr, &pb->cidr);
}

static bool same_endpoint(const struct bl_desired_endpoint *a, const struct bl_desired_endpoint *b)
{
	return a->flags == b->flags && a->ifindex == b->ifindex && a->policy == b->policy &&
	       memcmp(a->mac, b->mac, sizeof(a->mac)) == 0 &&
	       memcmp(a->host_mac, b->host_mac, sizeof(a->host_mac)) == 0;
}

struct bl_endpoint bl_tables_endpoint(const struct bl_desired_endpoint *e, bool translated)
{
	struct bl_endpoint value = {.ifindex = e->ifindex, .flags = e->flags, .policy = e->policy};

	memcpy(value.mac, e->mac, sizeof(value.mac));
	memcpy(value.host_mac, e->host_mac, sizeof(value.host_mac));
	value.translated = translated && e->flags & BL_ENDPOINT_POD;
	return value;
}

static int put_endpoint(void *arg, const void *have, const void *want)
{
	const struct bl_desired_endpoint *h = have, *w = want;
	struct bl_endpoint value;
	struct put *p = arg;
	int rc;

	if (h && same_endpoint(h, w))
		return 0;
	value = bl_tables_endpoint(w, h && h->flags & BL_ENDPOINT_POD);
	rc = bl_map_io_put(p->t->io, endpoint_map(&w->ip), w->ip.b, &value, p->err);
	return rc ? rc : bl_near_put(p->t, &w->ip, &value, p->err);
}

static int drop_endpoint(void *arg, const void *have)
{
	const struct bl_desired_endpoint *h = have;
	struct put *p = arg;
	int rc = bl_near_drop(p->t, &h->ip, p->err);

	return rc ? rc : bl_map_io_erase(p->t->io, endpoint_map(&h->ip), h->ip.b, p->err);
}

static const void *prefix_key(const struct bl_cidr *c, struct bl_prefix4_key *k4,
			      struct bl_prefix6_key *k6)
{
	k4->len = k6->len = c->len;
	memcpy(&k4->addr, c->ip.b, sizeof(k4->addr));
	memcpy(&k6->addr, c->ip.b, sizeof(k6->addr));
	return c->ip.family == 4 ? (const void *)k4 : k6;
}

static int put_prefix(void *arg, const void *have, const void *want)
{
	const struct bl_desired_prefix *h = have, *w = want;
	struct bl_prefix value = {.flags = w->flags};
	struct bl_prefix4_key k4;
	struct bl_prefix6_key k6;
	struct put *p = arg;

	if (h && h->flags == w->flags)
		return 0;
	return bl_map_io_put(p->t->io, prefix_map(&w->cidr), prefix_key(&w->cidr, &k4, &k6), &value,
			     p->err);
}

static int drop_prefix(void *arg, const void *have)
{
	const struct bl_desired_prefix *h = have;
	struct bl_prefix4_key k4;
	struct bl_prefix6_key k6;
	struct put *p = arg;

	return bl_map_io_erase(p->t->io, prefix_map(&h->cidr), prefix_key(&h->cidr, &k4, &k6),
			       p->err);
}

/* --- reading ---------------------------------------------------------------------------------------------------------- */

struct reader {
	struct bl_tables *t;
	uint8_t family;
};

static int read_endpoint(void *arg, const void *key, const void *value)
{
	struct reader *r = arg;
	struct bl_tables *t = r->t;
	const struct bl_endpoint *v = value;
	struct bl_desired_endpoint *e;

	t->endpoints = bl_realloc(t->endpoints, t->n_endpoints + 1, sizeof(*e));
	e = &t->endpoints[t->n_endpoints++];
	*e = (struct bl_desired_endpoint){
		.ip.family = r->family,
		.flags = v->flags,
		.ifindex = v->ifindex,
		.policy = v->policy,
	};
	memcpy(e->ip.b, key, bl_ip_size(&e->ip));
	memcpy(e->mac, v->mac, sizeof(e->mac));
	memcpy(e->host_mac, v->host_mac, sizeof(e->host_mac));
	return 0;
}

static int read_prefix(void *arg, const void *key, const void *value)
{
	const struct bl_prefix4_key *k4 = key;
	const struct bl_prefix6_key *k6 = key;
	const struct bl_prefix *v = value;
	struct reader *r = arg;
	struct bl_tables *t = r->t;
	struct bl_desired_prefix *p;

	t->prefixes = bl_realloc(t->prefixes, t->n_prefixes + 1, sizeof(*p));
	p = &t->prefixes[t->n_prefixes++];
	*p = (struct bl_desired_prefix){.flags = v->flags};
	p->cidr.ip.family = r->family;
	p->cidr.len = (uint8_t)(r->family == 4 ? k4->len : k6->len);
	memcpy(p->cidr.ip.b, r->family == 4 ? (const void *)&k4->addr : &k6->addr,
	       bl_ip_size(&p->cidr.ip));
	return 0;
}

static int read_config(void *arg, const void *key, const void *value)
{
	struct reader *r = arg;

	(void)key;
	r->t->config = *(const struct bl_config *)value;
	return 1;
}

void bl_tables_free(struct bl_tables *t)
{
	free(t->endpoints);
	free(t->prefixes);
	free(t->near);
	*t = (struct bl_tables){.io = t->io};
}

static const struct {
	enum bl_map map;
	uint8_t family;
	bl_map_entry_fn fn;
} readers[] = {
	{BL_MAP_endpoint4, 4, read_endpoint}, {BL_MAP_endpoint6, 6, read_endpoint},
	{BL_MAP_prefix4, 4, read_prefix},     {BL_MAP_prefix6, 6, read_prefix},
	{BL_MAP_config, 0, read_config},
};

int bl_tables_load(struct bl_tables *t, struct bl_err *err)
{
	int rc;

	bl_tables_free(t);
	for (size_t i = 0; i < BL_ARRAY_SIZE(readers); i++) {
		struct reader r = {.t = t, .family = readers[i].family};

		rc = bl_map_io_each(t->io, readers[i].map, readers[i].fn, &r, err);
		if (rc)
			return rc;
	}
	if (t->n_endpoints)
		qsort(t->endpoints, t->n_endpoints, sizeof(*t->endpoints), cmp_endpoint);
	if (t->n_prefixes)
		qsort(t->prefixes, t->n_prefixes, sizeof(*t->prefixes), cmp_prefix);
	rc = bl_near_load(t, err);
	t->known = rc == 0;
	return rc;
}

/* --- writing ---------------------------------------------------------------------------------------------------------- */

/* The copy becomes what was wished; `items` is NULL where there is none. */
static void *copy(void *old, const void *items, size_t n, size_t size)
{
	void *new = bl_calloc(n + 1, size);

	if (n)
		memcpy(new, items, n * size);
	free(old);
	return new;
}

int bl_tables_set_endpoints(struct bl_tables *t, const struct bl_desired_endpoint *list, size_t n,
			    struct bl_err *err)
{
	static const struct bl_delta_ops ops = {cmp_endpoint, put_endpoint, drop_endpoint};
	struct bl_delta_list want = {list, n, sizeof(*list)}, have;
	struct put p = {t, err};
	int rc = t->known ? 0 : bl_tables_load(t, err);

	if (rc)
		return rc;
	have = (struct bl_delta_list){t->endpoints, t->n_endpoints, sizeof(*list)};
	rc = bl_delta(&have, &want, &ops, &p);
	t->known = rc == 0;
	if (rc)
		return rc;
	t->endpoints = copy(t->endpoints, list, n, sizeof(*list));
	t->n_endpoints = n;
	return 0;
}

static bool lives_on(const struct bl_desired_endpoint *have, const struct bl_desired_endpoint *list,
		     size_t n)
{
	const struct bl_desired_endpoint *e = bsearch(have, list, n, sizeof(*list), cmp_endpoint);

	return e && e->ifindex == have->ifindex && e->flags == have->flags;
}

int bl_tables_keep_endpoints(struct bl_tables *t, const struct bl_desired_endpoint *list, size_t n,
			     struct bl_err *err)
{
	BL_FREE struct bl_desired_endpoint *kept = NULL;
	int rc = t->known ? 0 : bl_tables_load(t, err);
	size_t n_kept = 0;

	if (rc)
		return rc;
	kept = bl_calloc(t->n_endpoints + 1, sizeof(*kept));
	for (size_t i = 0; n && i < t->n_endpoints; i++) {
		if (lives_on(&t->endpoints[i], list, n))
			kept[n_kept++] = t->endpoints[i];
	}
	return n_kept == t->n_endpoints ? 0 : bl_tables_set_endpoints(t, kept, n_kept, err);
}

int bl_tables_set_prefixes(struct bl_tables *t, const struct bl_desired_prefix *list, size_t n,
			   struct bl_err *err)
{
	static const struct bl_delta_ops ops = {cmp_prefix, put_prefix, drop_prefix};
	struct bl_delta_list want = {list, n, sizeof(*list)}, have;
	struct put p = {t, err};
	int rc = t->known ? 0 : bl_tables_load(t, err);

	if (rc)
		return rc;
	have = (struct bl_delta_list){t->prefixes, t->n_prefixes, sizeof(*list)};
	rc = bl_delta(&have, &want, &ops, &p);
	t->known = rc == 0;
	if (rc)
		return rc;
	t->prefixes = copy(t->prefixes, list, n, sizeof(*list));
	t->n_prefixes = n;
	return 0;
}

int bl_tables_set_config(struct bl_tables *t, const struct bl_config *config, struct bl_err *err)
{
	uint32_t key = 0;
	int rc = t->known ? 0 : bl_tables_load(t, err);

	if (rc || memcmp(&t->config, config, sizeof(*config)) == 0)
		return rc;
	rc = bl_map_io_put(t->io, BL_MAP_config, &key, config, err);
	if (!rc)
		t->config = *config;
	return rc;
}
