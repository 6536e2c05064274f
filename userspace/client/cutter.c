// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Cutting streams of JSON.
 *
 * A list of ten thousand pods is many megabytes, its parsed tree ten times that; a watch never ends. Both are cut
 * into single objects while they arrive, so that memory is bound by the largest object and an event is handed on as soon as
 * its last byte is there.
 *
 *     list    {"kind":"PodList","metadata":{...},"items":[ {...} , {...} ]}
 *      depth  1                            2             2 3
 *     stream  {"type":"ADDED","object":{...}}\n{...}\n
 *      depth  1
 *
 * The scanner knows strings, escapes and brackets, and of keys only those of the outer object. That is not a check of
 * the grammar: an object that comes out is balanced, and its parser says what else is wrong with it. What is checked is
 * what bounds the scanner itself: the outermost value is an object, elements of items are objects, depth and size
 * stay below their bounds.
 *
 * An object that lies wholly in one piece is handed out from that piece; only one that is torn over pieces is copied.
 */

#include "client/cutter.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"

#define MAX_DEPTH (BL_JSON_DEPTH_MAX + 4) /* the envelope is not the object's */

void bl_cutter_init(struct bl_cutter *c, enum bl_cutter_mode mode, size_t max,
		    const struct bl_cutter_ops *ops, void *arg)
{
	*c = (struct bl_cutter){.mode = mode, .max = max, .ops = ops, .arg = arg};
}

void bl_cutter_free(struct bl_cutter *c)
{
	bl_buf_free(&c->held);
}

static bool key_is(const struct bl_cutter *c, const char *name)
{
	return c->key_len == strlen(name) && !memcmp(c->key, name, c->key_len);
}

/* Hands out the object that ends before `end`; `start` is where it begins in this piece. */
static int hand_out(struct bl_cutter *c, const char *start, const char *end)
{
	bool item = c->mode == BL_CUT_STREAM || c->in_items;
	int (*fn)(void *arg, const char *json, size_t len) = item ? c->ops->item : c->ops->meta;
	size_t len = (size_t)(end - start);
	int rc;

	c->from = 0;
	if (!c->held.len)
		return fn(c->arg, start, len);
	bl_buf_append(&c->held, start, len);
	rc = fn(c->arg, c->held.data, c->held.len);
	bl_buf_clear(&c->held);
	if (c->held.cap > 256 * 1024) /* one giant must not stay */
		bl_buf_free(&c->held);
	return rc;
}

/* Whether a '{' at the current depth (not counting it) begins an object to cut. */
static bool begins_object(const struct bl_cutter *c)
{
	if (c->from)
		return false;
	if (c->mode == BL_CUT_STREAM)
		return c->depth == 0;
	return (c->in_items && c->depth == 2) || (c->depth == 1 && key_is(c, "metadata"));
}

static int open_bracket(struct bl_cutter *c, char ch, const char *p, const char **start,
			struct bl_err *err)
{
	if (c->done || (!c->depth && ch == '['))
		return bl_err_set(err, -EINVAL, "answer is not one JSON object");
	if (c->in_items && c->depth == 2 && ch == '[')
		return bl_err_set(err, -EINVAL, "an element of items is no object");
	if (begins_object(c) && ch == '{') {
		c->from = c->depth + 1;
		*start = p;
	} else if (c->mode == BL_CUT_LIST && c->depth == 1 && ch == '[' && key_is(c, "items")) {
		c->in_items = true;
	}
	if (++c->depth > MAX_DEPTH)
		return bl_err_set(err, -EINVAL, "nested deeper than %d levels", MAX_DEPTH);
	c->wants_key = c->depth == 1;
	return 0;
}

static int close_bracket(struct bl_cutter *c, const char *p, const char *start, struct bl_err *err)
{
	if (!c->depth)
		return bl_err_set(err, -EINVAL, "a bracket closes that none has opened");
	c->depth--;
	if (c->from && c->depth < c->from) {
		int rc = hand_out(c, start, p + 1);

		if (rc)
			return rc;
	}
	if (c->in_items && c->depth == 1)
		c->in_items = false;
	if (!c->depth && c->mode == BL_CUT_LIST)
		c->done = true;
	return 0;
}

static void string_byte(struct bl_cutter *c, char ch)
{
	if (c->escaped) {
		c->escaped = false;
	} else if (ch == '\\') {
		c->escaped = true;
	} else if (ch == '"') {
		c->in_string = false;
		c->reads_key = false;
		return;
	}
	if (c->reads_key && c->key_len < sizeof(c->key))
		c->key[c->key_len++] = ch;
}

