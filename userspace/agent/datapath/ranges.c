// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Ranges of array indexes, in a bitmap.
 *
 * Slots are handed out in rows, service and backend ids one by one; both come from here. First fit from the lowest free index
 * keeps what is used low and dense: memory follows the highest index in use, and reading the maps back at start ends early. A bitmap
 * of 262144 slots is 32 KiB, needs no merging of neighbours, and a full search reads 4096 words.
 *
 * Fragmentation is bounded by what rows are: most Services have a handful of endpoints, so holes are about as large as
 * requests, and a hole of any size serves the next small one. `low` skips what is known to be taken, which makes filling an empty
 * array linear.
 */

#include "agent/datapath/ranges.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"

#define WORD_BITS 64

void bl_ranges_init(struct bl_ranges *r, uint32_t size)
{
	*r = (struct bl_ranges){.size = size};
	r->words = bl_calloc(size / WORD_BITS + 1, sizeof(*r->words));
}

void bl_ranges_free(struct bl_ranges *r)
{
	free(r->words);
	*r = (struct bl_ranges){};
}

bool bl_ranges_is_taken(const struct bl_ranges *r, uint32_t index)
{
	return r->words[index / WORD_BITS] >> (index % WORD_BITS) & 1;
}

/* The first index in [from, end) that is free (or taken), `end` where there is none. Whole words are skipped at once. */
static uint32_t find(const struct bl_ranges *r, uint32_t from, uint32_t end, bool taken)
{
	while (from < end) {
		uint64_t word = r->words[from / WORD_BITS];

		word = (taken ? word : ~word) >> (from % WORD_BITS);
		if (word) {
			from += (uint32_t)__builtin_ctzll(word);
			return from < end ? from : end;
		}
		from = (from / WORD_BITS + 1) * WORD_BITS;
	}
	return end;
}

static void mark(struct bl_ranges *r, uint32_t first, uint32_t n)
{
	for (uint32_t i = first; i < first + n; i++)
		r->words[i / WORD_BITS] |= 1ULL << (i % WORD_BITS);
	r->used += n;
	if (first <= r->low && first + n > r->low)
		r->low = find(r, first + n, r->size, false);
}

/* The first row of n free indexes that starts in [from, size); size where there is none. */
static uint32_t find_row(const struct bl_ranges *r, uint32_t n, uint32_t from)
{
	for (;;) {
		uint32_t first = find(r, from, r->size, false);
		uint32_t end;

		if (r->size - first < n)
			return r->size;
		end = find(r, first, first + n, true);
		if (end == first + n)
			return first;
		from = end;
	}
}

int bl_ranges_take(struct bl_ranges *r, uint32_t n, uint32_t from, uint32_t *ret_first)
{
	uint32_t first;

	if (!n || n > r->size - r->used)
		return -ENOSPC;
	first = find_row(r, n, from > r->low ? from : r->low);
	if (first == r->size && from > r->low)
		first = find_row(r, n, r->low);
	if (first == r->size)
		return -ENOSPC;
	mark(r, first, n);
	*ret_first = first;
	return 0;
}

int bl_ranges_reserve(struct bl_ranges *r, uint32_t first, uint32_t n)
{
	if (first > r->size || n > r->size - first)
		return -ERANGE;
	if (find(r, first, first + n, true) != first + n)
		return -EBUSY;
	mark(r, first, n);
	return 0;
}

void bl_ranges_release(struct bl_ranges *r, uint32_t first, uint32_t n)
{
	for (uint32_t i = first; i < first + n; i++)
		r->words[i / WORD_BITS] &= ~(1ULL << (i % WORD_BITS));
	r->used -= n;
	if (first < r->low)
		r->low = first;
}
