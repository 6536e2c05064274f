// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What is wrong at the moment: one text an object, until it is well again.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/failures.h"
#include "base/json.h"
#include "base/log.h"

static void failures_last_until_they_are_over(void **state)
{
	struct bl_failures *f = bl_failures_new();
	struct bl_err err = {};

	(void)state;
	bl_err_set(&err, -ENOSPC, "map slot is full");
	bl_failures_set(f, "Service b/x", &err);
	bl_failures_set(f, "Service a/x", &err);
	bl_err_set(&err, -EIO, "another reason");
	bl_failures_set(f, "Service b/x", &err);
	assert_string_equal(bl_failures_get(f, "Service b/x"), "another reason");
	assert_string_equal(bl_failures_get(f, "Service a/x"), "map slot is full");
	bl_failures_set(f, "Service a/x", NULL);
	assert_null(bl_failures_get(f, "Service a/x"));
	assert_true(bl_failures_any(f));
	bl_failures_set(f, "Service b/x", NULL);
	assert_false(bl_failures_any(f));
	bl_failures_free(f);
}

static void failures_are_listed_in_order(void **state)
{
	struct bl_failures *f = bl_failures_new();
	struct bl_err err = {.text = "why"};
	BL_JSON json_t *list = NULL;

	(void)state;
	bl_failures_set(f, "c", &err);
	bl_failures_set(f, "a", &err);
	bl_failures_set(f, "b", &err);
	list = bl_failures_json(f);
	assert_int_equal(json_array_size(list), 3);
	assert_string_equal(bl_json_str_at(json_array_get(list, 0), "object", NULL), "a");
	assert_string_equal(bl_json_str_at(json_array_get(list, 2), "object", NULL), "c");
	assert_string_equal(bl_json_str_at(json_array_get(list, 1), "error", NULL), "why");
	bl_failures_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_last_until_they_are_over),
		cmocka_unit_test(failures_are_listed_in_order),
	};

	bl_log_set_level(BL_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
