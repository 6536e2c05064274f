/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Causes: their words, and paths.
 */
#include "apiserver/causes.h"

#include "kind_case.h"

static const char *message_of(struct bl_causes *c)
{
	assert_int_equal(c->count, 1);
	return c->list[0].message;
}

static void an_invalid_value_is_shown_with_its_rule(void **state)
{
	struct bl_causes c = {};
	BL_JSON json_t *value = json_integer(70000);

	(void)state;
	bl_cause_add(&c, BL_CAUSE_INVALID, "spec.port", value, "must be below %d", 65536);
	assert_string_equal(c.list[0].field, "spec.port");
	assert_string_equal(message_of(&c), "Invalid value: 70000: must be below 65536");
	bl_causes_free(&c);
}

static void a_required_value_shows_none(void **state)
{
	struct bl_causes c = {};
	BL_JSON json_t *value = json_string("secret");

	(void)state;
	bl_cause_add(&c, BL_CAUSE_REQUIRED, "spec", value, NULL);
	assert_string_equal(message_of(&c), "Required value");
	bl_causes_free(&c);
	bl_cause_add(&c, BL_CAUSE_REQUIRED, "spec", value, "%s", "");
	assert_string_equal(message_of(&c), "Required value");
	bl_causes_free(&c);
}

static void a_huge_value_is_cut_between_characters(void **state)
{
	struct bl_causes c = {};
	char text[3001];
	BL_JSON json_t *value = NULL;

	(void)state;
	for (size_t i = 0; i < 3000; i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	text[3000] = '\0';
	value = json_string(text);
	bl_cause_add(&c, BL_CAUSE_INVALID, "data", value, "too much");
	assert_true(strlen(message_of(&c)) < 1100);
	BL_JSON json_t *again = json_string(message_of(&c));
	assert_non_null(again); /* still UTF-8 */
	bl_causes_free(&c);
}

static void every_reason_has_the_name_that_clients_know(void **state)
{
	(void)state;
	assert_string_equal(bl_cause_reason_name(BL_CAUSE_UNSUPPORTED), "FieldValueNotSupported");
	assert_string_equal(bl_cause_reason_name(BL_CAUSE_TOO_MANY), "FieldValueTooMany");
	assert_string_equal(bl_cause_reason_name(BL_CAUSE_NOT_FOUND), "FieldValueNotFound");
}

static void many_causes_are_kept_and_then_bounded(void **state)
{
	struct bl_causes c = {};

	(void)state;
	for (int i = 0; i < 10010; i++)
		bl_cause_add(&c, BL_CAUSE_FORBIDDEN, "x", NULL, "no");
	assert_int_equal(c.count, 10000);
	bl_causes_free(&c);
	assert_int_equal(c.count, 0);
}

static void a_path_grows_and_shrinks(void **state)
{
	struct bl_path p = {};
	size_t mark;

	(void)state;
	bl_path_push(&p, "spec");
	mark = bl_path_push(&p, "ports");
	bl_path_push_index(&p, 3);
	bl_path_push_key(&p, "a/b");
	assert_string_equal(p.text, "spec.ports[3][a/b]");
	bl_path_pop(&p, mark);
	assert_string_equal(p.text, "spec");
}

static void a_path_that_does_not_fit_is_cut(void **state)
{
	struct bl_path p = {};

	(void)state;
	for (int i = 0; i < 100; i++)
		bl_path_push(&p, "abcdefghij");
	assert_int_equal(p.len, sizeof(p.text) - 1);
	assert_int_equal(strlen(p.text), p.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_invalid_value_is_shown_with_its_rule),
		cmocka_unit_test(a_required_value_shows_none),
		cmocka_unit_test(a_huge_value_is_cut_between_characters),
		cmocka_unit_test(every_reason_has_the_name_that_clients_know),
		cmocka_unit_test(many_causes_are_kept_and_then_bounded),
		cmocka_unit_test(a_path_grows_and_shrinks),
		cmocka_unit_test(a_path_that_does_not_fit_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
