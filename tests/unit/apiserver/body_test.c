// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Bodies in pieces
 *
 * The bytes come out as if they had been joined, whatever the reader takes at a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "apiserver/body.h"
#include "base/mem.h"

static void fill(struct bl_body *b)
{
	json_t *v = json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", "v1", "kind", "K", "metadata",
			      "name", "n");
	struct bl_object *o = bl_object_new(v);

	bl_body_puts(b, "[");
	bl_body_item(b, o, true);
	bl_body_puts(b, "");
	bl_body_item(b, o, false);
	bl_body_puts(b, "]");
	bl_object_unref(o);
	json_decref(v);
}

static void any_block_size_gives_the_same_bytes(void **state)
{
	static const char want[] = "[{\"metadata\":{\"name\":\"n\",\"resourceVersion\":\"\"}}"
				   ",{\"metadata\":{\"name\":\"n\",\"resourceVersion\":\"\"}}]";

	(void)state;
	for (size_t block = 1; block < 100; block++) {
		struct bl_body b = {};
		char got[300] = "";
		size_t at = 0, n;

		fill(&b);
		assert_int_equal(b.total, strlen(want));
		while ((n = bl_body_read(&b, got + at, block)) > 0)
			at += n;
		assert_string_equal(got, want);
		bl_body_free(&b);
	}
}

static void an_empty_body_is_at_its_end(void **state)
{
	struct bl_body b = {};
	char c;

	(void)state;
	assert_int_equal(bl_body_read(&b, &c, 1), 0);
	bl_body_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_block_size_gives_the_same_bytes),
		cmocka_unit_test(an_empty_body_is_at_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
