// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: JSON patch
 *
 * Each operation where it applies, where it does not, and at the edges of arrays and pointers. The texts are JSON with '
 * for ", to be read by people.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apiserver/patch.h"
#include "base/json.h"
#include "base/mem.h"

static json_t *parse(const char *text)
{
	char *s = bl_strdup(text);

	for (char *c = s; (c = strchr(c, '\''));)
		*c = '"';
	json_t *j = json_loads(s, 0, NULL);

	free(s);
	assert_non_null(j);
	return j;
}

static const struct {
	const char *live, *patch, *want; /* want NULL: does not fit the object */
} cases[] = {
	{"{'a':1}", "[{'op':'add','path':'/b','value':2}]", "{'a':1,'b':2}"},
	{"{'a':1}", "[{'op':'add','path':'/a','value':{}}]", "{'a':{}}"},
	{"{'a':[1,2]}", "[{'op':'add','path':'/a/1','value':9}]", "{'a':[1,9,2]}"},
	{"{'a':[1,2]}", "[{'op':'add','path':'/a/2','value':9}]", "{'a':[1,2,9]}"},
	{"{'a':[1,2]}", "[{'op':'add','path':'/a/-','value':9}]", "{'a':[1,2,9]}"},
	{"{'a':[1,2]}", "[{'op':'add','path':'/a/3','value':9}]", NULL},
	{"{'a':[1,2]}", "[{'op':'add','path':'/a/01','value':9}]", NULL},
	{"{'a':[1,2]}", "[{'op':'add','path':'/a/-1','value':9}]", NULL},
	{"{'a':[1,2]}", "[{'op':'add','path':'/a/x','value':9}]", NULL},
	{"{'a':1}", "[{'op':'add','path':'/x/y','value':9}]", NULL},
	{"{'a':1}", "[{'op':'add','path':'/a/y','value':9}]", NULL},
	{"{'a':1}", "[{'op':'add','path':'b','value':9}]", NULL},
	{"{'a':1}", "[{'op':'add','path':'/b'}]", NULL},
	{"{'a':1}", "[{'op':'add','path':'/b','value':null}]", "{'a':1,'b':null}"},
	{"{'a':1}", "[{'op':'add','path':'','value':{'z':1}}]", "{'z':1}"},
	{"{'a':1}", "[{'op':'add','path':'','value':7}]", NULL},
	{"{'m':{}}", "[{'op':'add','path':'/m/x~1y~0z','value':1}]", "{'m':{'x/y~z':1}}"},
	{"{'m':{}}", "[{'op':'add','path':'/m/x~2','value':1}]", NULL},
	{"{'m':{'':{'a':1}}}", "[{'op':'remove','path':'/m//a'}]", "{'m':{'':{}}}"},
	{"{'a':1,'b':2}", "[{'op':'remove','path':'/a'}]", "{'b':2}"},
	{"{'a':[1,2,3]}", "[{'op':'remove','path':'/a/1'}]", "{'a':[1,3]}"},
	{"{'a':[1]}", "[{'op':'remove','path':'/a/1'}]", NULL},
	{"{'a':[1]}", "[{'op':'remove','path':'/a/-'}]", NULL},
	{"{'a':1}", "[{'op':'remove','path':'/b'}]", NULL},
	{"{'a':1}", "[{'op':'remove','path':''}]", NULL},
	{"{'a':1}", "[{'op':'replace','path':'/a','value':2}]", "{'a':2}"},
	{"{'a':[1,2]}", "[{'op':'replace','path':'/a/1','value':9}]", "{'a':[1,9]}"},
	{"{'a':[1,2]}", "[{'op':'replace','path':'/a/2','value':9}]", NULL},
	{"{'a':1}", "[{'op':'replace','path':'/b','value':2}]", NULL},
	{"{'a':{'b':1}}", "[{'op':'move','from':'/a/b','path':'/c'}]", "{'a':{},'c':1}"},
	{"{'a':[1,2,3]}", "[{'op':'move','from':'/a/0','path':'/a/2'}]", "{'a':[2,3,1]}"},
	{"{'a':{'b':{}}}", "[{'op':'move','from':'/a','path':'/a/b/c'}]", NULL},
	{"{'a':1}", "[{'op':'move','from':'/a','path':'/a'}]", "{'a':1}"},
	{"{'a':1}", "[{'op':'move','from':'/x','path':'/b'}]", NULL},
	{"{'a':1}", "[{'op':'move','path':'/b'}]", NULL},
	{"{'a':{'b':1}}", "[{'op':'copy','from':'/a','path':'/c'}]", "{'a':{'b':1},'c':{'b':1}}"},
	{"{'a':{'b':1}}",
	 "[{'op':'copy','from':'/a','path':'/c'},{'op':'replace','path':'/c/b','value':2}]",
	 "{'a':{'b':1},'c':{'b':2}}"},
	{"{'a':{'b':[1]}}", "[{'op':'test','path':'/a','value':{'b':[1]}}]", "{'a':{'b':[1]}}"},
	{"{'a':1}", "[{'op':'test','path':'/a','value':2}]", NULL},
	{"{'a':1}", "[{'op':'test','path':'/b','value':1}]", NULL},
	{"{'a':1}", "[{'op':'remove','path':'/a'},{'op':'test','path':'/b','value':1}]", NULL},
	{"{'a':1}", "[{'op':'leap','path':'/x'}]", NULL},
	{"{'a':1}", "[{'path':'/x'}]", NULL},
	{"{'a':1}", "[{'op':'remove'}]", NULL},
	{"{'a':1}", "[]", "{'a':1}"},
};

