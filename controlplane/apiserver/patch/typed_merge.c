// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Values seen through the schema: merging, removing, checking
 *
 * Merging takes a configuration into a live value: structs and maps field by field, list maps and sets element by
 * element, everything else from the configuration. Elements that only one side has keep their place as far as the other
 * side's order allows: both orders are walked together, and an element that both have is taken where the configuration
 * has it.
 *
 * Removing takes the paths of a set out of a value. What becomes empty by that is left as null, which the decoder drops;
 * what was empty before stays.
 *
 * A configuration is checked before anything else sees it, so the walks above can rely on types and keys. It may not have
 * an element twice; live values may, because writers other than apply can store that.
 */
#include <errno.h>
#include <string.h>

#include "apiserver/patch/typed.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

/* One side of a list merge: its elements in order, each with its path element. */
struct side {
	const json_t *list;
	json_t *elements; /* array of strings */
	json_t *index;	  /* path element -> array of elements */
	size_t at, size;
};

struct list_merge {
	struct bl_typed t;
	struct side l, r;
	json_t *shared; /* path elements of both sides, in the configuration's order */
	json_t *done;	/* path elements of the configuration that are in `out` */
	json_t *out;
	size_t next_shared;
};

static void side_init(struct bl_typed t, const json_t *list, struct side *ret)
{
	size_t i;
	json_t *v;

	*ret = (struct side){.list = list, .elements = json_array(), .size = json_array_size(list)};
	ret->index = bl_typed_index(t, list);
	json_array_foreach (list, i, v) {
		BL_FREE char *element = bl_typed_item_element(t, v);

		json_array_append_new(ret->elements, json_string(element));
	}
}

static const char *element_at(const struct side *s)
{
	return json_string_value(json_array_get(s->elements, s->at));
}

static json_t *first_of(const struct side *s, const char *element)
{
	return json_array_get(json_object_get(s->index, element), 0);
}

static const char *wanted_shared(const struct list_merge *m)
{
	return json_string_value(json_array_get(m->shared, m->next_shared));
}

/* Takes the configuration's next element, merged with the live one if there is one. */
static void take_right(struct list_merge *m)
{
	const char *element = element_at(&m->r), *shared = wanted_shared(m);

	json_array_append_new(m->out, bl_typed_merge(bl_typed_item(m->t), first_of(&m->l, element),
						     json_array_get(m->r.list, m->r.at)));
	json_object_set_new(m->done, element, json_true());
	m->r.at++;
	if (shared && bl_streq(shared, element))
		m->next_shared++;
}

/* One step of the walk: both sides stand somewhere, at least one not at its end. */
static void merge_step(struct list_merge *m)
{
	bool left = m->l.at < m->l.size, right = m->r.at < m->r.size;
	const char *l = element_at(&m->l), *shared = wanted_shared(m);

	if (left && right) {
		if (bl_streq(l, element_at(&m->r))) {
			take_right(m);
			m->l.at++;
			return;
		}
		if (first_of(&m->r, l) && shared && !bl_streq(shared, l)) {
			m->l.at++; /* shared, but not the one whose turn it is */
			return;
		}
	}
	if (left && !first_of(&m->r, l)) {
		json_array_append_new(m->out, json_deep_copy(json_array_get(m->l.list, m->l.at)));
		m->l.at++;
		return;
	}
	if (left && json_object_get(m->done, l))
		m->l.at++;
	if (right)
		take_right(m);
}

static json_t *merge_lists(struct bl_typed t, const json_t *live, const json_t *config)
{
	struct list_merge m = {.t = t, .shared = json_array(), .done = json_object()};
	size_t i;
	json_t *v;

	m.out = json_array();
	side_init(t, live, &m.l);
	side_init(t, config, &m.r);
	json_array_foreach (m.r.elements, i, v)
		if (first_of(&m.l, json_string_value(v)))
			json_array_append(m.shared, v);
	while (m.l.at < m.l.size || m.r.at < m.r.size)
		merge_step(&m);
	json_decref(m.shared);
	json_decref(m.done);
	json_decref(m.l.elements);
	json_decref(m.l.index);
	json_decref(m.r.elements);
	json_decref(m.r.index);
	return m.out;
}

static json_t *merge_fields(struct bl_typed t, const json_t *live, const json_t *config)
{
	json_t *out = json_object(), *v;
	const char *key;

	json_object_foreach ((json_t *)live, key, v)
		json_object_set_new(
			out, key,
			bl_typed_merge(bl_typed_child(t, key), v, json_object_get(config, key)));
	json_object_foreach ((json_t *)config, key, v)
		if (!json_object_get(live, key))
			json_object_set_new(out, key, json_deep_copy(v));
	return out;
}

static bool has_content(const json_t *v)
{
	return json_object_size(v) > 0 || json_array_size(v) > 0;
}

