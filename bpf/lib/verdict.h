/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_VERDICT_H
#define BEELINE_LIB_VERDICT_H

/*
 * DOC: The one function that says what policy allows.
 *
 * Compiled for the programs and, from this same source, for userspace: explanations and tests ask what the kernel asks. So it
 * includes no BPF header, and reaches the tables through four functions that whoever includes it has defined before; `view` is
 * theirs, and the programs ignore it:
 *
 *	const struct bl_class *bl_view_exact(const void *view, int family, const struct bl_addr *addr);
 *	const struct bl_class *bl_view_block(const void *view, int family, const struct bl_addr *addr);
 *	const struct bl_cell *bl_view_cell(const void *view, const struct bl_cell_key *key);
 *	const struct bl_cell_range *bl_view_range(const void *view, __u32 index);
 *
 * exact and block give an address's class: exact for pods, the longest prefix for all else. Each gives NULL for what it does
 * not hold.
 */

#include <stdbool.h>

#include "beeline/addr.h"
#include "beeline/policy.h"

/* What is asked of a packet besides addresses. */
struct bl_policy_ask {
	__u16 port; /* the destination's, host byte order */
	__u8 proto;
	__u8 has_port; /* 0: a protocol without ports, or a fragment whose ports are not known */
};

/* Enough for all that a cell can count. */
#define BL_CELL_STEPS 17

/* `epoch` is 0 or 1, read once for a packet. */
static __attribute__((always_inline)) inline __u32 bl_policy_class(const void *view, int family,
								   const struct bl_addr *addr,
								   __u32 epoch)
{
	const struct bl_class *class = bl_view_exact(view, family, addr);

	if (!class || class->id[epoch & 1] == BL_CLASS_NONE)
		class = bl_view_block(view, family, addr);
	return class ? class->id[epoch & 1] : BL_CLASS_OUTSIDER;
}

/* Where the range lies as to the port: 0 when it holds it. */
static __attribute__((always_inline)) inline int bl_policy_compare(const struct bl_cell_range *r,
								   const struct bl_policy_ask *ask)
{
	if (r->proto != ask->proto)
		return r->proto < ask->proto ? -1 : 1;
	if (r->last < ask->port)
		return -1;
	return r->first > ask->port;
}

/* The range that holds the port, or NULL. */
static __attribute__((always_inline)) inline const struct bl_cell_range *bl_policy_range(
	const void *view, const struct bl_cell *cell, const struct bl_policy_ask *ask)
{
	__u32 low = 0, high = cell->count;

	for (int i = 0; i < BL_CELL_STEPS && low < high; i++) {
		__u32 mid = (low + high) / 2;
		const struct bl_cell_range *r = bl_view_range(view, cell->first + mid);
		int order;

		if (!r)
			return 0;
		order = bl_policy_compare(r, ask);
		if (!order)
			return r;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return 0;
}

/*
 * Without a port, only what holds for every port of the protocol counts: a range over all of them, or a cell without
 * ranges. Nothing is guessed for a fragment.
 */
static __attribute__((always_inline)) inline enum bl_verdict bl_policy_judge(
	const void *view, const struct bl_cell *cell, const struct bl_policy_ask *ask,
	bool carries_ports)
{
	const struct bl_cell_range *r = 0;

	if (cell->count && carries_ports) {
		r = bl_policy_range(view, cell, ask);
		if (!ask->has_port && (!r || r->first != 0 || r->last != 0xffff))
			return BL_VERDICT_DENY;
	}
	return (enum bl_verdict)(r ? r->verdict : cell->verdict);
}

/* May a packet pass between a pod under `set` and an address of `class`? */
static __attribute__((always_inline)) inline enum bl_verdict bl_policy_verdict(
	const void *view, __u32 set, __u32 class, const struct bl_policy_ask *ask)
{
	struct bl_cell_key key = {.set = set, .class = class};
	const struct bl_cell *cell;

	if (set == BL_SET_OPEN)
		return BL_VERDICT_ALLOW;
	cell = bl_view_cell(view, &key);
	if (!cell) {
		key.class = BL_CLASS_ANY;
		cell = bl_view_cell(view, &key);
	}
	if (!cell)
		return BL_VERDICT_DENY;
	/* TCP, UDP, SCTP: by number, so that no header is needed that one of the two worlds lacks. */
	return bl_policy_judge(view, cell, ask,
			       ask->proto == 6 || ask->proto == 17 || ask->proto == 132);
}

#endif
