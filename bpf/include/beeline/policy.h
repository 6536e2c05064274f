/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_POLICY_H
#define BEELINE_POLICY_H

/*
 * DOC: What policy is compiled to.
 *
 *	peer's address --> class --.
 *	                            >--> cell --> ranges of ports, each with a verdict
 *	pod's own entry --> set ---'
 *
 * A class is all that policies of this node can tell of an address: addresses that no selector and no block tells apart
 * share one. A set is what holds for a pod in one direction: pods under the same policies share one. A cell is what the set says of
 * the class: priorities, deny and pass are resolved when it is compiled, so its ranges are disjoint and ordered, and a
 * verdict is a binary search, however many policies went into it.
 *
 * Ids are never used again, so neither a class nor a set ever changes its meaning: a change is a set or class of another
 * id, written whole before anything leads to it.
 *
 * What leads to ids has two places, one for each epoch. The agent writes the place that is not in force, of everything that
 * changes, and then policy_epoch: one write is the change of all. A packet reads the epoch once.
 */

#include <linux/types.h>

/* Numbers are in the host's byte order, ports too. */

/* Of an address that nothing is known of, and that no block holds: the outsider. */
#define BL_CLASS_OUTSIDER 0
/* In a cell's key: every class that has no cell of its own. */
#define BL_CLASS_ANY 0xffffffff
/* In a pod's entry: it has none in this epoch, ask the trie. */
#define BL_CLASS_NONE 0xfffffffe
/* The pod is not isolated in this direction. */
#define BL_SET_OPEN 0

/* class4/6: a pod's address, exact. block4/6: a trie of prefixes, for all else. */
struct bl_class {
	__u32 id[2]; /* by epoch */
};
_Static_assert(sizeof(struct bl_class) == 8, "struct bl_class is 8 bytes");

enum bl_direction {
	BL_INGRESS = 0,
	BL_EGRESS = 1,
};

/* isolation: array, a place for each address of a pod of this node -> its sets. */
struct bl_isolation {
	__u32 set[2][2]; /* by epoch and enum bl_direction */
};
_Static_assert(sizeof(struct bl_isolation) == 16, "struct bl_isolation is 16 bytes");

enum bl_verdict {
	BL_VERDICT_DENY = 0,
	BL_VERDICT_ALLOW = 1,
};

/* cell: {set, class} -> what may pass. No cell: nothing. */
struct bl_cell_key {
	__u32 set;
	__u32 class;
};
_Static_assert(sizeof(struct bl_cell_key) == 8, "struct bl_cell_key is 8 bytes");

struct bl_cell {
	__u32 first;  /* index of its ranges */
	__u16 count;  /* of ranges */
	__u8 verdict; /* enum bl_verdict: of what no range holds, protocols without ports too */
	__u8 pad;
};
_Static_assert(sizeof(struct bl_cell) == 8, "struct bl_cell is 8 bytes");

/* Both ends included. A cell's ranges are ordered by protocol and port and do not overlap. */
struct bl_cell_range {
	__u16 first;
	__u16 last;
	__u8 proto;   /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP */
	__u8 verdict; /* enum bl_verdict */
	__u16 pad;
};
_Static_assert(sizeof(struct bl_cell_range) == 8, "struct bl_cell_range is 8 bytes");

#endif
