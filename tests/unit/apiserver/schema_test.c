// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The tables hold together
 *
 * Walks every type that a served kind reaches: what the decoder, the patches and the OpenAPI documents take for granted
 * of a table is checked here for all of them at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "apiserver/schema_types.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

static const struct bl_schema_type *const roots[] = {
	&bl_schema_binding,
	&bl_schema_configmap,
	&bl_schema_endpoints,
	&bl_schema_endpointslice,
	&bl_schema_event,
	&bl_schema_events_event,
	&bl_schema_lease,
	&bl_schema_namespace,
	&bl_schema_networkpolicy,
	&bl_schema_node,
	&bl_schema_pod,
	&bl_schema_secret,
	&bl_schema_service,
	&bl_schema_serviceaccount,
	&bl_schema_delete_options,
	&bl_schema_list_meta,
};

#define TYPES_MAX 400

struct walk {
	const struct bl_schema_type *list[TYPES_MAX];
	size_t count;
};

static void collect(struct walk *w, const struct bl_schema_type *type)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->list[i] == type)
			return;
	assert_in_range(w->count, 0, TYPES_MAX - 1);
	w->list[w->count++] = type;
	for (const struct bl_schema_field *f = type->fields; f->name; f++)
		if (f->type)
			collect(w, f->type);
}

static int setup(void **state)
{
	struct walk *w = bl_new0(struct walk);

	for (size_t i = 0; i < BL_ARRAY_SIZE(roots); i++)
		collect(w, roots[i]);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void every_type_has_a_name_of_its_own(void **state)
{
	const struct walk *w = *state;

	for (size_t i = 0; i < w->count; i++) {
		assert_true(bl_str_starts(w->list[i]->name, "io.k8s."));
		assert_int_not_equal(strlen(w->list[i]->doc), 0);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(w->list[i]->name, w->list[k]->name);
	}
}

static void every_field_is_named_once_and_described(void **state)
{
	const struct walk *w = *state;

	for (size_t i = 0; i < w->count; i++)
		for (const struct bl_schema_field *f = w->list[i]->fields; f->name; f++) {
			assert_ptr_equal(bl_schema_find(w->list[i], f->name), f);
			assert_int_not_equal(strlen(f->doc), 0);
			assert_int_equal(f->class == BL_SCHEMA_OBJECT, f->type != NULL);
		}
}

static bool has_field(const struct bl_schema_type *type, const char *name, size_t len)
{
	char text[64];

	assert_in_range(len, 1, sizeof(text) - 1);
	memcpy(text, name, len);
	text[len] = '\0';
	return bl_schema_find(type, text) != NULL;
}

static void list_keys_are_fields_of_the_elements(void **state)
{
	const struct walk *w = *state;

	for (size_t i = 0; i < w->count; i++)
		for (const struct bl_schema_field *f = w->list[i]->fields; f->name; f++) {
			assert_int_equal(f->shape == BL_SHAPE_LIST_MAP, f->keys != NULL);
			for (const char *k = f->keys; k && *k;) {
				size_t len = strcspn(k, ",");

				assert_true(has_field(f->type, k, len));
				k += len + (k[len] == ',');
			}
			if (f->merge_key && *f->merge_key)
				assert_non_null(bl_schema_find(f->type, f->merge_key));
			if (f->merge_key && !*f->merge_key)
				assert_int_equal(f->shape, BL_SHAPE_LIST_SET);
		}
}

static void zero_objects_decode_to_themselves(void **state)
{
	const struct walk *w = *state;

	for (size_t i = 0; i < w->count; i++) {
		BL_JSON json_t *zero = bl_schema_zero(w->list[i]);
		BL_JSON json_t *obj = json_deep_copy(zero);

		assert_int_equal(bl_schema_decode(w->list[i], obj, NULL, NULL), 0);
		assert_true(json_equal(obj, zero));
	}
}

static void case_of_names_counts(void **state)
{
	(void)state;
	assert_non_null(bl_schema_find(&bl_schema_pod, "spec"));
	assert_null(bl_schema_find(&bl_schema_pod, "Spec"));
	assert_null(bl_schema_find(&bl_schema_pod, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_has_a_name_of_its_own),
		cmocka_unit_test(every_field_is_named_once_and_described),
		cmocka_unit_test(list_keys_are_fields_of_the_elements),
		cmocka_unit_test(zero_objects_decode_to_themselves),
		cmocka_unit_test(case_of_names_counts),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
