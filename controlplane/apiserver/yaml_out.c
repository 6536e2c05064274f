// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Answers in YAML.
 *
 * Few clients ask for YAML (curl by hand does), so it is made from the finished JSON. Block style; a string is plain where
 * that cannot be mistaken for anything else (letters, digits and a few signs, not a word or number of YAML's own), and
 * double-quoted otherwise, where JSON's escapes are YAML's.
 */
#include "apiserver/yaml_out.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

static bool is_word(const char *s)
{
	static const char *const words[] = {"null", "true", "false", "yes", "no",
					    "on",   "off",  "y",     "n",   "~"};

	for (size_t i = 0; i < BL_ARRAY_SIZE(words); i++) {
		if (!strcasecmp(s, words[i]))
			return true;
	}
	return false;
}

static bool can_be_plain(const char *s)
{
	if (!isalpha((unsigned char)*s) || is_word(s))
		return false;
	for (; *s; s++) {
		if (!isalnum((unsigned char)*s) && !strchr("-_./", *s))
			return false;
	}
	return true;
}

static void put_string(struct bl_buf *b, const char *s)
{
	BL_JSON json_t *v = NULL;
	BL_FREE char *quoted = NULL;

	if (can_be_plain(s)) {
		bl_buf_puts(b, s);
		return;
	}
	v = json_string(s);
	quoted = json_dumps(v, JSON_ENCODE_ANY);
	bl_buf_puts(b, quoted);
}

static void indent(struct bl_buf *b, int depth)
{
	for (int i = 0; i < depth; i++)
		bl_buf_puts(b, "  ");
}

static bool is_nested(const json_t *v)
{
	return (json_is_object(v) && json_object_size(v)) ||
	       (json_is_array(v) && json_array_size(v));
}

static void put_scalar(struct bl_buf *b, const json_t *v)
{
	BL_FREE char *text = NULL;

	if (json_is_string(v)) {
		put_string(b, json_string_value(v));
		return;
	}
	text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	bl_buf_puts(b, text);
}

static void put_object(struct bl_buf *b, const json_t *v, int depth, bool inline_first);

/* Depth is bounded by that of the objects the server took in. */
static void put_array(struct bl_buf *b, const json_t *v, int depth)
{
	const json_t *item;
	size_t i;

	json_array_foreach (v, i, item) {
		indent(b, depth);
		bl_buf_puts(b, "- ");
		if (json_is_object(item) && json_object_size(item)) {
			put_object(b, item, depth + 1, true);
		} else if (is_nested(item)) {
			bl_buf_putc(b, '\n');
			put_array(b, item, depth + 1);
		} else {
			put_scalar(b, item);
			bl_buf_putc(b, '\n');
		}
	}
}

static void put_object(struct bl_buf *b, const json_t *v, int depth, bool inline_first)
{
	const char *key;
	json_t *item;

	json_object_foreach ((json_t *)v, key, item) {
		if (!inline_first)
			indent(b, depth);
		inline_first = false;
		put_string(b, key);
		bl_buf_puts(b, ":");
		if (!is_nested(item)) {
			bl_buf_putc(b, ' ');
			put_scalar(b, item);
			bl_buf_putc(b, '\n');
			continue;
		}
		bl_buf_putc(b, '\n');
		if (json_is_object(item))
			put_object(b, item, depth + 1, false);
		else
			put_array(b, item, depth);
	}
}

void bl_yaml_write(struct bl_buf *b, const json_t *value)
{
	if (json_is_object(value) && json_object_size(value))
		put_object(b, value, 0, false);
	else if (is_nested(value))
		put_array(b, value, 0);
	else
		put_scalar(b, value);
}
