// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: From any JSON object to an object of the API
 *
 * bl_schema_decode() walks an object along its type and leaves what the real server would have after decoding it into Go
 * structs and encoding it again: every value has its type and range, nulls and empty values are gone where their fields
 * are left out when empty, fields that are always present are filled, times, quantities and base64 have been read.
 * Nothing here judges what a value means; that is validation.
 *
 * The first value of a wrong type ends the walk, with Go's words for it: they name the innermost struct, the path without
 * indices, and the Go type. Unknown fields are no error at this level; they are taken out and reported by their path with
 * indices, and the caller decides by fieldValidation whether to refuse, warn or stay silent. What they hold is not
 * looked at.
 *
 * The object is changed in place, and after an error it is half done and only good to be dropped. Depth is bounded by
 * the parser (BL_JSON_DEPTH_MAX) and by the tables.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "apiserver/schema.h"
#include "apiserver/schema/quantity.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"

struct decoder {
	json_t *unknown;
	struct bl_err *err;
	const struct bl_schema_type *type; /* the innermost struct */
	struct bl_path path;		   /* with indices: where an unknown field is */
	struct bl_path go;		   /* without: as Go's errors have it */
};

static int decode_object(struct decoder *d, const struct bl_schema_type *type, json_t *obj);

static const char *short_name(const struct bl_schema_type *type)
{
	const char *dot = strrchr(type->name, '.');

	return dot ? dot + 1 : type->name;
}

static const char *go_class(const struct bl_schema_field *f)
{
	static const char *const names[] = {
		[BL_SCHEMA_STRING] = "string",
		[BL_SCHEMA_INT32] = "int32",
		[BL_SCHEMA_INT64] = "int64",
		[BL_SCHEMA_BOOL] = "bool",
		[BL_SCHEMA_BYTES] = "[]uint8",
		[BL_SCHEMA_TIME] = "string",
		[BL_SCHEMA_MICRO_TIME] = "string",
		[BL_SCHEMA_INT_OR_STRING] = "int32",
		[BL_SCHEMA_QUANTITY] = "resource.Quantity",
		[BL_SCHEMA_OBJECT] = "v1.",
		[BL_SCHEMA_ANY] = "v1.FieldsV1",
	};
	return names[f->class];
}

static const char *json_kind(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return "object";
	case JSON_ARRAY:
		return "array";
	case JSON_STRING:
		return "string";
	case JSON_INTEGER:
	case JSON_REAL:
		return "number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "bool";
	case JSON_NULL:
		break;
	}
	return "null";
}

/* `list` is what stands in front of the class in Go: "", "[]" or "map[string]". */
static int wrong_type(struct decoder *d, const struct bl_schema_field *f, const char *list,
		      const json_t *v)
{
	char number[40] = "";
	bool wants_int = !*list && (f->class == BL_SCHEMA_INT32 || f->class == BL_SCHEMA_INT64);

	if (wants_int && json_is_integer(v))
		snprintf(number, sizeof(number), " %lld", json_integer_value(v));
	else if (wants_int && json_is_real(v))
		snprintf(number, sizeof(number), " %.15g", json_real_value(v));
	return bl_err_set(d->err, -EINVAL,
			  "json: cannot unmarshal %s%s into Go struct field %s.%s of type %s%s%s",
			  json_kind(v), number, short_name(d->type), d->go.text, list, go_class(f),
			  f->class == BL_SCHEMA_OBJECT ? short_name(f->type) : "");
}

static bool is_base64(const char *s)
{
	size_t len = strlen(s), pad = 0;

	if (len % 4)
		return false;
	while (pad < 2 && pad < len && s[len - 1 - pad] == '=')
		pad++;
	return strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") ==
	       len - pad;
}

static int decode_bytes(struct decoder *d, const struct bl_schema_field *f, json_t *v)
{
	if (!json_is_string(v))
		return wrong_type(d, f, "", v);
	if (!is_base64(json_string_value(v)))
		return bl_err_set(d->err, -EINVAL, "illegal base64 data in %s", d->path.text);
	return 0;
}