static void begin_string(struct bl_cutter *c)
{
	c->in_string = true;
	c->reads_key = c->depth == 1 && c->wants_key;
	if (c->reads_key) {
		c->key_len = 0;
		c->wants_key = false;
	}
}

/* A byte outside strings that is no bracket. */
static int plain_byte(struct bl_cutter *c, char ch, struct bl_err *err)
{
	bool blank = ch == ' ' || ch == '\n' || ch == '\r' || ch == '\t';

	if (!c->depth && !blank)
		return bl_err_set(err, -EINVAL, "answer is not JSON");
	if (c->in_items && c->depth == 2 && !blank && ch != ',')
		return bl_err_set(err, -EINVAL, "an element of items is no object");
	if (c->depth == 1 && ch == ',')
		c->wants_key = true;
	return 0;
}

static int one_byte(struct bl_cutter *c, const char *p, const char **start, struct bl_err *err)
{
	switch (*p) {
	case '"':
		if (!c->depth || (c->in_items && c->depth == 2))
			return plain_byte(c, *p, err);
		begin_string(c);
		return 0;
	case '{':
	case '[':
		return open_bracket(c, *p, p, start, err);
	case '}':
	case ']':
		return close_bracket(c, p, *start, err);
	default:
		return plain_byte(c, *p, err);
	}
}

int bl_cutter_feed(struct bl_cutter *c, const char *data, size_t len, struct bl_err *err)
{
	const char *start = data, *end = data + len;
	int rc;

	for (const char *p = data; p < end; p++) {
		if (c->in_string) {
			string_byte(c, *p);
			continue;
		}
		rc = one_byte(c, p, &start, err);
		if (rc)
			return rc;
	}
	if (!c->from)
		return 0;
	if (c->held.len + (size_t)(end - start) > c->max)
		return bl_err_set(err, -EFBIG, "an object is larger than %zu bytes", c->max);
	bl_buf_append(&c->held, start, (size_t)(end - start));
	return 0;
}

int bl_cutter_end(const struct bl_cutter *c, struct bl_err *err)
{
	if (c->depth || c->in_string || (c->mode == BL_CUT_LIST && !c->done))
		return bl_err_set(err, -EPIPE, "answer ends in the middle");
	return 0;
}

/* The end of the string whose opening quote is at p: behind the closing quote, or end. */
static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '"')
			return p + 1;
	}
	return end;
}

/* Behind the value that begins at p. */
static const char *skip_value(const char *p, const char *end)
{
	unsigned int depth = 0;

	while (p < end) {
		if (*p == '"') {
			p = skip_string(p, end);
			if (!depth)
				return p;
			continue;
		}
		if (*p == '{' || *p == '[') {
			depth++;
		} else if (*p == '}' || *p == ']') {
			if (!depth)
				return p;
			if (!--depth)
				return p + 1;
		} else if (*p == ',' && !depth) {
			return p;
		}
		p++;
	}
	return end;
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return p;
}

struct bl_span bl_span_of(const char *json, size_t len, const char *key)
{
	const char *p = json, *end;
	size_t n = strlen(key);

	if (!len)
		return (struct bl_span){};
	end = json + len;
	p = skip_blanks(p, end);
	if (p == end || *p++ != '{')
		return (struct bl_span){};
	for (;;) {
		const char *name, *value;
		size_t name_len;

		p = skip_blanks(p, end);
		if (p == end || *p != '"')
			return (struct bl_span){};
		name = p + 1;
		p = skip_string(p, end);
		name_len = (size_t)(p - name) - (p > name ? 1 : 0);
		p = skip_blanks(p, end);
		if (p == end || *p++ != ':')
			return (struct bl_span){};
		value = p = skip_blanks(p, end);
		p = skip_value(p, end);
		if (name_len == n && !memcmp(name, key, n))
			return (struct bl_span){value, (size_t)(p - value)};
		p = skip_blanks(p, end);
		if (p == end || *p++ != ',')
			return (struct bl_span){};
	}
}

struct bl_span bl_span_str(struct bl_span object, const char *key)
{
	struct bl_span s = bl_span_of(object.data, object.len, key);

	if (s.len < 2 || s.data[0] != '"' || s.data[s.len - 1] != '"' ||
	    memchr(s.data, '\\', s.len))
		return (struct bl_span){};
	return (struct bl_span){s.data + 1, s.len - 2};
}

bool bl_span_eq(struct bl_span s, const char *text)
{
	return s.len == strlen(text) && (!s.len || !memcmp(s.data, text, s.len));
}
