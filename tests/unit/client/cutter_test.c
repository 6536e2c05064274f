// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Cutting at every possible place, and what is no JSON at all.
 */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "client/cutter.h"

#include <errno.h>
#include <string.h>

#define LIST                                                                                     \
	"{\"kind\" : \"L\\\"ist\",\"metadata\":{\"continue\":\"}\"},\n\"items\":[ {\"a\":[{}]}," \
	"{\"b\":\"]}\\\\\"} ],\"x\":{\"items\":[1]}} \n"

static int add(void *arg, const char *json, size_t len)
{
	struct bl_buf *b = arg;

	bl_buf_append(b, json, len);
	bl_buf_putc(b, '|');
	return 0;
}

static int add_meta(void *arg, const char *json, size_t len)
{
	struct bl_buf *b = arg;

	bl_buf_puts(b, "meta=");
	return add(arg, json, len);
}

static const struct bl_cutter_ops ops = {.item = add, .meta = add_meta};

static int cut(enum bl_cutter_mode mode, const char *text, size_t piece, size_t max,
	       struct bl_buf *out)
{
	size_t len = strlen(text);
	struct bl_cutter c;
	int rc = 0;

	bl_cutter_init(&c, mode, max, &ops, out);
	for (size_t i = 0; i < len && !rc; i += piece)
		rc = bl_cutter_feed(&c, text + i, len - i < piece ? len - i : piece, NULL);
	if (!rc)
		rc = bl_cutter_end(&c, NULL);
	bl_cutter_free(&c);
	return rc;
}

static void list_is_cut_alike_in_pieces_of_any_size(void **state)
{
	(void)state;
	for (size_t piece = 1; piece <= strlen(LIST); piece++) {
		BL_BUF struct bl_buf out = {};

		assert_int_equal(cut(BL_CUT_LIST, LIST, piece, 1000, &out), 0);
		assert_string_equal(out.data,
				    "meta={\"continue\":\"}\"}|{\"a\":[{}]}|{\"b\":\"]}\\\\\"}|");
	}
}

static void stream_is_cut_with_or_without_newlines(void **state)
{
	BL_BUF struct bl_buf out = {};

	(void)state;
	assert_int_equal(cut(BL_CUT_STREAM, "{\"a\":1}\n\n{\"b\":{}}{}", 3, 1000, &out), 0);
	assert_string_equal(out.data, "{\"a\":1}|{\"b\":{}}|{}|");
}

static void what_is_no_json_of_this_shape_is_refused(void **state)
{
	static const char *const bad[] = {
		"[]",
		"x",
		"<html>",
		"}",
		"{}{}",
		"{}x",
		"\"a\"",
		"{\"items\":[1]}",
		"{\"items\":[\"a\"]}",
		"{\"items\":[[]]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		BL_BUF struct bl_buf out = {};

		assert_int_equal(cut(BL_CUT_LIST, bad[i], 1, 1000, &out), -EINVAL);
	}
}

static void answer_that_ends_early_is_told(void **state)
{
	BL_BUF struct bl_buf out = {};

	(void)state;
	assert_int_equal(cut(BL_CUT_LIST, "", 1, 100, &out), -EPIPE);
	assert_int_equal(cut(BL_CUT_LIST, "{\"items\":[{}", 1, 100, &out), -EPIPE);
	assert_int_equal(cut(BL_CUT_STREAM, "{\"items", 1, 100, &out), -EPIPE);
}

static void object_above_the_bound_is_refused(void **state)
{
	char text[300] = "{\"items\":[{\"a\":\"";
	BL_BUF struct bl_buf out = {};

	(void)state;
	memset(text + strlen(text), 'x', 200);
	assert_int_equal(cut(BL_CUT_LIST, text, 10, 100, &out), -EFBIG);
}

static void depth_is_bounded(void **state)
{
	char text[200];
	BL_BUF struct bl_buf out = {};

	(void)state;
	for (size_t i = 0; i < 199; i++)
		text[i] = i % 5 ? '[' : '{';
	text[199] = '\0';
	assert_int_equal(cut(BL_CUT_STREAM, text, 10, 1000, &out), -EINVAL);
}

static void spans_find_keys_of_one_level_only(void **state)
{
	const char *json =
		"{ \"x\" : {\"name\":\"no\"}, \"n\":[1,{\"name\":2}] , \"name\" : \"yes\" ,"
		"\"code\":410,\"esc\":\"a\\n\"}";
	struct bl_span all = {json, strlen(json)};
	struct bl_span code = bl_span_of(json, strlen(json), "code");

	(void)state;
	assert_true(bl_span_eq(bl_span_str(all, "name"), "yes"));
	assert_true(bl_span_eq(code, "410"));
	assert_int_equal(bl_span_str(all, "esc").len, 0);
	assert_int_equal(bl_span_str(all, "absent").len, 0);
	assert_int_equal(bl_span_str(all, "x").len, 0);
}

static void nothing_holds_no_key(void **state)
{
	(void)state;
	assert_int_equal(bl_span_of(NULL, 0, "a").len, 0);
	assert_true(bl_span_eq((struct bl_span){}, ""));
}

static void spans_of_torn_text_stay_inside(void **state)
{
	const char *json = "{\"a\":{\"b\":\"c\\\"\"},\"d\":\"e\"}";

	(void)state;
	for (size_t n = 0; n <= strlen(json); n++) {
		char copy[64];
		struct bl_span s;

		memcpy(copy, json, n);
		s = bl_span_of(copy, n, "d");
		assert_true(s.len <= n);
		s = bl_span_of(copy, n, "zz");
		assert_int_equal(s.len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_is_cut_alike_in_pieces_of_any_size),
		cmocka_unit_test(stream_is_cut_with_or_without_newlines),
		cmocka_unit_test(what_is_no_json_of_this_shape_is_refused),
		cmocka_unit_test(answer_that_ends_early_is_told),
		cmocka_unit_test(object_above_the_bound_is_refused),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(spans_find_keys_of_one_level_only),
		cmocka_unit_test(nothing_holds_no_key),
		cmocka_unit_test(spans_of_torn_text_stay_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
