// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Strategic merge patch: objects
 *
 * A merge patch that knows the types: lists of objects are merged by the merge key of their field, lists of scalars by
 * value where the field says so, and other lists are replaced. Directives inside the patch say what a plain merge cannot
 * (k8s.io/apimachinery strategicpatch, and the design "Strategic Merge Patch" of Kubernetes):
 *
 *	$patch: replace | delete | merge       the object (or, in a list, the list or one element) is replaced or taken away
 *	$retainKeys: [k, ...]                  keys that are not named are taken away: for unions such as a volume's source
 *	$deleteFromPrimitiveList/f: [v, ...]   values are taken out of the list f
 *	$setElementOrder/f: [...]              the order of the list f after the merge
 *
 * kubectl sends all of them: `kubectl apply` and `kubectl edit` compute the patch with the same merge keys, which they
 * read from the OpenAPI document or know by heart. Fields that the tables do not know are taken as they are; the decoder
 * that follows refuses or drops them.
 *
 * A malformed directive is -EINVAL (400).
 */
#include "apiserver/patch/strategic.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

#define ORDER_PREFIX  "$setElementOrder/"
#define DELETE_PREFIX "$deleteFromPrimitiveList/"

static const struct bl_schema_field *find(const struct bl_schema_type *type, const char *name)
{
	return type ? bl_schema_find(type, name) : NULL;
}

static bool merges_list(const struct bl_schema_field *f)
{
	return f && f->merge_key;
}

void bl_strategic_clean(json_t *value)
{
	const char *key;
	void *next;
	json_t *v;

	if (json_is_object(value)) {
		json_object_foreach_safe (value, next, key, v) {
			if (*key == '$' || json_is_null(v))
				json_object_del(value, key);
			else
				bl_strategic_clean(v);
		}
	}
	for (size_t i = json_array_size(value); i-- > 0;) {
		v = json_array_get(value, i);
		if (json_object_get(v, "$patch"))
			json_array_remove(value, i);
		else
			bl_strategic_clean(v);
	}
}

/* $patch on an object. *ret_done: there is nothing left to merge. */
static int take_directive(json_t *obj, json_t *patch, bool *ret_done, struct bl_err *err)
{
	json_t *directive = json_object_get(patch, "$patch");
	const char *what = json_string_value(directive);

	*ret_done = false;
	if (!directive)
		return 0;
	if (!what ||
	    (!bl_streq(what, "replace") && !bl_streq(what, "delete") && !bl_streq(what, "merge")))
		return bl_err_set(err, -EINVAL, "Unknown patch type found: %s", what ? what : "?");
	bool replace = bl_streq(what, "replace");

	*ret_done = !bl_streq(what, "merge");
	json_object_del(patch, "$patch");
	if (!*ret_done)
		return 0;
	json_object_clear(obj);
	if (replace) {
		bl_strategic_clean(patch);
		json_object_update(obj, patch);
	}
	return 0;
}

static bool has_string(const json_t *list, const char *s)
{
	size_t i;
	json_t *v;

	json_array_foreach (list, i, v)
		if (json_is_string(v) && bl_streq(json_string_value(v), s))
			return true;
	return false;
}

static int take_retain_keys(json_t *obj, json_t *patch, struct bl_err *err)
{
	BL_JSON json_t *keep = json_incref(json_object_get(patch, "$retainKeys"));
	const char *key;
	void *next;
	json_t *v;

	if (!keep)
		return 0;
	json_object_del(patch, "$retainKeys");
	if (!json_is_array(keep))
		return bl_err_set(err, -EINVAL, "invalid patch format of retainKeys");
	json_object_foreach (patch, key, v)
		if (*key != '$' && !json_is_null(v) && !has_string(keep, key))
			return bl_err_set(err, -EINVAL, "invalid patch format of retainKeys");
	json_object_foreach_safe (obj, next, key, v)
		if (!has_string(keep, key))
			json_object_del(obj, key);
	return 0;
}

/* Every element of the patch's list must be in the order list, unless it is being deleted. */
static int check_order(const json_t *patch, const json_t *order, const char *key,
		       struct bl_err *err)
{
	size_t i, k, found;
	json_t *v, *o;

	json_array_foreach (patch, i, v) {
		bool there = json_object_get(v, "$patch") != NULL;

		if (key && *key)
			there |= bl_strategic_find(order, key, json_object_get(v, key), &found) !=
				 NULL;
		else
			json_array_foreach (order, k, o)
				there |= json_equal(o, v);
		if (!there)
			return bl_err_set(
				err, -EINVAL,
				"The order in patch list doesn't match $setElementOrder list");
	}
	return 0;
}

