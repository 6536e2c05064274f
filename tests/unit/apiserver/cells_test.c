/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Ages and other cells of a Table.
 */
#include "apiserver/kinds/cells.h"

#include "kind_case.h"

#define EPOCH 1767225600LL /* 2026-01-01T00:00:00Z */

static void ages_have_the_units_that_matter(void **state)
{
	static const struct {
		long long seconds;
		const char *text;
	} cases[] = {
		{-2, "<invalid>"}, {-1, "0s"},	       {0, "0s"},	  {119, "119s"},
		{120, "2m"},	   {125, "2m5s"},      {599, "9m59s"},	  {600, "10m"},
		{10799, "179m"},   {10800, "3h"},      {11460, "3h11m"},  {28800, "8h"},
		{172799, "47h"},   {172800, "2d"},     {176400, "2d1h"},  {691200, "8d"},
		{63072000, "2y"},  {63158400, "2y1d"}, {252288000, "8y"},
	};

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(cases); i++) {
		char buf[BL_SINCE_LEN];

		assert_string_equal(bl_since("2026-01-01T00:00:00Z",
					     (EPOCH + cases[i].seconds) * 1000000000LL, buf),
				    cases[i].text);
	}
}

static void an_absent_time_is_unknown(void **state)
{
	char buf[BL_SINCE_LEN];

	(void)state;
	assert_string_equal(bl_since("", 0, buf), "<unknown>");
	assert_string_equal(bl_since("never", 0, buf), "<unknown>");
}

static void selectors_print_sorted(void **state)
{
	BL_JSON json_t *row = json_array();
	BL_JSON json_t *selector = kind_json(
		"{'matchLabels':{'z':'1'},'matchExpressions':["
		"{'key':'m','operator':'NotIn','values':['a','b']},"
		"{'key':'a','operator':'Exists'},{'key':'b','operator':'DoesNotExist'}]}");
	BL_JSON json_t *empty = json_object();

	(void)state;
	bl_cell_selector(row, selector);
	bl_cell_selector(row, empty);
	assert_string_equal(bl_str_at_index(row, 0), "a,!b,m notin (a,b),z=1");
	assert_string_equal(bl_str_at_index(row, 1), "<none>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ages_have_the_units_that_matter),
		cmocka_unit_test(an_absent_time_is_unknown),
		cmocka_unit_test(selectors_print_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
