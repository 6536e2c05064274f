// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Ports that rules allow, as the kernel searches them.
 *
 * Rules add up, so their ports are a union: ordered by protocol and port, without overlap, and joined where they touch. That
 * makes a lookup a binary search and two cells with the same meaning the same bytes.
 */

#include "agent/compile/policy_internal.h"

static int range_cmp(const void *a, const void *b)
{
	const struct bl_cell_range *x = a, *y = b;

	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return (int)x->last - (int)y->last;
}

size_t bl_ranges_join(struct bl_cell_range *list, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(list, n, sizeof(*list), range_cmp);
	for (size_t i = 0; i < n; i++) {
		struct bl_cell_range *last = kept ? &list[kept - 1] : NULL;

		if (!last || last->proto != list[i].proto ||
		    (uint32_t)last->last + 1 < list[i].first)
			list[kept++] = list[i];
		else if (list[i].last > last->last)
			last->last = list[i].last;
	}
	return kept;
}
