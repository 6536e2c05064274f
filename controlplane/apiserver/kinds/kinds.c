/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: The table of kinds.
 *
 * Everything the server serves is a row here. The HTTP side, storage, watches, patches and
 * discovery know rows, never kinds; a new kind is a row in a file of its own, a schema, and one
 * line below.
 *
 * The order is that of discovery: the core group first, by plural, then the other groups.
 *
 * Discovery, the table of short names in kubectl and the order of kubectl api-resources all follow
 * from it, so a new core kind goes to its place by the alphabet, and not to the end.
 */
#include "apiserver/kinds/kinds.h"

#include "base/str.h"

const struct bl_kind *const bl_kinds[] = {
	&bl_kind_configmap,
	&bl_kind_endpoints,
	&bl_kind_event,
	&bl_kind_namespace,
	&bl_kind_node,
	&bl_kind_pod,
	&bl_kind_secret,
	&bl_kind_service,
	&bl_kind_serviceaccount,
	&bl_kind_lease,
	&bl_kind_endpointslice,
	&bl_kind_networkpolicy,
	NULL,
};

const struct bl_kind *bl_kind_find(const char *group, const char *version, const char *plural)
{
	for (const struct bl_kind *const *k = bl_kinds; *k; k++) {
		if (bl_streq((*k)->group, group) && bl_streq((*k)->version, version) &&
		    bl_streq((*k)->plural, plural))
			return *k;
	}
	return NULL;
}
