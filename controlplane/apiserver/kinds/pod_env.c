/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Environment variables of containers.
 *
 * A variable has a value, or takes it from exactly one source: a field of the pod, a resource of a
 * container, a key of a ConfigMap or Secret. Which fields of a pod can be given that way is a short
 * list; some more can be put into files, where labels and annotations may also be named as a whole.
 *
 * Names of variables follow the relaxed rule that is on since Kubernetes 1.34: any printable ASCII
 * but '='. References to ConfigMaps and Secrets are checked for form; whether they exist is found out
 * when the container starts, so that objects can be applied in any order.
 */
#include "apiserver/kinds/names.h"
#include "apiserver/kinds/pod.h"
#include "base/str.h"

/* "metadata.labels['x']": a single label or annotation. */
static bool is_subscript(const char *path)
{
	return (bl_str_starts(path, "metadata.labels['") ||
		bl_str_starts(path, "metadata.annotations['")) &&
	       bl_str_ends(path, "']");
}

void bl_pod_check_field_ref(struct bl_check *ck, const char *name, const json_t *ref, bool env)
{
	static const char *const in_env[] = {"metadata.name",
					     "metadata.namespace",
					     "metadata.uid",
					     "spec.nodeName",
					     "spec.serviceAccountName",
					     "status.hostIP",
					     "status.hostIPs",
					     "status.podIP",
					     "status.podIPs",
					     NULL};
	static const char *const in_files[] = {"metadata.annotations", "metadata.labels",
					       "metadata.name",	       "metadata.namespace",
					       "metadata.uid",	       NULL};
	static const char *const readable[] = {"spec.restartPolicy",
					       "spec.schedulerName",
					       "status.phase",
					       "metadata.labels",
					       "metadata.annotations",
					       "spec.nodeName",
					       "spec.serviceAccountName",
					       "status.hostIP",
					       "status.hostIPs",
					       "status.podIP",
					       "status.podIPs"};
	const char *const *allowed = env ? in_env : in_files;
	const char *path = bl_str(ref, "fieldPath");
	size_t mark = bl_path_push(&ck->at, name);
	bool known = false;

	for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++)
		known |= bl_streq(readable[i], path);
	for (const char *const *a = allowed; *a; a++)
		known |= bl_streq(*a, path);
	if (!bl_has_str(ref, "apiVersion"))
		bl_check_required(ck, "apiVersion", "");
	else if (*path == '\0')
		bl_check_required(ck, "fieldPath", "");
	else if (!known && !is_subscript(path))
		bl_check_invalid_str(ck, "fieldPath", path,
				     "error converting fieldPath: field label not supported");
	else if (known)
		(void)bl_check_one_of(ck, "fieldPath", path, allowed);
	bl_path_pop(&ck->at, mark);
}

static void check_resource_ref(struct bl_check *ck, const json_t *ref)
{
	static const char *const known[] = {"limits.cpu",
					    "limits.ephemeral-storage",
					    "limits.memory",
					    "requests.cpu",
					    "requests.ephemeral-storage",
					    "requests.memory",
					    NULL};
	const char *resource = bl_str(ref, "resource");
	size_t mark = bl_path_push(&ck->at, "resourceFieldRef");

	if (*resource == '\0')
		bl_check_required(ck, "resource", "");
	else if (!bl_str_starts(resource, "limits.hugepages-") &&
		 !bl_str_starts(resource, "requests.hugepages-"))
		(void)bl_check_one_of(ck, "resource", resource, known);
	bl_path_pop(&ck->at, mark);
}

static void check_key_ref(struct bl_check *ck, const char *name, const json_t *ref)
{
	size_t mark = bl_path_push(&ck->at, name);

	if (!bl_has_str(ref, "name"))
		bl_check_required(ck, "name", "");
	if (!bl_has_str(ref, "key"))
		bl_check_required(ck, "key", "");
	else
		(void)bl_check_rules(ck, "key", bl_str(ref, "key"), bl_rule_config_key);
	bl_path_pop(&ck->at, mark);
}

static void check_source(struct bl_check *ck, const json_t *var, const json_t *source)
{
	size_t mark = bl_path_push(&ck->at, "valueFrom");
	unsigned int count = 0;

	if (bl_has(source, "fieldRef")) {
		count++;
		bl_pod_check_field_ref(ck, "fieldRef", bl_get(source, "fieldRef"), true);
	}
	if (bl_has(source, "resourceFieldRef")) {
		count++;
		check_resource_ref(ck, bl_get(source, "resourceFieldRef"));
	}
	if (bl_has(source, "configMapKeyRef")) {
		count++;
		check_key_ref(ck, "configMapKeyRef", bl_get(source, "configMapKeyRef"));
	}
	if (bl_has(source, "secretKeyRef")) {
		count++;
		check_key_ref(ck, "secretKeyRef", bl_get(source, "secretKeyRef"));
	}
	if (count == 0)
		bl_check_invalid_str(ck, NULL, "",
				     "must specify one of: `fieldRef`, `resourceFieldRef`, "
				     "`configMapKeyRef` or `secretKeyRef`");
	else if (bl_has_str(var, "value"))
		bl_check_invalid_str(ck, NULL, "",
				     "may not be specified when `value` is not empty");
	else if (count > 1)
		bl_check_invalid_str(ck, NULL, "",
				     "may not have more than one field specified at a time");
	bl_path_pop(&ck->at, mark);
}

static void check_from(struct bl_check *ck, const json_t *from)
{
	static const char *const refs[] = {"configMapRef", "secretRef"};
	unsigned int count = 0;

	if (bl_has_str(from, "prefix"))
		(void)bl_check_rules(ck, "prefix", bl_str(from, "prefix"), bl_rule_env_name);
	for (size_t i = 0; i < 2; i++) {
		size_t mark;

		if (!bl_has(from, refs[i]))
			continue;
		count++;
		mark = bl_path_push(&ck->at, refs[i]);
		if (!bl_has_str(bl_get(from, refs[i]), "name"))
			bl_check_required(ck, "name", "");
		bl_path_pop(&ck->at, mark);
	}
	if (count == 0)
		bl_check_invalid_str(ck, NULL, "",
				     "must specify one of: `configMapRef` or `secretRef`");
	else if (count > 1)
		bl_check_invalid_str(ck, NULL, "",
				     "may not have more than one field specified at a time");
}

void bl_pod_check_env(struct bl_check *ck, const json_t *container)
{
	const json_t *env = bl_get(container, "env");
	const json_t *from = bl_get(container, "envFrom");

	for (size_t i = 0; i < json_array_size(env); i++) {
		const json_t *var = json_array_get(env, i);
		size_t mark = bl_path_push(&ck->at, "env");

		bl_path_push_index(&ck->at, i);
		if (!bl_has_str(var, "name"))
			bl_check_required(ck, "name", "");
		else
			(void)bl_check_rules(ck, "name", bl_str(var, "name"), bl_rule_env_name);
		if (bl_has(var, "valueFrom"))
			check_source(ck, var, bl_get(var, "valueFrom"));
		bl_path_pop(&ck->at, mark);
	}
	for (size_t i = 0; i < json_array_size(from); i++) {
		size_t mark = bl_path_push(&ck->at, "envFrom");

		bl_path_push_index(&ck->at, i);
		check_from(ck, json_array_get(from, i));
		bl_path_pop(&ck->at, mark);
	}
}
