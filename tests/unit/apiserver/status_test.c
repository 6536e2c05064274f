// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Status answers
 *
 * Code, reason, words and details as client-go and kubectl read them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "apiserver/status.h"
#include "base/json.h"

static const struct bl_kind kind = {.group = "discovery.k8s.io",
				    .version = "v1",
				    .kind = "EndpointSlice",
				    .plural = "endpointslices"};

static void not_found_names_the_resource_with_its_group(void **state)
{
	BL_JSON json_t *s = bl_status_not_found(&kind, "x");

	(void)state;
	assert_int_equal(bl_status_code(s), 404);
	assert_string_equal(bl_json_str_at(s, "message", NULL),
			    "endpointslices.discovery.k8s.io \"x\" not found");
	assert_string_equal(bl_json_str_at(s, "details", "kind", NULL), "endpointslices");
	assert_string_equal(bl_json_str_at(s, "details", "group", NULL), "discovery.k8s.io");
}

static void one_cause_stands_alone_and_several_in_brackets(void **state)
{
	struct bl_causes c = {};
	json_t *s;

	(void)state;
	bl_cause_add(&c, BL_CAUSE_REQUIRED, "spec.a", NULL, NULL);
	s = bl_status_invalid("", "Service", "s", &c);
	assert_string_equal(bl_json_str_at(s, "message", NULL),
			    "Service \"s\" is invalid: spec.a: Required value");
	json_decref(s);
	bl_cause_add(&c, BL_CAUSE_REQUIRED, "spec.b", NULL, NULL);
	s = bl_status_invalid("", "Service", "s", &c);
	assert_string_equal(
		bl_json_str_at(s, "message", NULL),
		"Service \"s\" is invalid: [spec.a: Required value, spec.b: Required value]");
	assert_int_equal(json_array_size(bl_json_at(s, "details", "causes", NULL)), 2);
	assert_int_equal(bl_status_code(s), 422);
	json_decref(s);
	bl_causes_free(&c);
}

static void a_deletion_is_a_success_with_the_identity(void **state)
{
	BL_JSON json_t *s = bl_status_deleted(&kind, "x", "u-1");

	(void)state;
	assert_int_equal(bl_status_code(s), 200);
	assert_string_equal(bl_json_str_at(s, "status", NULL), "Success");
	assert_string_equal(bl_json_str_at(s, "details", "uid", NULL), "u-1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_found_names_the_resource_with_its_group),
		cmocka_unit_test(one_cause_stands_alone_and_several_in_brackets),
		cmocka_unit_test(a_deletion_is_a_success_with_the_identity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
