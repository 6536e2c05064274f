/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_API_DECODE_H
#define TESTS_UNIT_API_DECODE_H

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "api/object.h"
#include "base/json.h"
#include "base/mem.h"

/* JSON written with ' for ". */
static inline json_t *json_of(const char *text)
{
	char *copy = bl_strdup(text);
	struct bl_err err = {};
	json_t *j = NULL;

	for (char *p = copy; *p; p++) {
		if (*p == '\'')
			*p = '"';
	}
	if (bl_json_parse(copy, strlen(copy), &j, &err))
		fail_msg("%s in %s", bl_err_text(&err), text);
	free(copy);
	return j;
}

static inline struct bl_api_object *decode_ok(enum bl_api_kind kind, const char *text)
{
	BL_JSON json_t *j = json_of(text);
	struct bl_api_object *obj = NULL;
	struct bl_err err = {};

	if (bl_api_decode(kind, j, &obj, &err))
		fail_msg("%s", bl_err_text(&err));
	return obj;
}

static inline void decode_fails(enum bl_api_kind kind, const char *text, const char *error)
{
	BL_JSON json_t *j = json_of(text);
	struct bl_api_object *obj = NULL;
	struct bl_err err = {};

	assert_int_not_equal(bl_api_decode(kind, j, &obj, &err), 0);
	assert_null(obj);
	assert_string_equal(bl_err_text(&err), error);
}

#endif
