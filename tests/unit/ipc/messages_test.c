// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "ipc/messages.h"

static void value_comes_out_of_its_answer(void **state)
{
	BL_JSON json_t *answer = bl_ipc_ok(json_pack("[i]", 5));
	BL_JSON json_t *ok = NULL;
	struct bl_ipc_failure failure = {};

	(void)state;
	assert_int_equal(bl_ipc_split(answer, &ok, &failure), 0);
	assert_int_equal(json_integer_value(json_array_get(ok, 0)), 5);
}

static void error_keeps_code_text_and_details(void **state)
{
	BL_JSON json_t *answer = bl_ipc_error(BL_CNI_TRY_AGAIN, "not yet", "services are missing");
	struct bl_ipc_failure failure = {};
	json_t *ok = NULL;

	(void)state;
	assert_int_equal(bl_ipc_split(answer, &ok, &failure), -EREMOTEIO);
	assert_int_equal(failure.code, 11);
	assert_string_equal(failure.msg, "not yet");
	assert_string_equal(failure.details, "services are missing");
	assert_null(ok);
}

static void answer_that_is_neither_is_no_success(void **state)
{
	static const char *const answers[] = {"{}",
					      "{\"ok\":1,\"error\":{\"code\":1,\"msg\":\"x\"}}",
					      "{\"error\":{}}",
					      "{\"error\":{\"code\":\"1\",\"msg\":\"x\"}}",
					      "{\"error\":{\"code\":0,\"msg\":\"x\"}}",
					      "{\"error\":{\"code\":1}}",
					      "{\"error\":5}"};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct bl_ipc_failure failure = {};
		BL_JSON json_t *answer = NULL;
		json_t *ok = NULL;

		assert_int_equal(bl_json_parse(answers[i], strlen(answers[i]), &answer, NULL), 0);
		assert_int_equal(bl_ipc_split(answer, &ok, &failure), -EBADMSG);
		assert_int_equal(failure.code, 0);
		assert_null(ok);
	}
}

static void error_text_that_is_not_utf8_is_still_an_error(void **state)
{
	BL_JSON json_t *answer = bl_ipc_error(BL_IPC_INTERNAL, "\xff", "");
	struct bl_ipc_failure failure = {};
	json_t *ok = NULL;

	(void)state;
	assert_int_equal(bl_ipc_split(answer, &ok, &failure), -EREMOTEIO);
	assert_string_equal(failure.msg, "(text is not UTF-8)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(value_comes_out_of_its_answer),
		cmocka_unit_test(error_keeps_code_text_and_details),
		cmocka_unit_test(answer_that_is_neither_is_no_success),
		cmocka_unit_test(error_text_that_is_not_utf8_is_still_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
