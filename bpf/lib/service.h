/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_SERVICE_H
#define BEELINE_LIB_SERVICE_H

/*
 * DOC: Services: service4/6 -> slot -> backend. One hash and two array reads.
 *
 * The value of service4/6 is read once into a copy: the agent replaces it in one write, and what was read stays whole. The slots
 * it names live on for a grace period after that. A slot may then still name a backend that is gone; picking tries a few
 * slots before it gives up.
 */

#include "lib/ctx.h"

#define BL_PICK_TRIES 4

BL_INLINE const struct bl_service *bl_service_find(int family, const struct bl_addr *addr,
						   __be16 port, __u8 proto, __u8 scope)
{
	if (family == BL_V4) {
		struct bl_service4_key key = {
			.addr = {.w = {addr->w[0]}},
			.port = port,
			.proto = proto,
			.scope = scope,
		};

		return bl_map_find(&service4, &key);
	} else {
		struct bl_service6_key key = {
			.addr = {.w = {addr->w[0], addr->w[1], addr->w[2], addr->w[3]}},
			.port = port,
			.proto = proto,
			.scope = scope,
		};

		return bl_map_find(&service6, &key);
	}
}

/* `scope` is BL_SCOPE_NODEPORT inside of the cluster, BL_SCOPE_NODEPORT_EXTERNAL outside. */
BL_INLINE const struct bl_service *bl_service_find_nodeport(int family, __be16 port, __u8 proto,
							    __u8 scope)
{
	struct bl_addr any = {};

	return bl_service_find(family, &any, port, proto, scope);
}

/* Does some Service own the address, whatever the port? */
BL_INLINE bool bl_service_owns(int family, const struct bl_addr *addr)
{
	return bl_service_find(family, addr, 0, 0, BL_SCOPE_ADDR);
}

BL_INLINE const struct bl_backend *bl_backend_find(__u32 id)
{
	return bpf_map_lookup_elem(&backend, &id);
}

/* The backend that an entry of flow or sock_origin remembers, if it is still that one. */
BL_INLINE const struct bl_backend *bl_backend_current(__u32 id, __u32 generation)
{
	const struct bl_backend *b = bl_backend_find(id);

	if (!b || !(b->flags & BL_BACKEND_LIVE) || b->generation != generation)
		return NULL;
	return b;
}

/* A live backend of the service by chance, or NULL. */
BL_INLINE const struct bl_backend *bl_backend_pick(const struct bl_service *svc, __u32 *ret_id)
{
	__u32 first = svc->first_slot, count = svc->slot_count;

	if (!count)
		return NULL;
	for (int i = 0; i < BL_PICK_TRIES; i++) {
		__u32 index = first + bl_random_below(count);
		const bl_slot *s = bpf_map_lookup_elem(&slot, &index);
		const struct bl_backend *b;

		if (!s)
			return NULL;
		b = bl_backend_find(*s);
		if (b && b->flags & BL_BACKEND_LIVE) {
			*ret_id = *s;
			return b;
		}
	}
	return NULL;
}

BL_INLINE bool bl_service_in_nodeports(const struct bl_config *cfg, __be16 port)
{
	__u16 p = bpf_ntohs(port);

	return p >= cfg->nodeport_first && p <= cfg->nodeport_last;
}

#endif
