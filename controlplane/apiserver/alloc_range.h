/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_ALLOC_RANGE_H
#define BL_APISERVER_ALLOC_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers 0..size-1, each free or taken. */
struct bl_range {
	uint64_t *bits;
	uint32_t size;
	uint32_t taken;
	uint32_t first, last; /* what may be given out; the rest cannot be asked for either */
	uint32_t reserve;     /* below it only on request, or when all above is taken */
};

void bl_range_init(struct bl_range *r, uint32_t size, uint32_t first, uint32_t last,
		   uint32_t reserve);
void bl_range_free(struct bl_range *r);
bool bl_range_has(const struct bl_range *r, uint32_t n);
/* 0, -EEXIST: taken, -ERANGE: not in the range. */
int bl_range_take(struct bl_range *r, uint32_t n);
/* A free one at random; -ENOSPC. */
int bl_range_take_any(struct bl_range *r, uint32_t *ret_n);
void bl_range_give(struct bl_range *r, uint32_t n);

#endif
