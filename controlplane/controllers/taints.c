// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Taints of nodes that are not ready.
 *
 * A node whose condition Ready is False is tainted node.kubernetes.io/not-ready, one whose condition is Unknown
 * node.kubernetes.io/unreachable: NoSchedule keeps new pods away, NoExecute sends away those that do not tolerate it. The
 * two keys belong to the controller, every other taint to somebody else.
 *
 * A node without the condition has said nothing about itself and is taken for ready, so that a Node object that a person
 * made by hand can be used.
 *
 * Pure: node in, taints out.
 */

#include "controllers/taints.h"

#include <stdbool.h>

#include "base/json.h"
#include "base/str.h"

#define NOT_READY   "node.kubernetes.io/not-ready"
#define UNREACHABLE "node.kubernetes.io/unreachable"

const char *bl_taints_ready_status(const json_t *node)
{
	const json_t *c;
	size_t i;

	json_array_foreach (bl_json_at(node, "status", "conditions", NULL), i, c) {
		const char *type = bl_json_str_at(c, "type", NULL);
		const char *status = bl_json_str_at(c, "status", NULL);

		if (type && status && bl_streq(type, "Ready"))
			return status;
	}
	return "True";
}

static bool is_ours(const json_t *taint)
{
	const char *key = bl_json_str_at(taint, "key", NULL);

	return key && (bl_streq(key, NOT_READY) || bl_streq(key, UNREACHABLE));
}

json_t *bl_taints_wanted(const json_t *node, const char *ready)
{
	static const char *const effects[] = {"NoSchedule", "NoExecute"};
	const json_t *now = bl_json_at(node, "spec", "taints", NULL);
	const char *key = bl_streq(ready, "Unknown") ? UNREACHABLE : NOT_READY;
	size_t i, wanted = bl_streq(ready, "True") ? 0 : 2, right = 0, ours = 0;
	json_t *list = json_array(), *t;

	json_array_foreach (now, i, t) {
		if (!is_ours(t)) {
			json_array_append(list, t);
			continue;
		}
		ours++;
		right += wanted && bl_streq(bl_json_str_at(t, "key", NULL), key);
	}
	if (ours == wanted && right == wanted) {
		json_decref(list);
		return NULL;
	}
	for (i = 0; i < wanted; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s}", "key", key, "effect", effects[i]));
	return list;
}
