// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Attachments and the node's prefixes.
 *
 * A node has at most one pod prefix a family, as Kubernetes gives it (Node spec.podCIDRs), and an attachment gets an address
 * of each. A request for an address (CNI capability `ips`) names one or both; the family that it leaves out is served as
 * usual, so that a pod of a dual-stack cluster is never half attached because its owner asked for an IPv4 address.
 *
 * The prefixes come from the API server, so they may come late, and they may change. Addresses on record stay with their
 * attachments then: in a prefix that still holds them they are taken from the start, and outside it nobody else can get them.
 */

#include <errno.h>

#include "agent/cni_priv.h"
#include "base/json.h"
#include "base/mem.h"

static struct bl_ipam *pool_of(const struct bl_cni *c, const struct bl_ip *ip)
{
	return c->pools[ip->family == 6];
}

void cni_give_ips(struct bl_cni *c, const struct bl_attachment *a)
{
	for (size_t i = 0; i < a->n_ips; i++)
		if (pool_of(c, &a->ips[i]))
			bl_ipam_give(pool_of(c, &a->ips[i]), &a->ips[i]);
}

/* The family's address: the requested one where there is one. */
static int take_ip(struct bl_cni *c, uint8_t family, const json_t *requested, struct bl_ip *ret_ip,
		   struct bl_err *err)
{
	struct bl_ipam *pool = c->pools[family == 6];
	char prefix[BL_CIDR_STRLEN];
	int rc;

	for (size_t i = 0; i < json_array_size(requested); i++) {
		const char *s = json_string_value(json_array_get(requested, i));
		struct bl_ip ip;

		if (!s || bl_ip_parse(s, &ip))
			return bl_err_set(err, -EINVAL, "ips: must be a list of addresses");
		if (ip.family != family)
			continue;
		if (!pool)
			return bl_err_set(err, -EINVAL, "address %s: the node has no IPv%u prefix",
					  s, family);
		*ret_ip = ip;
		return bl_ipam_take_this(pool, &ip, false, err);
	}
	rc = pool ? bl_ipam_take(pool, ret_ip) : -ENODEV;
	if (rc == -ENOSPC)
		return bl_err_set(err, rc, "no address of %s is free",
				  bl_cidr_format(bl_ipam_cidr(pool), prefix));
	return rc;
}

int cni_take_ips(struct bl_cni *c, const json_t *requested, struct bl_attachment *a,
		 struct bl_err *err)
{
	static const uint8_t families[] = {4, 6};

	for (size_t i = 0; i < BL_ARRAY_SIZE(families); i++) {
		int rc = take_ip(c, families[i], requested, &a->ips[a->n_ips], err);

		if (!rc) {
			a->n_ips++;
		} else if (rc != -ENODEV) {
			cni_give_ips(c, a);
			a->n_ips = 0;
			return rc;
		}
	}
	return a->n_ips ? 0 : bl_err_set(err, -ENOSPC, "the node has no pod prefix");
}

/* A pool for the prefix, in which every address on record is taken. */
static struct bl_ipam *new_pool(const struct bl_cni *c, const struct bl_cidr *cidr)
{
	struct bl_ipam *pool = bl_ipam_new(cidr);
	const struct cni_attachment *a, *tmp;

	HASH_ITER (hh, c->all, a, tmp) {
		for (size_t i = 0; i < a->record->a.n_ips; i++)
			(void)bl_ipam_take_this(pool, &a->record->a.ips[i], true, NULL);
	}
	return pool;
}

void bl_cni_set_cidrs(struct bl_cni *c, const struct bl_cidr *cidrs, size_t n)
{
	const struct bl_cidr *want[2] = {};

	for (size_t i = 0; i < n; i++)
		if (!want[cidrs[i].ip.family == 6])
			want[cidrs[i].ip.family == 6] = &cidrs[i];
	for (size_t f = 0; f < 2; f++) {
		struct bl_ipam *old = c->pools[f];

		if (old && want[f] && !bl_cidr_cmp(bl_ipam_cidr(old), want[f]))
			continue;
		c->pools[f] = want[f] ? new_pool(c, want[f]) : NULL;
		bl_ipam_free(old);
	}
}
