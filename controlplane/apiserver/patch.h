/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_PATCH_H
#define BL_APISERVER_PATCH_H

#include <jansson.h>
#include <stdbool.h>

#include "apiserver/schema.h"
#include "base/err.h"

/*
 * The four patches. Each leaves `live` as it was and gives a new object; -EINVAL with the API server's words for a patch
 * that cannot be read (400) and -EDOM for one that does not fit the object (422), as the comments say. The new object shares
 * nothing with what came in.
 */

/* RFC 7396. */
int bl_patch_merge(const json_t *live, const json_t *patch, json_t **ret_obj, struct bl_err *err);

/* RFC 6902; -EINVAL: not a patch (400); -EDOM: an operation or `test` fails on this object (422); -E2BIG: more than 10,000
 * operations (413). */
int bl_patch_json(const json_t *live, const json_t *patch, json_t **ret_obj, struct bl_err *err);

/* Strategic merge by the schema's merge keys, with $patch, $retainKeys, $deleteFromPrimitiveList, $setElementOrder. */
int bl_patch_strategic(const struct bl_schema_type *type, const json_t *live, const json_t *patch,
		       json_t **ret_obj, struct bl_err *err);

/* A manager's conflicts: fields that others own with another value. */
struct bl_apply_conflicts {
	json_t *list; /* array of {"field": ".spec.replicas", "manager": "kubectl-edit using v1", ...} */
};

struct bl_apply_opts {
	const char *manager;	 /* fieldManager */
	const char *api_version; /* of the applied configuration */
	const char *subresource; /* "" or "status" */
	bool force;
	const char *now; /* RFC 3339, for managedFields[].time */
};

/*
 * Server-side apply (KEP-555): merges the configuration into live (NULL: creates), keeps managedFields in
 * metadata.managedFields. -EEXIST: conflicts, listed in ret_conflicts.
 */
int bl_patch_apply(const struct bl_schema_type *type, const json_t *live, const json_t *config,
		   const struct bl_apply_opts *opts, json_t **ret_obj,
		   struct bl_apply_conflicts *ret_conflicts, struct bl_err *err);

/* After a create, update or other patch: obj's managedFields, given what was stored before (NULL: nothing). */
void bl_managed_update(const struct bl_schema_type *type, const json_t *old, json_t *obj,
		       const struct bl_apply_opts *opts);

#endif