/* Go reads any RFC 3339 time and writes UTC with the digits of the class. */
static int decode_time(struct decoder *d, const struct bl_schema_field *f, json_t *v)
{
	char text[BL_TIME_STRLEN];
	int64_t ns;

	if (!json_is_string(v))
		return wrong_type(d, f, "", v);
	if (bl_time_parse(json_string_value(v), &ns))
		return bl_err_set(d->err, -EINVAL, "parsing time \"%.64s\" as RFC 3339 in %s",
				  json_string_value(v), d->path.text);
	json_string_set(v, bl_time_format(ns, f->class == BL_SCHEMA_MICRO_TIME, text));
	return 0;
}

static int decode_quantity(struct decoder *d, json_t *v, json_t **ret)
{
	char text[BL_QUANTITY_STRLEN], number[32] = "";
	const char *s = json_string_value(v);

	if (json_is_integer(v))
		snprintf(number, sizeof(number), "%lld", json_integer_value(v));
	else if (json_is_real(v))
		snprintf(number, sizeof(number), "%.15g", json_real_value(v));
	if (bl_quantity_canonical(s ? s : number, text))
		return bl_err_set(d->err, -EINVAL,
				  "quantities must match the regular expression "
				  "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$' in %s",
				  d->path.text);
	*ret = json_string(text);
	return 0;
}

static int decode_number(struct decoder *d, const struct bl_schema_field *f, const json_t *v)
{
	if (!json_is_integer(v))
		return wrong_type(d, f, "", v);
	if (f->class != BL_SCHEMA_INT64 &&
	    (json_integer_value(v) < INT32_MIN || json_integer_value(v) > INT32_MAX))
		return wrong_type(d, f, "", v);
	return 0;
}

/* One value, entry or element that is not null. *ret is a new reference: v itself, or what replaces it. */
static int decode_value(struct decoder *d, const struct bl_schema_field *f, json_t *v, json_t **ret)
{
	int r = 0;

	*ret = NULL;
	switch (f->class) {
	case BL_SCHEMA_STRING:
		r = json_is_string(v) ? 0 : wrong_type(d, f, "", v);
		break;
	case BL_SCHEMA_BOOL:
		r = json_is_boolean(v) ? 0 : wrong_type(d, f, "", v);
		break;
	case BL_SCHEMA_INT32:
	case BL_SCHEMA_INT64:
		r = decode_number(d, f, v);
		break;
	case BL_SCHEMA_INT_OR_STRING:
		r = json_is_string(v) ? 0 : decode_number(d, f, v);
		break;
	case BL_SCHEMA_BYTES:
		r = decode_bytes(d, f, v);
		break;
	case BL_SCHEMA_TIME:
	case BL_SCHEMA_MICRO_TIME:
		r = decode_time(d, f, v);
		break;
	case BL_SCHEMA_QUANTITY:
		r = decode_quantity(d, v, ret);
		break;
	case BL_SCHEMA_OBJECT:
		r = json_is_object(v) ? decode_object(d, f->type, v) : wrong_type(d, f, "", v);
		break;
	case BL_SCHEMA_ANY:
		r = json_is_object(v) ? 0 : wrong_type(d, f, "", v);
		break;
	}
	if (!r && !*ret)
		*ret = json_incref(v);
	return r;
}

/* An entry or element: null is its class's empty value, as in Go. */
static int decode_element(struct decoder *d, const struct bl_schema_field *f, json_t *v,
			  json_t **ret)
{
	if (!json_is_null(v))
		return decode_value(d, f, v, ret);
	*ret = bl_schema_zero_value(f);
	return 0;
}

static int decode_list(struct decoder *d, const struct bl_schema_field *f, json_t *list)
{
	size_t i;
	json_t *v;

	if (!json_is_array(list))
		return wrong_type(d, f, "[]", list);
	json_array_foreach (list, i, v) {
		size_t mark = bl_path_push_index(&d->path, i);
		json_t *value = NULL;
		int r = decode_element(d, f, v, &value);

		bl_path_pop(&d->path, mark);
		if (r)
			return r;
		json_array_set_new(list, i, value);
	}
	return 0;
}