static void operations_apply_or_do_not_fit(void **state)
{
	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(cases); i++) {
		BL_JSON json_t *live = parse(cases[i].live), *patch = parse(cases[i].patch);
		BL_JSON json_t *before = json_deep_copy(live), *got = NULL;
		struct bl_err err = {};
		int r = bl_patch_json(live, patch, &got, &err);

		if (r != (cases[i].want ? 0 : -EDOM))
			fail_msg("case %zu: %d %s", i, r, err.text);
		if (cases[i].want) {
			BL_JSON json_t *want = parse(cases[i].want);

			if (!json_equal(got, want))
				fail_msg("case %zu: another object", i);
		} else {
			assert_null(got);
			assert_int_not_equal(strlen(err.text), 0);
		}
		assert_true(json_equal(live, before));
	}
}

static void body_that_is_no_list_of_objects_cannot_be_read(void **state)
{
	BL_JSON json_t *live = parse("{'a':1}"), *object = parse("{'a':1}"), *list = parse("[1]");
	json_t *got = NULL;

	(void)state;
	assert_int_equal(bl_patch_json(live, object, &got, NULL), -EINVAL);
	assert_int_equal(bl_patch_json(live, list, &got, NULL), -EINVAL);
}

static void too_many_operations_are_refused(void **state)
{
	BL_JSON json_t *live = parse("{'a':1}"), *patch = json_array();
	BL_JSON json_t *op = parse("{'op':'test','path':'/a','value':1}");
	BL_JSON json_t *got = NULL;

	(void)state;
	for (int i = 0; i < 10000; i++)
		json_array_append(patch, op);
	assert_int_equal(bl_patch_json(live, patch, &got, NULL), 0);
	json_array_append(patch, op);
	assert_int_equal(bl_patch_json(live, patch, &got, NULL), -E2BIG);
}

static void copies_cannot_grow_an_object_without_bound(void **state)
{
	BL_JSON json_t *live = parse("{'a':['0123456789']}"), *patch = json_array();
	BL_JSON json_t *op = parse("{'op':'copy','from':'/a','path':'/a/-'}");
	json_t *got = NULL;

	(void)state;
	for (int i = 0; i < 40; i++)
		json_array_append(patch, op);
	assert_int_equal(bl_patch_json(live, patch, &got, NULL), -EDOM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operations_apply_or_do_not_fit),
		cmocka_unit_test(body_that_is_no_list_of_objects_cannot_be_read),
		cmocka_unit_test(too_many_operations_are_refused),
		cmocka_unit_test(copies_cannot_grow_an_object_without_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
