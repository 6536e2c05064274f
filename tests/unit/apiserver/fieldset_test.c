// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Sets of field paths
 *
 * The algebra on small sets, and the form on the wire.
 */
#include "apiserver/patch/fieldset.h"

#include "world.h"

static json_t *set(const char *fields_v1)
{
	BL_JSON json_t *fields = parse(fields_v1);
	json_t *s = NULL;

	assert_int_equal(bl_set_decode(fields, &s), 0);
	return s;
}

static void is(json_t *s, const char *fields_v1)
{
	BL_JSON json_t *encoded = bl_set_encode(s);

	same(encoded, fields_v1);
	json_decref(s);
}

static void algebra_goes_path_by_path(void **state)
{
	BL_JSON json_t *a = set("{'f:x':{'f:a':{},'f:b':{}},'f:y':{}}");
	BL_JSON json_t *b = set("{'f:x':{'.':{},'f:b':{}},'f:z':{}}");

	(void)state;
	is(bl_set_union(a, b), "{'f:x':{'.':{},'f:a':{},'f:b':{}},'f:y':{},'f:z':{}}");
	is(bl_set_minus(a, b), "{'f:x':{'f:a':{}},'f:y':{}}");
	is(bl_set_minus(b, a), "{'f:x':{},'f:z':{}}");
	is(bl_set_common(a, b), "{'f:x':{'f:b':{}}}");
	is(bl_set_minus(a, a), "{}");
	is(bl_set_union(a, NULL), "{'f:x':{'f:a':{},'f:b':{}},'f:y':{}}");
}

static void member_with_nothing_below_is_an_empty_object(void **state)
{
	BL_JSON json_t *s = set("{'f:a':{},'f:b':{'.':{},'f:c':{}},'f:d':{'f:e':{}}}");

	(void)state;
	assert_true(bl_set_member(bl_set_at(s, "f:a")));
	assert_true(bl_set_member(bl_set_at(s, "f:b")));
	assert_false(bl_set_member(bl_set_at(s, "f:d")));
	is(json_incref(s), "{'f:a':{},'f:b':{'.':{},'f:c':{}},'f:d':{'f:e':{}}}");
}

static void keys_have_one_form(void **state)
{
	BL_JSON json_t *s = set("{'k:{\\'protocol\\': \\'TCP\\', \\'port\\':80}':{}}");

	(void)state;
	assert_non_null(bl_set_at(s, "k:{\"port\":80,\"protocol\":\"TCP\"}"));
}

static void what_is_no_set_is_refused(void **state)
{
	static const char *const bad[] = {"{'x:a':{}}",	      "{'f':{}}",  "{'k:a':{}}",
					  "{'k:1':{}}",	      "{'f:a':1}", "{'v:':{}}",
					  "{'f:a':{'q:':{}}}"};
	json_t *s = NULL;

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(bad); i++) {
		BL_JSON json_t *fields = parse(bad[i]);

		assert_int_equal(bl_set_decode(fields, &s), -EINVAL);
	}
	assert_null(s);
}

static void append(const char *path, void *arg)
{
	bl_buf_puts(arg, path);
	bl_buf_putc(arg, '\n');
}

static void paths_are_printed_for_people(void **state)
{
	BL_JSON json_t *s =
		set("{'f:spec':{'f:ports':{'k:{\\'port\\':80,\\'protocol\\':\\'TCP\\'}':"
		    "{'.':{},'f:name':{}}}},'f:metadata':{'f:finalizers':{'v:\\'a\\'':{}}},"
		    "'f:args':{'i:0':{}}}");
	BL_BUF struct bl_buf b = {};

	(void)state;
	bl_set_each(s, append, &b);
	assert_string_equal(b.data, ".args[0]\n.metadata.finalizers[=\"a\"]\n"
				    ".spec.ports[port=80,protocol=\"TCP\"]\n"
				    ".spec.ports[port=80,protocol=\"TCP\"].name\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(algebra_goes_path_by_path),
		cmocka_unit_test(member_with_nothing_below_is_an_empty_object),
		cmocka_unit_test(keys_have_one_form),
		cmocka_unit_test(what_is_no_set_is_refused),
		cmocka_unit_test(paths_are_printed_for_people),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
