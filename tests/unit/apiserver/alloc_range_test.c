// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Ranges
 *
 * Numbers are given once, come back, and the low ones last.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "apiserver/alloc_range.h"

static void a_taken_number_is_not_given_again(void **state)
{
	struct bl_range r;

	(void)state;
	bl_range_init(&r, 64, 1, 62, 0);
	assert_int_equal(bl_range_take(&r, 5), 0);
	assert_int_equal(bl_range_take(&r, 5), -EEXIST);
	bl_range_give(&r, 5);
	assert_int_equal(bl_range_take(&r, 5), 0);
	bl_range_free(&r);
}

static void ends_of_the_range_are_outside(void **state)
{
	struct bl_range r;

	(void)state;
	bl_range_init(&r, 64, 1, 62, 0);
	assert_int_equal(bl_range_take(&r, 0), -ERANGE);
	assert_int_equal(bl_range_take(&r, 63), -ERANGE);
	assert_int_equal(bl_range_take(&r, 64), -ERANGE);
	bl_range_free(&r);
}

static void all_are_given_once_and_the_reserve_last(void **state)
{
	struct bl_range r;
	uint32_t n;

	(void)state;
	bl_range_init(&r, 128, 1, 126, 16);
	for (int i = 0; i < 111; i++) {
		assert_int_equal(bl_range_take_any(&r, &n), 0);
		assert_in_range(n, 16, 126);
	}
	for (int i = 0; i < 15; i++) {
		assert_int_equal(bl_range_take_any(&r, &n), 0);
		assert_in_range(n, 1, 15);
	}
	assert_int_equal(bl_range_take_any(&r, &n), -ENOSPC);
	assert_int_equal(r.taken, 126);
	bl_range_free(&r);
}

static void giving_back_twice_counts_once(void **state)
{
	struct bl_range r;

	(void)state;
	bl_range_init(&r, 64, 0, 63, 0);
	bl_range_take(&r, 3);
	bl_range_give(&r, 3);
	bl_range_give(&r, 3);
	assert_int_equal(r.taken, 0);
	bl_range_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_taken_number_is_not_given_again),
		cmocka_unit_test(ends_of_the_range_are_outside),
		cmocka_unit_test(all_are_given_once_and_the_reserve_last),
		cmocka_unit_test(giving_back_twice_counts_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
