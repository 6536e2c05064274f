// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The step from actual to desired, for whole tables.
 *
 * Endpoints, prefixes and routes are small tables that are wished for as a whole. Each is a merge of two ordered lists:
 * one walk finds what is new and what both have, a second one what has to go. The order is fixed here, once: everything is
 * added before anything is removed, so that no address is without an entry in between.
 *
 * Items that fail are left behind and the others go on: one address that the kernel refuses must not keep a node from all
 * its other pods. The caller hears of the first failure and keeps its key dirty.
 */

#include "agent/state/delta.h"

static const void *item(const struct bl_delta_list *l, size_t i)
{
	return (const char *)l->items + i * l->size;
}

int bl_delta(const struct bl_delta_list *have, const struct bl_delta_list *want,
	     const struct bl_delta_ops *ops, void *arg)
{
	int first = 0;
	size_t h = 0;

	for (size_t w = 0; w < want->n; w++) {
		int order = 1, rc;

		while (h < have->n && (order = ops->cmp(item(have, h), item(want, w))) < 0)
			h++;
		rc = ops->put(arg, h < have->n && order == 0 ? item(have, h) : NULL, item(want, w));
		first = first ? first : rc;
	}
	for (size_t w = h = 0; h < have->n; h++) {
		int order = -1, rc;

		while (w < want->n && (order = ops->cmp(item(have, h), item(want, w))) > 0)
			w++;
		if (w < want->n && order == 0)
			continue;
		rc = ops->drop(arg, item(have, h));
		first = first ? first : rc;
	}
	return first;
}
