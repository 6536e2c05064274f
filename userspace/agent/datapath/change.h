/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_DATAPATH_CHANGE_H
#define BL_DATAPATH_CHANGE_H

/* A change of one Service, for turn.c, which writes many of them together. Nobody else includes this. */

#include "agent/datapath/table.h"
#include "base/arena.h"

struct bl_change;

/* A frontend that a change wants. */
struct bl_claim {
	struct bl_change *change;
	struct bl_front *front;
	bool written; /* the map holds the change's value, the table still the one before */
};

/* A wanted set, and what was taken for it. */
struct bl_plan {
	const struct bl_desired_set *want;
	struct bl_set *set;
	bool made; /* the set is new */
	struct bl_claim *claims;
	size_t n_claims;
	uint32_t id;
	bool new_id;
	bool fresh; /* the slots differ: a range of its own */
	uint32_t first, n_slots;
	uint32_t *ids; /* n_ids, those with a slot first */
	uint32_t n_ids;
};

struct bl_change {
	struct bl_services *s;
	struct bl_arena *arena; /* of the plans */
	struct bl_svc *svc;
	const struct bl_desired_service *want;
	size_t index;	    /* among the wishes */
	struct bl_err *err; /* why it failed; NULL: it has not */
	struct bl_plan *plans;
	size_t n_plans; /* prepared */
	bool stuck;	/* an undo failed: nothing taken may be used again */
};

/* The value of the frontends of the plan's set. */
struct bl_service bl_change_value(const struct bl_plan *p);
/* Whether the map holds something else for the frontend. */
bool bl_change_differs(const struct bl_front *f, const struct bl_service *value);

/* Takes what the wish needs. On failure it is rolled back. -EEXIST: a frontend is another Service's. */
int bl_change_prepare(struct bl_change *c, struct bl_err *err);
/* Removes what is not marked as wanted, and writes what becomes of the backends that were put back since `waiting` waited. */
int bl_change_prune(struct bl_services *s, struct bl_svc *svc, uint32_t waiting,
		    struct bl_err *err);
/* All is written: the table says so, and what is not wanted goes. Ends the change. */
int bl_change_take_over(struct bl_change *c, struct bl_err *err);
/* Undoes what was written, gives back what was taken. Ends the change. */
void bl_change_roll_back(struct bl_change *c);

#endif
