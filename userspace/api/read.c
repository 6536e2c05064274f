// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Reading fields out of JSON.
 *
 * Every decoder is a list of calls to this file: one a field, with the field's bound. What comes in was parsed by
 * jansson and may hold anything, from a server that is buggy or hostile; nothing is allocated for a list before its length
 * was compared with a bound, and no string is kept before its length was.
 *
 * An agent holds tens of thousands of small objects, so their memory is exact: the reader runs over the object once to
 * measure, with strings left where they are in the JSON, and once to fill, with all strings packed behind each other
 * in one piece. Reading is cheap against parsing, and objects of one chunk leave no half-empty tails.
 *
 * A path such as spec.ports[0].port is made only when it is needed: the places are a chain on the stack, and the text is
 * put together when an error is set.
 */

#include "api/read.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

#define PATH_MAX_LEN 256

/* The path's text with a dot behind it, or "". */
static size_t format_path(const struct bl_api_at *at, char *buf, size_t size)
{
	size_t n;
	int more;

	if (!at)
		return 0;
	n = format_path(at->up, buf, size);
	if (at->index >= 0)
		more = snprintf(buf + n, size - n, "%s[%ld].", at->name, at->index);
	else
		more = snprintf(buf + n, size - n, "%s.", at->name);
	if (more < 0)
		return n;
	return n + (size_t)more < size ? n + (size_t)more : size - 1;
}

int bl_api_fail(struct bl_api_reader *r, const struct bl_api_at *at, const char *key,
		const char *fmt, ...)
{
	char path[PATH_MAX_LEN] = "", text[512];
	size_t n = format_path(at, path, sizeof(path));
	va_list ap;

	if (!*key && n)
		path[n - 1] = '\0';
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return bl_err_set(&r->err, -EINVAL, "%s%s: %s", path, key, text);
}

/* Puts the path before an error that begins with the field's name. */
static int placed(struct bl_api_reader *r, const struct bl_api_at *at, int rc)
{
	char path[PATH_MAX_LEN] = "";
	struct bl_err e = r->err;

	if (!rc)
		return 0;
	(void)format_path(at, path, sizeof(path));
	return bl_err_set(&r->err, rc, "%s%s", path, e.text);
}

void *bl_api_alloc(struct bl_api_reader *r, size_t n, size_t size)
{
	size_t align = alignof(max_align_t);

	if (!n)
		return NULL;
	r->arena_bytes += (n * size + align - 1) / align * align;
	return bl_arena_calloc(r->arena, n, size);
}

const char *bl_api_keep(struct bl_api_reader *r, const char *s)
{
	size_t n = strlen(s) + 1;
	char *to = r->strings;

	if (n == 1)
		return "";
	r->string_bytes += n;
	if (!to)
		return s;
	r->strings += n;
	return memcpy(to, s, n);
}

int bl_api_read_str(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		    const char *key, size_t max, const char **ret)
{
	const char *s = "";
	int rc = placed(r, at, bl_json_get_str(obj, key, &s, &r->err));

	if (rc)
		return rc;
	if (strlen(s) > max)
		return bl_api_fail(r, at, key, "longer than %zu bytes", max);
	*ret = bl_api_keep(r, s);
	return 0;
}

int bl_api_read_bool(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		     const char *key, bool *ret)
{
	return placed(r, at, bl_json_get_bool(obj, key, ret, &r->err));
}

int bl_api_read_int(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		    const char *key, int64_t min, int64_t max, int64_t *ret)
{
	return placed(r, at, bl_json_get_int(obj, key, min, max, ret, &r->err));
}

int bl_api_read_u16(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		    const char *key, uint16_t min, uint16_t max, uint16_t *ret)
{
	int64_t n = *ret;
	int rc = bl_api_read_int(r, at, obj, key, min, max, &n);

	if (!rc)
		*ret = (uint16_t)n;
	return rc;
}

int bl_api_read_obj(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		    const char *key, const json_t **ret)
{
	return placed(r, at, bl_json_get_obj(obj, key, ret, &r->err));
}

/* A list whose elements all have the type; NULL and 0 where absent. */
static int read_arr(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		    const char *key, size_t max, json_type type, const json_t **ret, size_t *ret_n)
{
	const json_t *list = NULL, *entry;
	int rc = placed(r, at, bl_json_get_arr(obj, key, &list, &r->err));
	size_t i;

	if (rc)
		return rc;
	if (json_array_size(list) > max)
		return bl_api_fail(r, at, key, "%zu entries, at most %zu are allowed",
				   json_array_size(list), max);
	json_array_foreach (list, i, entry) {
		if (json_typeof(entry) != type)
			return bl_api_fail(r, BL_API_NTH(at, key, i), "", "must be %s",
					   type == JSON_STRING ? "a string" : "an object");
	}
	*ret = list;
	*ret_n = json_array_size(list);
	return 0;
}

int bl_api_read_list(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		     const char *key, size_t max, const json_t **ret, size_t *ret_n)
{
	return read_arr(r, at, obj, key, max, JSON_OBJECT, ret, ret_n);
}

