// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Percentiles are those of the values that were put in, to within a bucket's width.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../bench/lib/hist.h"
#include "base/json.h"
#include "base/mem.h"

static struct bl_hist *fresh(void)
{
	return bl_new0(struct bl_hist);
}

static void buckets_follow_one_another_without_gap(void **state)
{
	(void)state;
	for (uint32_t i = 0; i + 1 < BL_HIST_BUCKETS && bl_hist_low(i) < BL_HIST_MAX; i++) {
		uint64_t low = bl_hist_low(i), next = bl_hist_low(i + 1);

		assert_true(next > low);
		assert_int_equal(bl_hist_bucket(low), i);
		assert_int_equal(bl_hist_bucket(next - 1), i);
		assert_true((next - low) * 512 <= low || next - low == 1);
	}
}

static void values_beyond_the_last_bucket_lie_in_it(void **state)
{
	uint32_t last = bl_hist_bucket(BL_HIST_MAX);

	(void)state;
	assert_true(last < BL_HIST_BUCKETS);
	assert_int_equal(bl_hist_bucket(BL_HIST_MAX + 1), last);
	assert_int_equal(bl_hist_bucket(UINT64_MAX), last);
}

static void an_empty_histogram_is_zero(void **state)
{
	struct bl_hist *h = fresh();

	(void)state;
	assert_true(bl_hist_mean(h) <= 0 && bl_hist_at(h, .5) <= 0);
	free(h);
}

static void one_value_is_every_percentile(void **state)
{
	struct bl_hist *h = fresh();

	(void)state;
	bl_hist_add(h, 13337);
	for (double share = 0; share <= 1; share += .125)
		assert_float_equal(bl_hist_at(h, share), 13337, 0.001);
	assert_float_equal(bl_hist_mean(h), 13337, 0.001);
	free(h);
}

static void percentiles_are_off_by_less_than_a_bucket(void **state)
{
	struct bl_hist *h = fresh();

	(void)state;
	for (uint64_t v = 1; v <= 100000; v++)
		bl_hist_add(h, v);
	assert_float_equal(bl_hist_at(h, .01), 1000, 1000 / 512.0 + 1);
	assert_float_equal(bl_hist_at(h, .5), 50000, 50000 / 512.0 + 1);
	assert_float_equal(bl_hist_at(h, .999), 99900, 99900 / 512.0 + 1);
	assert_float_equal(bl_hist_at(h, 1), 100000, 0.001);
	assert_float_equal(bl_hist_mean(h), 50000.5, 0.001);
	assert_int_equal(h->least, 1);
	assert_int_equal(h->most, 100000);
	free(h);
}

static void what_is_printed_is_json_with_every_value_in_a_bucket(void **state)
{
	struct bl_hist *h = fresh();
	char *text = NULL;
	size_t len = 0;
	int64_t sum = 0;
	FILE *out = open_memstream(&text, &len);
	json_t *j, *bucket;
	size_t i;

	(void)state;
	for (uint64_t v = 5; v < 5000000; v *= 3)
		for (uint64_t n = 0; n < 7; n++)
			bl_hist_add(h, v);
	fputc('{', out);
	bl_hist_print(h, out);
	fputc('}', out);
	fclose(out);
	j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	json_array_foreach (json_object_get(j, "buckets"), i, bucket)
		sum += json_integer_value(json_array_get(bucket, 2));
	assert_int_equal(sum, h->n);
	assert_float_equal(json_number_value(json_object_get(j, "p50")), bl_hist_at(h, .5), 0.1);
	assert_int_equal(json_integer_value(json_object_get(j, "min")), 5);
	json_decref(j);
	free(text);
	free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_follow_one_another_without_gap),
		cmocka_unit_test(values_beyond_the_last_bucket_lie_in_it),
		cmocka_unit_test(an_empty_histogram_is_zero),
		cmocka_unit_test(one_value_is_every_percentile),
		cmocka_unit_test(percentiles_are_off_by_less_than_a_bucket),
		cmocka_unit_test(what_is_printed_is_json_with_every_value_in_a_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
