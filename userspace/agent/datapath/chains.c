// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: A hash table of chains through its items.
 *
 * Tens of thousands of frontends and Services are looked up when a node starts, most of them in vain, and what that costs is the memory
 * that it touches. There are as many chains as items at least, so that a chain is hardly ever longer than one or two; each item
 * keeps its hash, so that only those that are probably meant are compared. An item pays two words, a chain one.
 */

#include "agent/datapath/chains.h"

#include <stdlib.h>

#include "base/mem.h"

#define FIRST_HEADS 64

static struct bl_chain **head_of(const struct bl_chains *c, uint32_t hash)
{
	return &c->heads[hash & (c->n_heads - 1)];
}

static void push(struct bl_chains *c, struct bl_chain *item)
{
	struct bl_chain **head = head_of(c, item->hash);

	item->next = *head;
	*head = item;
}

static void grow(struct bl_chains *c)
{
	struct bl_chains old = *c;

	c->n_heads = old.n_heads ? old.n_heads * 2 : FIRST_HEADS;
	c->heads = bl_calloc(c->n_heads, sizeof(struct bl_chain *));
	for (uint32_t i = 0; i < old.n_heads; i++) {
		while (old.heads[i]) {
			struct bl_chain *item = old.heads[i];

			old.heads[i] = item->next;
			push(c, item);
		}
	}
	free(old.heads);
}

static struct bl_chain *of_hash(struct bl_chain *item, uint32_t hash)
{
	while (item && item->hash != hash)
		item = item->next;
	return item;
}

struct bl_chain *bl_chains_find(const struct bl_chains *c, uint32_t hash)
{
	return c->n_heads ? of_hash(*head_of(c, hash), hash) : NULL;
}

struct bl_chain *bl_chains_more(const struct bl_chain *item)
{
	return of_hash(item->next, item->hash);
}

void bl_chains_add(struct bl_chains *c, struct bl_chain *item, uint32_t hash)
{
	if (c->count == c->n_heads)
		grow(c);
	item->hash = hash;
	push(c, item);
	c->count++;
}

void bl_chains_remove(struct bl_chains *c, struct bl_chain *item)
{
	struct bl_chain **at = head_of(c, item->hash);

	while (*at != item)
		at = &(*at)->next;
	*at = item->next;
	c->count--;
}

struct bl_chain *bl_chains_next(const struct bl_chains *c, const struct bl_chain *item)
{
	uint32_t i = item ? (item->hash & (c->n_heads - 1)) + 1 : 0;

	if (item && item->next)
		return item->next;
	while (i < c->n_heads && !c->heads[i])
		i++;
	return i < c->n_heads ? c->heads[i] : NULL;
}

void bl_chains_free(struct bl_chains *c)
{
	free(c->heads);
	*c = (struct bl_chains){};
}
