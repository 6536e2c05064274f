// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Cells and their ranges of ports in the maps.
 *
 * Cells never change, so a cell is written once, its ranges before it, and nothing leads to it before that. Most cells say
 * one of few things: ranges are kept once and shared. Their places are given back when the last cell is erased, which the caller
 * does when no packet can be under way to it any more.
 */

#include <string.h>

#include "agent/datapath/policy_priv.h"
#include "base/cleanup.h"
#include "base/mem.h"

static struct bl_port_list *list_get(struct bl_policy_tables *t, const struct bl_cell_range *ranges,
				     size_t n)
{
	size_t bytes = n * sizeof(*ranges);
	struct bl_port_list *l;

	HASH_FIND(hh, t->lists, ranges, bytes, l);
	if (!l) {
		l = bl_calloc(1, sizeof(*l) + bytes);
		l->n = n;
		memcpy(l->ranges, ranges, bytes);
		HASH_ADD_KEYPTR(hh, t->lists, l->ranges, bytes, l);
	}
	l->refs++;
	return l;
}

static void list_unref(struct bl_policy_tables *t, struct bl_port_list *l)
{
	if (!l || --l->refs)
		return;
	if (l->placed)
		bl_ranges_release(&t->ranges, l->first, (uint32_t)l->n);
	if (l->found)
		HASH_DELETE(hh, t->found, l);
	else
		HASH_DEL(t->lists, l);
	free(l);
}

struct bl_port_list *bl_port_list_found(struct bl_policy_tables *t, uint32_t first, uint32_t n)
{
	struct bl_port_list *l;

	HASH_FIND(hh, t->found, &first, sizeof(first), l);
	if (!l) {
		l = bl_new0(struct bl_port_list);
		l->found = l->written = true;
		l->first = first;
		l->n = n;
		l->placed = bl_ranges_reserve(&t->ranges, first, n) == 0;
		HASH_ADD(hh, t->found, first, sizeof(l->first), l);
	}
	l->refs++;
	return l;
}

static int list_write(struct bl_policy_tables *t, struct bl_port_list *l, struct bl_err *err)
{
	BL_FREE uint32_t *keys = NULL;
	uint32_t done;
	int rc;

	if (l->written)
		return 0;
	if (!l->placed && bl_ranges_take(&t->ranges, (uint32_t)l->n, 0, &l->first))
		return bl_map_io_full(t->io, BL_MAP_cell_range, err);
	l->placed = true;
	keys = bl_calloc(l->n, sizeof(*keys));
	for (size_t i = 0; i < l->n; i++)
		keys[i] = l->first + (uint32_t)i;
	rc = bl_map_io_update(t->io, BL_MAP_cell_range, keys, l->ranges, (uint32_t)l->n, &done,
			      err);
	l->written = rc == 0;
	return rc;
}

struct bl_cell_row *bl_cell_row_find(const struct bl_policy_tables *t,
				     const struct bl_cell_key *key)
{
	struct bl_cell_row *row;

	HASH_FIND(hh, t->cells, key, sizeof(*key), row);
	return row;
}

struct bl_cell_row *bl_cell_row_add(struct bl_policy_tables *t, const struct bl_desired_cell *want)
{
	struct bl_cell_row *row = bl_new0(struct bl_cell_row);

	row->key = want->key;
	row->verdict = want->verdict;
	if (want->n_ranges)
		row->list = list_get(t, want->ranges, want->n_ranges);
	HASH_ADD(hh, t->cells, key, sizeof(row->key), row);
	return row;
}

int bl_cell_row_write(struct bl_policy_tables *t, struct bl_cell_row *row, struct bl_err *err)
{
	int rc = row->list ? list_write(t, row->list, err) : 0;
	struct bl_cell value;

	if (rc)
		return rc;
	value = (struct bl_cell){
		.first = row->list ? row->list->first : 0,
		.count = (uint16_t)(row->list ? row->list->n : 0),
		.verdict = (uint8_t)row->verdict,
	};
	rc = bl_map_io_put(t->io, BL_MAP_cell, &row->key, &value, err);
	row->unknown = rc != 0;
	row->present = rc == 0;
	return rc;
}

int bl_cell_row_erase(struct bl_policy_tables *t, struct bl_cell_row *row, struct bl_err *err)
{
	if (!row->present && !row->unknown)
		return 0;
	return bl_map_io_erase(t->io, BL_MAP_cell, &row->key, err);
}

void bl_cell_row_drop(struct bl_policy_tables *t, struct bl_cell_row *row)
{
	list_unref(t, row->list);
	HASH_DEL(t->cells, row);
	free(row);
}
