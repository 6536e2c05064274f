// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Media types
 *
 * The first entry of Accept that can be met wins; parameters that are not understood make an entry unusable.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "apiserver/negotiate.h"

static void the_first_usable_entry_wins(void **state)
{
	struct bl_accept a;

	(void)state;
	assert_int_equal(
		bl_negotiate("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", &a),
		0);
	assert_int_equal(a.form, BL_FORM_TABLE);
	assert_int_equal(bl_negotiate("application/vnd.kubernetes.protobuf, application/json", &a),
			 0);
	assert_int_equal(a.form, BL_FORM_OBJECT);
	assert_int_equal(
		bl_negotiate("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json",
			     &a),
		0);
	assert_int_equal(a.form, BL_FORM_OBJECT);
}

static void nothing_asked_is_json(void **state)
{
	struct bl_accept a;

	(void)state;
	assert_int_equal(bl_negotiate(NULL, &a), 0);
	assert_false(a.yaml);
	assert_int_equal(bl_negotiate("*/*", &a), 0);
	assert_false(a.yaml);
}

static void yaml_and_discovery_are_told_apart(void **state)
{
	struct bl_accept a;

	(void)state;
	assert_int_equal(bl_negotiate("application/yaml", &a), 0);
	assert_true(a.yaml);
	assert_int_equal(
		bl_negotiate("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
			     &a),
		0);
	assert_string_equal(a.discovery, "v2");
}

static void what_cannot_be_met_is_refused(void **state)
{
	struct bl_accept a;

	(void)state;
	assert_int_equal(bl_negotiate("text/plain", &a), -ENOTSUP);
	assert_int_equal(bl_negotiate("application/json;as=Odd;v=v1;g=meta.k8s.io", &a), -ENOTSUP);
}

static void bodies_are_known_by_their_type(void **state)
{
	(void)state;
	assert_int_equal(bl_media_type(NULL), BL_MEDIA_JSON);
	assert_int_equal(bl_media_type("application/json; charset=utf-8"), BL_MEDIA_JSON);
	assert_int_equal(bl_media_type("application/apply-patch+yaml"), BL_MEDIA_APPLY_PATCH);
	assert_int_equal(bl_media_type("text/html"), BL_MEDIA_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_usable_entry_wins),
		cmocka_unit_test(nothing_asked_is_json),
		cmocka_unit_test(yaml_and_discovery_are_told_apart),
		cmocka_unit_test(what_cannot_be_met_is_refused),
		cmocka_unit_test(bodies_are_known_by_their_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
