// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: bl_delta() on lists of letters: upper case items share the key of their lower case twins.
 *
 * The trace of calls is the whole answer: "+x" is a new key, "=x" one that both have, "-x" one that goes.
 */

#include "agent/state/delta.h"

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct trace {
	char text[64];
	char fail; /* the item whose call fails */
};

static int cmp(const void *a, const void *b)
{
	return tolower(*(const char *)a) - tolower(*(const char *)b);
}

static int note(struct trace *t, char op, char c)
{
	size_t n = strlen(t->text);

	t->text[n] = op;
	t->text[n + 1] = c;
	return c == t->fail ? -EIO : 0;
}

static int put(void *arg, const void *have, const void *want)
{
	return note(arg, have ? '=' : '+', *(const char *)want);
}

static int drop(void *arg, const void *have)
{
	return note(arg, '-', *(const char *)have);
}

static int run(struct trace *t, const char *have, const char *want)
{
	static const struct bl_delta_ops ops = {cmp, put, drop};
	struct bl_delta_list h = {have, strlen(have), 1}, w = {want, strlen(want), 1};

	return bl_delta(&h, &w, &ops, t);
}

static void everything_is_new_where_nothing_was(void **state)
{
	struct trace t = {};

	(void)state;
	assert_int_equal(run(&t, "", "abc"), 0);
	assert_string_equal(t.text, "+a+b+c");
}

static void everything_goes_where_nothing_is_wished(void **state)
{
	struct trace t = {};

	(void)state;
	assert_int_equal(run(&t, "abc", ""), 0);
	assert_string_equal(t.text, "-a-b-c");
}

static void adds_come_before_removes(void **state)
{
	struct trace t = {};

	(void)state;
	assert_int_equal(run(&t, "acf", "bCe"), 0);
	assert_string_equal(t.text, "+b=C+e-a-f");
}

static void a_failed_item_does_not_stop_the_others(void **state)
{
	struct trace t = {.fail = 'b'};

	(void)state;
	assert_int_equal(run(&t, "ad", "bc"), -EIO);
	assert_string_equal(t.text, "+b+c-a-d");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_new_where_nothing_was),
		cmocka_unit_test(everything_goes_where_nothing_is_wished),
		cmocka_unit_test(adds_come_before_removes),
		cmocka_unit_test(a_failed_item_does_not_stop_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
