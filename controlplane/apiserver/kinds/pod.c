/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Pod (core/v1).
 *
 * The row; its ideas have files of their own (pod_*.c). A client writes the spec once and then
 * little of it; the status is the node's. A new pod is Pending and gets its quality-of-service
 * class, which never changes.
 *
 * What the order of steps promises: defaults run on every decode, also of what is stored, so they
 * must change nothing the second time. What happens once (Pending, the class, what admission adds) is
 * in prepare_create; what a client may not touch is carried over in prepare_update.
 *
 * Metadata has no rules of its own here but one: the status cannot change owners.
 */
#include "apiserver/kinds/pod.h"

#include "apiserver/kinds/kinds.h"
#include "apiserver/kinds/names.h"
#include "apiserver/schema_types.h"
#include "base/str.h"

static void prepare_create(json_t *obj)
{
	json_t *spec = bl_ensure(obj, "spec");
	json_t *status =
		json_pack("{s:s,s:s}", "phase", "Pending", "qosClass", bl_pod_qos_class(spec));

	if (bl_count(spec, "schedulingGates") > 0)
		json_object_set_new(
			status, "conditions",
			json_pack("[{s:n,s:n,s:s,s:s,s:s,s:s}]", "lastProbeTime",
				  "lastTransitionTime", "message",
				  "Scheduling is blocked due to non-empty scheduling gates",
				  "reason", "SchedulingGated", "status", "False", "type",
				  "PodScheduled"));
	json_object_set_new(obj, "status", status);
	bl_pod_admit(obj);
}

static void prepare_update(json_t *obj, const json_t *old)
{
	json_t *spec = bl_ensure(obj, "spec");

	bl_carry(obj, old, "status");
	/* The numbers that admission gave, unless the client says otherwise. */
	if (!bl_has(spec, "priority"))
		bl_carry(spec, bl_get(old, "spec"), "priority");
	if (!bl_has(spec, "preemptionPolicy"))
		bl_carry(spec, bl_get(old, "spec"), "preemptionPolicy");
	bl_pod_add_tolerations(spec);
}

static void prepare_status(json_t *obj, const json_t *old)
{
	json_t *status = bl_ensure(obj, "status");

	bl_carry(obj, old, "spec");
	bl_carry(bl_ensure(obj, "metadata"), bl_get(old, "metadata"), "ownerReferences");
	if (!bl_has_str(status, "qosClass"))
		bl_set_str(status, "qosClass", bl_pod_qos_class(bl_get(obj, "spec")));
}

static const char *field_value(const json_t *obj, const char *key, char buf[64])
{
	static const char *const of_spec[] = {"nodeName", "restartPolicy", "schedulerName",
					      "serviceAccountName"};
	static const char *const of_status[] = {"phase", "podIP", "nominatedNodeName"};
	const json_t *spec = bl_get(obj, "spec");

	(void)buf;
	for (size_t i = 0; i < sizeof(of_spec) / sizeof(of_spec[0]); i++) {
		if (bl_str_starts(key, "spec.") && bl_streq(key + 5, of_spec[i]))
			return bl_str(spec, of_spec[i]);
	}
	for (size_t i = 0; i < sizeof(of_status) / sizeof(of_status[0]); i++) {
		if (bl_str_starts(key, "status.") && bl_streq(key + 7, of_status[i]))
			return bl_str(bl_get(obj, "status"), of_status[i]);
	}
	if (bl_streq(key, "spec.hostNetwork"))
		return bl_bool(spec, "hostNetwork") ? "true" : "false";
	return NULL;
}

static const char *const short_names[] = {"po", NULL};
static const char *const categories[] = {"all", NULL};

const struct bl_kind bl_kind_pod = {
	.group = "",
	.version = "v1",
	.kind = "Pod",
	.plural = "pods",
	.singular = "pod",
	.short_names = short_names,
	.categories = categories,
	.namespaced = true,
	.has_status = true,
	.has_generation = true,
	.graceful_delete = true,
	.returns_deleted = true,
	.schema = &bl_schema_pod,
	.set_defaults = bl_pod_defaults,
	.forbids = bl_pod_forbids,
	.prepare_create = prepare_create,
	.prepare_update = prepare_update,
	.prepare_status = prepare_status,
	.validate = bl_pod_validate,
	.validate_update = bl_pod_validate_update,
	.validate_status = bl_pod_validate_status,
	.field_value = field_value,
	.columns = bl_pod_columns,
	.cells = bl_pod_cells,
	.warn = bl_pod_warn,
};
