// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Objects as bytes.
 *
 * The server holds every object as one block of compact JSON, not as a tree: a tree of a small Pod takes ten times the room
 * of its text. What lists and watches ask of an object without decoding it is found by the text's fixed form:
 *
 *   {"apiVersion":"v1","kind":"Pod","metadata":{"name":..,"generateName":..,"namespace":..,"uid":..,
 *    "resourceVersion":"123","labels":{..},...},...}
 *
 * Every value before resourceVersion is a plain string that cannot hold the text `"resourceVersion":"` (a quote inside a
 * string is escaped), so its first occurrence is the real one; and labels, when there are any, follow at once. The text in
 * the storage has an empty resourceVersion; the revision of the row is put in when it is loaded, so that the storage, not
 * the server, decides on revisions.
 *
 * Keys and values of labels are free of escapes: their grammar allows letters, digits and "-_./" only.
 */
#include "apiserver/object.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

static const char rev_key[] = "\"resourceVersion\":\"";
static const char labels_key[] = "\",\"labels\":{";

static void move_keys(const json_t *from, json_t *to, const char *const *keys)
{
	for (; *keys; keys++) {
		json_t *v = json_object_get(from, *keys);

		if (v)
			json_object_set(to, *keys, v);
	}
}

static void copy_rest(const json_t *from, json_t *to)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)from, key, v) {
		if (!json_object_get(to, key))
			json_object_set(to, key, v);
	}
}

static json_t *order_metadata(const json_t *meta)
{
	static const char *const first[] = {"name", "generateName", "namespace", "uid", NULL};
	static const char *const then[] = {"labels", NULL};
	static const char *const last[] = {"managedFields", NULL};
	json_t *out = json_object();
	json_t *rest = json_object();
	json_t *managed;

	move_keys(meta, out, first);
	json_object_set_new(out, "resourceVersion", json_string(""));
	if (json_object_size(json_object_get(meta, "labels")))
		move_keys(meta, out, then);
	copy_rest(meta, rest);
	managed = json_incref(json_object_get(rest, "managedFields"));
	json_object_del(rest, "managedFields");
	json_object_del(rest, "labels");
	copy_rest(rest, out);
	json_decref(rest);
	if (managed)
		json_object_set_new(out, last[0], managed);
	return out;
}

json_t *bl_object_order(const json_t *obj)
{
	static const char *const first[] = {"apiVersion", "kind", NULL};
	json_t *out = json_object();

	move_keys(obj, out, first);
	json_object_set_new(out, "metadata", order_metadata(json_object_get(obj, "metadata")));
	copy_rest(obj, out);
	return out;
}

json_t *bl_object_order_plain(const json_t *obj)
{
	json_t *out = bl_object_order(obj);
	json_t *meta = json_object_get(out, "metadata");
	json_t *rv = json_object_get(json_object_get(obj, "metadata"), "resourceVersion");

	if (json_string_length(rv))
		json_object_set(meta, "resourceVersion", rv);
	else
		json_object_del(meta, "resourceVersion");
	return out;
}

static struct bl_object *alloc_object(const char *ns, const char *name, size_t len)
{
	size_t ns_len = strlen(ns), name_len = strlen(name);
	struct bl_object *o = bl_malloc(sizeof(*o) + ns_len + name_len + len + 3);

	o->refs = 1;
	o->len = (uint32_t)len;
	o->rev = 0;
	o->rev_len = 0;
	o->ns_len = (uint8_t)ns_len;
	o->name_len = (uint8_t)name_len;
	memcpy(o->data, ns, ns_len + 1);
	memcpy(o->data + ns_len + 1, name, name_len + 1);
	o->data[ns_len + name_len + 2 + len] = 0;
	return o;
}

static char *json_text(struct bl_object *o)
{
	return o->data + o->ns_len + 1 + o->name_len + 1;
}

