// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The queue of what waits for its grace period.
 *
 * Every item waits equally long, so the queue is in order by itself: items go in at the end and come out at the front. The
 * room of items that have gone is used again once they are half of the array, so that a long life of changes needs no
 * more memory than its busiest second.
 */

#include "agent/datapath/grave.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void bl_grave_push(struct bl_grave *g, uint32_t first, uint32_t n, uint64_t now_ms)
{
	if (g->head && g->head >= g->cap / 2) {
		memmove(g->items, g->items + g->head, g->len * sizeof(*g->items));
		g->head = 0;
	}
	if (g->head + g->len == g->cap) {
		g->cap = g->cap ? g->cap * 2 : 16;
		g->items = bl_realloc(g->items, g->cap, sizeof(*g->items));
	}
	g->items[g->head + g->len++] = (struct bl_grave_item){first, n, now_ms + BL_GRACE_MS};
}

int bl_grave_pop(struct bl_grave *g, uint64_t now_ms, struct bl_grave_item *ret_item)
{
	if (!g->len || g->items[g->head].due_ms > now_ms)
		return -ENOENT;
	*ret_item = g->items[g->head++];
	g->len--;
	return 0;
}

int bl_grave_next(const struct bl_grave *g, uint64_t now_ms)
{
	uint64_t due;

	if (!g->len)
		return -1;
	due = g->items[g->head].due_ms;
	return due > now_ms ? (int)(due - now_ms) : 0;
}

void bl_grave_free(struct bl_grave *g)
{
	free(g->items);
	*g = (struct bl_grave){};
}
