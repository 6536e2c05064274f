// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Maglev tables.
 *
 * A packet's hash chooses a slot of a table, the slot a backend. Every node builds the same table from the same backends, so
 * that it does not matter which node a packet of a connection meets, and no node has to remember the connection. When a
 * backend comes or goes, few slots but its own change hands (Eisenbud et al., "Maglev: A Fast and Reliable Software Network
 * Load Balancer", NSDI 2016, section 3.4).
 *
 * Each backend walks the table in an order of its own, offset + k * skip modulo the size, both from a hash of its address and
 * port, and in each round takes the next slot of its walk that is free. Backends take turns in the order of their hashes, not of
 * their names or of their arrival. Weights thin the turns out: a backend gathers its weight each round and has a turn once it has
 * gathered that of the heaviest.
 */

#include "agent/state/maglev.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/cleanup.h"
#include "base/mem.h"

#define FREE UINT32_MAX

struct walker {
	uint64_t order;
	uint32_t index; /* of the backend */
	uint32_t next;	/* the slot that comes next in its walk */
	uint32_t skip;
	uint32_t weight;
	uint32_t gathered;
};

static bool is_prime(uint32_t n)
{
	for (uint32_t d = 2; d * d <= n; d++)
		if (n % d == 0)
			return false;
	return n > 1;
}

uint32_t bl_maglev_prime(uint32_t size)
{
	if (!size || size > BL_MAGLEV_SIZE_MAX)
		return 0;
	while (!is_prime(size))
		size++;
	return size;
}

static struct walker walker_of(const struct bl_maglev_backend *b, uint32_t index, uint32_t size)
{
	uint8_t key[19] = {b->ip.family, (uint8_t)(b->port >> 8), (uint8_t)b->port};
	XXH128_hash_t h;

	memcpy(key + 3, b->ip.b, bl_ip_size(&b->ip));
	h = XXH3_128bits(key, sizeof(key));
	return (struct walker){
		.order = h.low64,
		.index = index,
		.next = (uint32_t)(h.low64 % size),
		.skip = size > 1 ? (uint32_t)(h.high64 % (size - 1)) + 1 : 0,
		.weight = b->weight,
	};
}

static int compare(const void *a, const void *b)
{
	const struct walker *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

/* Takes the next free slot of its walk; there is one. */
static void take(struct walker *w, uint32_t size, uint32_t *table)
{
	while (table[w->next] != FREE)
		w->next = (w->next + w->skip) % size;
	table[w->next] = w->index;
}

static void fill(struct walker *walkers, uint32_t n, uint32_t heaviest, uint32_t size,
		 uint32_t *table)
{
	uint32_t left = size;

	while (left) {
		for (uint32_t i = 0; i < n && left; i++) {
			struct walker *w = &walkers[i];

			w->gathered += w->weight;
			if (w->gathered < heaviest)
				continue;
			w->gathered -= heaviest;
			take(w, size, table);
			left--;
		}
	}
}

int bl_maglev_fill(const struct bl_maglev_backend *backends, uint32_t n, uint32_t size,
		   uint32_t *ret_table)
{
	BL_FREE struct walker *walkers = NULL;
	uint32_t heaviest = 0, used = 0;

	if (size > BL_MAGLEV_SIZE_MAX || !is_prime(size))
		return -EINVAL;
	walkers = bl_calloc(n ? n : 1, sizeof(*walkers));
	for (uint32_t i = 0; i < n; i++) {
		if (!backends[i].weight)
			continue;
		walkers[used++] = walker_of(&backends[i], i, size);
		if (backends[i].weight > heaviest)
			heaviest = backends[i].weight;
	}
	if (!used || used > size)
		return -EINVAL;
	qsort(walkers, used, sizeof(*walkers), compare);
	for (uint32_t i = 0; i < size; i++)
		ret_table[i] = FREE;
	fill(walkers, used, heaviest, size, ret_table);
	return 0;
}
