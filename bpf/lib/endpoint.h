/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_ENDPOINT_H
#define BEELINE_LIB_ENDPOINT_H

/*
 * DOC: What lies behind an address: near4/6 and endpoint4/6 (exact, this node's), prefix4/6 (the cluster's ranges).
 *
 * An array first, then a hash for what has no place in it, and a trie only for what is no address of this node: a hash costs ten
 * times as much as an array, and a trie four to six times as much as a hash.
 */

#include "lib/ctx.h"

BL_INLINE struct bl_endpoint *near_find(int family, const struct bl_addr *addr)
{
	__u32 index = bpf_ntohl(addr->w[family == BL_V4 ? 0 : 3]) & (BL_NEAR_SIZE - 1);

	if (family == BL_V4) {
		struct bl_near4 *n = bpf_map_lookup_elem(&near4, &index);

		if (n && n->addr.w[0] == addr->w[0] && n->ep.flags)
			return &n->ep;
	} else {
		struct bl_near6 *n = bpf_map_lookup_elem(&near6, &index);

		if (n && n->addr.w[0] == addr->w[0] && n->addr.w[1] == addr->w[1] &&
		    n->addr.w[2] == addr->w[2] && n->addr.w[3] == addr->w[3] && n->ep.flags)
			return &n->ep;
	}
	return NULL;
}

BL_INLINE struct bl_endpoint *bl_endpoint_find(int family, const struct bl_addr *addr)
{
	struct bl_endpoint *ep = near_find(family, addr);

	if (bl_likely(ep != NULL))
		return ep;
	if (family == BL_V4) {
		struct bl_addr4 key = {.w = {addr->w[0]}};

		return bl_map_find(&endpoint4, &key);
	} else {
		struct bl_addr6 key = {.w = {addr->w[0], addr->w[1], addr->w[2], addr->w[3]}};

		return bl_map_find(&endpoint6, &key);
	}
}

/* BL_PREFIX_* of the longest prefix that holds the address; 0: outside of the cluster. */
BL_INLINE __u32 bl_prefix_find(int family, const struct bl_addr *addr)
{
	struct bl_prefix *p;

	if (family == BL_V4) {
		struct bl_prefix4_key key = {.len = 32, .addr = {.w = {addr->w[0]}}};

		p = bl_map_find(&prefix4, &key);
	} else {
		struct bl_prefix6_key key = {
			.len = 128,
			.addr = {.w = {addr->w[0], addr->w[1], addr->w[2], addr->w[3]}},
		};

		p = bl_map_find(&prefix6, &key);
	}
	return p ? p->flags : 0;
}

/* From now on the pod's packets may belong to a translated flow. Written once, so that the line stays shared. */
BL_INLINE void bl_endpoint_mark(struct bl_endpoint *ep)
{
	if (!ep->translated)
		ep->translated = 1;
}

#endif
