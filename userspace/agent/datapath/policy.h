/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_DATAPATH_POLICY_H
#define BL_DATAPATH_POLICY_H

#include "agent/datapath/ops.h"
#include "agent/state/policy.h"

/*
 * The policy tables of the kernel: a change of any size comes into force by one write, or not at all.
 */
struct bl_policy_tables;

/* How long a packet that has read the epoch may still be under way: a program runs for microseconds, without being preempted. */
#define BL_POLICY_GRACE_MS 100

/* Reads what an earlier agent left. Lends io. */
int bl_policy_tables_new(struct bl_map_io *io, struct bl_policy_tables **ret_tables,
			 struct bl_err *err);
struct bl_policy_tables *bl_policy_tables_free(struct bl_policy_tables *t);

/* The first number that no class and no set in the maps has, at least 1. */
uint32_t bl_policy_tables_first_id(const struct bl_policy_tables *t);

/*
 * Takes note of what is wanted, which cannot fail, and goes as far as it can. 0: all that is wanted is in force.
 * -EAGAIN: it has to wait for packets of the last change, ask again after bl_policy_tables_next(). Anything else: what was in
 * force is, whole, and bl_policy_tables_go() tries again. The first answer of a compiler must be a whole one.
 */
int bl_policy_tables_set(struct bl_policy_tables *t, const struct bl_desired_policy *want,
			 struct bl_err *err);
int bl_policy_tables_go(struct bl_policy_tables *t, struct bl_err *err);

/* ms until there is something to do, -1: nothing. */
int bl_policy_tables_next(const struct bl_policy_tables *t);

/* The place of a pod's address in the map isolation; 0: it has none. Until a wish is in force it says what was before. */
uint32_t bl_policy_tables_place(const struct bl_policy_tables *t, const struct bl_ip *ip);

#endif
