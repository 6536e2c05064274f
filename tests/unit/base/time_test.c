// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: RFC 3339, read and printed.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/time.h"

static void times_print_in_utc(void **state)
{
	char buf[BL_TIME_STRLEN];

	(void)state;
	assert_string_equal(bl_time_format(0, 0, buf), "1970-01-01T00:00:00Z");
	assert_string_equal(bl_time_format(1700000000123456789, 0, buf), "2023-11-14T22:13:20Z");
	assert_string_equal(bl_time_format(1700000000123456789, 1, buf),
			    "2023-11-14T22:13:20.123456Z");
	assert_string_equal(bl_time_format(-1, 1, buf), "1969-12-31T23:59:59.999999Z");
}

static void times_read_with_offset_and_fraction(void **state)
{
	int64_t a = 0, b = 0, c = 0;

	(void)state;
	assert_int_equal(bl_time_parse("2023-11-14T22:13:20Z", &a), 0);
	assert_true(a == 1700000000000000000);
	assert_int_equal(bl_time_parse("2023-11-15T00:13:20+02:00", &b), 0);
	assert_true(a == b);
	assert_int_equal(bl_time_parse("2023-11-14T22:13:20.5Z", &c), 0);
	assert_true(c == a + 500000000);
}

static void impossible_times_are_refused(void **state)
{
	static const char *const bad[] = {"",
					  "2023-02-29T00:00:00Z",
					  "2023-13-01T00:00:00Z",
					  "2023-01-01T24:00:00Z",
					  "2023-01-01 00:00:00Z",
					  "2023-01-01T00:00:00",
					  "2023-01-01T00:00:00.Z",
					  "2023-01-01T00:00:00Zx",
					  "9999-01-01T00:00:00Z"};
	int64_t v = 5;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(bl_time_parse(bad[i], &v), -EINVAL);
	assert_true(v == 5);
	assert_int_equal(bl_time_parse("2024-02-29T00:00:00Z", &v), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_print_in_utc),
		cmocka_unit_test(times_read_with_offset_and_fraction),
		cmocka_unit_test(impossible_times_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