static int decode_map(struct decoder *d, const struct bl_schema_field *f, json_t *map)
{
	const char *key;
	json_t *v;

	if (!json_is_object(map))
		return wrong_type(d, f, "map[string]", map);
	json_object_foreach (map, key, v) {
		size_t mark = bl_path_push_key(&d->path, key);
		json_t *value = NULL;
		int r = decode_element(d, f, v, &value);

		bl_path_pop(&d->path, mark);
		if (r)
			return r;
		if (value == v)
			json_decref(value);
		else
			json_object_set_new(map, key, value);
	}
	return 0;
}

static bool is_empty(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return json_object_size(v) == 0;
	case JSON_ARRAY:
		return json_array_size(v) == 0;
	case JSON_STRING:
		return json_string_length(v) == 0;
	case JSON_INTEGER:
		return json_integer_value(v) == 0;
	case JSON_FALSE:
		return true;
	default:
		return false;
	}
}

/* A field that is absent, null or empty after decoding, by its presence. */
static void settle(const struct bl_schema_field *f, json_t *obj, json_t *value)
{
	bool absent = !value || json_is_null(value);
	bool list_empty = value && f->shape != BL_SHAPE_ONE && is_empty(value);

	if (f->presence == BL_PRESENT_ALWAYS && (absent || list_empty))
		json_object_set_new(obj, f->name, bl_schema_zero_field(f));
	else if (absent || (f->presence == BL_PRESENT_FULL && is_empty(value)))
		json_object_del(obj, f->name);
}

static int decode_field(struct decoder *d, const struct bl_schema_field *f, json_t *obj)
{
	json_t *v = json_object_get(obj, f->name), *value = NULL;
	size_t mark = bl_path_push(&d->path, f->name), go = bl_path_push(&d->go, f->name);
	int r = 0;

	if (!v || json_is_null(v))
		;
	else if (f->shape == BL_SHAPE_ONE)
		r = decode_value(d, f, v, &value);
	else
		r = f->shape == BL_SHAPE_MAP ? decode_map(d, f, v) : decode_list(d, f, v);
	if (!r && value != v && value)
		json_object_set(obj, f->name, value);
	json_decref(value);
	if (!r)
		settle(f, obj, json_object_get(obj, f->name));
	bl_path_pop(&d->path, mark);
	bl_path_pop(&d->go, go);
	return r;
}

static void drop_unknown(struct decoder *d, const struct bl_schema_type *type, json_t *obj)
{
	const char *key;
	json_t *v;
	void *next;

	json_object_foreach_safe (obj, next, key, v) {
		if (bl_schema_find(type, key))
			continue;
		size_t mark = bl_path_push(&d->path, key);

		if (d->unknown)
			json_array_append_new(d->unknown, json_string(d->path.text));
		bl_path_pop(&d->path, mark);
		json_object_del(obj, key);
	}
}

static int decode_object(struct decoder *d, const struct bl_schema_type *type, json_t *obj)
{
	const struct bl_schema_type *outer = d->type;
	int r = 0;

	d->type = type;
	drop_unknown(d, type, obj);
	for (const struct bl_schema_field *f = type->fields; f->name && !r; f++)
		r = decode_field(d, f, obj);
	d->type = outer;
	return r;
}

int bl_schema_decode(const struct bl_schema_type *type, json_t *obj, json_t *ret_unknown,
		     struct bl_err *err)
{
	struct decoder d = {.unknown = ret_unknown, .err = err, .type = type};

	if (!json_is_object(obj))
		return bl_err_set(err, -EINVAL,
				  "json: cannot unmarshal %s into Go value of type v1.%s",
				  json_kind(obj), short_name(type));
	return decode_object(&d, type, obj);
}
