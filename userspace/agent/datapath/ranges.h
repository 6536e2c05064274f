/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_DATAPATH_RANGES_H
#define BL_DATAPATH_RANGES_H

#include <stdbool.h>
#include <stdint.h>

/* Which indexes [0, size) of an array are taken, handed out in ranges. Single ids are ranges of one. */
struct bl_ranges {
	uint64_t *words; /* a set bit is taken */
	uint32_t size;
	uint32_t used;
	uint32_t low; /* everything below is taken */
};

void bl_ranges_init(struct bl_ranges *r, uint32_t size);
void bl_ranges_free(struct bl_ranges *r);

/* Takes the first n free indexes in a row at or behind `from`, from the start again where there are none. -ENOSPC. */
int bl_ranges_take(struct bl_ranges *r, uint32_t n, uint32_t from, uint32_t *ret_first);

/* Takes exactly these. -EBUSY: one of them is taken; -ERANGE: they lie outside. */
int bl_ranges_reserve(struct bl_ranges *r, uint32_t first, uint32_t n);

void bl_ranges_release(struct bl_ranges *r, uint32_t first, uint32_t n);
bool bl_ranges_is_taken(const struct bl_ranges *r, uint32_t index);

#endif
