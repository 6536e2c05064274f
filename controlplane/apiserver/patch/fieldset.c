// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Sets of field paths
 *
 * managedFields says who owns which fields by sets of paths, stored as a tree in JSON (fieldsV1 of
 * structured-merge-diff). beeline computes on that tree itself, with one change: every member has its ".", while on the
 * wire a member with nothing below it is a bare {}. Union, difference and intersection then walk two trees side by side
 * and never look at more than one level at a time.
 *
 * Path elements are compared as text, so equal elements must have equal texts: keys and values are written as compact
 * JSON with sorted names, and what a client has written in another way is rewritten when it is read. The depth of a set
 * is bounded by the parser of the request that brought it.
 */
#include "apiserver/patch/fieldset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define MEMBER "."

bool bl_set_empty(const json_t *set)
{
	return json_object_size(set) == 0;
}

bool bl_set_member(const json_t *set)
{
	return json_object_get(set, MEMBER) != NULL;
}

void bl_set_add(json_t *set)
{
	json_object_set_new(set, MEMBER, json_object());
}

json_t *bl_set_at(const json_t *set, const char *element)
{
	return json_object_get(set, element);
}

void bl_set_attach(json_t *set, const char *element, json_t *below)
{
	if (bl_set_empty(below))
		json_decref(below);
	else
		json_object_set_new(set, element, below);
}

json_t *bl_set_union(const json_t *a, const json_t *b)
{
	json_t *out = json_object(), *v;
	const char *key;

	if (bl_set_member(a) || bl_set_member(b))
		bl_set_add(out);
	json_object_foreach ((json_t *)a, key, v)
		if (!bl_streq(key, MEMBER))
			bl_set_attach(out, key, bl_set_union(v, bl_set_at(b, key)));
	json_object_foreach ((json_t *)b, key, v)
		if (!bl_streq(key, MEMBER) && !bl_set_at(a, key))
			bl_set_attach(out, key, bl_set_union(v, NULL));
	return out;
}

json_t *bl_set_minus(const json_t *a, const json_t *b)
{
	json_t *out = json_object(), *v;
	const char *key;

	if (bl_set_member(a) && !bl_set_member(b))
		bl_set_add(out);
	json_object_foreach ((json_t *)a, key, v)
		if (!bl_streq(key, MEMBER))
			bl_set_attach(out, key, bl_set_minus(v, bl_set_at(b, key)));
	return out;
}

json_t *bl_set_common(const json_t *a, const json_t *b)
{
	json_t *out = json_object(), *v;
	const char *key;

	if (bl_set_member(a) && bl_set_member(b))
		bl_set_add(out);
	json_object_foreach ((json_t *)a, key, v)
		if (!bl_streq(key, MEMBER) && bl_set_at(b, key))
			bl_set_attach(out, key, bl_set_common(v, bl_set_at(b, key)));
	return out;
}

/* The element in its one form, or NULL. The caller frees it. */
static char *canonical(const char *element)
{
	if (strlen(element) < 2 || element[1] != ':' || !strchr("fkvi", element[0]))
		return NULL;
	if (element[0] == 'f' || element[0] == 'i')
		return bl_strdup(element);

	BL_JSON json_t *v = json_loads(element + 2, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);

	if (!v || (element[0] == 'k' && !json_is_object(v)))
		return NULL;
	BL_FREE char *text = json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	return bl_asprintf("%c:%s", element[0], text);
}

int bl_set_decode(const json_t *fields_v1, json_t **ret_set)
{
	BL_JSON json_t *set = json_object();
	const char *key;
	json_t *v, *below;

	if (!json_is_object(fields_v1))
		return -EINVAL;
	json_object_foreach ((json_t *)fields_v1, key, v) {
		if (bl_streq(key, MEMBER)) {
			bl_set_add(set);
			continue;
		}
		BL_FREE char *element = canonical(key);

		if (!element || bl_set_decode(v, &below))
			return -EINVAL;
		if (bl_set_empty(below))
			bl_set_add(below);
		bl_set_attach(set, element, below);
	}
	*ret_set = json_incref(set);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The elements of a set in order; the caller frees the array. */
static const char **sorted(const json_t *set, size_t *ret_count)
{
	const char **list = bl_calloc(json_object_size(set) + 1, sizeof(*list)), *key;
	size_t n = 0;
	json_t *v;

	json_object_foreach ((json_t *)set, key, v)
		list[n++] = key;
	qsort(list, n, sizeof(*list), by_text);
	*ret_count = n;
	return list;
}

json_t *bl_set_encode(const json_t *set)
{
	json_t *out = json_object();
	size_t n;
	BL_FREE const char **keys = sorted(set, &n);

	if (n == 1 && bl_set_member(set))
		return out;
	for (size_t i = 0; i < n; i++)
		json_object_set_new(out, keys[i],
				    bl_streq(keys[i], MEMBER)
					    ? json_object()
					    : bl_set_encode(bl_set_at(set, keys[i])));
	return out;
}

static void print_key(struct bl_buf *path, const char *text)
{
	BL_JSON json_t *key = json_loads(text, JSON_DECODE_ANY, NULL);
	const char *name, *sep = "";
	json_t *v;

	bl_buf_putc(path, '[');
	json_object_foreach (key, name, v) {
		BL_FREE char *value = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

		bl_buf_printf(path, "%s%s=%s", sep, name, value);
		sep = ",";
	}
	bl_buf_putc(path, ']');
}

static void print_element(struct bl_buf *path, const char *element)
{
	switch (element[0]) {
	case 'f':
		bl_buf_printf(path, ".%s", element + 2);
		break;
	case 'v':
		bl_buf_printf(path, "[=%s]", element + 2);
		break;
	case 'i':
		bl_buf_printf(path, "[%s]", element + 2);
		break;
	default:
		print_key(path, element + 2);
	}
}

static void each(const json_t *set, struct bl_buf *path, void (*fn)(const char *, void *),
		 void *arg)
{
	size_t n, len = path->len;
	BL_FREE const char **keys = sorted(set, &n);

	for (size_t i = 0; i < n; i++) {
		if (bl_streq(keys[i], MEMBER)) {
			fn(path->data ? path->data : "", arg);
			continue;
		}
		print_element(path, keys[i]);
		each(bl_set_at(set, keys[i]), path, fn, arg);
		path->len = len;
		path->data[len] = '\0';
	}
}

void bl_set_each(const json_t *set, void (*fn)(const char *path, void *arg), void *arg)
{
	BL_BUF struct bl_buf path = {};

	each(set, &path, fn, arg);
}
