/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_LB_H
#define BEELINE_LIB_LB_H

/*
 * DOC: The backend of a packet by its addresses and ports alone.
 *
 * A service with BL_SERVICE_MAGLEV has a Maglev table in its slots: every node that a connection's packets may meet finds the same
 * backend by the same hash, and none has to remember it.
 */

#include "lib/ctx.h"
#include "lib/service.h"

/* XDP serves what a Maglev table and a tunnel need, and nothing that has more to be looked at. */
#define BL_SERVICE_XDP	    (BL_SERVICE_MAGLEV | BL_SERVICE_DSR)
#define BL_SERVICE_XDP_MASK (~(__u32)BL_SERVICE_LOCAL)

/* Source address, both ports and protocol; the destination is the service's, which has a table of its own. */
BL_INLINE __u32 bl_lb_hash(int family, const struct bl_addr *saddr, __be16 sport, __be16 dport,
			   __u8 proto)
{
	__u32 h = bl_mix(((__u32)sport << 16) | dport, proto);

	h = bl_mix(h, saddr->w[0]);
	if (family == BL_V6)
		h = bl_mix(bl_mix(bl_mix(h, saddr->w[1]), saddr->w[2]), saddr->w[3]);
	return h;
}

/* The backend in the slot that the hash chooses, or NULL if none is live there. */
BL_INLINE const struct bl_backend *bl_lb_choose(const struct bl_service *svc, __u32 hash,
						__u32 *ret_id)
{
	__u32 index = svc->first_slot + (__u32)(((__u64)hash * svc->slot_count) >> 32);
	const struct bl_backend *b;
	const bl_slot *s;

	if (!svc->slot_count)
		return NULL;
	s = bpf_map_lookup_elem(&slot, &index);
	b = s ? bl_backend_find(*s) : NULL;
	if (!b || !(b->flags & BL_BACKEND_LIVE))
		return NULL;
	*ret_id = *s;
	return b;
}

#endif
