// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Ranges of indexes: first fit, exact reservation, and what neither may do.
 */

#include "agent/datapath/ranges.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void rows_are_handed_out_from_the_lowest(void **state)
{
	struct bl_ranges r;
	uint32_t a, b, c;

	(void)state;
	bl_ranges_init(&r, 200);
	assert_int_equal(bl_ranges_take(&r, 70, 0, &a), 0);
	assert_int_equal(bl_ranges_take(&r, 70, 0, &b), 0);
	assert_int_equal(a, 0);
	assert_int_equal(b, 70);
	bl_ranges_release(&r, a, 70);
	assert_int_equal(bl_ranges_take(&r, 60, 0, &c), 0);
	assert_int_equal(c, 0);
	assert_int_equal(r.used, 130);
	bl_ranges_free(&r);
}

static void a_row_skips_holes_that_are_too_small(void **state)
{
	struct bl_ranges r;
	uint32_t first;

	(void)state;
	bl_ranges_init(&r, 128);
	assert_int_equal(bl_ranges_reserve(&r, 3, 1), 0);
	assert_int_equal(bl_ranges_reserve(&r, 66, 1), 0);
	assert_int_equal(bl_ranges_take(&r, 62, 0, &first), 0);
	assert_int_equal(first, 4);
	assert_int_equal(bl_ranges_take(&r, 3, 0, &first), 0);
	assert_int_equal(first, 0);
	bl_ranges_free(&r);
}

static void nothing_is_handed_out_beyond_the_size(void **state)
{
	struct bl_ranges r;
	uint32_t first = 7;

	(void)state;
	bl_ranges_init(&r, 65);
	assert_int_equal(bl_ranges_take(&r, 66, 0, &first), -ENOSPC);
	assert_int_equal(bl_ranges_take(&r, 65, 0, &first), 0);
	assert_int_equal(bl_ranges_take(&r, 1, 0, &first), -ENOSPC);
	bl_ranges_release(&r, 64, 1);
	assert_int_equal(bl_ranges_take(&r, 1, 0, &first), 0);
	assert_int_equal(first, 64);
	bl_ranges_free(&r);
}

static void free_indexes_that_are_apart_make_no_row(void **state)
{
	struct bl_ranges r;
	uint32_t first = 7;

	(void)state;
	bl_ranges_init(&r, 64);
	for (uint32_t i = 1; i < 64; i += 2)
		assert_int_equal(bl_ranges_reserve(&r, i, 1), 0);
	assert_int_equal(bl_ranges_take(&r, 2, 0, &first), -ENOSPC);
	assert_int_equal(first, 7);
	bl_ranges_free(&r);
}

static void a_search_from_behind_comes_round(void **state)
{
	struct bl_ranges r;
	uint32_t first;

	(void)state;
	bl_ranges_init(&r, 8);
	assert_int_equal(bl_ranges_take(&r, 1, 7, &first), 0);
	assert_int_equal(first, 7);
	assert_int_equal(bl_ranges_take(&r, 1, 8, &first), 0);
	assert_int_equal(first, 0);
	bl_ranges_free(&r);
}

static void a_reservation_is_exact_or_refused(void **state)
{
	struct bl_ranges r;

	(void)state;
	bl_ranges_init(&r, 100);
	assert_int_equal(bl_ranges_reserve(&r, 10, 20), 0);
	assert_int_equal(bl_ranges_reserve(&r, 29, 2), -EBUSY);
	assert_int_equal(bl_ranges_reserve(&r, 90, 11), -ERANGE);
	assert_int_equal(bl_ranges_reserve(&r, UINT32_MAX, 2), -ERANGE);
	assert_int_equal(bl_ranges_reserve(&r, 30, 70), 0);
	assert_true(bl_ranges_is_taken(&r, 99));
	assert_false(bl_ranges_is_taken(&r, 9));
	bl_ranges_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_handed_out_from_the_lowest),
		cmocka_unit_test(a_row_skips_holes_that_are_too_small),
		cmocka_unit_test(nothing_is_handed_out_beyond_the_size),
		cmocka_unit_test(free_indexes_that_are_apart_make_no_row),
		cmocka_unit_test(a_search_from_behind_comes_round),
		cmocka_unit_test(a_reservation_is_exact_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
