/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_BASE_ARENA_H
#define BL_BASE_ARENA_H

#include <stddef.h>

#include "base/cleanup.h"

/*
 * Memory that is freed together: everything one object, or one turn of the loop, needs. Pieces are
 * aligned for any type and come zeroed. Small objects cost one allocation: the first chunk is
 * `first` bytes.
 */
struct bl_arena;

struct bl_arena *bl_arena_new(size_t first);
struct bl_arena *bl_arena_free(struct bl_arena *a);
void *bl_arena_alloc(struct bl_arena *a, size_t size);
void *bl_arena_calloc(struct bl_arena *a, size_t n, size_t size);
char *bl_arena_strdup(struct bl_arena *a, const char *s);
char *bl_arena_printf(struct bl_arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
size_t bl_arena_bytes(const struct bl_arena *a); /* what it holds of the heap */

#define bl_arena_new0(a, type)	   ((type *)bl_arena_alloc((a), sizeof(type)))
#define bl_arena_array(a, n, type) ((type *)bl_arena_calloc((a), (n), sizeof(type)))

BL_DEFINE_CLEANUP(arena, struct bl_arena, bl_arena_free);
#define BL_ARENA BL_CLEANUP(bl_cleanup_arena)

#endif
