// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: YAML, read as JSON.
 *
 * Configuration and kubeconfig files are YAML for people and JSON for programs: libyaml's events are turned into jansson
 * values, and everything above reads one kind of tree. Only what such files need is accepted: one document, string
 * keys, no anchors, aliases or tags (an alias is a copy that can grow exponentially), duplicate keys refused, depth
 * bounded. Plain scalars follow YAML 1.2's core schema, so that `on` and `no` stay strings; quoted ones are always
 * strings.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/json.h"
#include "base/str.h"

struct reader {
	yaml_parser_t parser;
	struct bl_err *err;
};

static int fail(struct reader *r, const yaml_mark_t *at, const char *what)
{
	return bl_err_set(r->err, -EINVAL, "line %zu column %zu: %s", at->line + 1, at->column + 1,
			  what);
}

static int next(struct reader *r, yaml_event_t *ret_event)
{
	if (yaml_parser_parse(&r->parser, ret_event))
		return 0;
	return fail(r, &r->parser.problem_mark,
		    r->parser.problem ? r->parser.problem : "unreadable");
}

static json_t *plain_value(const char *s, size_t len)
{
	int64_t n;
	char *end;
	double d;

	if (!len || bl_streq(s, "~") || bl_streq(s, "null") || bl_streq(s, "Null") ||
	    bl_streq(s, "NULL"))
		return json_null();
	if (bl_streq(s, "true") || bl_streq(s, "True") || bl_streq(s, "TRUE"))
		return json_true();
	if (bl_streq(s, "false") || bl_streq(s, "False") || bl_streq(s, "FALSE"))
		return json_false();
	if (!bl_str_to_int(s, INT64_MIN, INT64_MAX, &n))
		return json_integer(n);
	if (strspn(s, "+-.0123456789eE") == len && strpbrk(s, "0123456789") &&
	    strchr(s, '.') == strrchr(s, '.') && strpbrk(s, ".eE")) {
		d = strtod(s, &end);
		if (!*end)
			return json_real(d);
	}
	return json_stringn(s, len);
}

static int read_scalar(struct reader *r, const yaml_event_t *e, json_t **ret)
{
	const char *s = (const char *)e->data.scalar.value;
	size_t len = e->data.scalar.length;
	json_t *v;

	if (e->data.scalar.anchor || e->data.scalar.tag)
		return fail(r, &e->start_mark, "anchors and tags are refused");
	if (e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		v = plain_value(s, len);
	else
		v = json_stringn(s, len);
	if (!v)
		return fail(r, &e->start_mark, "not a valid UTF-8 text or number");
	*ret = v;
	return 0;
}

static int read_value(struct reader *r, const yaml_event_t *e, int depth, json_t **ret);

static int read_list(struct reader *r, int depth, json_t **ret)
{
	BL_JSON json_t *list = json_array();

	for (;;) {
		yaml_event_t e;
		json_t *v = NULL;
		bool end;
		int rc = next(r, &e);

		if (rc)
			return rc;
		end = e.type == YAML_SEQUENCE_END_EVENT;
		if (!end)
			rc = read_value(r, &e, depth, &v);
		yaml_event_delete(&e);
		if (rc)
			return rc;
		if (end)
			break;
		json_array_append_new(list, v);
	}
	*ret = bl_take_ptr(list);
	return 0;
}

/* One key and its value; *ret_end says that the mapping has ended instead. */
static int read_pair(struct reader *r, int depth, json_t *map, bool *ret_end)
{
	yaml_event_t key, value;
	json_t *v = NULL;
	int rc = next(r, &key);

	if (rc)
		return rc;
	*ret_end = key.type == YAML_MAPPING_END_EVENT;
	if (*ret_end)
		goto out;
	if (key.type != YAML_SCALAR_EVENT || key.data.scalar.anchor || key.data.scalar.tag)
		rc = fail(r, &key.start_mark, "a key must be a plain string");
	else if (json_object_get(map, (const char *)key.data.scalar.value))
		rc = fail(r, &key.start_mark, "duplicate key");
	else
		rc = next(r, &value);
	if (rc)
		goto out;
	rc = read_value(r, &value, depth, &v);
	yaml_event_delete(&value);
	if (!rc && json_object_set_new(map, (const char *)key.data.scalar.value, v))
		rc = fail(r, &key.start_mark, "a key is not valid UTF-8");
out:
	yaml_event_delete(&key);
	return rc;
}

static int read_map(struct reader *r, int depth, json_t **ret)
{
	BL_JSON json_t *map = json_object();
	bool end = false;

	while (!end) {
		int rc = read_pair(r, depth, map, &end);

		if (rc)
			return rc;
	}
	*ret = bl_take_ptr(map);
	return 0;
}

static int read_value(struct reader *r, const yaml_event_t *e, int depth, json_t **ret)
{
	if (depth >= BL_JSON_DEPTH_MAX)
		return fail(r, &e->start_mark, "nested deeper than 64 levels");
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(r, e, ret);
	case YAML_SEQUENCE_START_EVENT:
		if (e->data.sequence_start.anchor || e->data.sequence_start.tag)
			return fail(r, &e->start_mark, "anchors and tags are refused");
		return read_list(r, depth + 1, ret);
	case YAML_MAPPING_START_EVENT:
		if (e->data.mapping_start.anchor || e->data.mapping_start.tag)
			return fail(r, &e->start_mark, "anchors and tags are refused");
		return read_map(r, depth + 1, ret);
	default:
		return fail(r, &e->start_mark, "aliases are refused");
	}
}

/* STREAM-START, DOCUMENT-START, the value, DOCUMENT-END, STREAM-END. An empty stream is null. */
static int read_document(struct reader *r, json_t **ret)
{
	BL_JSON json_t *value = NULL;
	bool seen = false;

	for (;;) {
		yaml_event_t e;
		yaml_event_type_t type;
		int rc = next(r, &e);

		if (rc)
			return rc;
		type = e.type;
		if (type == YAML_DOCUMENT_START_EVENT && seen)
			rc = fail(r, &e.start_mark, "more than one document");
		else if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT &&
			 type != YAML_DOCUMENT_END_EVENT && type != YAML_STREAM_END_EVENT)
			rc = read_value(r, &e, 0, &value);
		seen |= type == YAML_DOCUMENT_START_EVENT;
		yaml_event_delete(&e);
		if (rc)
			return rc;
		if (type == YAML_STREAM_END_EVENT)
			break;
	}
	*ret = value ? bl_take_ptr(value) : json_null();
	return 0;
}

int bl_json_parse_yaml(const char *data, size_t len, json_t **ret_json, struct bl_err *err)
{
	struct reader r = {.err = err};
	int rc;

	if (!yaml_parser_initialize(&r.parser))
		return bl_err_set(err, -ENOMEM, "no YAML parser");
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)data, len);
	rc = read_document(&r, ret_json);
	yaml_parser_delete(&r.parser);
	return rc;
}
