// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The queue of what waits for its grace period.
 */

#include "agent/datapath/grave.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void items_come_out_in_order_and_not_before_their_time(void **state)
{
	struct bl_grave g = {};
	struct bl_grave_item item;

	(void)state;
	assert_int_equal(bl_grave_next(&g, 0), -1);
	bl_grave_push(&g, 1, 10, 1000);
	bl_grave_push(&g, 2, 20, 1300);
	assert_int_equal(bl_grave_pop(&g, 1000 + BL_GRACE_MS - 1, &item), -ENOENT);
	assert_int_equal(bl_grave_next(&g, 1000 + BL_GRACE_MS - 1), 1);
	assert_int_equal(bl_grave_pop(&g, 1000 + BL_GRACE_MS, &item), 0);
	assert_int_equal(item.first, 1);
	assert_int_equal(item.n, 10);
	assert_int_equal(bl_grave_pop(&g, 1000 + BL_GRACE_MS, &item), -ENOENT);
	assert_int_equal(bl_grave_next(&g, 9000), 0);
	assert_int_equal(bl_grave_pop(&g, 9000, &item), 0);
	assert_int_equal(item.first, 2);
	bl_grave_free(&g);
}

static void a_long_life_needs_no_more_room_than_its_busiest_time(void **state)
{
	struct bl_grave g = {};
	struct bl_grave_item item;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		bl_grave_push(&g, i, 1, i * 100);
		while (bl_grave_pop(&g, i * 100, &item) == 0)
			assert_int_equal(item.first, i - BL_GRACE_MS / 100);
	}
	assert_true(g.cap <= 64);
	bl_grave_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_come_out_in_order_and_not_before_their_time),
		cmocka_unit_test(a_long_life_needs_no_more_room_than_its_busiest_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
