// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Namespace.
 *
 * A namespace matters for its labels, which policies select by, and for whether it is being deleted: pods of a
 * terminating namespace keep their policy until they are gone (CVE-2024-7598), so the object stays known until the server
 * says that it is deleted. The phase is read as well as the deletion time, since a status that lags behind must not make a
 * terminating namespace look alive.
 */

#include "api/namespace.h"

#include "api/read.h"
#include "base/str.h"

static int decode(struct bl_api_reader *r, struct bl_api_object *obj, const json_t *json)
{
	struct bl_api_namespace *ns = (struct bl_api_namespace *)obj;
	const json_t *status = NULL;
	const char *phase = "";
	int rc = bl_api_read_obj(r, NULL, json, "status", &status);

	if (!rc)
		rc = bl_api_read_str(r, BL_API_AT(NULL, "status"), status, "phase", BL_API_MAX_NAME,
				     &phase);
	if (rc)
		return rc;
	ns->terminating = obj->meta.deleting || bl_streq(phase, "Terminating");
	return 0;
}

const struct bl_api_type bl_api_type_namespace = {
	.kind = BL_API_NAMESPACE,
	.name = "Namespace",
	.plural = "namespaces",
	.path = "/api/v1/namespaces",
	.size = sizeof(struct bl_api_namespace),
	.decode = decode,
};
