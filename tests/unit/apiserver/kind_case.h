/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TESTS_UNIT_APISERVER_KIND_CASE_H
#define BL_TESTS_UNIT_APISERVER_KIND_CASE_H

/*
 * DOC: Objects in, causes out.
 *
 * What the tests of kinds share: an object is written as JSON with single quotes, taken through
 * what the server does before it stores one, and what comes out is compared as text. Causes are
 * sorted lines of reason and field, the reason without "FieldValue": "Invalid spec.ports[0].port".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "apiserver/kinds/kinds.h"
#include "apiserver/kinds/meta.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

struct kind_case {
	const char *object; /* without apiVersion and kind; metadata is made where it is absent */
	const char *causes; /* joined by "; " */
};

static inline json_t *kind_json(const char *quoted)
{
	BL_FREE char *text = bl_strdup(quoted);
	json_error_t err;
	json_t *json;

	for (char *p = text; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	json = json_loads(text, JSON_DECODE_ANY, &err);
	if (!json)
		fail_msg("%s in %s", err.text, text);
	return json;
}

/* Decoded and with its defaults, named "x" in the namespace "ns". */
static inline json_t *kind_object(const struct bl_kind *kind, const char *quoted)
{
	json_t *obj = kind_json(quoted);
	struct bl_err err = {};
	json_t *meta;

	if (bl_schema_decode(kind->schema, obj, NULL, &err))
		fail_msg("%s in %s", bl_err_text(&err), quoted);
	meta = bl_ensure(obj, "metadata");
	bl_default_str(meta, "name", "x");
	if (kind->namespaced)
		bl_default_str(meta, "namespace", "ns");
	if (kind->set_defaults)
		kind->set_defaults(obj);
	return obj;
}

static inline int kind_by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The causes as text; empties the list. */
static inline char *kind_causes(struct bl_causes *c)
{
	BL_FREE char **lines = bl_calloc(c->count + 1, sizeof(*lines));
	BL_BUF struct bl_buf b = {};

	for (size_t i = 0; i < c->count; i++) {
		const char *reason = bl_cause_reason_name(c->list[i].reason);

		if (bl_str_starts(reason, "FieldValue"))
			reason += strlen("FieldValue");
		lines[i] = bl_asprintf("%s %s", reason, c->list[i].field);
	}
	qsort(lines, c->count, sizeof(*lines), kind_by_text);
	for (size_t i = 0; i < c->count; i++) {
		bl_buf_printf(&b, "%s%s", i ? "; " : "", lines[i]);
		free(lines[i]);
	}
	bl_causes_free(c);
	return bl_buf_take(&b);
}

/* A create, each case. */
static inline void kind_check_creates(const struct bl_kind *kind, const struct kind_case *cases,
				      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		BL_JSON json_t *obj = kind_object(kind, cases[i].object);
		BL_FREE char *got = NULL;
		struct bl_causes c = {};

		if (kind->prepare_create)
			kind->prepare_create(obj);
		bl_meta_validate(kind, obj, &c);
		if (kind->validate)
			kind->validate(obj, &c);
		got = kind_causes(&c);
		if (!bl_streq(got, cases[i].causes))
			fail_msg("%s\n gives  %s\n wanted %s", cases[i].object, got,
				 cases[i].causes);
	}
}

/* What validate_update() alone finds in a change from `old` to `now`. */
static inline void kind_check_update(const struct bl_kind *kind, const char *old, const char *now,
				     const char *causes)
{
	BL_JSON json_t *before = kind_object(kind, old);
	BL_JSON json_t *after = kind_object(kind, now);
	BL_FREE char *got = NULL;
	struct bl_causes c = {};

	if (kind->prepare_update)
		kind->prepare_update(after, before);
	kind->validate_update(after, before, &c);
	got = kind_causes(&c);
	assert_string_equal(got, causes);
}

/* What validate_status() finds in a status that is written over `old`. */
static inline void kind_check_status(const struct bl_kind *kind, const char *old, const char *now,
				     const char *causes)
{
	BL_JSON json_t *before = kind_object(kind, old);
	BL_JSON json_t *after = kind_object(kind, now);
	BL_FREE char *got = NULL;
	struct bl_causes c = {};

	if (kind->prepare_status)
		kind->prepare_status(after, before);
	kind->validate_status(after, before, &c);
	got = kind_causes(&c);
	assert_string_equal(got, causes);
}

/* The object with its defaults has, at least, what `part` has. */
static inline void kind_check_has(const json_t *obj, const char *part)
{
	BL_JSON json_t *want = kind_json(part);
	BL_JSON json_t *merged = json_deep_copy(obj);
	BL_FREE char *got = bl_json_dump(obj);

	json_object_update_recursive(merged, want);
	if (!json_equal(merged, obj))
		fail_msg("%s\n lacks %s", got, part);
}

/* A row of the table at 2026-01-01T01:00:00Z, cells joined by " | ". */
static inline void kind_check_row(const struct bl_kind *kind, const char *object, const char *row)
{
	BL_JSON json_t *obj = kind_object(kind, object);
	BL_JSON json_t *cells = NULL;
	BL_BUF struct bl_buf b = {};
	size_t columns = 0;

	bl_default_str(bl_ensure(obj, "metadata"), "creationTimestamp", "2026-01-01T00:00:00Z");
	cells = kind->cells(obj, 1767229200LL * 1000000000LL);
	for (size_t i = 0; i < json_array_size(cells); i++) {
		const json_t *cell = json_array_get(cells, i);

		if (json_is_integer(cell))
			bl_buf_printf(&b, "%s%lld", i ? " | " : "", json_integer_value(cell));
		else
			bl_buf_printf(&b, "%s%s", i ? " | " : "", json_string_value(cell));
	}
	while (kind->columns[columns].name)
		columns++;
	assert_string_equal(b.data, row);
	assert_int_equal(json_array_size(cells), columns);
}

#define KIND_CASES(kind, cases) kind_check_creates(kind, cases, BL_ARRAY_SIZE(cases))

#endif
