// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Durations by their size, in a room that does not grow.
 *
 * Adding is a shift and an increment, so that it may stand between two operations that are measured. Percentiles are read from the
 * buckets: off by less than a bucket's width, which is 1/512 of the value.
 */

#include "hist.h"

#define SUBS (1u << BL_HIST_BITS)

uint32_t bl_hist_bucket(uint64_t value)
{
	uint32_t shift;

	if (value < SUBS)
		return (uint32_t)value;
	if (value > BL_HIST_MAX)
		value = BL_HIST_MAX;
	shift = 63 - (uint32_t)__builtin_clzll(value) - BL_HIST_BITS;
	return (shift + 1) * SUBS + (uint32_t)(value >> shift) % SUBS;
}

uint64_t bl_hist_low(uint32_t bucket)
{
	if (bucket < SUBS)
		return bucket;
	return (uint64_t)(SUBS + bucket % SUBS) << (bucket / SUBS - 1);
}

void bl_hist_add(struct bl_hist *h, uint64_t value)
{
	if (!h->n || value < h->least)
		h->least = value;
	if (value > h->most)
		h->most = value;
	h->n++;
	h->sum += value;
	h->count[bl_hist_bucket(value)]++;
}

double bl_hist_mean(const struct bl_hist *h)
{
	return h->n ? (double)h->sum / (double)h->n : 0;
}

static double within(const struct bl_hist *h, double value)
{
	if (value < (double)h->least)
		return (double)h->least;
	return value > (double)h->most ? (double)h->most : value;
}

double bl_hist_at(const struct bl_hist *h, double share)
{
	double rank = share * (double)h->n, before = 0;

	for (uint32_t i = 0; i < BL_HIST_BUCKETS; i++) {
		double low = (double)bl_hist_low(i), here = (double)h->count[i];

		if (here > 0 && before + here >= rank)
			return within(h, low + ((double)bl_hist_low(i + 1) - low) *
							 (rank - before) / here);
		before += here;
	}
	return (double)h->most;
}

void bl_hist_print(const struct bl_hist *h, FILE *out)
{
	static const struct {
		const char *name;
		double share;
	} points[] = {{"p1", .01}, {"p50", .5}, {"p90", .9}, {"p99", .99}, {"p999", .999}};
	const char *comma = "";

	fprintf(out, "\"mean\": %.1f, \"min\": %llu, \"max\": %llu, ", bl_hist_mean(h),
		(unsigned long long)h->least, (unsigned long long)h->most);
	for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++)
		fprintf(out, "\"%s\": %.1f, ", points[i].name, bl_hist_at(h, points[i].share));
	fprintf(out, "\"buckets\": [");
	for (uint32_t i = 0; i < BL_HIST_BUCKETS; i++) {
		if (!h->count[i])
			continue;
		fprintf(out, "%s[%llu, %llu, %llu]", comma, (unsigned long long)bl_hist_low(i),
			(unsigned long long)(bl_hist_low(i + 1) - bl_hist_low(i)),
			(unsigned long long)h->count[i]);
		comma = ", ";
	}
	fprintf(out, "]");
}
