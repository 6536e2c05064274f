// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Watch events and versions.
 */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "client/event.h"

#include <errno.h>
#include <string.h>

static int event(const char *text, struct bl_event *ret)
{
	return bl_event_read(text, strlen(text), ret, NULL);
}

static struct bl_span span(const char *text)
{
	return (struct bl_span){text, strlen(text)};
}

static void event_has_type_object_and_version(void **state)
{
	struct bl_event e;

	(void)state;
	assert_int_equal(
		event("{\"object\":{\"spec\":{},\"metadata\":{\"resourceVersion\":\"12\"}},"
		      "\"type\":\"MODIFIED\"}",
		      &e),
		0);
	assert_int_equal(e.type, BL_EVENT_MODIFIED);
	assert_true(bl_span_eq(e.version, "12"));
	assert_int_equal(e.object.len, 47);
}

static void error_has_code_and_message(void **state)
{
	struct bl_event e;

	(void)state;
	assert_int_equal(event("{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,"
			       "\"message\":\"too old\"}}",
			       &e),
			 0);
	assert_int_equal(e.code, 410);
	assert_true(bl_span_eq(e.message, "too old"));
}

static void what_is_no_event_is_refused(void **state)
{
	static const char *const bad[] = {"{}",
					  "{\"type\":\"ADDED\"}",
					  "{\"type\":\"CHANGED\",\"object\":{}}",
					  "{\"type\":\"ADDED\",\"object\":[]}",
					  "[]",
					  ""};
	struct bl_event e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(event(bad[i], &e), -EINVAL);
}

static void versions_that_are_no_numbers_are_not_compared(void **state)
{
	(void)state;
	assert_int_equal(bl_version_number(span("123")), 123);
	assert_int_equal(bl_version_number(span("")), 0);
	assert_int_equal(bl_version_number(span("abc")), 0);
	assert_int_equal(bl_version_number(span("-1")), 0);
	assert_int_equal(bl_version_number(span("99999999999999999999999999")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(event_has_type_object_and_version),
		cmocka_unit_test(error_has_code_and_message),
		cmocka_unit_test(what_is_no_event_is_refused),
		cmocka_unit_test(versions_that_are_no_numbers_are_not_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
