/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_PATCH_TYPED_H
#define BL_APISERVER_PATCH_TYPED_H

#include "apiserver/patch/fieldset.h"
#include "apiserver/schema.h"

/*
 * Values seen through the schema, as apply sees them (structured-merge-diff's typed values). A bl_typed says what a value
 * is: the root of a type, a field, or an entry or element of one.
 */
struct bl_typed {
	const struct bl_schema_type *type; /* root only */
	const struct bl_schema_field *f;
	bool element;
};

enum bl_typed_form {
	BL_FORM_LEAF,	/* owned as a whole: scalars, and what is atomic */
	BL_FORM_STRUCT, /* fields by name */
	BL_FORM_MAP,	/* entries by key */
	BL_FORM_SET,	/* elements by value */
	BL_FORM_KEYED,	/* elements by their keys */
};

static inline struct bl_typed bl_typed_root(const struct bl_schema_type *type)
{
	return (struct bl_typed){.type = type};
}

enum bl_typed_form bl_typed_form(struct bl_typed t);

/* What lies behind "f:name" in a struct or map, and what an element of a list is. A field that the struct does not have is
 * a leaf. */
struct bl_typed bl_typed_child(struct bl_typed t, const char *name);
struct bl_typed bl_typed_item(struct bl_typed t);
/* Either, by the path element. */
struct bl_typed bl_typed_below(struct bl_typed t, const char *element);

/* "f:name", and the path element of a list's element. The caller frees them. */
char *bl_typed_field_element(const char *name);
char *bl_typed_item_element(struct bl_typed t, const json_t *item);

/* A list by path element: each a JSON array of the elements that have it (several only in what apply did not write). */
json_t *bl_typed_index(struct bl_typed t, const json_t *list);

/* The paths of a value, those that it owns when it is applied. */
json_t *bl_typed_set(struct bl_typed t, const json_t *value);

struct bl_comparison {
	json_t *added, *modified, *removed; /* sets */
};

/* What became of `before` in `after`. The caller frees it with bl_comparison_free(). */
struct bl_comparison bl_typed_compare(struct bl_typed t, const json_t *before, const json_t *after);
void bl_comparison_free(struct bl_comparison *c);

/* `config` merged into `live`, and a value without the paths of a set. New values. */
json_t *bl_typed_merge(struct bl_typed t, const json_t *live, const json_t *config);
json_t *bl_typed_remove(struct bl_typed t, const json_t *value, const json_t *set);

/* The set with every named field on the way to a member as a member too. */
json_t *bl_typed_with_parents(struct bl_typed t, const json_t *set);

/* That a configuration can be applied: types, known fields, elements with their keys, each only once. -EINVAL. */
int bl_typed_check(const struct bl_schema_type *type, const json_t *config, struct bl_err *err);

#endif
