// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: JSON and YAML, read strictly.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/json.h"
#include "base/str.h"

static int parse(const char *text, json_t **ret, struct bl_err *err)
{
	return bl_json_parse(text, strlen(text), ret, err);
}

static void duplicate_keys_are_refused(void **state)
{
	struct bl_err err = {};
	json_t *j = NULL;

	(void)state;
	assert_int_equal(parse("{\"a\":1,\"a\":2}", &j, &err), -EINVAL);
	assert_null(j);
	assert_non_null(strstr(err.text, "duplicate"));
	assert_int_equal(bl_json_parse_yaml("a: 1\na: 2\n", 10, &j, &err), -EINVAL);
	assert_string_equal(err.text, "line 2 column 1: duplicate key");
}

static void nesting_is_bounded_outside_strings_only(void **state)
{
	char deep[2 * (BL_JSON_DEPTH_MAX + 1) + 1] = "", text[200] = "\"";
	struct bl_err err = {};
	json_t *j = NULL;

	(void)state;
	memset(deep, '[', BL_JSON_DEPTH_MAX);
	memset(deep + BL_JSON_DEPTH_MAX, ']', BL_JSON_DEPTH_MAX);
	assert_int_equal(parse(deep, &j, &err), 0);
	j = bl_json_free(j);
	memset(deep, '[', BL_JSON_DEPTH_MAX + 1);
	memset(deep + BL_JSON_DEPTH_MAX + 1, ']', BL_JSON_DEPTH_MAX + 1);
	assert_int_equal(parse(deep, &j, &err), -EINVAL);
	memset(text + 1, '[', 150);
	strcat(text, "\\\"\"");
	assert_int_equal(parse(text, &j, &err), 0);
	bl_json_free(j);
}

static void trailing_bytes_and_bad_utf8_are_refused(void **state)
{
	struct bl_err err = {};
	json_t *j = NULL;

	(void)state;
	assert_int_equal(parse("{} x", &j, &err), -EINVAL);
	assert_int_equal(parse("\"\xff\"", &j, &err), -EINVAL);
	assert_int_equal(parse("", &j, &err), -EINVAL);
	assert_int_equal(parse("99999999999999999999", &j, &err), -EINVAL);
}

static void getters_tell_absent_from_wrong(void **state)
{
	BL_JSON json_t *j =
		json_pack("{ss si sb sn s[] s{}}", "s", "x", "i", 70000, "b", 1, "n", "a", "o");
	const char *s = "kept";
	struct bl_err err = {};
	int64_t i = -1;
	bool b = false;
	const json_t *v = NULL;

	(void)state;
	assert_int_equal(bl_json_get_str(j, "none", &s, &err), 0);
	assert_int_equal(bl_json_get_str(j, "n", &s, &err), 0);
	assert_string_equal(s, "kept");
	assert_int_equal(bl_json_get_str(j, "i", &s, &err), -EINVAL);
	assert_string_equal(err.text, "i: must be a string");
	assert_int_equal(bl_json_get_int(j, "i", 1, 65535, &i, &err), -EINVAL);
	assert_string_equal(err.text, "i: 70000 out of range 1 to 65535");
	assert_int_equal(i, -1);
	assert_int_equal(bl_json_get_int(j, "i", 0, 100000, &i, &err), 0);
	assert_int_equal(i, 70000);
	assert_int_equal(bl_json_get_bool(j, "b", &b, &err), 0);
	assert_true(b);
	assert_int_equal(bl_json_get_arr(j, "o", &v, &err), -EINVAL);
	assert_int_equal(bl_json_get_obj(j, "o", &v, &err), 0);
	assert_non_null(v);
}

static void paths_end_early_without_harm(void **state)
{
	BL_JSON json_t *j = json_pack("{s{ss}}", "metadata", "name", "x");

	(void)state;
	assert_string_equal(bl_json_str_at(j, "metadata", "name", NULL), "x");
	assert_null(bl_json_str_at(j, "metadata", "name", "deeper", NULL));
	assert_null(bl_json_str_at(NULL, "metadata", NULL));
}

static void yaml_scalars_follow_the_core_schema(void **state)
{
	const char *text =
		"a: 12\nb: true\nc: \"12\"\nd: no\ne: ~\nf: 1.5\ng: [x, {h: -3}]\ni: 012\n"
		"j: 1.2.3.4\n";
	BL_JSON json_t *j = NULL;
	BL_FREE char *out = NULL;
	struct bl_err err = {};

	(void)state;
	assert_int_equal(bl_json_parse_yaml(text, strlen(text), &j, &err), 0);
	out = bl_json_dump(j);
	assert_string_equal(out,
			    "{\"a\":12,\"b\":true,\"c\":\"12\",\"d\":\"no\",\"e\":null,\"f\":1.5,"
			    "\"g\":[\"x\",{\"h\":-3}],\"i\":\"012\",\"j\":\"1.2.3.4\"}");
}

static void yaml_aliases_tags_and_second_documents_are_refused(void **state)
{
	static const char *const bad[] = {"a: &x 1\nb: *x\n", "a: !!str 1\n", "--- 1\n--- 2\n",
					  "a: [1, 2\n",	      "? [a]\n: 1\n", "a: 1\n b: 2\n"};
	struct bl_err err;
	json_t *j = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err.text[0] = '\0';
		assert_int_equal(bl_json_parse_yaml(bad[i], strlen(bad[i]), &j, &err), -EINVAL);
		assert_true(bl_str_starts(err.text, "line "));
	}
	assert_null(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(duplicate_keys_are_refused),
		cmocka_unit_test(nesting_is_bounded_outside_strings_only),
		cmocka_unit_test(trailing_bytes_and_bad_utf8_are_refused),
		cmocka_unit_test(getters_tell_absent_from_wrong),
		cmocka_unit_test(paths_end_early_without_harm),
		cmocka_unit_test(yaml_scalars_follow_the_core_schema),
		cmocka_unit_test(yaml_aliases_tags_and_second_documents_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
