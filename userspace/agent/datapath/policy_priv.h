/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_DATAPATH_POLICY_PRIV_H
#define BL_DATAPATH_POLICY_PRIV_H

/* What the policy files of this room share: the tables' content in memory. Nobody else includes this. */

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define uthash_fatal(msg) abort()
#include <uthash.h>

#include "agent/datapath/policy.h"
#include "agent/datapath/ranges.h"

/* What leads to ids: an entry with a place for each epoch. */
enum bl_way_kind {
	BL_WAY_CLASS,	  /* class4/6 */
	BL_WAY_BLOCK,	  /* block4/6 */
	BL_WAY_ISOLATION, /* isolation, by its index */
	BL_WAY_KINDS
};

/* Ids; a class is ids[0], isolation has one a direction. */
struct bl_way_ids {
	uint32_t ids[2];
};

enum bl_way_state {
	BL_WAY_CLEAN,	  /* both places are what is wanted */
	BL_WAY_DIRTY,	  /* in bl_policy_tables.dirty: the place not in force is to be written */
	BL_WAY_UNSETTLED, /* in bl_policy_tables.unsettled: the place no longer in force is */
};

struct bl_way {
	UT_hash_handle hh;
	struct bl_cidr cidr; /* addresses: of full length */
	enum bl_way_kind kind;
	enum bl_way_state state;
	struct bl_way_ids want, have[2];
	uint32_t index; /* ISOLATION; 0: no place yet */
	bool gone;	/* wanted to be gone: want is what its absence means */
	bool written;	/* the map has it, with `have` */
	bool present;	/* it has been since before the epoch in force began */
	bool unknown;	/* a write failed: what the map has may be the value before or behind */
};

/* Ranges of ports; cells with the same ones share them. */
struct bl_port_list {
	UT_hash_handle hh;
	uint32_t first; /* placed: its place in cell_range */
	uint32_t refs;
	bool placed, written;
	bool found; /* an earlier agent's, known by its place and not by its ranges */
	size_t n;
	struct bl_cell_range ranges[];
};

struct bl_cell_row {
	UT_hash_handle hh;
	struct bl_cell_key key;
	struct bl_port_list *list; /* NULL: no ranges */
	enum bl_verdict verdict;
	bool present, unknown; /* unknown: a write failed, it may be there */
	bool doomed;
	uint64_t turn;
};

struct bl_ptr_list {
	void **items;
	size_t n, cap;
};

struct bl_policy_tables {
	struct bl_map_io *io;
	struct bl_way *ways[BL_WAY_KINDS];
	struct bl_cell_row *cells;
	struct bl_port_list *lists;
	struct bl_port_list *found;
	struct bl_ranges ranges, places;
	struct bl_ptr_list dirty, unsettled;
	struct bl_ptr_list new_cells; /* to be written */
	struct bl_ptr_list doomed,
		doomed_settled; /* to be erased: behind the next flip, behind this one */
	uint32_t epoch;		/* in force */
	bool flipping;		/* the write of the epoch failed: it may have happened */
	uint64_t settle_ms;	/* 0: nothing is unsettled */
	bool again;		/* more was wanted of what is unsettled */
	size_t flipped;		/* so many of `dirty` are behind the write of the epoch */
	uint32_t first_id;
	uint64_t turn;
};

/* --- policy_ways.c ------------------------------------------------------------------------------------------------------ */
void bl_ptrs_add(struct bl_ptr_list *l, void *item);
struct bl_way *bl_way_find(const struct bl_policy_tables *t, enum bl_way_kind kind,
			   const struct bl_cidr *cidr);
/* Made where missing. */
struct bl_way *bl_way_get(struct bl_policy_tables *t, enum bl_way_kind kind,
			  const struct bl_cidr *cidr);
void bl_way_drop(struct bl_policy_tables *t, struct bl_way *w);
int bl_way_write(struct bl_policy_tables *t, struct bl_way *w, const struct bl_way_ids ids[2],
		 struct bl_err *err);
int bl_way_erase(struct bl_policy_tables *t, struct bl_way *w, struct bl_err *err);
/* What a lookup finds without this entry: in the epoch in force, or by what is wanted. */
struct bl_way_ids bl_way_absent(const struct bl_policy_tables *t, const struct bl_way *w,
				bool wanted);

/* --- policy_cells.c ----------------------------------------------------------------------------------------------------- */
struct bl_cell_row *bl_cell_row_find(const struct bl_policy_tables *t,
				     const struct bl_cell_key *key);
struct bl_cell_row *bl_cell_row_add(struct bl_policy_tables *t, const struct bl_desired_cell *want);
int bl_cell_row_write(struct bl_policy_tables *t, struct bl_cell_row *row, struct bl_err *err);
int bl_cell_row_erase(struct bl_policy_tables *t, struct bl_cell_row *row, struct bl_err *err);
void bl_cell_row_drop(struct bl_policy_tables *t, struct bl_cell_row *row);
/* The ranges of a cell that was found in the maps, with a reference. */
struct bl_port_list *bl_port_list_found(struct bl_policy_tables *t, uint32_t first, uint32_t n);

/* --- policy_load.c ------------------------------------------------------------------------------------------------------- */
int bl_policy_tables_load(struct bl_policy_tables *t, struct bl_err *err);

#endif