json_t *bl_typed_merge(struct bl_typed t, const json_t *live, const json_t *config)
{
	enum bl_typed_form form = bl_typed_form(t);

	if (!config)
		return json_deep_copy(live);
	if (!live || form == BL_FORM_LEAF || (!has_content(live) && !has_content(config)))
		return json_deep_copy(config);
	if (form == BL_FORM_STRUCT || form == BL_FORM_MAP)
		return merge_fields(t, live, config);
	return merge_lists(t, live, config);
}

static json_t *remove_fields(struct bl_typed t, const json_t *obj, const json_t *set)
{
	json_t *out = json_object(), *v;
	const char *key;

	json_object_foreach ((json_t *)obj, key, v) {
		BL_FREE char *element = bl_typed_field_element(key);
		const json_t *below = bl_set_at(set, element);

		if (!bl_set_member(below))
			json_object_set_new(
				out, key,
				below ? bl_typed_remove(bl_typed_child(t, key), v, below)
				      : json_deep_copy(v));
	}
	return out;
}

static json_t *remove_items(struct bl_typed t, const json_t *list, const json_t *set)
{
	json_t *out = json_array(), *v;
	size_t i;

	json_array_foreach (list, i, v) {
		BL_FREE char *element = bl_typed_item_element(t, v);
		const json_t *below = bl_set_at(set, element);

		if (!bl_set_member(below))
			json_array_append_new(out,
					      below ? bl_typed_remove(bl_typed_item(t), v, below)
						    : json_deep_copy(v));
	}
	return out;
}

json_t *bl_typed_remove(struct bl_typed t, const json_t *value, const json_t *set)
{
	json_t *out;

	switch (bl_typed_form(t)) {
	case BL_FORM_STRUCT:
	case BL_FORM_MAP:
		out = remove_fields(t, value, set);
		break;
	case BL_FORM_SET:
	case BL_FORM_KEYED:
		out = remove_items(t, value, set);
		break;
	default:
		return json_deep_copy(value);
	}
	if (has_content(out))
		return out;
	json_decref(out);
	return json_null();
}

static int check_below(struct bl_typed t, const json_t *v, struct bl_path *path,
		       struct bl_err *err);

static int check_item(struct bl_typed t, const json_t *item, struct bl_path *path,
		      struct bl_err *err)
{
	char name[64];

	if (bl_typed_form(t) == BL_FORM_SET)
		return 0;
	if (!json_is_object(item))
		return bl_err_set(err, -EINVAL,
				  ".%s: associative list with keys may not have a null element",
				  path->text);
	for (const char *k = t.f->keys; *k;) {
		size_t len = strcspn(k, ",");
		bool has_default = t.f->key_defaults && !strncmp(t.f->key_defaults, k, len) &&
				   t.f->key_defaults[len] == '=';

		(void)snprintf(name, sizeof(name), "%.*s", (int)len, k);
		if (!json_object_get(item, name) && !has_default)
			return bl_err_set(
				err, -EINVAL,
				".%s: associative list with keys has an element that omits "
				"key field \"%s\" (and doesn't have default value)",
				path->text, name);
		k += len + (k[len] == ',');
	}
	return check_below(bl_typed_item(t), item, path, err);
}

static int check_list(struct bl_typed t, const json_t *list, struct bl_path *path,
		      struct bl_err *err)
{
	BL_JSON json_t *seen = json_object();
	size_t i;
	json_t *v;

	json_array_foreach (list, i, v) {
		size_t mark = bl_path_push_index(path, i);
		int r = check_item(t, v, path, err);

		bl_path_pop(path, mark);
		if (r)
			return r;
		BL_FREE char *element = bl_typed_item_element(t, v);

		if (json_object_get(seen, element))
			return bl_err_set(err, -EINVAL, ".%s: duplicate entries for key %s",
					  path->text, element + 2);
		json_object_set_new(seen, element, json_true());
	}
	return 0;
}

static int check_below(struct bl_typed t, const json_t *v, struct bl_path *path, struct bl_err *err)
{
	enum bl_typed_form form = bl_typed_form(t);
	const char *key;
	json_t *child;
	int r = 0;

	if (form == BL_FORM_SET || form == BL_FORM_KEYED)
		return check_list(t, v, path, err);
	if (form == BL_FORM_LEAF)
		return 0;
	json_object_foreach ((json_t *)v, key, child) {
		size_t mark = bl_path_push(path, key);

		r = check_below(bl_typed_child(t, key), child, path, err);
		bl_path_pop(path, mark);
		if (r)
			break;
	}
	return r;
}

int bl_typed_check(const struct bl_schema_type *type, const json_t *config, struct bl_err *err)
{
	BL_JSON json_t *copy = json_deep_copy(config), *unknown = json_array();
	struct bl_path path = {};
	int r = bl_schema_decode(type, copy, unknown, err);

	if (r)
		return r;
	if (json_array_size(unknown))
		return bl_err_set(err, -EINVAL, ".%s: field not declared in schema",
				  json_string_value(json_array_get(unknown, 0)));
	return check_below(bl_typed_root(type), config, &path, err);
}
