/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_FRAGMENT_H
#define BEELINE_LIB_FRAGMENT_H

/*
 * DOC: The ports of later fragments: fragment4/6.
 *
 * Only a datagram's first fragment has ports. They are remembered under addresses, protocol and identification, so that the others can be
 * translated like it; one that overtakes the first stays without ports, and is dropped where ports must be known.
 */

#include "lib/ctx.h"
#include "lib/parse.h"

BL_INLINE void fragment(int family, struct bl_packet *p)
{
	struct bl_fragment *known, first = {.sport = p->sport, .dport = p->dport};
	struct bl_flow4_key key4 = {};
	struct bl_flow6_key key6 = {};
	void *map = family == BL_V4 ? (void *)&fragment4 : (void *)&fragment6;
	void *key = family == BL_V4 ? (void *)&key4 : (void *)&key6;

	if (family == BL_V4) {
		key4.saddr.w[0] = p->saddr.w[0];
		key4.daddr.w[0] = p->daddr.w[0];
		key4.sport = p->fragment;
		key4.proto = p->proto;
	} else {
		__builtin_memcpy(&key6.saddr, &p->saddr, 16);
		__builtin_memcpy(&key6.daddr, &p->daddr, 16);
		__builtin_memcpy(&key6.sport, &p->fragment, 4);
		key6.proto = p->proto;
	}
	if (p->flags & BL_PACKET_PORTS) {
		bpf_map_update_elem(map, key, &first, BPF_ANY);
		return;
	}
	known = bl_map_find(map, key);
	if (!known)
		return;
	p->sport = known->sport;
	p->dport = known->dport;
	p->flags |= BL_PACKET_PORTS | BL_PACKET_LATER;
}

static __noinline void fragment_of4(struct bl_packet *p)
{
	fragment(BL_V4, p);
}

static __noinline void fragment_of6(struct bl_packet *p)
{
	fragment(BL_V6, p);
}

/* For every fragment: notes the first one's ports, gives them to the others. */
BL_INLINE void bl_fragment(int family, struct bl_packet *p)
{
	if (family == BL_V4)
		fragment_of4(p);
	else
		fragment_of6(p);
}

#endif
