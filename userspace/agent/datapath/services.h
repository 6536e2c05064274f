/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_DATAPATH_SERVICES_H
#define BL_DATAPATH_SERVICES_H

#include "agent/datapath/backends.h"
#include "agent/datapath/grave.h"
#include "agent/datapath/ops.h"
#include "agent/datapath/ranges.h"
#include "agent/state/desired.h"
#include "base/err.h"

/*
 * What the service maps hold, and how they get to hold something else: service4/6, slot, backend and service_meta. Knows
 * maps only by struct bl_map_io.
 */
struct bl_services;

struct bl_services *bl_services_new(struct bl_map_io *io); /* lends io */
struct bl_services *bl_services_free(struct bl_services *s);

/* Reads the maps into the empty table. Entries that contradict each other are kept until they are claimed or swept. */
int bl_services_load(struct bl_services *s, struct bl_err *err);

/* See bl_datapath_set_service(). -EEXIST: another Service has one of the frontends; -EINVAL: a name that maps cannot hold. */
int bl_services_set(struct bl_services *s, const struct bl_desired_service *want,
		    struct bl_err *err);

/*
 * The same for many, with the result of one after the other but in few writes. `done` is called once for each, in any order; err is
 * NULL where the maps hold the wish. One that fails does not stop the others.
 */
typedef void bl_services_done(void *arg, size_t index, const struct bl_err *err);
void bl_services_set_many(struct bl_services *s, struct bl_desired_service *const *wants, size_t n,
			  bl_services_done *done, void *arg);

/* Removes what load found and nobody has set since. */
int bl_services_sweep(struct bl_services *s, struct bl_err *err);

/* Frees what has waited for its grace period; ms until the next, -1 when none waits. */
int bl_services_collect(struct bl_services *s);

struct bl_services_count {
	uint64_t services, frontends, backends, slots;
};
void bl_services_count(const struct bl_services *s, struct bl_services_count *ret_count);

#endif
