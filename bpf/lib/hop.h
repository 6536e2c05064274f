/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_HOP_H
#define BEELINE_LIB_HOP_H

/*
 * DOC: The next hop of a tunnelled backend, remembered: next_hop.
 *
 * The FIB costs more than all the rest of a balanced packet. So the tc program, which asks the FIB and the neighbour table for every packet
 * that it tunnels, leaves the answer here, and XDP uses it. In every tick XDP lets
 * one packet of a backend go by tc again, which renews the answer and makes the kernel confirm the neighbour; an answer that is not renewed for
 * eight ticks is not used any more. Races between
 * CPUs cost a few packets more by tc.
 */

#include "lib/ctx.h"

#define BL_HOP_TICKS 8 /* of 256 jiffies: eight seconds at HZ=250, two at HZ=1000 */

/* What XDP may use for this backend now, or NULL: the packet is tc's. */
BL_INLINE const struct bl_next_hop *bl_hop_use(__u32 id, __u32 generation)
{
	struct bl_next_hop *h = bpf_map_lookup_elem(&next_hop, &id);
	__u16 now = bl_tick_now();

	if (!h || h->generation != generation || (__u16)(now - h->found) >= BL_HOP_TICKS)
		return NULL;
	if (bl_likely(h->asked == now))
		return h;
	h->asked = now;
	return NULL;
}

/* Is it time to ask the FIB and the neighbour table for this backend? */
BL_INLINE bool bl_hop_is_due(__u32 id, __u32 generation)
{
	const struct bl_next_hop *h = bpf_map_lookup_elem(&next_hop, &id);

	return h && (h->generation != generation || h->found != bl_tick_now());
}

BL_INLINE void bl_hop_learn(__u32 id, __u32 generation, const struct bpf_fib_lookup *fib)
{
	struct bl_next_hop *h = bpf_map_lookup_elem(&next_hop, &id);

	if (!h)
		return;
	h->generation = 0; /* half written entries are no backend's */
	h->ifindex = fib->ifindex;
	__builtin_memcpy(h->dmac, fib->dmac, 6);
	__builtin_memcpy(h->smac, fib->smac, 6);
	h->mtu = fib->mtu_result;
	h->found = h->asked = bl_tick_now();
	h->generation = generation;
}

#endif
