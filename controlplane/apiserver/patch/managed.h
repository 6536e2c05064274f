/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_PATCH_MANAGED_H
#define BL_APISERVER_PATCH_MANAGED_H

#include "apiserver/patch.h"
#include "apiserver/patch/typed.h"

/*
 * The managers of an object: a JSON array of managedFields entries in which "fieldsV1" is a set of apiserver/patch/fieldset.h.
 */

/* From metadata.managedFields. NULL: absent, empty, or not to be understood. */
json_t *bl_managers_decode(const json_t *obj);

/* Into obj's metadata.managedFields, in the API's order; none: the field goes. */
void bl_managers_encode(const json_t *managers, json_t *obj);

/* The entry of a manager, or NULL. Lends. */
json_t *bl_managers_find(const json_t *managers, const struct bl_apply_opts *opts, bool apply);

/* Gives the manager this set (takes it) as of opts->now; an empty one takes the entry away. */
void bl_managers_set(json_t *managers, const struct bl_apply_opts *opts, bool apply, json_t *set);

/* Takes `lost` from every manager but `except` (may be NULL), and those without fields, or of another version, away. */
void bl_managers_take(json_t *managers, const json_t *lost, const json_t *except,
		      const char *api_version);

/* What an update from `before` to `after` does to the managers. */
void bl_managers_update(json_t *managers, struct bl_typed t, const json_t *before,
			const json_t *after, const struct bl_apply_opts *opts);

/* Takes out of a set, in place, what this request cannot own: the other side of spec and status. */
void bl_managers_ignore(json_t *set, const struct bl_apply_opts *opts);
void bl_managers_ignore_all(struct bl_comparison *c, const struct bl_apply_opts *opts);

/* The set without what belongs to no manager: name, uid and the like. Takes it. */
json_t *bl_managers_strip(json_t *set);

#endif
