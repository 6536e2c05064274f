// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What an earlier agent left in the policy tables.
 *
 * It goes on being in force as it is until the first whole wish replaces it. What ids meant nobody knows any more, so none is taken over: new
 * ones are numbered behind the highest that is found. An agent that died between flip and settling left places that differ; they are settled
 * like its own. Which address a place in `isolation` belongs to is in the endpoint's entry; a place that no endpoint names is free.
 */

#include <string.h>

#include "agent/datapath/policy_priv.h"
#include "base/mem.h"

struct load {
	struct bl_policy_tables *t;
	uint8_t family;
	enum bl_way_kind kind;
};

static void seen_id(struct bl_policy_tables *t, uint32_t id)
{
	if (id >= t->first_id && id < BL_CLASS_NONE)
		t->first_id = id + 1;
}

static void add_way(struct bl_policy_tables *t, struct bl_way *w, const struct bl_way_ids have[2])
{
	memcpy(w->have, have, sizeof(w->have));
	w->want = have[t->epoch];
	w->written = w->present = true;
	for (int e = 0; e < 2; e++) {
		seen_id(t, have[e].ids[0]);
		if (w->kind == BL_WAY_ISOLATION)
			seen_id(t, have[e].ids[1]);
	}
	if (memcmp(&have[0], &have[1], sizeof(*have)) == 0)
		return;
	w->state = BL_WAY_UNSETTLED;
	bl_ptrs_add(&t->unsettled, w);
}

static int load_epoch(void *arg, const void *key, const void *value)
{
	struct load *l = arg;

	(void)key;
	l->t->epoch = *(const uint32_t *)value & 1;
	return 1;
}

static int load_class(void *arg, const void *key, const void *value)
{
	const struct bl_class *v = value;
	struct bl_way_ids have[2] = {{{v->id[0]}}, {{v->id[1]}}};
	struct load *l = arg;
	struct bl_cidr cidr = {.ip.family = l->family};
	uint32_t len = l->family == 4 ? 32 : 128;

	if (l->kind == BL_WAY_BLOCK) {
		memcpy(&len, key, sizeof(len));
		key = (const char *)key + sizeof(len);
	}
	cidr.len = (uint8_t)len;
	memcpy(cidr.ip.b, key, bl_ip_size(&cidr.ip));
	add_way(l->t, bl_way_get(l->t, l->kind, &cidr), have);
	return 0;
}

/* The endpoints' places; their sets are read behind that. */
static int load_endpoint(void *arg, const void *key, const void *value)
{
	const struct bl_endpoint *v = value;
	struct load *l = arg;
	struct bl_cidr cidr = {.ip.family = l->family, .len = l->family == 4 ? 32 : 128};
	struct bl_way *w;

	if (!v->policy || bl_ranges_reserve(&l->t->places, v->policy, 1))
		return 0;
	memcpy(cidr.ip.b, key, bl_ip_size(&cidr.ip));
	w = bl_way_get(l->t, BL_WAY_ISOLATION, &cidr);
	w->index = v->policy;
	return 0;
}

static int load_isolation(void *arg, const void *key, const void *value)
{
	const struct bl_isolation *v = value;
	struct bl_way_ids have[2];
	struct load *l = arg;

	memcpy(have, v->set, sizeof(have));
	for (struct bl_way *w = l->t->ways[BL_WAY_ISOLATION]; w; w = w->hh.next) {
		if (w->index == *(const uint32_t *)key)
			add_way(l->t, w, have);
	}
	return 0;
}

/* The cell with no ranges yet; its places stay taken. */
static int load_cell(void *arg, const void *key, const void *value)
{
	const struct bl_cell *v = value;
	struct bl_desired_cell cell = {.verdict = v->verdict};
	struct load *l = arg;
	struct bl_cell_row *row;

	memcpy(&cell.key, key, sizeof(cell.key));
	seen_id(l->t, cell.key.set);
	seen_id(l->t, cell.key.class);
	row = bl_cell_row_add(l->t, &cell);
	row->present = true;
	if (v->count)
		row->list = bl_port_list_found(l->t, v->first, v->count);
	return 0;
}

int bl_policy_tables_load(struct bl_policy_tables *t, struct bl_err *err)
{
	static const struct {
		enum bl_map map;
		bl_map_entry_fn fn;
		uint8_t family;
		enum bl_way_kind kind;
	} steps[] = {
		{BL_MAP_policy_epoch, load_epoch, 0, 0},
		{BL_MAP_class4, load_class, 4, BL_WAY_CLASS},
		{BL_MAP_class6, load_class, 6, BL_WAY_CLASS},
		{BL_MAP_block4, load_class, 4, BL_WAY_BLOCK},
		{BL_MAP_block6, load_class, 6, BL_WAY_BLOCK},
		{BL_MAP_endpoint4, load_endpoint, 4, 0},
		{BL_MAP_endpoint6, load_endpoint, 6, 0},
		{BL_MAP_isolation, load_isolation, 0, 0},
		{BL_MAP_cell, load_cell, 0, 0},
	};

	(void)bl_ranges_reserve(&t->places, 0, 1); /* 0 is no place */
	for (size_t i = 0; i < BL_ARRAY_SIZE(steps); i++) {
		struct load l = {t, steps[i].family, steps[i].kind};
		int rc = bl_map_io_each(t->io, steps[i].map, steps[i].fn, &l, err);

		if (rc)
			return rc;
	}
	if (t->unsettled.n)
		t->settle_ms = bl_map_io_now_ms(t->io) + BL_POLICY_GRACE_MS;
	return 0;
}
