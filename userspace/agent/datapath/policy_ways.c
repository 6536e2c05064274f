// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Entries that lead to classes and sets: what the maps hold of them, and what an absent one means.
 *
 * Until an entry is there, or when it has gone, a lookup ends elsewhere: for a pod's address in the trie, for a prefix at the
 * next shorter one, for a pod's place at "not isolated". An entry that comes or goes by an epoch therefore says in the other
 * epoch's place just that, so that to make it or to erase it means nothing to a packet.
 */

#include <errno.h>
#include <string.h>

#include "agent/datapath/policy_priv.h"
#include "base/mem.h"

void bl_ptrs_add(struct bl_ptr_list *l, void *item)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 16;
		l->items = bl_realloc(l->items, l->cap, sizeof(*l->items));
	}
	l->items[l->n++] = item;
}

struct bl_way *bl_way_find(const struct bl_policy_tables *t, enum bl_way_kind kind,
			   const struct bl_cidr *cidr)
{
	struct bl_way *w;

	HASH_FIND(hh, t->ways[kind], cidr, sizeof(*cidr), w);
	return w;
}

struct bl_way *bl_way_get(struct bl_policy_tables *t, enum bl_way_kind kind,
			  const struct bl_cidr *cidr)
{
	struct bl_way *w = bl_way_find(t, kind, cidr);

	if (w)
		return w;
	w = bl_new0(struct bl_way);
	w->cidr = *cidr;
	w->kind = kind;
	HASH_ADD(hh, t->ways[kind], cidr, sizeof(w->cidr), w);
	return w;
}

void bl_way_drop(struct bl_policy_tables *t, struct bl_way *w)
{
	if (w->index)
		bl_ranges_release(&t->places, w->index, 1);
	HASH_DEL(t->ways[w->kind], w);
	free(w);
}

/* --- absence ------------------------------------------------------------------------------------------------------------- */

static bool holds(const struct bl_cidr *outer, const struct bl_cidr *inner)
{
	return outer->len < inner->len && bl_cidr_contains(outer, &inner->ip);
}

static struct bl_way_ids around(const struct bl_policy_tables *t, const struct bl_way *block,
				bool wanted)
{
	const struct bl_way *best = NULL;

	for (const struct bl_way *w = t->ways[BL_WAY_BLOCK]; w; w = w->hh.next) {
		if ((wanted ? w->gone : !w->present) || !holds(&w->cidr, &block->cidr))
			continue;
		if (!best || w->cidr.len > best->cidr.len)
			best = w;
	}
	if (!best)
		return (struct bl_way_ids){{BL_CLASS_OUTSIDER}};
	return wanted ? best->want : best->have[t->epoch];
}

struct bl_way_ids bl_way_absent(const struct bl_policy_tables *t, const struct bl_way *w,
				bool wanted)
{
	switch (w->kind) {
	case BL_WAY_CLASS:
		return (struct bl_way_ids){{BL_CLASS_NONE}};
	case BL_WAY_BLOCK:
		return around(t, w, wanted);
	case BL_WAY_ISOLATION:
	case BL_WAY_KINDS:
		break;
	}
	return (struct bl_way_ids){{BL_SET_OPEN, BL_SET_OPEN}};
}

/* --- the maps ------------------------------------------------------------------------------------------------------------ */

static int put_isolation(struct bl_policy_tables *t, struct bl_way *w,
			 const struct bl_way_ids ids[2], struct bl_err *err)
{
	struct bl_isolation value;

	if (!w->index && bl_ranges_take(&t->places, 1, 1, &w->index))
		return bl_map_io_full(t->io, BL_MAP_isolation, err);
	for (int e = 0; e < 2; e++)
		memcpy(value.set[e], ids[e].ids, sizeof(value.set[e]));
	return bl_map_io_put(t->io, BL_MAP_isolation, &w->index, &value, err);
}

/* The key of a class or a block; returns the map. */
static enum bl_map key_of(const struct bl_way *w, unsigned char key[20])
{
	bool v4 = w->cidr.ip.family == 4;
	uint32_t len = w->cidr.len;

	if (w->kind == BL_WAY_CLASS) {
		memcpy(key, w->cidr.ip.b, 16);
		return v4 ? BL_MAP_class4 : BL_MAP_class6;
	}
	memcpy(key, &len, sizeof(len));
	memcpy(key + sizeof(len), w->cidr.ip.b, 16);
	return v4 ? BL_MAP_block4 : BL_MAP_block6;
}

static int put_class(struct bl_policy_tables *t, const struct bl_way *w,
		     const struct bl_way_ids ids[2], struct bl_err *err)
{
	struct bl_class value = {{ids[0].ids[0], ids[1].ids[0]}};
	unsigned char key[20] = {};
	enum bl_map map = key_of(w, key);

	return bl_map_io_put(t->io, map, key, &value, err);
}

int bl_way_write(struct bl_policy_tables *t, struct bl_way *w, const struct bl_way_ids ids[2],
		 struct bl_err *err)
{
	int rc = w->kind == BL_WAY_ISOLATION ? put_isolation(t, w, ids, err)
					     : put_class(t, w, ids, err);

	w->unknown = rc != 0;
	if (rc)
		return rc;
	memcpy(w->have, ids, sizeof(w->have));
	w->written = true;
	return 0;
}

int bl_way_erase(struct bl_policy_tables *t, struct bl_way *w, struct bl_err *err)
{
	static const struct bl_way_ids open[2];
	unsigned char key[20] = {};
	enum bl_map map;

	if (!w->written && !w->unknown)
		return 0;
	if (w->kind == BL_WAY_ISOLATION)
		return w->index ? put_isolation(t, w, open, err) : 0;
	map = key_of(w, key);
	return bl_map_io_erase(t->io, map, key, err);
}
