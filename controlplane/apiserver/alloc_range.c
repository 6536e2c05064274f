// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Ranges of numbers to give out.
 *
 * A bit a number. Free numbers are given out at random, so that an address that was just released is not the next one to
 * be used: clients may still hold it. The lowest part of a range is kept for those who ask for a number by name and is only
 * given out when the rest is used up (KEP-3070 for addresses, KEP-3668 for NodePorts), so that a chosen address is rarely
 * taken by chance.
 */
#include "apiserver/alloc_range.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <stdlib.h>

#include "base/mem.h"

void bl_range_init(struct bl_range *r, uint32_t size, uint32_t first, uint32_t last,
		   uint32_t reserve)
{
	*r = (struct bl_range){.size = size, .first = first, .last = last, .reserve = reserve};
	r->bits = bl_calloc(size / 64 + 1, sizeof(*r->bits));
}

void bl_range_free(struct bl_range *r)
{
	free(r->bits);
	*r = (struct bl_range){};
}

bool bl_range_has(const struct bl_range *r, uint32_t n)
{
	return n < r->size && (r->bits[n / 64] >> (n % 64) & 1);
}

int bl_range_take(struct bl_range *r, uint32_t n)
{
	if (n < r->first || n > r->last)
		return -ERANGE;
	if (bl_range_has(r, n))
		return -EEXIST;
	r->bits[n / 64] |= 1ULL << (n % 64);
	r->taken++;
	return 0;
}

/* The first free number from a random point of [low, high], going round. */
static int take_between(struct bl_range *r, uint32_t low, uint32_t high, uint32_t *ret_n)
{
	uint32_t span = high - low + 1, start;

	if (low > high)
		return -ENOSPC;
	gnutls_rnd(GNUTLS_RND_NONCE, &start, sizeof(start));
	start %= span;
	for (uint32_t i = 0; i < span; i++) {
		uint32_t n = low + (start + i) % span;

		if (bl_range_take(r, n))
			continue;
		*ret_n = n;
		return 0;
	}
	return -ENOSPC;
}

int bl_range_take_any(struct bl_range *r, uint32_t *ret_n)
{
	uint32_t split = r->reserve > r->first ? r->reserve : r->first;

	if (take_between(r, split, r->last, ret_n) == 0)
		return 0;
	return split > r->first ? take_between(r, r->first, split - 1, ret_n) : -ENOSPC;
}

void bl_range_give(struct bl_range *r, uint32_t n)
{
	if (!bl_range_has(r, n))
		return;
	r->bits[n / 64] &= ~(1ULL << (n % 64));
	r->taken--;
}