int bl_api_read_strs(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		     const char *key, size_t max, const char ***ret, size_t *ret_n)
{
	const json_t *list, *entry;
	size_t n, i;
	int rc = read_arr(r, at, obj, key, max, JSON_STRING, &list, &n);

	if (rc)
		return rc;
	*ret = bl_api_array(r, n, const char *);
	*ret_n = n;
	json_array_foreach (list, i, entry) {
		if (json_string_length(entry) > BL_API_MAX_NAME)
			return bl_api_fail(r, BL_API_NTH(at, key, i), "", "longer than %d bytes",
					   BL_API_MAX_NAME);
		(*ret)[i] = bl_api_keep(r, json_string_value(entry));
	}
	return 0;
}

int bl_api_read_proto(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		      uint8_t *ret)
{
	const char *s = "TCP";
	int rc = placed(r, at, bl_json_get_str(obj, "protocol", &s, &r->err));

	if (rc)
		return rc;
	if (bl_streq(s, "TCP"))
		*ret = IPPROTO_TCP;
	else if (bl_streq(s, "UDP"))
		*ret = IPPROTO_UDP;
	else if (bl_streq(s, "SCTP"))
		*ret = IPPROTO_SCTP;
	else
		return bl_api_fail(r, at, "protocol", "'%.20s' is not TCP, UDP or SCTP", s);
	return 0;
}

int bl_api_read_ip(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		   const char *key, struct bl_ip *ret)
{
	const char *s = "";
	int rc = placed(r, at, bl_json_get_str(obj, key, &s, &r->err));

	if (rc || !*s)
		return rc;
	if (bl_ip_parse(s, ret))
		return bl_api_fail(r, at, key, "'%.60s' is not an IP address", s);
	return 0;
}

int bl_api_read_ips(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		    const char *key, size_t max, struct bl_ip **ret, size_t *ret_n)
{
	const json_t *list, *entry;
	size_t n, i;
	int rc = read_arr(r, at, obj, key, max, JSON_STRING, &list, &n);

	if (rc)
		return rc;
	*ret = bl_api_array(r, n, struct bl_ip);
	*ret_n = n;
	json_array_foreach (list, i, entry) {
		const char *s = json_string_value(entry);

		if (bl_ip_parse(s, &(*ret)[i]))
			return bl_api_fail(r, BL_API_NTH(at, key, i), "",
					   "'%.60s' is not an IP address", s);
	}
	return 0;
}

int bl_api_read_cidrs(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		      const char *key, size_t max, bool host_bits, struct bl_cidr **ret,
		      size_t *ret_n)
{
	const json_t *list, *entry;
	size_t n, i;
	int rc = read_arr(r, at, obj, key, max, JSON_STRING, &list, &n);

	if (rc)
		return rc;
	*ret = bl_api_array(r, n, struct bl_cidr);
	*ret_n = n;
	json_array_foreach (list, i, entry) {
		const char *s = json_string_value(entry);

		if (bl_cidr_parse(s, host_bits, &(*ret)[i]))
			return bl_api_fail(r, BL_API_NTH(at, key, i), "",
					   "'%.60s' is not an address range", s);
	}
	return 0;
}

static int compare_pairs(const void *a, const void *b)
{
	const struct bl_api_pair *x = a, *y = b;

	return strcmp(x->key, y->key);
}

int bl_api_read_pairs(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		      const char *key, size_t max_value, bool (*want)(const char *key),
		      struct bl_api_pairs *ret)
{
	const json_t *map = NULL;
	const char *name;
	json_t *value;
	size_t n = 0;
	int rc = bl_api_read_obj(r, at, obj, key, &map);

	if (rc)
		return rc;
	json_object_foreach ((json_t *)(uintptr_t)map, name, value) {
		n += !want || want(name);
		if (n > BL_API_MAX_LABELS)
			return bl_api_fail(r, at, key, "more than %d entries", BL_API_MAX_LABELS);
	}
	*ret = (struct bl_api_pairs){.list = bl_api_array(r, n, struct bl_api_pair)};
	json_object_foreach ((json_t *)(uintptr_t)map, name, value) {
		if (want && !want(name))
			continue;
		if (strlen(name) > BL_API_MAX_KEY)
			return bl_api_fail(r, at, key, "a key is longer than %d bytes",
					   BL_API_MAX_KEY);
		if (!json_is_string(value))
			return bl_api_fail(r, BL_API_AT(at, key), name, "must be a string");
		if (json_string_length(value) > max_value)
			return bl_api_fail(r, BL_API_AT(at, key), name, "longer than %zu bytes",
					   max_value);
		ret->list[ret->count++] = (struct bl_api_pair){
			.key = bl_api_keep(r, name),
			.value = bl_api_keep(r, json_string_value(value)),
		};
	}
	if (ret->count)
		qsort(ret->list, ret->count, sizeof(*ret->list), compare_pairs);
	return 0;
}

int bl_api_read_condition(struct bl_api_reader *r, const json_t *obj, const char *type, bool *ret)
{
	const struct bl_api_at *at = BL_API_AT(NULL, "status");
	const json_t *status = NULL, *list, *entry;
	size_t n, i;
	int rc = bl_api_read_obj(r, NULL, obj, "status", &status);

	if (!rc)
		rc = bl_api_read_list(r, at, status, "conditions", BL_API_MAX_ENTRIES, &list, &n);
	if (rc)
		return rc;
	json_array_foreach (list, i, entry) {
		const char *t = bl_json_str_at(entry, "type", NULL);
		const char *s = bl_json_str_at(entry, "status", NULL);

		if (t && s && bl_streq(t, type))
			*ret = bl_streq(s, "True");
	}
	return 0;
}
