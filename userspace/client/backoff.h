/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CLIENT_BACKOFF_H
#define BL_CLIENT_BACKOFF_H

#include <stdint.h>

/* How long to wait before the next attempt: doubles from first to cap, and a random half of it is taken off, so that
 * clients that lost their server together do not come back together. Zero-initialised counts are fresh. */
struct bl_backoff {
	uint32_t first_ms;
	uint32_t cap_ms;
	uint32_t failures;
};

uint32_t bl_backoff_next(struct bl_backoff *b); /* milliseconds; counts the failure */
void bl_backoff_reset(struct bl_backoff *b);

/* Uniform in [low, high]. */
uint32_t bl_backoff_random(uint32_t low, uint32_t high);

#endif
