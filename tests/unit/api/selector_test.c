// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Selectors against labels, above all where a key is absent.
 */

#include "api/selector.h"

#include "decode.h"

static struct bl_api_pair pairs[] = {{"app", "cart"}, {"empty", ""}, {"tier", "web"}};
static const struct bl_api_pairs labels = {.list = pairs, .count = 3};

/* 1 or 0; the reader's error code where the selector is refused. */
static int matches(const char *text)
{
	BL_JSON json_t *j = json_of(text);
	BL_ARENA struct bl_arena *a = bl_arena_new(1024);
	struct bl_api_reader r = {.arena = a};
	const struct bl_api_selector *s = NULL;
	int rc = bl_api_read_selector(&r, NULL, j, "s", &s);

	return rc ? rc : bl_api_selector_matches(s, &labels);
}

static void empty_selector_matches_everything(void **state)
{
	(void)state;
	assert_int_equal(matches("{'s':{}}"), 1);
}

static void absent_selector_is_null(void **state)
{
	BL_JSON json_t *j = json_of("{'s':null}");
	struct bl_api_reader r = {};
	const struct bl_api_selector *s = NULL;

	(void)state;
	assert_int_equal(bl_api_read_selector(&r, NULL, j, "s", &s), 0);
	assert_null(s);
}

static void all_requirements_must_hold(void **state)
{
	(void)state;
	assert_int_equal(matches("{'s':{'matchLabels':{'app':'cart','tier':'web'}}}"), 1);
	assert_int_equal(matches("{'s':{'matchLabels':{'app':'cart','tier':'db'}}}"), 0);
	assert_int_equal(matches("{'s':{'matchLabels':{'app':'cart'},'matchExpressions':"
				 "[{'key':'tier','operator':'In','values':['db']}]}}"),
			 0);
}

static void not_in_and_does_not_exist_match_an_absent_key(void **state)
{
	(void)state;
	assert_int_equal(
		matches("{'s':{'matchExpressions':[{'key':'x','operator':'NotIn','values':['1']},"
			"{'key':'y','operator':'DoesNotExist'}]}}"),
		1);
	assert_int_equal(
		matches("{'s':{'matchExpressions':[{'key':'app','operator':'NotIn','values':['a','cart']}]}}"),
		0);
	assert_int_equal(matches("{'s':{'matchExpressions':[{'key':'x','operator':'Exists'}]}}"),
			 0);
}

static void empty_value_is_a_value(void **state)
{
	(void)state;
	assert_int_equal(matches("{'s':{'matchLabels':{'empty':''}}}"), 1);
	assert_int_equal(matches("{'s':{'matchLabels':{'absent':''}}}"), 0);
}

static void values_must_fit_the_operator(void **state)
{
	(void)state;
	assert_true(matches("{'s':{'matchExpressions':[{'key':'x','operator':'In'}]}}") < 0);
	assert_true(matches("{'s':{'matchExpressions':[{'key':'x','operator':'Exists',"
			    "'values':['1']}]}}") < 0);
	assert_true(matches("{'s':{'matchExpressions':[{'operator':'Exists'}]}}") < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_selector_matches_everything),
		cmocka_unit_test(absent_selector_is_null),
		cmocka_unit_test(all_requirements_must_hold),
		cmocka_unit_test(not_in_and_does_not_exist_match_an_absent_key),
		cmocka_unit_test(empty_value_is_a_value),
		cmocka_unit_test(values_must_fit_the_operator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
