/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TESTS_FAKE_MAPS_H
#define BL_TESTS_FAKE_MAPS_H

#include <stdbool.h>

#include "agent/datapath/ops.h"
#include "base/buf.h"

/*
 * Maps in memory under struct bl_map_ops: small, counted, and failing on demand. After each call that writes, every service
 * entry is checked for what a packet would find: slots inside the array, each leading to a live backend; `astray` counts
 * what is wrong.
 */
struct fake_maps {
	struct {
		struct bl_buf keys, values;
		uint32_t n;
		uint32_t size;
	} maps[BL_MAP_COUNT];
	unsigned int calls;    /* that wrote, failed ones included */
	unsigned int fail_at;  /* the number of the call that fails, counted from 1; 0: none */
	unsigned int fail_for; /* how many in a row fail */
	int fail_code;
	enum bl_map refuse_map; /* where this key is refused, with fail_code; NULL: none is */
	const void *refuse_key;
	bool no_batch; /* entries are written one by one */
	uint64_t now_ms;
	unsigned int astray;
};

/* Sizes: 256 slots, 1024 ranges of ports, 64 of everything else. */
void fake_maps_init(struct fake_maps *f);
void fake_maps_free(struct fake_maps *f);
void fake_maps_io(struct fake_maps *f, struct bl_map_io *ret_io);
const void *fake_maps_get(const struct fake_maps *f, enum bl_map map, const void *key);
void fake_maps_put(struct fake_maps *f, enum bl_map map, const void *key, const void *value);
/* Entries of a hash; entries of an array that are not all zero. */
uint32_t fake_maps_count(const struct fake_maps *f, enum bl_map map);

#endif
