// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The OpenAPI document as protobuf
 *
 * kubectl up to 1.26 asks for version 2 of the document as protobuf, in the messages of gnostic (openapi.v2.Document), and
 * reads nothing else. This writes those messages from the JSON tree of the document; the field numbers are gnostic's.
 *
 * Only what the trees of this folder hold is written. A message is built in a buffer of its own, because its length
 * stands in front of it. Vendor extensions travel as YAML text, of which JSON is a part.
 */
#include <stdint.h>
#include <string.h>

#include "apiserver/openapi/build.h"
#include "base/json.h"
#include "base/str.h"

#define BYTES 2 /* wire type: length-delimited */

static void put_varint(struct bl_buf *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		bl_buf_putc(b, (char)(v | 0x80));
	bl_buf_putc(b, (char)v);
}

static void put_bytes(struct bl_buf *b, unsigned field, const char *data, size_t len)
{
	put_varint(b, field << 3 | BYTES);
	put_varint(b, len);
	bl_buf_append(b, data, len);
}

static void put_str(struct bl_buf *b, unsigned field, const char *s)
{
	if (s && *s)
		put_bytes(b, field, s, strlen(s));
}

static void put_json_str(struct bl_buf *b, unsigned field, const json_t *obj, const char *key)
{
	put_str(b, field, json_string_value(json_object_get(obj, key)));
}

static void put_json_bool(struct bl_buf *b, unsigned field, const json_t *obj, const char *key)
{
	if (!json_is_true(json_object_get(obj, key)))
		return;
	put_varint(b, field << 3);
	put_varint(b, 1);
}

static void put_strings(struct bl_buf *b, unsigned field, const json_t *list)
{
	size_t i;
	json_t *v;

	json_array_foreach (list, i, v)
		put_str(b, field, json_string_value(v));
}

typedef void encode_fn(const json_t *v, struct bl_buf *b);

/* A message in a field; an absent one is left out. */
static void put_message(struct bl_buf *b, unsigned field, const json_t *v, encode_fn *encode)
{
	BL_BUF struct bl_buf sub = {};

	if (!v)
		return;
	encode(v, &sub);
	put_bytes(b, field, sub.data ? sub.data : "", sub.len);
}

/* {1: name, 2: message}, gnostic's entry of a map. */
static void put_named(struct bl_buf *b, unsigned field, const char *name, const json_t *v,
		      encode_fn *encode)
{
	BL_BUF struct bl_buf sub = {};

	put_str(&sub, 1, name);
	put_message(&sub, 2, v, encode);
	put_bytes(b, field, sub.data, sub.len);
}

static void encode_any(const json_t *v, struct bl_buf *b)
{
	BL_FREE char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

	put_str(b, 2, text);
}

static void put_extensions(struct bl_buf *b, unsigned field, const json_t *obj)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)obj, key, v)
		if (bl_str_starts(key, "x-"))
			put_named(b, field, key, v, encode_any);
}

static void encode_schema(const json_t *v, struct bl_buf *b);

/* A message whose field 1 is a schema: additionalProperties, items, the schema of an answer. */
static void encode_schema_holder(const json_t *v, struct bl_buf *b)
{
	put_message(b, 1, v, encode_schema);
}

static void encode_type(const json_t *v, struct bl_buf *b)
{
	put_str(b, 1, json_string_value(v));
}

static void encode_properties(const json_t *v, struct bl_buf *b)
{
	const char *key;
	json_t *p;

	json_object_foreach ((json_t *)v, key, p)
		put_named(b, 1, key, p, encode_schema);
}

static void encode_schema(const json_t *v, struct bl_buf *b)
{
	put_json_str(b, 1, v, "$ref");
	put_json_str(b, 2, v, "format");
	put_json_str(b, 4, v, "description");
	put_strings(b, 19, json_object_get(v, "required"));
	put_message(b, 21, json_object_get(v, "additionalProperties"), encode_schema_holder);
	put_message(b, 22, json_object_get(v, "type"), encode_type);
	put_message(b, 23, json_object_get(v, "items"), encode_schema_holder);
	put_message(b, 25, json_object_get(v, "properties"), encode_properties);
	put_extensions(b, 31, v);
}

