// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Values seen through the schema: paths and differences
 *
 * Apply reasons about fields by path. Which paths a value has depends on its type: a struct and a map have one for each
 * field, a list map one for each element (by the element's keys) and those below it, a set one for each value; an atomic
 * value has only its own. These are the rules of structured-merge-diff (KEP-555), and what they give is visible to users
 * in managedFields, so they are followed to the letter, in these places too:
 *
 *	- an empty struct or map is a path of its own, an empty list is none;
 *	- an element of a list is a member beside what is below it;
 *	- in a comparison, a struct, map or list that is new is a member beside what is below it: that is where the "." of
 *	  `f:labels` in an update's field set comes from, which an applied one does not have;
 *	- an absent key of a list map counts as its default (a port without protocol is TCP).
 *
 * A field that is always present is `null` or empty in the object that was there before, not absent; see
 * bl_schema_zero().
 */
#include "apiserver/patch/typed.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

static const struct bl_schema_field unknown_field = {.name = "", .class = BL_SCHEMA_ANY};

static const struct bl_schema_type *struct_of(struct bl_typed t)
{
	return t.f ? t.f->type : t.type;
}

enum bl_typed_form bl_typed_form(struct bl_typed t)
{
	if (t.f && !t.element) {
		switch (t.f->shape) {
		case BL_SHAPE_MAP:
			return t.f->atomic ? BL_FORM_LEAF : BL_FORM_MAP;
		case BL_SHAPE_LIST_ATOMIC:
			return BL_FORM_LEAF;
		case BL_SHAPE_LIST_SET:
			return BL_FORM_SET;
		case BL_SHAPE_LIST_MAP:
			return BL_FORM_KEYED;
		case BL_SHAPE_ONE:
			break;
		}
	}
	return struct_of(t) && !struct_of(t)->atomic ? BL_FORM_STRUCT : BL_FORM_LEAF;
}

struct bl_typed bl_typed_item(struct bl_typed t)
{
	return (struct bl_typed){.f = t.f, .element = true};
}

struct bl_typed bl_typed_child(struct bl_typed t, const char *name)
{
	if (bl_typed_form(t) == BL_FORM_MAP)
		return bl_typed_item(t);
	const struct bl_schema_field *f =
		bl_typed_form(t) == BL_FORM_STRUCT ? bl_schema_find(struct_of(t), name) : NULL;

	return (struct bl_typed){.f = f ? f : &unknown_field};
}

struct bl_typed bl_typed_below(struct bl_typed t, const char *element)
{
	return element[0] == 'f' ? bl_typed_child(t, element + 2) : bl_typed_item(t);
}

char *bl_typed_field_element(const char *name)
{
	return bl_asprintf("f:%s", name);
}

static char *element_text(char kind, const json_t *v)
{
	BL_FREE char *text = json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	return bl_asprintf("%c:%s", kind, text);
}

/* The value that an absent key counts as, or NULL. New reference. */
static json_t *key_default(const struct bl_schema_field *f, const char *key)
{
	size_t len = strlen(key);
	const char *d = f->key_defaults;

	return d && !strncmp(d, key, len) && d[len] == '=' ? json_string(d + len + 1) : NULL;
}

char *bl_typed_item_element(struct bl_typed t, const json_t *item)
{
	if (bl_typed_form(t) != BL_FORM_KEYED || !json_is_object(item))
		return element_text('v', item);

	BL_JSON json_t *key = json_object();
	char name[64];

	for (const char *k = t.f->keys; *k;) {
		size_t len = strcspn(k, ",");

		(void)snprintf(name, sizeof(name), "%.*s", (int)len, k);
		json_t *v = json_object_get(item, name);
		json_t *value = v ? json_incref(v) : key_default(t.f, name);

		if (value)
			json_object_set_new(key, name, value);
		k += len + (k[len] == ',');
	}
	return element_text('k', key);
}

json_t *bl_typed_index(struct bl_typed t, const json_t *list)
{
	json_t *index = json_object(), *v;
	size_t i;

	json_array_foreach (list, i, v) {
		BL_FREE char *element = bl_typed_item_element(t, v);
		json_t *there = json_object_get(index, element);

		if (!there) {
			there = json_array();
			json_object_set_new(index, element, there);
		}
		json_array_append(there, v);
	}
	return index;
}

static bool is_empty(const json_t *v)
{
	return !v || json_is_null(v) || (json_is_object(v) && json_object_size(v) == 0) ||
	       (json_is_array(v) && json_array_size(v) == 0);
}

static void set_of_items(struct bl_typed t, const json_t *list, json_t *set)
{
	size_t i;
	json_t *v;

	json_array_foreach (list, i, v) {
		BL_FREE char *element = bl_typed_item_element(t, v);
		json_t *below = bl_typed_set(bl_typed_item(t), v);

		bl_set_add(below);
		bl_set_attach(set, element, below);
	}
}

static void set_of_fields(struct bl_typed t, const json_t *obj, json_t *set)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)obj, key, v) {
		BL_FREE char *element = bl_typed_field_element(key);
		json_t *below = bl_typed_set(bl_typed_child(t, key), v);

		if (json_is_null(v) || (json_is_object(v) && json_object_size(v) == 0))
			bl_set_add(below);
		bl_set_attach(set, element, below);
	}
}

