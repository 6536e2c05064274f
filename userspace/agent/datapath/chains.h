/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_DATAPATH_CHAINS_H
#define BL_DATAPATH_CHAINS_H

#include <stdint.h>

/* Links of one hash table through the items that it holds. An item has its struct bl_chain first. */
struct bl_chain {
	struct bl_chain *next;
	uint32_t hash;
};

/* Zero-initialised is empty. Items are lent. */
struct bl_chains {
	struct bl_chain **heads;
	uint32_t n_heads; /* a power of two, at least as many as items */
	uint32_t count;
};

/* The first item of the hash, or NULL; and the one behind `item` of the same hash. */
struct bl_chain *bl_chains_find(const struct bl_chains *c, uint32_t hash);
struct bl_chain *bl_chains_more(const struct bl_chain *item);

void bl_chains_add(struct bl_chains *c, struct bl_chain *item, uint32_t hash);
void bl_chains_remove(struct bl_chains *c, struct bl_chain *item);

/* All items, in no order: the one behind `item`, NULL at the end; NULL asks for the first. Adding ends the walk. */
struct bl_chain *bl_chains_next(const struct bl_chains *c, const struct bl_chain *item);

void bl_chains_free(struct bl_chains *c);

#endif
