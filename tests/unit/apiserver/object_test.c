// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Objects as text
 *
 * What lists and watches read from an object without decoding it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "apiserver/object.h"
#include "base/json.h"

/* Every place where a reader of the text could be led astray. */
static struct bl_object *tricky(void)
{
	BL_JSON json_t *v = json_loads(
		"{\"data\":{\"resourceVersion\":\"\"},\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\","
		"\"metadata\":{\"annotations\":{\"resourceVersion\":\"\",\"labels\":\"x\"},"
		"\"labels\":{\"a\":\"1\",\"ab\":\"\",\"b\":\"a\"},\"namespace\":\"d\",\"name\":\"n\"}}",
		0, NULL);

	return bl_object_new(v);
}

static void the_revision_goes_into_metadata_and_nowhere_else(void **state)
{
	BL_OBJECT struct bl_object *o = tricky();
	BL_OBJECT struct bl_object *with = bl_object_with_rev(o, 42);
	BL_JSON json_t *v = bl_object_decode(with);

	(void)state;
	assert_string_equal(bl_json_str_at(v, "metadata", "resourceVersion", NULL), "42");
	assert_string_equal(bl_json_str_at(v, "data", "resourceVersion", NULL), "");
	assert_string_equal(bl_json_str_at(v, "metadata", "annotations", "resourceVersion", NULL),
			    "");
}

static void labels_are_found_in_the_text(void **state)
{
	BL_OBJECT struct bl_object *o = tricky();
	BL_OBJECT struct bl_object *with = bl_object_with_rev(o, 7);
	size_t len = 9;

	(void)state;
	assert_memory_equal(bl_object_label(with, "a", &len), "1", 1);
	assert_int_equal(len, 1);
	assert_non_null(bl_object_label(with, "ab", &len));
	assert_int_equal(len, 0);
	assert_null(bl_object_label(with, "c", &len));
	assert_null(bl_object_label(with, "1", &len));
}

static void an_object_without_labels_has_none(void **state)
{
	BL_JSON json_t *v =
		json_pack("{s:{s:s}, s:{s:s}}", "metadata", "name", "n", "labels", "a", "b");
	BL_OBJECT struct bl_object *o = bl_object_new(v);

	(void)state;
	assert_null(bl_object_labels(o));
}

static void storing_and_loading_gives_the_same_text(void **state)
{
	BL_OBJECT struct bl_object *o = tricky();
	BL_OBJECT struct bl_object *with = bl_object_with_rev(o, 1234);
	BL_OBJECT struct bl_object *again = NULL;
	size_t len;
	BL_FREE char *text = bl_object_stored_text(with, &len);

	(void)state;
	assert_int_equal(bl_object_load(text, len, 1234, &again), 0);
	assert_string_equal(bl_object_json(again), bl_object_json(with));
	assert_string_equal(bl_object_ns(again), "d");
	assert_string_equal(bl_object_name(again), "n");
}

static void a_new_revision_replaces_the_old_digits(void **state)
{
	BL_OBJECT struct bl_object *o = tricky();
	BL_OBJECT struct bl_object *a = bl_object_with_rev(o, 99999);
	BL_OBJECT struct bl_object *b = bl_object_with_rev(a, 1);
	BL_JSON json_t *v = bl_object_decode(b);

	(void)state;
	assert_string_equal(bl_json_str_at(v, "metadata", "resourceVersion", NULL), "1");
	assert_int_equal(strlen(bl_object_json(b)), b->len);
}

static void an_item_of_a_list_starts_at_its_metadata(void **state)
{
	BL_OBJECT struct bl_object *o = tricky();

	(void)state;
	assert_memory_equal(bl_object_json(o) + bl_object_item_offset(o), "\"metadata\":{", 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_revision_goes_into_metadata_and_nowhere_else),
		cmocka_unit_test(labels_are_found_in_the_text),
		cmocka_unit_test(an_object_without_labels_has_none),
		cmocka_unit_test(storing_and_loading_gives_the_same_text),
		cmocka_unit_test(a_new_revision_replaces_the_old_digits),
		cmocka_unit_test(an_item_of_a_list_starts_at_its_metadata),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
