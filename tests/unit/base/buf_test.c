// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Bytes that grow, arenas, and errors that gain context.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

static void bytes_stay_terminated(void **state)
{
	BL_BUF struct bl_buf b = {};

	(void)state;
	for (int i = 0; i < 1000; i++)
		bl_buf_putc(&b, 'x');
	bl_buf_printf(&b, "%d-%s", 42, "end");
	assert_int_equal(b.len, 1006);
	assert_int_equal(strlen(b.data), b.len);
	bl_buf_consume(&b, 1000);
	assert_string_equal(b.data, "42-end");
	bl_buf_clear(&b);
	assert_string_equal(b.data, "");
}

static void taking_leaves_an_empty_buffer(void **state)
{
	struct bl_buf b = {};
	char *s;

	(void)state;
	s = bl_buf_take(&b);
	assert_string_equal(s, "");
	free(s);
	bl_buf_puts(&b, "x");
	s = bl_buf_take(&b);
	assert_string_equal(s, "x");
	assert_null(b.data);
	free(s);
}

static void arenas_hand_out_zeroed_aligned_pieces(void **state)
{
	BL_ARENA struct bl_arena *a = bl_arena_new(64);
	char *first = bl_arena_strdup(a, "first");

	(void)state;
	for (size_t size = 1; size < 5000; size = size * 2 + 1) {
		unsigned char *p = bl_arena_alloc(a, size);

		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
	}
	assert_string_equal(first, "first");
	assert_string_equal(bl_arena_printf(a, "%s/%d", "a", 7), "a/7");
	assert_true(bl_arena_bytes(a) >= 5000);
}

static void context_goes_in_front(void **state)
{
	struct bl_err err = {};

	(void)state;
	assert_int_equal(bl_err_set(&err, -EINVAL, "port %d out of range", 70000), -EINVAL);
	assert_int_equal(bl_err_wrap(&err, "service '%s'", "shop/cart"), -EINVAL);
	assert_string_equal(err.text, "service 'shop/cart': port 70000 out of range");
	assert_int_equal(bl_err_set(NULL, -EIO, "x"), -EIO);
}

static void long_errors_are_cut_not_overrun(void **state)
{
	struct bl_err err = {};
	BL_FREE char *s = bl_calloc(2000, 1);

	(void)state;
	memset(s, 'a', 1999);
	bl_err_set(&err, -EINVAL, "%s", s);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	bl_err_wrap(&err, "%s", s);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void an_error_without_text_shows_its_code(void **state)
{
	struct bl_err err = {.code = -ENOENT};

	(void)state;
	assert_string_equal(bl_err_text(&err), "No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_stay_terminated),
		cmocka_unit_test(taking_leaves_an_empty_buffer),
		cmocka_unit_test(arenas_hand_out_zeroed_aligned_pieces),
		cmocka_unit_test(context_goes_in_front),
		cmocka_unit_test(long_errors_are_cut_not_overrun),
		cmocka_unit_test(an_error_without_text_shows_its_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
