// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Entries of one map, collected.
 *
 * A call that writes many entries ends at the first that fails and says how many it has written. That one is reported to its owner, and the
 * rest goes on behind it: a full map still takes what replaces entries that it has, and one bad entry costs nobody else
 * anything.
 */

#include "agent/datapath/writes.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_CAP 16

static void grow(struct bl_writes *w)
{
	w->cap = w->cap ? w->cap * 2 : FIRST_CAP;
	w->keys = bl_realloc(w->keys, w->cap, bl_map_table[w->map].key_size);
	w->values = bl_realloc(w->values, w->cap, bl_map_table[w->map].value_size);
	w->owners = bl_realloc(w->owners, w->cap, sizeof(*w->owners));
}

void bl_writes_add(struct bl_writes *w, const void *key, const void *value, void *owner)
{
	size_t ks = bl_map_table[w->map].key_size, vs = bl_map_table[w->map].value_size;

	if (w->n == w->cap)
		grow(w);
	memcpy(w->keys + w->n * ks, key, ks);
	memcpy(w->values + w->n * vs, value, vs);
	w->owners[w->n++] = owner;
}

void bl_writes_flush(struct bl_writes *w, struct bl_map_io *io,
		     void (*done)(void *owner, const struct bl_err *err))
{
	size_t ks = bl_map_table[w->map].key_size, vs = bl_map_table[w->map].value_size;
	uint32_t at = 0;

	while (at < w->n) {
		struct bl_err err = {};
		uint32_t n;
		int rc = bl_map_io_update(io, w->map, w->keys + at * ks, w->values + at * vs,
					  w->n - at, &n, &err);

		for (uint32_t end = at + n; at < end; at++)
			done(w->owners[at], NULL);
		if (rc)
			done(w->owners[at++], &err);
	}
	w->n = 0;
}

void bl_writes_free(struct bl_writes *w)
{
	free(w->keys);
	free(w->values);
	free(w->owners);
	*w = (struct bl_writes){.map = w->map};
}
