/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_PATCH_STRATEGIC_H
#define BL_APISERVER_PATCH_STRATEGIC_H

#include "apiserver/patch.h"

/* The two halves of a strategic merge patch, for each other only. Both change their first value in place and may change
 * the patch, which is a copy. `type` is NULL where the table knows nothing. */
int bl_strategic_merge_object(const struct bl_schema_type *type, json_t *obj, json_t *patch,
			      struct bl_err *err);

/* list is the field's current list, patch the patch's; *ret is the merged list, a new reference. */
int bl_strategic_merge_list(const struct bl_schema_field *f, const json_t *list, json_t *patch,
			    json_t **ret, struct bl_err *err);

/* Orders `merged`: elements named in `order` take its order, the others keep theirs from `before`. New reference. */
json_t *bl_strategic_order(const json_t *merged, const json_t *order, const json_t *before,
			   const char *key);

/* Takes directives and nulls out of a value that is new to the object. */
void bl_strategic_clean(json_t *value);

/* The element of a list of objects whose `key` has this value; its index in *ret. */
json_t *bl_strategic_find(const json_t *list, const char *key, const json_t *value, size_t *ret);

#endif
