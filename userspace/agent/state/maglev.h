/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_STATE_MAGLEV_H
#define BL_STATE_MAGLEV_H

#include <stdint.h>

#include "base/ip.h"

/* Sizes of a table; a prime, so that every backend's steps visit each slot (the paper's section 3.4). */
#define BL_MAGLEV_SIZE_DEFAULT 16381
#define BL_MAGLEV_SIZE_MAX     131071

/* One backend: what all nodes know of it alike. */
struct bl_maglev_backend {
	struct bl_ip ip;
	uint16_t port;	 /* host byte order */
	uint16_t weight; /* relative; 0: no slots */
};

/* The smallest prime that is at least `size`; 0: `size` is 0 or above BL_MAGLEV_SIZE_MAX. */
uint32_t bl_maglev_prime(uint32_t size);

/*
 * Fills table[0, size) with indexes into `backends`, each once or more often by its weight. Depends on the set of backends
 * alone, not on its order: all nodes come to the same table. 0, or -EINVAL (no weight at all, more backends with a weight than
 * slots, size no prime).
 */
int bl_maglev_fill(const struct bl_maglev_backend *backends, uint32_t n, uint32_t size,
		   uint32_t *ret_table);

#endif
