/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: What admission adds to a Pod.
 *
 * Two plug-ins of the real server write into every pod, and clients see it: Priority gives the
 * number that a priority class stands for (the two built-in ones; there are no others here), and
 * DefaultTolerationSeconds lets a pod stay five minutes on a node that is not ready or not
 * reachable, unless the pod has its own word on that.
 */
#include "apiserver/kinds/pod.h"
#include "base/str.h"

#define SECONDS 300

static bool tolerates(const json_t *tolerations, const char *key)
{
	for (size_t i = 0; i < json_array_size(tolerations); i++) {
		const json_t *t = json_array_get(tolerations, i);
		const char *effect = bl_str(t, "effect");

		if ((bl_streq(bl_str(t, "key"), key) || !bl_has_str(t, "key")) &&
		    (*effect == '\0' || bl_streq(effect, "NoExecute")))
			return true;
	}
	return false;
}

static void add_tolerations(json_t *spec)
{
	static const char *const keys[] = {"node.kubernetes.io/not-ready",
					   "node.kubernetes.io/unreachable"};
	json_t *tolerations = bl_get(spec, "tolerations");
	bool wanted[2];

	for (size_t i = 0; i < 2; i++)
		wanted[i] = !tolerates(tolerations, keys[i]);
	if ((wanted[0] || wanted[1]) && !json_is_array(tolerations)) {
		tolerations = json_array();
		json_object_set_new(spec, "tolerations", tolerations);
	}
	for (size_t i = 0; i < 2; i++) {
		if (wanted[i])
			json_array_append_new(tolerations,
					      json_pack("{s:s,s:s,s:s,s:i}", "effect", "NoExecute",
							"key", keys[i], "operator", "Exists",
							"tolerationSeconds", SECONDS));
	}
}

void bl_pod_admit(json_t *obj)
{
	json_t *spec = bl_ensure(obj, "spec");
	const char *class = bl_str(spec, "priorityClassName");
	long long priority = 0;

	if (bl_streq(class, "system-node-critical"))
		priority = 2000001000;
	else if (bl_streq(class, "system-cluster-critical"))
		priority = 2000000000;
	bl_set_int(spec, "priority", priority);
	bl_default_str(spec, "preemptionPolicy", "PreemptLowerPriority");
	add_tolerations(spec);
}
