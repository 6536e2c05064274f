// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Strategic merge patch: lists
 *
 * Lists of objects are merged by one merge key, lists of scalars by value. Inside such a list, an element that is only
 * `{"$patch": "delete", KEY: value}` takes the element with that key away, and `{"$patch": "replace"}` anywhere replaces
 * the list by the patch's other elements.
 *
 * The order afterwards is part of the API, because it is what `kubectl edit` shows and what container start order
 * depends on: the patch's elements stand in the patch's order, the others in theirs, and the two are woven together by the
 * old order where it knows both; where it does not, the patch's element comes first. So a new element is put in front.
 */
#include "apiserver/patch/strategic.h"

#include <errno.h>

#include "base/json.h"
#include "base/str.h"

json_t *bl_strategic_find(const json_t *list, const char *key, const json_t *value, size_t *ret)
{
	size_t i;
	json_t *v;

	json_array_foreach (list, i, v) {
		json_t *there = json_object_get(v, key);

		if (there && value && json_equal(there, value)) {
			*ret = i;
			return v;
		}
	}
	return NULL;
}

/* Where an element is in a list: by key, or by value where there is no key. -1: nowhere. */
static long index_in(const json_t *list, const json_t *element, const char *key)
{
	size_t i;
	json_t *v;

	if (key && *key)
		return bl_strategic_find(list, key, json_object_get(element, key), &i) ? (long)i
										       : -1;
	json_array_foreach (list, i, v)
		if (json_equal(v, element))
			return (long)i;
	return -1;
}

/* The elements that `order` names, in its order. */
static json_t *pick(const json_t *merged, const json_t *order, const char *key)
{
	json_t *out = json_array(), *v;
	size_t i;

	json_array_foreach (order, i, v) {
		long at = index_in(merged, v, key);

		if (at >= 0 && index_in(out, v, key) < 0)
			json_array_append(out, json_array_get(merged, (size_t)at));
	}
	return out;
}

/* The elements that `order` does not name, as they stand in `merged`: that is the old order, new ones behind. */
static json_t *pick_others(const json_t *merged, const json_t *order, const char *key)
{
	json_t *out = json_array(), *v;
	size_t i;

	json_array_foreach (merged, i, v)
		if (index_in(order, v, key) < 0)
			json_array_append(out, v);
	return out;
}

json_t *bl_strategic_order(const json_t *merged, const json_t *order, const json_t *before,
			   const char *key)
{
	BL_JSON json_t *ours = pick(merged, order, key);
	BL_JSON json_t *others = pick_others(merged, order, key);
	json_t *out = json_array();
	size_t i = 0, k = 0;

	while (i < json_array_size(others) || k < json_array_size(ours)) {
		json_t *other = json_array_get(others, i), *our = json_array_get(ours, k);
		long a = other ? index_in(before, other, key) : -1;
		long b = our ? index_in(before, our, key) : -1;

		if (!our || (other && a >= 0 && b >= 0 && a < b)) {
			json_array_append(out, other);
			i++;
		} else {
			json_array_append(out, our);
			k++;
		}
	}
	return out;
}

/* Takes $patch elements out of the patch and does what they say. *ret_replace: the list is replaced. */
static int take_specials(json_t *list, json_t *patch, const char *key, bool *ret_replace,
			 struct bl_err *err)
{
	*ret_replace = false;
	for (size_t i = 0; i < json_array_size(patch);) {
		json_t *v = json_array_get(patch, i), *directive = json_object_get(v, "$patch");
		const char *what = json_string_value(directive);
		json_t *value = json_object_get(v, key);
		size_t at;

		if (!directive) {
			i++;
			continue;
		}
		if (what && bl_streq(what, "replace")) {
			*ret_replace = true;
		} else if (!what || !bl_streq(what, "delete")) {
			return bl_err_set(err, -EINVAL, "Unknown patch type found: %s",
					  what ? what : "?");
		} else if (!value) {
			return bl_err_set(err, -EINVAL,
					  "delete patch type with no merge key defined: %s", key);
		} else {
			while (bl_strategic_find(list, key, value, &at))
				json_array_remove(list, at);
		}
		json_array_remove(patch, i);
	}
	return 0;
}

static int merge_objects(const struct bl_schema_field *f, json_t *list, json_t *patch,
			 struct bl_err *err)
{
	size_t i, at;
	bool replace;
	json_t *v;
	int r = take_specials(list, patch, f->merge_key, &replace, err);

	if (!r && replace)
		json_array_clear(list);
	json_array_foreach (patch, i, v) {
		json_t *value = json_object_get(v, f->merge_key);
		json_t *there = bl_strategic_find(list, f->merge_key, value, &at);

		if (r)
			return r;
		if (!value)
			return bl_err_set(err, -EINVAL,
					  "map in list %s does not contain declared merge key: %s",
					  f->name, f->merge_key);
		if (there) {
			r = bl_strategic_merge_object(f->type, there, v, err);
		} else {
			bl_strategic_clean(v);
			json_array_append(list, v);
		}
	}
	return r;
}

static void merge_scalars(json_t *list, const json_t *patch)
{
	size_t i;
	json_t *v;

	json_array_foreach (patch, i, v)
		if (index_in(list, v, NULL) < 0)
			json_array_append(list, v);
}

int bl_strategic_merge_list(const struct bl_schema_field *f, const json_t *list, json_t *patch,
			    json_t **ret, struct bl_err *err)
{
	BL_JSON json_t *merged = json_deep_copy(list);
	int r = 0;

	if (*f->merge_key)
		r = merge_objects(f, merged, patch, err);
	else
		merge_scalars(merged, patch);
	if (!r)
		*ret = bl_strategic_order(merged, patch, list, f->merge_key);
	return r;
}
