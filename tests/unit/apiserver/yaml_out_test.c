// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Answers in YAML
 *
 * What is written is read back as the same value by an independent reader.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "apiserver/yaml_out.h"
#include "base/json.h"

static void expect_same(const char *text)
{
	BL_JSON json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);
	BL_JSON json_t *again = NULL;
	BL_BUF struct bl_buf b = {};

	assert_non_null(v);
	bl_yaml_write(&b, v);
	assert_int_equal(bl_json_parse_yaml(b.data, b.len, &again, NULL), 0);
	assert_true(json_equal(v, again));
}

static void values_survive(void **state)
{
	(void)state;
	expect_same("{\"a\":{\"b\":[1,true,null,\"x\"],\"c\":[]},\"d\":{}}");
	expect_same("{\"l\":[{\"a\":1,\"b\":{\"c\":2}},{\"a\":[{\"x\":[]}]},[1,[2,3]]]}");
}

static void strings_that_look_like_something_else_stay_strings(void **state)
{
	(void)state;
	expect_same(
		"{\"a\":\"true\",\"b\":\"1\",\"c\":\"null\",\"d\":\"\",\"e\":\"no\",\"f\":\"1e3\"}");
	expect_same(
		"{\"a\":\"x: y\",\"b\":\"- z\",\"c\":\"# n\",\"d\":\"two\\nlines\\t\",\"true\":\"k\",\"12\":1}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_survive),
		cmocka_unit_test(strings_that_look_like_something_else_stay_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
