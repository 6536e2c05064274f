/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: What admission adds to a Pod.
 *
 * Two plug-ins of the real server write into every pod, and clients see it: Priority gives the
 * number that a priority class stands for (the two built-in ones; there are no others here), and
 * DefaultTolerationSeconds lets a pod stay five minutes on a node that is not ready or not
 * reachable, unless the pod has its own word on that. A class that is not known, or a number that a
 * class does not stand for, is forbidden.
 *
 * The plug-ins run before validation, so what they add is validated as well; and tolerations are
 * added on update again, which is why a client may replace the list without losing them.
 */
#include "apiserver/kinds/pod.h"

#include <stdio.h>

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

void bl_pod_add_tolerations(json_t *spec)
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

/* False: there is no such class. */
static bool priority_of(const char *class, long long *ret_priority)
{
	static const struct {
		const char *name;
		long long priority;
	} classes[] = {{"", 0},
		       {"system-node-critical", 2000001000},
		       {"system-cluster-critical", 2000000000}};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (!bl_streq(classes[i].name, class))
			continue;
		*ret_priority = classes[i].priority;
		return true;
	}
	return false;
}

const char *bl_pod_forbids(const json_t *obj, char buf[256])
{
	const json_t *spec = bl_get(obj, "spec");
	const char *class = bl_str(spec, "priorityClassName");
	const char *preemption = bl_str(spec, "preemptionPolicy");
	long long priority;

	if (!priority_of(class, &priority)) {
		(void)snprintf(buf, 256, "no PriorityClass with name %.200s was found", class);
		return buf;
	}
	if (bl_has(spec, "priority") && bl_int(spec, "priority") != priority) {
		(void)snprintf(buf, 256,
			       "the integer value of priority (%lld) must not be provided in pod "
			       "spec; priority admission controller computed %lld from the given "
			       "PriorityClass name",
			       bl_int(spec, "priority"), priority);
		return buf;
	}
	if (*preemption && !bl_streq(preemption, "PreemptLowerPriority"))
		return "the string value of PreemptionPolicy must not be provided in pod spec; "
		       "priority admission controller computed PreemptLowerPriority from the given "
		       "PriorityClass name";
	return NULL;
}

void bl_pod_admit(json_t *obj)
{
	json_t *spec = bl_ensure(obj, "spec");
	long long priority = 0;

	(void)priority_of(bl_str(spec, "priorityClassName"), &priority);
	bl_set_int(spec, "priority", priority);
	bl_default_str(spec, "preemptionPolicy", "PreemptLowerPriority");
	bl_pod_add_tolerations(spec);
}
