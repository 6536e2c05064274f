/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_DATAPATH_BACKENDS_H
#define BL_DATAPATH_BACKENDS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/datapath/grave.h"
#include "agent/datapath/ops.h"
#include "agent/datapath/ranges.h"
#include "base/ip.h"

/*
 * Backends by id, shared by all Services that lead to them: one id for {address, port, protocol}, counted by its users.
 * Writes are collected and go out by bl_backends_flush().
 */
struct bl_backend_entry {
	struct bl_backend value; /* as the map shall hold it */
	uint32_t refs;
	uint32_t next; /* of the hash chain, 0 ends it */
	bool dirty;    /* the map does not hold this value yet */
	bool fresh;    /* the map has never held this backend */
};

struct bl_backends {
	struct bl_map_io *io; /* lent */
	struct bl_ranges ids;
	struct bl_grave grave;
	struct bl_backend_entry *v; /* by id, [0, cap) */
	uint32_t cap;
	uint32_t *heads; /* hash -> first id */
	uint32_t n_heads;
	uint32_t *dirty; /* ids to write, each once */
	uint32_t n_dirty, dirty_cap;
	uint32_t live; /* with users */
};

void bl_backends_init(struct bl_backends *b, struct bl_map_io *io);
void bl_backends_free(struct bl_backends *b);

/* One more user of the backend; a new one gets an id. -ENOSPC: the map is full. */
int bl_backends_get(struct bl_backends *b, const struct bl_ip *ip, uint16_t port, uint8_t proto,
		    bool local, uint32_t *ret_id, struct bl_err *err);
/* So many more users of a backend that has one. */
void bl_backends_share(struct bl_backends *b, uint32_t id, uint32_t users);
/* One user less. The last one's leaving changes the generation at once, and frees the id after the grace period. */
void bl_backends_put(struct bl_backends *b, uint32_t id);
/* One more user of a backend that was read back. -ENOENT: the id is none of a live backend of this family and protocol. */
int bl_backends_ref(struct bl_backends *b, uint32_t id, uint8_t family, uint8_t proto);

/* Writes what get and put have changed. What fails stays to be written, and the others go on; the first failure is returned. */
int bl_backends_flush(struct bl_backends *b, struct bl_err *err);

/* How many wait to be written. */
static inline uint32_t bl_backends_waiting(const struct bl_backends *b)
{
	return b->n_dirty;
}
/* Whether the map holds the backend as it shall be. */
bool bl_backends_is_written(const struct bl_backends *b, uint32_t id);

/* Reads the map into an empty table; nobody uses anything yet. */
int bl_backends_load(struct bl_backends *b, struct bl_err *err);
/* Retires what was read back and has found no user. */
int bl_backends_sweep(struct bl_backends *b, struct bl_err *err);
/* Frees ids whose grace period is over; ms until the next, -1 when none waits. */
int bl_backends_collect(struct bl_backends *b);

#endif