json_t *bl_typed_set(struct bl_typed t, const json_t *value)
{
	json_t *set = json_object();

	switch (bl_typed_form(t)) {
	case BL_FORM_LEAF:
		bl_set_add(set);
		break;
	case BL_FORM_STRUCT:
	case BL_FORM_MAP:
		set_of_fields(t, value, set);
		break;
	case BL_FORM_SET:
	case BL_FORM_KEYED:
		set_of_items(t, value, set);
		break;
	}
	return set;
}

void bl_comparison_free(struct bl_comparison *c)
{
	json_decref(c->added);
	json_decref(c->modified);
	json_decref(c->removed);
}

static void compare(struct bl_typed t, const json_t *l, const json_t *r, struct bl_comparison *c);

/* Compares what is below an element and hangs the differences there. */
static void descend(struct bl_typed t, const char *element, const json_t *l, const json_t *r,
		    struct bl_comparison *c)
{
	if (l && r && json_equal(l, r))
		return;
	struct bl_comparison below = {json_object(), json_object(), json_object()};

	compare(t, l, r, &below);
	bl_set_attach(c->added, element, below.added);
	bl_set_attach(c->modified, element, below.modified);
	bl_set_attach(c->removed, element, below.removed);
}

static void compare_leaf(const json_t *l, const json_t *r, struct bl_comparison *c)
{
	if (!l)
		bl_set_add(c->added);
	else if (!r)
		bl_set_add(c->removed);
	else if (!json_equal(l, r))
		bl_set_add(c->modified);
}

static void compare_fields(struct bl_typed t, const json_t *l, const json_t *r,
			   struct bl_comparison *c)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)l, key, v) {
		BL_FREE char *element = bl_typed_field_element(key);

		descend(bl_typed_child(t, key), element, v, json_object_get(r, key), c);
	}
	json_object_foreach ((json_t *)r, key, v) {
		if (json_object_get(l, key))
			continue;
		BL_FREE char *element = bl_typed_field_element(key);

		descend(bl_typed_child(t, key), element, NULL, v, c);
	}
}

/* The elements of one path element: one against one is compared, several only as a whole. */
static void compare_items(struct bl_typed t, const char *element, const json_t *l, const json_t *r,
			  struct bl_comparison *c)
{
	if (json_array_size(l) <= 1 && json_array_size(r) <= 1)
		descend(bl_typed_item(t), element, json_array_get(l, 0), json_array_get(r, 0), c);
	else
		descend((struct bl_typed){.f = &unknown_field}, element, l, r, c);
}

static void compare_lists(struct bl_typed t, const json_t *l, const json_t *r,
			  struct bl_comparison *c)
{
	BL_JSON json_t *before = bl_typed_index(t, l), *after = bl_typed_index(t, r);
	const char *element;
	json_t *v;

	json_object_foreach (before, element, v)
		compare_items(t, element, v, json_object_get(after, element), c);
	json_object_foreach (after, element, v)
		if (!json_object_get(before, element))
			compare_items(t, element, NULL, v, c);
}

static void compare(struct bl_typed t, const json_t *l, const json_t *r, struct bl_comparison *c)
{
	enum bl_typed_form form = bl_typed_form(t);

	if (form == BL_FORM_LEAF || (is_empty(l) && is_empty(r))) {
		compare_leaf(l, r, c);
		return;
	}
	if (form == BL_FORM_STRUCT || form == BL_FORM_MAP)
		compare_fields(t, l, r, c);
	else
		compare_lists(t, l, r, c);
	if (!l)
		bl_set_add(c->added);
	else if (!r)
		bl_set_add(c->removed);
}

struct bl_comparison bl_typed_compare(struct bl_typed t, const json_t *before, const json_t *after)
{
	struct bl_comparison c = {json_object(), json_object(), json_object()};

	compare(t, before, after, &c);
	return c;
}

json_t *bl_typed_with_parents(struct bl_typed t, const json_t *set)
{
	json_t *out = json_object(), *v;
	const char *element;

	if (bl_set_member(set))
		bl_set_add(out);
	json_object_foreach ((json_t *)set, element, v) {
		if (bl_streq(element, "."))
			continue;
		json_t *below = bl_typed_with_parents(bl_typed_below(t, element), v);

		if (element[0] == 'f' && bl_typed_form(t) == BL_FORM_STRUCT &&
		    bl_schema_find(struct_of(t), element + 2))
			bl_set_add(below);
		bl_set_attach(out, element, below);
	}
	return out;
}