static void encode_body_parameter(const json_t *v, struct bl_buf *b)
{
	put_json_str(b, 2, v, "name");
	put_json_str(b, 3, v, "in");
	put_json_bool(b, 4, v, "required");
	put_message(b, 5, json_object_get(v, "schema"), encode_schema);
}

static void encode_query_parameter(const json_t *v, struct bl_buf *b)
{
	put_json_bool(b, 1, v, "required");
	put_json_str(b, 2, v, "in");
	put_json_str(b, 3, v, "description");
	put_json_str(b, 4, v, "name");
	put_json_str(b, 6, v, "type");
	put_json_bool(b, 20, v, "uniqueItems");
}

static void encode_path_parameter(const json_t *v, struct bl_buf *b)
{
	put_json_bool(b, 1, v, "required");
	put_json_str(b, 2, v, "in");
	put_json_str(b, 3, v, "description");
	put_json_str(b, 4, v, "name");
	put_json_str(b, 5, v, "type");
	put_json_bool(b, 19, v, "uniqueItems");
}

static bool is_in(const json_t *parameter, const char *where)
{
	return bl_streq(bl_json_str_at(parameter, "in", NULL), where);
}

static void encode_non_body(const json_t *v, struct bl_buf *b)
{
	if (is_in(v, "path"))
		put_message(b, 4, v, encode_path_parameter);
	else
		put_message(b, 3, v, encode_query_parameter);
}

static void encode_parameter(const json_t *v, struct bl_buf *b)
{
	if (is_in(v, "body"))
		put_message(b, 1, v, encode_body_parameter);
	else
		put_message(b, 2, v, encode_non_body);
}

/* ParametersItem: 1 is a parameter, 2 a reference. */
static void encode_parameters_item(const json_t *v, struct bl_buf *b)
{
	put_message(b, 1, v, encode_parameter);
}

static void put_parameters(struct bl_buf *b, unsigned field, const json_t *list)
{
	size_t i;
	json_t *v;

	json_array_foreach (list, i, v)
		put_message(b, field, v, encode_parameters_item);
}

static void encode_response(const json_t *v, struct bl_buf *b)
{
	put_json_str(b, 1, v, "description");
	put_message(b, 2, json_object_get(v, "schema"), encode_schema_holder);
}

/* ResponseValue: 1 is a response, 2 a reference. */
static void encode_response_value(const json_t *v, struct bl_buf *b)
{
	put_message(b, 1, v, encode_response);
}

static void encode_responses(const json_t *v, struct bl_buf *b)
{
	const char *code;
	json_t *r;

	json_object_foreach ((json_t *)v, code, r)
		put_named(b, 1, code, r, encode_response_value);
}

static void encode_operation(const json_t *v, struct bl_buf *b)
{
	put_json_str(b, 5, v, "operationId");
	put_strings(b, 7, json_object_get(v, "consumes"));
	put_parameters(b, 8, json_object_get(v, "parameters"));
	put_message(b, 9, json_object_get(v, "responses"), encode_responses);
	put_extensions(b, 13, v);
}

static void encode_path_item(const json_t *v, struct bl_buf *b)
{
	put_message(b, 2, json_object_get(v, "get"), encode_operation);
	put_message(b, 3, json_object_get(v, "put"), encode_operation);
	put_message(b, 4, json_object_get(v, "post"), encode_operation);
	put_message(b, 5, json_object_get(v, "delete"), encode_operation);
	put_message(b, 8, json_object_get(v, "patch"), encode_operation);
	put_parameters(b, 9, json_object_get(v, "parameters"));
}

static void encode_paths(const json_t *v, struct bl_buf *b)
{
	const char *path;
	json_t *item;

	json_object_foreach ((json_t *)v, path, item)
		put_named(b, 2, path, item, encode_path_item);
}

static void encode_info(const json_t *v, struct bl_buf *b)
{
	put_json_str(b, 1, v, "title");
	put_json_str(b, 2, v, "version");
}

void bl_openapi_encode_proto(const json_t *doc, struct bl_buf *ret)
{
	put_json_str(ret, 1, doc, "swagger");
	put_message(ret, 2, json_object_get(doc, "info"), encode_info);
	put_message(ret, 8, json_object_get(doc, "paths"), encode_paths);
	put_message(ret, 9, json_object_get(doc, "definitions"), encode_properties);
}
