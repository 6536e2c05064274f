// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: JSON merge patch
 *
 * The table is that of RFC 7396, appendix A, as far as the patch is an object.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "apiserver/patch.h"
#include "base/json.h"
#include "base/mem.h"

static const struct {
	const char *live, *patch, *want;
} cases[] = {
	{"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
	{"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
	{"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
	{"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
	{"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
	{"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
	{"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
	{"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
	{"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
	{"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
};

static void objects_merge_as_the_rfc_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(cases); i++) {
		BL_JSON json_t *live = json_loads(cases[i].live, 0, NULL);
		BL_JSON json_t *patch = json_loads(cases[i].patch, 0, NULL);
		BL_JSON json_t *want = json_loads(cases[i].want, 0, NULL);
		BL_JSON json_t *before = json_deep_copy(live), *got = NULL;

		assert_int_equal(bl_patch_merge(live, patch, &got, NULL), 0);
		assert_true(json_equal(got, want));
		assert_true(json_equal(live, before));
	}
}

static void patch_that_is_no_object_is_refused(void **state)
{
	BL_JSON json_t *live = json_object(), *patch = json_array();
	json_t *got = live;

	(void)state;
	assert_int_equal(bl_patch_merge(live, patch, &got, NULL), -EINVAL);
	assert_ptr_equal(got, live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_merge_as_the_rfc_says),
		cmocka_unit_test(patch_that_is_no_object_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
