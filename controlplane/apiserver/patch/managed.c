// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Who manages which fields
 *
 * metadata.managedFields has an entry for each manager, operation, version and subresource. An Apply entry is what its
 * manager last applied; an Update entry is what its manager has changed by all its creates, updates and patches so far.
 * A field that is changed by one is lost by all others; a field that goes is lost by all.
 *
 * The rules, with their edges, are those of the real server's field manager:
 *
 *	- fields that identify the object or that the server sets (name, uid, resourceVersion ...) belong to nobody;
 *	- a kind with a status has two sides, and a request owns fields only on its own;
 *	- an object without any managers that exists already is not tracked by updates, because what was there before would
 *	  have no owner; its first apply gives all of that to `before-first-apply`;
 *	- a client that sends managedFields sets them; one that leaves them out or sends an empty list keeps them; the list
 *	  [{}] clears them;
 *	- of Update entries there are at most ten: older ones are merged into `ancient-changes`.
 */
#include "apiserver/patch/managed.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define UPDATES_MAX 10

static const char *const unowned[] = {
	"f:name",	 "f:namespace",	 "f:creationTimestamp", "f:selfLink",	     "f:uid",
	"f:clusterName", "f:generation", "f:managedFields",	"f:resourceVersion",
};

static const char *text(const json_t *entry, const char *key)
{
	const char *s = json_string_value(json_object_get(entry, key));

	return s ? s : "";
}

static bool is_apply(const json_t *entry)
{
	return bl_streq(text(entry, "operation"), "Apply");
}

/* An entry that shares nothing with the one it was made from. Takes fields. */
static json_t *copy_entry(const json_t *entry, json_t *fields)
{
	json_t *copy = json_object(), *v;
	const char *key;

	json_object_foreach ((json_t *)entry, key, v)
		if (!bl_streq(key, "fieldsV1"))
			json_object_set_new(copy, key, json_deep_copy(v));
	json_object_set_new(copy, "fieldsV1", fields);
	return copy;
}

json_t *bl_managers_decode(const json_t *obj)
{
	const json_t *fields = bl_json_at(obj, "metadata", "managedFields", NULL);
	json_t *managers, *entry, *set;
	size_t i;

	if (json_array_size(fields) == 0)
		return NULL;
	managers = json_array();
	json_array_foreach (fields, i, entry) {
		const char *op = text(entry, "operation");

		if ((!bl_streq(op, "Apply") && !bl_streq(op, "Update")) ||
		    !bl_streq(text(entry, "fieldsType"), "FieldsV1") ||
		    bl_set_decode(json_object_get(entry, "fieldsV1"), &set)) {
			json_decref(managers);
			return NULL;
		}
		json_array_append_new(managers, copy_entry(entry, set));
	}
	return managers;
}

/* Apply before Update, then by time, manager, version and subresource. */
static int by_order(const void *a, const void *b)
{
	static const char *const keys[] = {"operation", "time", "manager", "apiVersion",
					   "subresource"};

	for (size_t i = 0; i < BL_ARRAY_SIZE(keys); i++) {
		int c = strcmp(text(*(json_t *const *)a, keys[i]),
			       text(*(json_t *const *)b, keys[i]));

		if (c)
			return c;
	}
	return 0;
}

static json_t *sorted(const json_t *managers)
{
	size_t n = json_array_size(managers), i;
	BL_FREE json_t **list = bl_calloc(n + 1, sizeof(json_t *));
	json_t *out = json_array();

	for (i = 0; i < n; i++)
		list[i] = json_array_get(managers, i);
	qsort(list, n, sizeof(json_t *), by_order);
	for (i = 0; i < n; i++)
		json_array_append(out, list[i]);
	return out;
}

void bl_managers_encode(const json_t *managers, json_t *obj)
{
	BL_JSON json_t *list = sorted(managers);
	json_t *metadata = json_object_get(obj, "metadata"), *fields = json_array(), *entry;
	size_t i;

	json_array_foreach (list, i, entry)
		json_array_append_new(
			fields,
			copy_entry(entry, bl_set_encode(json_object_get(entry, "fieldsV1"))));
	if (json_array_size(fields) == 0) {
		json_object_del(metadata, "managedFields");
		json_decref(fields);
		return;
	}
	if (!metadata) {
		metadata = json_object();
		json_object_set_new(obj, "metadata", metadata);
	}
	json_object_set_new(metadata, "managedFields", fields);
}

json_t *bl_managers_find(const json_t *managers, const struct bl_apply_opts *opts, bool apply)
{
	size_t i;
	json_t *entry;

	json_array_foreach (managers, i, entry)
		if (is_apply(entry) == apply && bl_streq(text(entry, "manager"), opts->manager) &&
		    bl_streq(text(entry, "subresource"), opts->subresource) &&
		    (apply || bl_streq(text(entry, "apiVersion"), opts->api_version)))
			return entry;
	return NULL;
}

static void drop(json_t *managers, const json_t *entry)
{
	for (size_t i = json_array_size(managers); i-- > 0;)
		if (json_array_get(managers, i) == entry)
			json_array_remove(managers, i);
}

