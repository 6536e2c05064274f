/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_STATE_POLICY_H
#define BL_STATE_POLICY_H

/*
 * The waist, for policy: what of the compiled tables changed, or all of them. Classes and sets are numbers that are
 * never used again; a cell never changes while its set and its class live. Lists are in no order.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "beeline/policy.h"

/* A pod's address, of this node or another. */
struct bl_desired_class {
	struct bl_ip ip;
	uint32_t class;
	bool gone; /* the address shall have no entry */
};

/* A prefix of some ipBlock; the longest one counts. */
struct bl_desired_block {
	struct bl_cidr cidr;
	uint32_t class;
	bool gone;
};

struct bl_desired_cell {
	struct bl_cell_key key;
	const struct bl_cell_range *ranges; /* ordered, disjoint */
	size_t n_ranges;
	enum bl_verdict verdict; /* of what no range holds */
	bool gone;
};

/* An address of a pod of this node, and what holds for it. */
struct bl_desired_isolation {
	struct bl_ip ip;
	uint32_t ingress; /* set */
	uint32_t egress;
};

struct bl_desired_policy {
	bool whole; /* what is not listed shall not be there */
	struct bl_desired_class *classes;
	size_t n_classes;
	struct bl_desired_block *blocks;
	size_t n_blocks;
	struct bl_desired_cell *cells;
	size_t n_cells;
	struct bl_desired_isolation *pods; /* always every pod of the node */
	size_t n_pods;
};

#endif
