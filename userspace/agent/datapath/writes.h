/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_DATAPATH_WRITES_H
#define BL_DATAPATH_WRITES_H

#include <stdint.h>

#include "agent/datapath/ops.h"

/* Entries of one map that are written together, each with the one who wants it. Zero-initialised but for `map` is empty. */
struct bl_writes {
	enum bl_map map;
	char *keys, *values;
	void **owners;
	uint32_t n, cap;
};

/* Copies the entry; lends the owner. */
void bl_writes_add(struct bl_writes *w, const void *key, const void *value, void *owner);

/*
 * Writes all in the order in which they were added, and calls `done` for each, in the same order: err is NULL where it is
 * written. One that fails does not stop the others. None is left.
 */
void bl_writes_flush(struct bl_writes *w, struct bl_map_io *io,
		     void (*done)(void *owner, const struct bl_err *err));

void bl_writes_free(struct bl_writes *w);

#endif
