/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_DATAPATH_GRAVE_H
#define BL_DATAPATH_GRAVE_H

#include <stddef.h>
#include <stdint.h>

/*
 * How long, in ms, what no map entry leads to any more may still be in use by a packet on its way. A program that read the old entry
 * runs for microseconds, in softirq without being preempted. At a socket hook it may be preempted, and its task may then
 * wait for the CPU: for the rest of its quota's period, 100 ms, or some of them. A second covers that, and costs nothing but
 * array indexes.
 */
#define BL_GRACE_MS 1000

/* What waits for its grace period, in the order of its end. Zero-initialised is empty. */
struct bl_grave_item {
	uint32_t first;
	uint32_t n; /* of indexes; for backends the generation that was retired */
	uint64_t due_ms;
};

struct bl_grave {
	struct bl_grave_item *items;
	size_t head, len, cap;
};

void bl_grave_push(struct bl_grave *g, uint32_t first, uint32_t n, uint64_t now_ms);
/* Takes the oldest item out whose time is over. 0, or -ENOENT. */
int bl_grave_pop(struct bl_grave *g, uint64_t now_ms, struct bl_grave_item *ret_item);
/* ms until the next is due, 0 when it is overdue, -1 when none waits. */
int bl_grave_next(const struct bl_grave *g, uint64_t now_ms);
void bl_grave_free(struct bl_grave *g);

#endif
