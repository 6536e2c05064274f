// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Strict readings of text: one form of each value.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/str.h"

static void integers_have_one_form(void **state)
{
	static const char *const bad[] = {"",	 "+1",	" 1", "1 ", "01",
					  "0x1", "1.0", "-",  "-0", "1e3"};
	int64_t v = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(bl_str_to_int(bad[i], -10, 1000, &v), -EINVAL);
	assert_int_equal(v, 77);
	assert_int_equal(bl_str_to_int("0", 0, 9, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(bl_str_to_int("-10", -10, 9, &v), 0);
	assert_int_equal(v, -10);
}

static void integers_out_of_range_are_refused(void **state)
{
	int64_t v = 77;
	uint16_t port = 5;

	(void)state;
	assert_int_equal(bl_str_to_int("10", 0, 9, &v), -ERANGE);
	assert_int_equal(bl_str_to_int("9223372036854775808", INT64_MIN, INT64_MAX, &v), -ERANGE);
	assert_int_equal(bl_str_to_int("-9223372036854775808", INT64_MIN, INT64_MAX, &v), 0);
	assert_true(v == INT64_MIN);
	assert_int_equal(bl_str_to_port("0", &port), -ERANGE);
	assert_int_equal(bl_str_to_port("65536", &port), -ERANGE);
	assert_int_equal(port, 5);
	assert_int_equal(bl_str_to_port("65535", &port), 0);
	assert_int_equal(port, 65535);
}

static void names_follow_rfc_1123(void **state)
{
	char label63[65], label64[66];

	(void)state;
	memset(label63, 'a', 63);
	label63[63] = '\0';
	memset(label64, 'a', 64);
	label64[64] = '\0';
	assert_true(bl_str_is_dns_label("web-1"));
	assert_true(bl_str_is_dns_label(label63));
	assert_false(bl_str_is_dns_label(label64));
	assert_false(bl_str_is_dns_label("a.b"));
	assert_false(bl_str_is_dns_label("-a"));
	assert_false(bl_str_is_dns_label("a-"));
	assert_false(bl_str_is_dns_label("A"));
	assert_false(bl_str_is_dns_label(""));
	assert_true(bl_str_is_dns_subdomain("rack-1.n3"));
	assert_false(bl_str_is_dns_subdomain("a..b"));
	assert_false(bl_str_is_dns_subdomain("a."));
	assert_false(bl_str_is_dns_subdomain("../etc"));
}

static void prefixes_and_suffixes(void **state)
{
	(void)state;
	assert_true(bl_str_starts("beeline", "bee"));
	assert_false(bl_str_starts("be", "bee"));
	assert_true(bl_str_ends("a.json", ".json"));
	assert_false(bl_str_ends("json", ".json"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_have_one_form),
		cmocka_unit_test(integers_out_of_range_are_refused),
		cmocka_unit_test(names_follow_rfc_1123),
		cmocka_unit_test(prefixes_and_suffixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
