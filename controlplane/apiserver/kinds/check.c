/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: What every validator and every defaulting function needs.
 *
 * A validator reads a JSON object that the schema has already brought into the API's form: fields
 * have the right types, unknown ones are gone, nulls too. So a getter that finds nothing answers
 * with the zero value, as a field of a Go struct would, and a validator never asks for types.
 *
 * The path of the field under way is kept in struct bl_check. A validator of a list pushes the
 * field's name, then per element its index, and pops what it pushed; the functions here take the
 * last step themselves, so that most rules are one line.
 *
 * "Same" follows apimachinery's semantic equality: an absent field, an empty list and an empty map
 * are equal, because the storage of the real server cannot tell them apart.
 */
#include "apiserver/kinds/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

static size_t step(struct bl_check *ck, const char *name)
{
	size_t mark = ck->at.len;

	if (!name)
		return mark;
	if (*name != '[')
		return bl_path_push(&ck->at, name);
	if (strlen(name) < sizeof(ck->at.text) - mark) {
		memcpy(ck->at.text + mark, name, strlen(name) + 1);
		ck->at.len += strlen(name);
	}
	return mark;
}

void bl_check_add(struct bl_check *ck, enum bl_cause_reason reason, const char *name,
		  const json_t *value, const char *detail)
{
	size_t mark = step(ck, name);

	bl_cause_add(ck->causes, reason, ck->at.text, value, "%s", detail);
	bl_path_pop(&ck->at, mark);
}

void bl_check_addf(struct bl_check *ck, enum bl_cause_reason reason, const char *name,
		   const json_t *value, const char *detail, ...)
{
	BL_FREE char *text = NULL;
	va_list ap;

	va_start(ap, detail);
	if (vasprintf(&text, detail, ap) < 0)
		text = NULL;
	va_end(ap);
	bl_check_add(ck, reason, name, value, text ? text : detail);
}

void bl_check_invalid_str(struct bl_check *ck, const char *name, const char *value,
			  const char *detail)
{
	BL_JSON json_t *text = json_string(value);

	bl_check_add(ck, BL_CAUSE_INVALID, name, text, detail);
}

void bl_check_duplicate(struct bl_check *ck, const char *name, const json_t *value)
{
	bl_check_add(ck, BL_CAUSE_DUPLICATE, name, value, "");
}

void bl_check_too_long(struct bl_check *ck, const char *name, size_t max)
{
	bl_check_addf(ck, BL_CAUSE_TOO_LONG, name, NULL, "may not be more than %zu bytes", max);
}

void bl_check_too_many(struct bl_check *ck, const char *name, size_t count, size_t max)
{
	BL_JSON json_t *value = json_integer((json_int_t)count);

	bl_check_addf(ck, BL_CAUSE_TOO_MANY, name, value, "must have at most %zu items", max);
}

bool bl_check_one_of(struct bl_check *ck, const char *name, const char *value,
		     const char *const *words)
{
	BL_BUF struct bl_buf b = {};
	BL_JSON json_t *text = NULL;

	for (const char *const *w = words; *w; w++) {
		if (bl_streq(*w, value))
			return true;
	}

	bl_buf_puts(&b, "supported values: ");
	for (const char *const *w = words; *w; w++)
		bl_buf_printf(&b, "%s\"%s\"", w == words ? "" : ", ", *w);
	text = json_string(value);
	bl_check_add(ck, BL_CAUSE_UNSUPPORTED, name, text, b.data);
	return false;
}

bool bl_check_rules(struct bl_check *ck, const char *name, const char *value, bl_rule_fn rule)
{
	struct bl_rules broken = rule(value);

	for (unsigned int i = 0; i < broken.count; i++)
		bl_check_invalid_str(ck, name, value, broken.text[i]);
	return broken.count == 0;
}

bool bl_check_range(struct bl_check *ck, const char *name, long long value, long long min,
		    long long max)
{
	BL_JSON json_t *number = NULL;

	if (value >= min && value <= max)
		return true;
	number = json_integer(value);
	bl_check_addf(ck, BL_CAUSE_INVALID, name, number,
		      "must be between %lld and %lld, inclusive", min, max);
	return false;
}

bool bl_check_not_negative(struct bl_check *ck, const char *name, long long value)
{
	BL_JSON json_t *number = NULL;

	if (value >= 0)
		return true;
	number = json_integer(value);
	bl_check_invalid(ck, name, number, "must be greater than or equal to 0");
	return false;
}

bool bl_check_immutable(struct bl_check *ck, const char *name, const json_t *value,
			const json_t *old)
{
	if (bl_same(value, old))
		return true;
	bl_check_invalid(ck, name, value, "field is immutable");
	return false;
}

static bool is_empty(const json_t *j)
{
	return !j || json_is_null(j) || (json_is_array(j) && json_array_size(j) == 0) ||
	       (json_is_object(j) && json_object_size(j) == 0) ||
	       (json_is_string(j) && json_string_length(j) == 0);
}

static bool same_arrays(const json_t *a, const json_t *b)
{
	size_t n = json_array_size(a);

	if (json_array_size(b) != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!bl_same(json_array_get(a, i), json_array_get(b, i)))
			return false;
	}
	return true;
}

/* Every field of a is the same in b; fields of b that a does not have are empty. */
static bool same_objects(const json_t *a, const json_t *b)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)a, key, value) {
		if (!bl_same(value, json_object_get(b, key)))
			return false;
	}
	json_object_foreach ((json_t *)b, key, value) {
		if (!json_object_get(a, key) && !is_empty(value))
			return false;
	}
	return true;
}

bool bl_same(const json_t *a, const json_t *b)
{
	if (is_empty(a) && is_empty(b))
		return true;
	if (json_is_object(a) && json_is_object(b))
		return same_objects(a, b);
	if (json_is_array(a) && json_is_array(b))
		return same_arrays(a, b);
	return a && b && json_equal(a, b);
}

json_t *bl_ensure(json_t *obj, const char *key)
{
	json_t *child = json_object_get(obj, key);

	if (json_is_object(child))
		return child;
	child = json_object();
	json_object_set_new(obj, key, child);
	return child;
}

void bl_set_str(json_t *obj, const char *key, const char *value)
{
	json_object_set_new(obj, key, json_string(value));
}

void bl_set_int(json_t *obj, const char *key, long long value)
{
	json_object_set_new(obj, key, json_integer(value));
}

void bl_default_str(json_t *obj, const char *key, const char *value)
{
	if (!bl_has_str(obj, key))
		bl_set_str(obj, key, value);
}

void bl_default_int(json_t *obj, const char *key, long long value)
{
	if (!bl_has(obj, key))
		bl_set_int(obj, key, value);
}

void bl_default_bool(json_t *obj, const char *key, bool value)
{
	if (!bl_has(obj, key))
		json_object_set_new(obj, key, json_boolean(value));
}

void bl_carry(json_t *obj, const json_t *from, const char *key)
{
	const json_t *value = json_object_get(from, key);

	if (value)
		json_object_set_new(obj, key, json_deep_copy(value));
	else
		(void)json_object_del(obj, key);
}
