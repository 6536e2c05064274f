/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_LIB_HIST_H
#define BENCH_LIB_HIST_H

#include <stdint.h>
#include <stdio.h>

/*
 * A histogram of durations. Buckets are log-linear: below 512 each value has its own, above that each power of two is cut
 * into 512, so that a bucket is never wider than 1/512 of what it holds. Values from 2^40 on lie in the last bucket.
 */
#define BL_HIST_BITS	9
#define BL_HIST_MAX	(((uint64_t)1 << 40) - 1)
#define BL_HIST_BUCKETS (32 << BL_HIST_BITS)

struct bl_hist {
	uint64_t n;
	uint64_t sum;
	uint64_t least;
	uint64_t most;
	uint64_t count[BL_HIST_BUCKETS];
};

void bl_hist_add(struct bl_hist *h, uint64_t value);

/* The bucket of a value, and the least value of a bucket; the bucket's width is the distance to the next one's. */
uint32_t bl_hist_bucket(uint64_t value);
uint64_t bl_hist_low(uint32_t bucket);

double bl_hist_mean(const struct bl_hist *h);

/* The value at a share of 0 to 1, interpolated inside its bucket and within least and most; 0 when empty. */
double bl_hist_at(const struct bl_hist *h, double share);

/* `"mean": 1.0, "p1": ..., "buckets": [[low, width, count], ...]`, the members of a JSON object. */
void bl_hist_print(const struct bl_hist *h, FILE *out);

#endif
