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

struct bl_apply_opts {
	const char *
		manager; /* fieldManager; an Update without one: the user agent up to its first '/' */
	const char *api_version; /* of the request's kind: "v1", "networking.k8s.io/v1" */
	const char *subresource; /* "" or "status" */
	bool has_status;	 /* the kind serves /status: each of the two owns only its side */
	bool force;		 /* bl_patch_apply() */
	const char *now;	 /* RFC 3339 in UTC, for managedFields[].time */
};

/*
 * Server-side apply (KEP-555): merges the configuration into live (NULL: creates) and keeps metadata.managedFields. The
 * new object is not decoded yet: bl_schema_decode() and the kind's defaults follow, as for the other patches, but no
 * bl_managed_update(). Neither live nor config may be decoded into each other's presence: config is the request's body as
 * it came.
 *
 * -EINVAL: the configuration cannot be read (400): a wrong apiVersion, managedFields in it, a value of a wrong type, a
 * list element without its keys or twice. -EEXIST: others own fields with another value (409); err has the message and
 * *ret_causes (a new array, the Status's details.causes) one {"reason": "FieldManagerConflict", "message": ...,
 * "field": ".spec.type"} each.
 */
int bl_patch_apply(const struct bl_schema_type *type, const json_t *live, const json_t *config,
		   const struct bl_apply_opts *opts, json_t **ret_obj, json_t **ret_causes,
		   struct bl_err *err);

/*
 * After a create, update or another patch: sets obj's metadata.managedFields, given what was stored before (NULL: nothing,
 * a create). To be called with obj decoded and defaulted but before the server allocates or prepares: what the server
 * fills in later belongs to nobody. Where only times would change, the old ones stay, so that an update that changes
 * nothing writes nothing.
 */
void bl_managed_update(const struct bl_schema_type *type, const json_t *old, json_t *obj,
		       const struct bl_apply_opts *opts);

#endif