/* One $setElementOrder directive: merges the list that it names, orders it, and takes both out of the patch. */
static int take_order(const struct bl_schema_field *f, json_t *obj, json_t *patch, json_t *order,
		      struct bl_err *err)
{
	BL_JSON json_t *ours = json_incref(json_object_get(patch, f->name));
	BL_JSON json_t *theirs = json_incref(json_object_get(obj, f->name));
	BL_JSON json_t *merged = NULL;
	int r = 0;

	if (!json_is_array(order) || (theirs && !json_is_array(theirs)))
		return bl_err_set(err, -EINVAL, "invalid patch format of setElementOrder list");
	if (json_is_null(ours) || (!ours && !theirs))
		return 0;
	json_object_del(patch, f->name);
	r = check_order(ours, order, f->merge_key, err);
	if (r)
		return r;
	if (!ours) {
		merged = json_incref(theirs);
	} else if (!theirs || !merges_list(f)) {
		bl_strategic_clean(ours);
		merged = json_incref(ours);
	} else {
		r = bl_strategic_merge_list(f, theirs, ours, &merged, err);
	}
	if (!r)
		json_object_set_new(obj, f->name,
				    bl_strategic_order(merged, order, theirs, f->merge_key));
	return r;
}

static int take_orders(const struct bl_schema_type *type, json_t *obj, json_t *patch,
		       struct bl_err *err)
{
	int r = 0;

	for (const struct bl_schema_field *f = type ? type->fields : NULL; f && f->name && !r;
	     f++) {
		char key[sizeof(ORDER_PREFIX) + NAME_MAX];

		(void)snprintf(key, sizeof(key), ORDER_PREFIX "%s", f->name);
		BL_JSON json_t *order = json_incref(json_object_get(patch, key));

		if (order)
			r = take_order(f, obj, patch, order, err);
	}
	return r;
}

static int delete_values(json_t *obj, const char *name, const json_t *values, struct bl_err *err)
{
	json_t *list = json_object_get(obj, name), *v;
	size_t i;

	if (!json_is_array(values))
		return bl_err_set(err, -EINVAL, "invalid patch format of primitive list");
	json_array_foreach (values, i, v)
		for (size_t k = json_array_size(list); k-- > 0;)
			if (json_equal(json_array_get(list, k), v))
				json_array_remove(list, k);
	return 0;
}

static int merge_field(const struct bl_schema_type *type, json_t *obj, const char *name, json_t *v,
		       struct bl_err *err)
{
	const struct bl_schema_field *f = find(type, name);
	json_t *there = json_object_get(obj, name), *merged;
	int r;

	if (json_is_null(v)) {
		json_object_del(obj, name);
		return 0;
	}
	if (json_is_object(there) && json_is_object(v))
		return bl_strategic_merge_object(f ? f->type : NULL, there, v, err);
	if (json_is_array(there) && json_is_array(v) && merges_list(f)) {
		r = bl_strategic_merge_list(f, there, v, &merged, err);
		if (!r)
			json_object_set_new(obj, name, merged);
		return r;
	}
	bl_strategic_clean(v);
	json_object_set(obj, name, v);
	return 0;
}

int bl_strategic_merge_object(const struct bl_schema_type *type, json_t *obj, json_t *patch,
			      struct bl_err *err)
{
	const char *key;
	bool done;
	json_t *v;
	int r = take_directive(obj, patch, &done, err);

	if (r || done)
		return r;
	r = take_retain_keys(obj, patch, err);
	if (!r)
		r = take_orders(type, obj, patch, err);
	if (r)
		return r;
	json_object_foreach (patch, key, v) {
		if (bl_str_starts(key, DELETE_PREFIX))
			r = delete_values(obj, key + strlen(DELETE_PREFIX), v, err);
		else if (*key != '$')
			r = merge_field(type, obj, key, v, err);
		if (r)
			return r;
	}
	return 0;
}

int bl_patch_strategic(const struct bl_schema_type *type, const json_t *live, const json_t *patch,
		       json_t **ret_obj, struct bl_err *err)
{
	if (!json_is_object(patch))
		return bl_err_set(
			err, -EINVAL,
			"error decoding patch: a strategic merge patch must be a JSON object");
	BL_JSON json_t *copy = json_deep_copy(patch);
	json_t *obj = json_deep_copy(live);
	int r = bl_strategic_merge_object(type, obj, copy, err);

	if (r)
		json_decref(obj);
	else
		*ret_obj = obj;
	return r;
}
