// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Waiting between attempts.
 *
 * Exponential with a cap and jitter. The cap is what a person waits at most for a server that came back; the jitter is
 * half of the time, so that a thousand nodes whose server restarted spread over the interval instead of arriving in
 * one burst, and none of them comes back at once.
 *
 * Randomness comes from the kernel; a value is needed once per failed attempt, so its cost does not matter. Should the kernel
 * refuse (it does not after boot), the upper bound is used.
 */

#include "client/backoff.h"

#include <sys/random.h>

uint32_t bl_backoff_random(uint32_t low, uint32_t high)
{
	uint32_t r;

	if (high <= low || getrandom(&r, sizeof(r), GRND_NONBLOCK) != sizeof(r))
		return high;
	return low + (uint32_t)(r % ((uint64_t)high - low + 1));
}

uint32_t bl_backoff_next(struct bl_backoff *b)
{
	uint64_t ms = b->first_ms;

	for (uint32_t i = 0; i < b->failures && ms < b->cap_ms; i++)
		ms *= 2;
	if (ms > b->cap_ms)
		ms = b->cap_ms;
	b->failures++;
	return bl_backoff_random((uint32_t)(ms / 2), (uint32_t)ms);
}

void bl_backoff_reset(struct bl_backoff *b)
{
	b->failures = 0;
}
