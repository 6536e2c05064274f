/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_DATAPATH_OPS_H
#define BL_DATAPATH_OPS_H

#include <stdint.h>

#include "base/err.h"
#include "maps/maps.h"

/*
 * The waist between the bookkeeping of maps and the kernel: what is written and read goes through these few calls, so
 * that tests can put a fake kernel under the bookkeeping and let any call fail. Calls return 0 or -errno.
 */
typedef int (*bl_map_entry_fn)(void *arg, const void *key, const void *value);

struct bl_map_ops {
	/* Writes one entry, new or not. */
	int (*update)(void *arg, enum bl_map map, const void *key, const void *value);
	/*
	 * Writes n entries in order, up to the first that fails; *ret_done were written. -EOPNOTSUPP: the map has no such
	 * call, and nothing was written.
	 */
	int (*update_batch)(void *arg, enum bl_map map, const void *keys, const void *values,
			    uint32_t n, uint32_t *ret_done);
	/* Of an array the entry becomes zero. */
	int (*erase)(void *arg, enum bl_map map, const void *key);
	/* As bl_maps_each(). */
	int (*each)(void *arg, enum bl_map map, bl_map_entry_fn fn, void *fn_arg);
	uint32_t (*size)(void *arg, enum bl_map map); /* entries it can hold */
	uint64_t (*now_ms)(void *arg);		      /* monotonic */
	void *arg;
};

/* The calls with counters and with errors that name the map. Callers in this room use these only. */
struct bl_map_io {
	struct bl_map_ops ops;
	uint64_t writes;  /* entries written */
	uint64_t deletes; /* entries removed */
};

/*
 * Writes n entries in order, in as few calls as there can be, up to the first that fails: *ret_done were written, also on
 * success. -ENOSPC: the map is full. Writing no entry is no call.
 */
int bl_map_io_update(struct bl_map_io *io, enum bl_map map, const void *keys, const void *values,
		     uint32_t n, uint32_t *ret_done, struct bl_err *err);
/* One entry. */
int bl_map_io_put(struct bl_map_io *io, enum bl_map map, const void *key, const void *value,
		  struct bl_err *err);
/* 0 also when the entry was gone. */
int bl_map_io_erase(struct bl_map_io *io, enum bl_map map, const void *key, struct bl_err *err);
int bl_map_io_each(struct bl_map_io *io, enum bl_map map, bl_map_entry_fn fn, void *arg,
		   struct bl_err *err);
uint32_t bl_map_io_size(const struct bl_map_io *io, enum bl_map map);
uint64_t bl_map_io_now_ms(const struct bl_map_io *io);

/* The text for a map that holds all it can. Returns -ENOSPC. */
int bl_map_io_full(const struct bl_map_io *io, enum bl_map map, struct bl_err *err);

#endif
