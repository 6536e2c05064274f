// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What all kinds share: names, labels, annotations, times, and bounds.
 */

#include "api/namespace.h"
#include "base/buf.h"
#include "decode.h"

static void metadata_is_read(void **state)
{
	struct bl_api_object *o = decode_ok(
		BL_API_NAMESPACE,
		"{'metadata':{'name':'shop','uid':'u','resourceVersion':'7','labels':{'b':'2','a':'1','c':''},"
		"'annotations':{'beeline.io/x':'y','kubectl.kubernetes.io/last-applied':'...'},"
		"'creationTimestamp':'2026-11-24T10:00:00Z','deletionTimestamp':null}}");

	(void)state;
	assert_string_equal(o->meta.name, "shop");
	assert_string_equal(o->meta.namespace, "");
	assert_string_equal(o->meta.uid, "u");
	assert_string_equal(o->meta.resource_version, "7");
	assert_int_equal(o->meta.labels.count, 3);
	assert_string_equal(o->meta.labels.list[0].key, "a");
	assert_string_equal(bl_api_pairs_get(&o->meta.labels, "b"), "2");
	assert_string_equal(bl_api_pairs_get(&o->meta.labels, "c"), "");
	assert_null(bl_api_pairs_get(&o->meta.labels, "d"));
	assert_int_equal(o->meta.annotations.count, 1);
	assert_int_equal(o->meta.created_ns, 1795514400000000000LL);
	assert_false(o->meta.deleting);
	bl_api_free(o);
}

static void deleted_namespace_is_terminating_whatever_its_phase(void **state)
{
	struct bl_api_namespace *ns = (struct bl_api_namespace *)decode_ok(
		BL_API_NAMESPACE,
		"{'metadata':{'name':'shop','deletionTimestamp':'2026-11-24T10:00:"
		"00Z'},'status':{'phase':'Active'}}");

	(void)state;
	assert_true(ns->terminating);
	assert_true(ns->obj.meta.deleting);
	bl_api_free(&ns->obj);
}

static void names_that_could_leave_a_path_are_refused(void **state)
{
	(void)state;
	decode_fails(BL_API_NAMESPACE, "{'metadata':{'name':'../etc'}}",
		     "Namespace: metadata.name: '../etc' is not a DNS subdomain");
	decode_fails(BL_API_NAMESPACE, "{}", "Namespace: metadata.name: '' is not a DNS subdomain");
	decode_fails(BL_API_POD, "{'metadata':{'name':'a','namespace':'b/c'}}",
		     "Pod: metadata.namespace: 'b/c' is not a DNS label");
	decode_fails(BL_API_NAMESPACE, "[]", "Namespace: must be an object");
}

static void thousands_of_labels_are_refused(void **state)
{
	BL_BUF struct bl_buf b = {};

	(void)state;
	bl_buf_puts(&b, "{'metadata':{'name':'a','labels':{");
	for (int i = 0; i < 1001; i++)
		bl_buf_printf(&b, "%s'k%d':''", i ? "," : "", i);
	bl_buf_puts(&b, "}}}");
	decode_fails(BL_API_NAMESPACE, b.data,
		     "namespace 'a': metadata.labels: more than 1000 entries");
}

static void every_kind_has_a_row(void **state)
{
	(void)state;
	for (int k = 0; k < BL_API_KIND_COUNT; k++)
		assert_int_equal(bl_api_type((enum bl_api_kind)k)->kind, k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metadata_is_read),
		cmocka_unit_test(deleted_namespace_is_terminating_whatever_its_phase),
		cmocka_unit_test(names_that_could_leave_a_path_are_refused),
		cmocka_unit_test(thousands_of_labels_are_refused),
		cmocka_unit_test(every_kind_has_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
