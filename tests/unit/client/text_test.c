// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The small helpers: base64, queries, back-off.
 */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <string.h>

#include "client/backoff.h"
#include "client/base64.h"
#include "client/query.h"

static void base64_of_every_length_is_read(void **state)
{
	static const char *const cases[][2] = {
		{"", ""}, {"Zg==", "f"}, {"Zm8=", "fo"}, {"Zm9v", "foo"}, {"Zm9v\nYg==\n", "foob"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		BL_BUF struct bl_buf b = {};

		bl_buf_append(&b, "", 0);
		assert_int_equal(bl_base64_decode(cases[i][0], 100, &b), 0);
		assert_string_equal(b.data, cases[i][1]);
	}
}

static void base64_that_is_none_is_refused(void **state)
{
	static const char *const bad[] = {
		"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zg==Zg", "!m9v", "=", "Zm 9v"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		BL_BUF struct bl_buf b = {};

		assert_int_equal(bl_base64_decode(bad[i], 100, &b), -EINVAL);
	}
}

static void base64_above_the_bound_is_refused_before_it_is_decoded(void **state)
{
	BL_BUF struct bl_buf b = {};
	char text[401];

	(void)state;
	memset(text, 'A', 400);
	text[400] = '\0';
	assert_int_equal(bl_base64_decode(text, 100, &b), -EFBIG);
	assert_int_equal(b.len, 0);
}

static void query_escapes_values_and_leaves_out_empty_ones(void **state)
{
	BL_BUF struct bl_buf url = {};

	(void)state;
	bl_buf_puts(&url, "/p");
	bl_query_add(&url, "none", "");
	bl_query_add(&url, "a", "x=y,z!");
	bl_query_add_number(&url, "n", 5);
	assert_string_equal(url.data, "/p?a=x%3Dy%2Cz%21&n=5");
}

static void backoff_grows_to_its_cap_and_is_never_zero(void **state)
{
	struct bl_backoff b = {.first_ms = 100, .cap_ms = 1000};

	(void)state;
	assert_in_range(bl_backoff_next(&b), 50, 100);
	assert_in_range(bl_backoff_next(&b), 100, 200);
	for (int i = 0; i < 100; i++)
		assert_in_range(bl_backoff_next(&b), 50, 1000);
	assert_in_range(bl_backoff_next(&b), 500, 1000);
	bl_backoff_reset(&b);
	assert_in_range(bl_backoff_next(&b), 50, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_of_every_length_is_read),
		cmocka_unit_test(base64_that_is_none_is_refused),
		cmocka_unit_test(base64_above_the_bound_is_refused_before_it_is_decoded),
		cmocka_unit_test(query_escapes_values_and_leaves_out_empty_ones),
		cmocka_unit_test(backoff_grows_to_its_cap_and_is_never_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
