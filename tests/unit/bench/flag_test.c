// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The command line of a bench program: what it takes, and what it refuses by name.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "../../bench/lib/flag.h"

struct told {
	const char *addr;
	int64_t port;
	int mode, loud;
};

static int parse(struct told *t, struct bl_err *err, int argc, const char *const *argv)
{
	const struct bl_flag flags[] = {
		{.name = "addr", .text = &t->addr},
		{.name = "port", .number = &t->port, .min = 1, .max = 65535},
		{.name = "mode", .hint = "rr|crr|pps", .choice = &t->mode},
		{.name = "loud", .set = &t->loud},
		{},
	};

	return bl_flag_parse(flags, argc, (char **)(uintptr_t)argv, err);
}

#define PARSE(t, err, ...)                                                                \
	parse(t, err, (int)(sizeof((const char *[]){"x", __VA_ARGS__}) / sizeof(char *)), \
	      (const char *[]){"x", __VA_ARGS__})

static void values_come_after_a_blank_or_an_equals_sign(void **state)
{
	struct told t = {.port = 7};
	struct bl_err err = {};

	(void)state;
	assert_int_equal(PARSE(&t, &err, "--addr", "10.0.0.1", "--port=80", "--mode", "pps"), 0);
	assert_string_equal(t.addr, "10.0.0.1");
	assert_int_equal(t.port, 80);
	assert_int_equal(t.mode, 2);
	assert_int_equal(t.loud, 0);
	assert_int_equal(PARSE(&t, &err, "--loud", "--addr="), 0);
	assert_int_equal(t.loud, 1);
	assert_string_equal(t.addr, "");
}

static void what_is_not_told_stays_as_it_was(void **state)
{
	struct told t = {.port = 7, .mode = 1};

	(void)state;
	assert_int_equal(parse(&t, NULL, 1, (const char *[]){"x"}), 0);
	assert_int_equal(t.port, 7);
	assert_int_equal(t.mode, 1);
	assert_null(t.addr);
}

static void a_bad_flag_is_refused_by_its_name(void **state)
{
	static const struct {
		const char *arg[2];
		int rc;
		const char *text;
	} bad[] = {
		{{"--port", "0"}, -ERANGE, "--port: '0' is no number from 1 to 65535"},
		{{"--port", "x"}, -EINVAL, "--port: 'x' is no number from 1 to 65535"},
		{{"--mode", "r"}, -EINVAL, "--mode: 'r' is none of rr|crr|pps"},
		{{"--mode", "rr|crr"}, -EINVAL, "--mode: 'rr|crr' is none of rr|crr|pps"},
		{{"--loud=1", "--loud"}, -EINVAL, "--loud takes no value"},
		{{"--por", "80"}, -EINVAL, "'--por': no such flag"},
		{{"--ports", "80"}, -EINVAL, "'--ports': no such flag"},
		{{"80", "--loud"}, -EINVAL, "'80': no such flag"},
		{{"--", "--loud"}, -EINVAL, "'--': no such flag"},
		{{"--loud", "--addr"}, -EINVAL, "--addr wants a value"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct told t = {.port = 7, .mode = 1};
		struct bl_err err = {};

		assert_int_equal(PARSE(&t, &err, bad[i].arg[0], bad[i].arg[1]), bad[i].rc);
		assert_string_equal(bl_err_text(&err), bad[i].text);
		assert_int_equal(t.port, 7);
		assert_int_equal(t.mode, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_after_a_blank_or_an_equals_sign),
		cmocka_unit_test(what_is_not_told_stays_as_it_was),
		cmocka_unit_test(a_bad_flag_is_refused_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
