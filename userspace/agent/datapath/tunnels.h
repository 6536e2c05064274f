/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_DATAPATH_TUNNELS_H
#define BL_DATAPATH_TUNNELS_H

#include <stdint.h>

#include "base/err.h"

/*
 * The map `member`: for a service with direct return, which backend a tunnel to a pod of this node means. What it shall hold follows from
 * the sets: an entry for each of a set's backends that is local.
 */
struct bl_services;

/* Reads the map; what it holds is not written again. */
int bl_tunnels_load(struct bl_services *s, struct bl_err *err);
/* Enters those of the service's n backends that are local. */
int bl_tunnels_write(struct bl_services *s, uint32_t service, const uint32_t *ids, uint32_t n,
		     struct bl_err *err);
/* Removes the entries of backends that are not among those to keep. An entry that the kernel keeps stays until it is swept. */
void bl_tunnels_forget(struct bl_services *s, uint32_t service, const uint32_t *ids, uint32_t n,
		       const uint32_t *keep, uint32_t n_keep);
/* Removes the entries that no set has. */
int bl_tunnels_sweep(struct bl_services *s, struct bl_err *err);
void bl_tunnels_free(struct bl_services *s); /* the memory, not the map */

#endif
