/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_STATE_DELTA_H
#define BL_STATE_DELTA_H

#include <stddef.h>

/*
 * What leads from one ordered list to another. Both are arrays of plain data, ordered by the same key, without duplicates;
 * `cmp` compares keys only.
 */
struct bl_delta_list {
	const void *items;
	size_t n;
	size_t size; /* of an item */
};

struct bl_delta_ops {
	int (*cmp)(const void *have, const void *want);
	/* `have` is NULL where the key is new; called also for a key that both lists have: put decides whether they differ. */
	int (*put)(void *arg, const void *have, const void *want);
	int (*drop)(void *arg, const void *have);
};

/*
 * Calls put for all of `want`, then drop for what only `have` holds: adds before removes. A call that fails does not stop
 * the others. Returns the first failure's code, 0 without any.
 */
int bl_delta(const struct bl_delta_list *have, const struct bl_delta_list *want,
	     const struct bl_delta_ops *ops, void *arg);

#endif