struct bl_object *bl_object_new(const json_t *obj)
{
	BL_JSON json_t *ordered = bl_object_order(obj);
	const char *ns = bl_json_str_at(ordered, "metadata", "namespace", NULL);
	const char *name = bl_json_str_at(ordered, "metadata", "name", NULL);
	BL_FREE char *text = bl_json_dump(ordered);
	size_t len = strlen(text);
	struct bl_object *o = alloc_object(ns ? ns : "", name ? name : "", len);

	memcpy(json_text(o), text, len);
	o->rev_at = (uint32_t)(strstr(text, rev_key) - text + strlen(rev_key));
	return o;
}

struct bl_object *bl_object_with_rev(const struct bl_object *o, int64_t rev)
{
	char digits[24];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%" PRId64, rev);
	size_t tail = o->rev_at + o->rev_len;
	struct bl_object *out =
		alloc_object(bl_object_ns(o), bl_object_name(o), o->len - o->rev_len + n);
	char *to = json_text(out);
	const char *from = bl_object_json(o);

	memcpy(to, from, o->rev_at);
	memcpy(to + o->rev_at, digits, n);
	memcpy(to + o->rev_at + n, from + tail, o->len - tail);
	out->rev = rev;
	out->rev_at = o->rev_at;
	out->rev_len = (uint8_t)n;
	return out;
}

char *bl_object_stored_text(const struct bl_object *o, size_t *ret_len)
{
	const char *from = bl_object_json(o);
	size_t tail = o->rev_at + o->rev_len;
	char *text = bl_malloc(o->len - o->rev_len + 1);

	memcpy(text, from, o->rev_at);
	memcpy(text + o->rev_at, from + tail, o->len - tail + 1);
	*ret_len = o->len - o->rev_len;
	return text;
}

int bl_object_load(const char *text, size_t len, int64_t rev, struct bl_object **ret_obj)
{
	BL_JSON json_t *obj = NULL;
	BL_OBJECT struct bl_object *o = NULL;

	if (bl_json_parse(text, len, &obj, NULL) || !bl_json_str_at(obj, "metadata", "name", NULL))
		return -EINVAL;
	o = bl_object_new(obj);
	*ret_obj = bl_object_with_rev(o, rev);
	return 0;
}

struct bl_object *bl_object_ref(struct bl_object *o)
{
	if (o)
		o->refs++;
	return o;
}

struct bl_object *bl_object_unref(struct bl_object *o)
{
	if (o && --o->refs == 0)
		free(o);
	return NULL;
}

json_t *bl_object_decode(const struct bl_object *o)
{
	json_t *obj = json_loadb(bl_object_json(o), o->len, 0, NULL);

	if (obj && !o->rev_len)
		json_object_del(json_object_get(obj, "metadata"), "resourceVersion");
	return obj;
}

const char *bl_object_labels(const struct bl_object *o)
{
	const char *at = bl_object_json(o) + o->rev_at + o->rev_len;

	if (strncmp(at, labels_key, strlen(labels_key)) != 0)
		return NULL;
	return at + strlen(labels_key) - 1;
}

const char *bl_object_label(const struct bl_object *o, const char *key, size_t *ret_len)
{
	const char *at = bl_object_labels(o);
	size_t key_len = strlen(key);

	if (!at)
		return NULL;
	/* at: {"key":"value","key":"value"} */
	while (*at++ != '}') {
		const char *k = at + 1, *k_end = strchr(k, '"');
		const char *v = k_end + 3, *v_end = strchr(v, '"');

		if ((size_t)(k_end - k) == key_len && memcmp(k, key, key_len) == 0) {
			*ret_len = (size_t)(v_end - v);
			return v;
		}
		at = v_end + 1;
	}
	return NULL;
}

size_t bl_object_item_offset(const struct bl_object *o)
{
	const char *text = bl_object_json(o);
	const char *meta = strstr(text, "\"metadata\":");

	return meta ? (size_t)(meta - text) : 1;
}
