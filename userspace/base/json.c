// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: JSON, read strictly.
 *
 * jansson does the parsing; this adds the bounds that it leaves to its caller. Depth is checked by a scan over the bytes
 * before anything is allocated for them, duplicate keys are refused (two readers of one document must not see two
 * different objects), and errors name line and column. The getters distinguish absent from wrong: an absent or null
 * field leaves the caller's value alone, a field of another type is an error that names it. Kubernetes treats null as
 * absent everywhere outside patches, and so do the getters.
 */

#include "base/json.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

/* The deepest nesting outside strings; stops counting once it is too deep. */
static unsigned int depth_of(const char *data, size_t len)
{
	unsigned int depth = 0, deepest = 0;
	bool in_string = false;

	for (size_t i = 0; i < len && deepest <= BL_JSON_DEPTH_MAX; i++) {
		char c = data[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > deepest)
				deepest = depth;
		} else if ((c == '}' || c == ']') && depth) {
			depth--;
		}
	}
	return deepest;
}

int bl_json_parse(const char *data, size_t len, json_t **ret_json, struct bl_err *err)
{
	json_error_t e;
	json_t *j;

	if (depth_of(data, len) > BL_JSON_DEPTH_MAX)
		return bl_err_set(err, -EINVAL, "nested deeper than %d levels", BL_JSON_DEPTH_MAX);
	j = json_loadb(data, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
	if (!j)
		return bl_err_set(err, -EINVAL, "line %d column %d: %s", e.line, e.column, e.text);
	*ret_json = j;
	return 0;
}

int bl_json_load_file(const char *path, size_t max, json_t **ret_json, struct bl_err *err)
{
	BL_BUF struct bl_buf b = {};
	const char *p;
	int rc = bl_file_read(path, max, &b, err);

	if (rc)
		return rc;
	for (p = b.data; *p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'; p++)
		;
	rc = (*p == '{' || *p == '[') ? bl_json_parse(b.data, b.len, ret_json, err)
				      : bl_json_parse_yaml(b.data, b.len, ret_json, err);
	return rc ? bl_err_wrap(err, "%s", path) : 0;
}

/* The value of a field that is there and not null. */
static const json_t *present(const json_t *obj, const char *key)
{
	const json_t *v = json_object_get(obj, key);

	return json_is_null(v) ? NULL : v;
}

int bl_json_get_str(const json_t *obj, const char *key, const char **ret, struct bl_err *err)
{
	const json_t *v = present(obj, key);

	if (!v)
		return 0;
	if (!json_is_string(v))
		return bl_err_set(err, -EINVAL, "%s: must be a string", key);
	*ret = json_string_value(v);
	return 0;
}

int bl_json_get_int(const json_t *obj, const char *key, int64_t min, int64_t max, int64_t *ret,
		    struct bl_err *err)
{
	const json_t *v = present(obj, key);
	int64_t n;

	if (!v)
		return 0;
	if (!json_is_integer(v))
		return bl_err_set(err, -EINVAL, "%s: must be an integer", key);
	n = json_integer_value(v);
	if (n < min || n > max)
		return bl_err_set(err, -EINVAL, "%s: %lld out of range %lld to %lld", key,
				  (long long)n, (long long)min, (long long)max);
	*ret = n;
	return 0;
}

int bl_json_get_bool(const json_t *obj, const char *key, bool *ret, struct bl_err *err)
{
	const json_t *v = present(obj, key);

	if (!v)
		return 0;
	if (!json_is_boolean(v))
		return bl_err_set(err, -EINVAL, "%s: must be true or false", key);
	*ret = json_is_true(v);
	return 0;
}

int bl_json_get_obj(const json_t *obj, const char *key, const json_t **ret, struct bl_err *err)
{
	const json_t *v = present(obj, key);

	if (!v)
		return 0;
	if (!json_is_object(v))
		return bl_err_set(err, -EINVAL, "%s: must be an object", key);
	*ret = v;
	return 0;
}

int bl_json_get_arr(const json_t *obj, const char *key, const json_t **ret, struct bl_err *err)
{
	const json_t *v = present(obj, key);

	if (!v)
		return 0;
	if (!json_is_array(v))
		return bl_err_set(err, -EINVAL, "%s: must be a list", key);
	*ret = v;
	return 0;
}

static json_t *walk(const json_t *obj, va_list keys)
{
	const json_t *v = obj;
	const char *key;

	while (v && (key = va_arg(keys, const char *)))
		v = json_object_get(v, key);
	return (json_t *)(uintptr_t)v;
}

json_t *bl_json_at(const json_t *obj, ...)
{
	va_list keys;
	json_t *v;

	va_start(keys, obj);
	v = walk(obj, keys);
	va_end(keys);
	return v;
}

const char *bl_json_str_at(const json_t *obj, ...)
{
	va_list keys;
	json_t *v;

	va_start(keys, obj);
	v = walk(obj, keys);
	va_end(keys);
	return json_string_value(v);
}

static int append_to_buf(const char *data, size_t len, void *buf)
{
	bl_buf_append(buf, data, len);
	return 0;
}

char *bl_json_dump(const json_t *j)
{
	struct bl_buf b = {};

	(void)json_dump_callback(j, append_to_buf, &b, JSON_COMPACT | JSON_ENCODE_ANY);
	return bl_buf_take(&b);
}
