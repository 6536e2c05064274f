// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: How long the kernel lags behind the API, by a clock that the test turns.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/timing.h"
#include "base/json.h"

static void nothing_is_told_before_it_is_over(void **state)
{
	struct bl_timing t = {};
	BL_JSON json_t *full = bl_timing_full_json(&t), *change = bl_timing_change_json(&t);

	(void)state;
	assert_true(json_is_null(full));
	assert_true(json_is_null(change));
	bl_timing_event(&t, 10);
	bl_timing_begin(&t, 20);
	assert_true(json_is_null(bl_timing_full_json(&t)));
}

static void full_sync_lasts_from_the_last_list_to_the_first_turn_that_leaves_nothing(void **state)
{
	struct bl_timing t = {};
	BL_JSON json_t *full = NULL, *change = NULL;

	(void)state;
	bl_timing_event(&t, 10);
	bl_timing_begin(&t, 1000);
	bl_timing_event(&t, 1500);
	bl_timing_begin(&t, 2000); /* a further turn of the same programming */
	bl_timing_done(&t, 5000, 300, 1200);
	full = bl_timing_full_json(&t);
	assert_int_equal(json_integer_value(json_object_get(full, "ns")), 4000);
	assert_int_equal(json_integer_value(json_object_get(full, "services")), 300);
	assert_int_equal(json_integer_value(json_object_get(full, "map_writes")), 1200);
	change = bl_timing_change_json(&t);
	assert_true(json_is_null(change));
}

static void a_change_lasts_from_its_first_event(void **state)
{
	struct bl_timing t = {};
	BL_JSON json_t *change = NULL, *full = NULL, *at = NULL,
		       *none = bl_timing_change_at_json(&t);

	(void)state;
	assert_true(json_is_null(none));
	bl_timing_begin(&t, 1);
	bl_timing_done(&t, 5, 0, 0);
	bl_timing_event(&t, 100);
	bl_timing_event(&t, 130);
	bl_timing_begin(&t, 140);
	bl_timing_done(&t, 150, 1, 1);
	change = bl_timing_change_json(&t);
	assert_int_equal(json_integer_value(change), 50);
	at = bl_timing_change_at_json(&t);
	assert_int_equal(json_integer_value(at), 100);
	full = bl_timing_full_json(&t);
	assert_int_equal(json_integer_value(json_object_get(full, "ns")), 4);
}

static void a_turn_without_an_event_leaves_the_last_change(void **state)
{
	struct bl_timing t = {};
	BL_JSON json_t *change = NULL;

	(void)state;
	bl_timing_begin(&t, 1);
	bl_timing_done(&t, 5, 0, 0);
	bl_timing_event(&t, 100);
	bl_timing_done(&t, 150, 1, 1);
	bl_timing_done(&t, 900, 1, 1);
	change = bl_timing_change_json(&t);
	assert_int_equal(json_integer_value(change), 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_told_before_it_is_over),
		cmocka_unit_test(
			full_sync_lasts_from_the_last_list_to_the_first_turn_that_leaves_nothing),
		cmocka_unit_test(a_change_lasts_from_its_first_event),
		cmocka_unit_test(a_turn_without_an_event_leaves_the_last_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
