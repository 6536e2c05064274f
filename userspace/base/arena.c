// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Memory that is freed together.
 *
 * An object decoded from the API is a few dozen small pieces with one life. An arena gives them one allocation and one
 * free, and makes a leak of a part impossible. Chunks are linked; the newest is filled from its start; each is twice the
 * size of the one before, so an object of n bytes takes O(log n) allocations and wastes less than half.
 */

#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define ALIGN alignof(max_align_t)

struct chunk {
	struct chunk *next;
	size_t size; /* of data */
	size_t used;
	alignas(max_align_t) char data[];
};

struct bl_arena {
	struct chunk *newest;
	size_t first;
};

static struct chunk *chunk_new(struct chunk *next, size_t size)
{
	struct chunk *c = bl_malloc(sizeof(*c) + size);

	c->next = next;
	c->size = size;
	c->used = 0;
	return c;
}

struct bl_arena *bl_arena_new(size_t first)
{
	struct bl_arena *a = bl_new0(struct bl_arena);

	a->first = first < 64 ? 64 : first;
	return a;
}

struct bl_arena *bl_arena_free(struct bl_arena *a)
{
	if (!a)
		return NULL;
	while (a->newest) {
		struct chunk *c = a->newest;

		a->newest = c->next;
		free(c);
	}
	free(a);
	return NULL;
}

void *bl_arena_alloc(struct bl_arena *a, size_t size)
{
	struct chunk *c = a->newest;
	size_t need = (size + ALIGN - 1) & ~(ALIGN - 1);
	void *p;

	if (!c || c->size - c->used < need) {
		size_t room = c ? 2 * c->size : a->first;

		c = a->newest = chunk_new(c, room < need ? need : room);
	}
	p = c->data + c->used;
	c->used += need;
	memset(p, 0, size);
	return p;
}

void *bl_arena_calloc(struct bl_arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > PTRDIFF_MAX / 2)
		return bl_calloc(n, size); /* ends the process as an impossible size does */
	return bl_arena_alloc(a, bytes);
}

char *bl_arena_strdup(struct bl_arena *a, const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(bl_arena_alloc(a, n), s, n);
}

char *bl_arena_printf(struct bl_arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *s;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	s = bl_arena_alloc(a, n < 0 ? 1 : (size_t)n + 1);
	if (n > 0)
		(void)vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	return s;
}

size_t bl_arena_bytes(const struct bl_arena *a)
{
	size_t sum = sizeof(*a);

	for (const struct chunk *c = a->newest; c; c = c->next)
		sum += sizeof(*c) + c->size;
	return sum;
}