void bl_managers_set(json_t *managers, const struct bl_apply_opts *opts, bool apply, json_t *set)
{
	json_t *entry = bl_managers_find(managers, opts, apply);

	if (bl_set_empty(set)) {
		drop(managers, entry);
		json_decref(set);
		return;
	}
	if (!entry) {
		entry = json_pack("{s:s, s:s}", "manager", opts->manager, "operation",
				  apply ? "Apply" : "Update");
		json_array_append_new(managers, entry);
	}
	json_object_set_new(entry, "apiVersion", json_string(opts->api_version));
	json_object_set_new(entry, "time", json_string(opts->now));
	json_object_set_new(entry, "fieldsType", json_string("FieldsV1"));
	json_object_set_new(entry, "fieldsV1", set);
	if (*opts->subresource)
		json_object_set_new(entry, "subresource", json_string(opts->subresource));
}

void bl_managers_take(json_t *managers, const json_t *lost, const json_t *except,
		      const char *api_version)
{
	for (size_t i = json_array_size(managers); i-- > 0;) {
		json_t *entry = json_array_get(managers, i);

		if (entry == except)
			continue;
		json_t *set = bl_set_minus(json_object_get(entry, "fieldsV1"), lost);

		json_object_set_new(entry, "fieldsV1", set);
		if (bl_set_empty(set) || !bl_streq(text(entry, "apiVersion"), api_version))
			json_array_remove(managers, i);
	}
}

void bl_managers_ignore(json_t *set, const struct bl_apply_opts *opts)
{
	if (opts->has_status)
		json_object_del(set, *opts->subresource ? "f:spec" : "f:status");
}

void bl_managers_ignore_all(struct bl_comparison *c, const struct bl_apply_opts *opts)
{
	bl_managers_ignore(c->added, opts);
	bl_managers_ignore(c->modified, opts);
	bl_managers_ignore(c->removed, opts);
}

json_t *bl_managers_strip(json_t *set)
{
	json_t *metadata = bl_set_at(set, "f:metadata");

	json_object_del(set, "f:apiVersion");
	json_object_del(set, "f:kind");
	json_object_del(metadata, ".");
	for (size_t i = 0; i < BL_ARRAY_SIZE(unowned); i++)
		json_object_del(metadata, unowned[i]);
	if (metadata && bl_set_empty(metadata))
		json_object_del(set, "f:metadata");
	return set;
}

/* Merges the two oldest Update entries into one, as long as there are too many. */
static void cap(json_t *managers, const struct bl_apply_opts *opts)
{
	BL_JSON json_t *list = sorted(managers);
	size_t applied = 0, i;
	json_t *entry;

	json_array_foreach (list, i, entry)
		applied += is_apply(entry);
	for (i = applied; json_array_size(managers) > applied + UPDATES_MAX; i++) {
		json_t *a = json_array_get(list, i), *b = json_array_get(list, i + 1);
		struct bl_apply_opts bucket = {.manager = "ancient-changes", .subresource = ""};
		json_t *set = bl_set_union(json_object_get(a, "fieldsV1"),
					   json_object_get(b, "fieldsV1"));

		bucket.api_version = opts->api_version;
		bucket.now = text(b, "time");
		drop(managers, a);
		drop(managers, b);
		bl_managers_set(managers, &bucket, false, set);
		json_array_set(list, i + 1, bl_managers_find(managers, &bucket, false));
	}
}

void bl_managers_update(json_t *managers, struct bl_typed t, const json_t *before,
			const json_t *after, const struct bl_apply_opts *opts)
{
	struct bl_comparison c = bl_typed_compare(t, before, after);

	bl_managers_ignore_all(&c, opts);
	BL_JSON json_t *own = bl_set_union(c.added, c.modified);
	BL_JSON json_t *lost = bl_set_union(own, c.removed);

	bl_managers_take(managers, lost, NULL, opts->api_version);
	own = bl_managers_strip(own);
	if (!bl_set_empty(own)) {
		json_t *entry = bl_managers_find(managers, opts, false);

		bl_managers_set(managers, opts, false,
				bl_set_union(own, json_object_get(entry, "fieldsV1")));
	}
	cap(managers, opts);
	bl_comparison_free(&c);
}

static bool clears(const json_t *obj)
{
	const json_t *fields = bl_json_at(obj, "metadata", "managedFields", NULL);

	return json_array_size(fields) == 1 && json_object_size(json_array_get(fields, 0)) == 0;
}

void bl_managed_update(const struct bl_schema_type *type, const json_t *old, json_t *obj,
		       const struct bl_apply_opts *opts)
{
	bool cleared = old && clears(obj);
	BL_JSON json_t *given = *opts->subresource ? NULL : bl_managers_decode(obj);
	BL_JSON json_t *zero = old ? NULL : bl_schema_zero(type);
	json_t *managers = given ? json_incref(given) : cleared ? NULL : bl_managers_decode(old);

	json_object_del(json_object_get(obj, "metadata"), "managedFields");
	if (managers || !old) {
		managers = managers ? managers : json_array();
		bl_managers_update(managers, bl_typed_root(type), old ? old : zero, obj, opts);
		bl_managers_encode(managers, obj);
	}
	json_decref(managers);
}
