// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The shapes of the small kinds
 *
 * ConfigMap, Secret, ServiceAccount, Namespace, Binding, the two forms of Event, and Lease, after k8s.io/api of
 * Kubernetes 1.36; beside them the references that other tables use too.
 *
 * Event exists twice in the API: core/v1, which writes involvedObject and counts, and events.k8s.io/v1, which writes
 * regarding and series and shows the former's fields with the prefix `deprecated`. They are two tables because they are
 * two forms on the wire. An Event shows its times as null while they are unknown, and a Lease's MicroTimes have six
 * digits, so both are described with the presence that clients see.
 */
#include "apiserver/schema/table.h"

static const struct bl_schema_field bl_schema_object_reference_fields[] = {
	OPT("apiVersion", STRING, "Group and version of the object."),
	OPT("fieldPath", STRING, "The part of the object that is meant, as a JSON path."),
	OPT("kind", STRING, "Kind of the object."),
	OPT("name", STRING, "Name of the object."),
	OPT("namespace", STRING, "Namespace of the object."),
	OPT("resourceVersion", STRING, "The version of the object that is meant."),
	OPT("uid", STRING, "UID of the object."),
	END,
};
TYPE(bl_schema_object_reference, CORE "ObjectReference", "Points at another object.",
     .atomic = true);

static const struct bl_schema_field bl_schema_local_reference_fields[] = {
	OPT("name", STRING, "Name of the object."),
	END,
};
TYPE(bl_schema_local_reference, CORE "LocalObjectReference",
     "Points at an object of the same namespace.", .atomic = true);

static const struct bl_schema_field bl_schema_typed_local_reference_fields[] = {
	PTR("apiGroup", STRING, "Group of the object; absent for the core group."),
	REQ("kind", STRING, "Kind of the object."),
	REQ("name", STRING, "Name of the object."),
	END,
};
TYPE(bl_schema_typed_local_reference, CORE "TypedLocalObjectReference",
     "Points at an object of any kind in the same namespace.", .atomic = true);

static const struct bl_schema_field bl_schema_configmap_fields[] = {
	KIND_ROWS,
	MAP("binaryData", BYTES, "Bytes by key, in base64. Keys differ from those of data."),
	MAP("data", STRING, "Texts by key."),
	PTR("immutable", BOOL, "No change of the data is accepted any more."),
	END,
};
TYPE(bl_schema_configmap, CORE "ConfigMap", "Configuration as keys and values.");

static const struct bl_schema_field bl_schema_secret_fields[] = {
	KIND_ROWS,
	MAP("data", BYTES, "Bytes by key, in base64."),
	PTR("immutable", BOOL, "No change of the data is accepted any more."),
	MAP("stringData", STRING, "Write-only: texts that the server puts into data."),
	OPT("type", STRING, "What the secret is for; Opaque where nothing is said."),
	END,
};
TYPE(bl_schema_secret, CORE "Secret", "Keys and values that only few may read.");

static const struct bl_schema_field bl_schema_serviceaccount_fields[] = {
	KIND_ROWS,
	PTR("automountServiceAccountToken", BOOL, "Pods get a token of the account mounted."),
	OBJS("imagePullSecrets", bl_schema_local_reference,
	     "Secrets with which images are pulled."),
	KEYED("secrets", bl_schema_object_reference, "name", "name",
	      "Secrets that pods of the account may use."),
	END,
};
TYPE(bl_schema_serviceaccount, CORE "ServiceAccount", "An identity for processes in pods.");

static const struct bl_schema_field namespace_spec_fields[] = {
	LIST("finalizers", STRING,
	     "Names that must be taken away before the namespace is removed."),
	END,
};
static TYPE(namespace_spec, CORE "NamespaceSpec", "Desired state of a namespace.");

static const struct bl_schema_field namespace_condition_fields[] = {
	ALW("lastTransitionTime", TIME, "When the status last changed."),
	OPT("message", STRING, "Details for people."),
	OPT("reason", STRING, "Why, as one word in CamelCase."),
	REQ("status", STRING, "True, False or Unknown."),
	REQ("type", STRING, "The name of the condition."),
	END,
};
static TYPE(namespace_condition, CORE "NamespaceCondition",
	    "One aspect of a namespace's deletion.");

static const struct bl_schema_field namespace_status_fields[] = {
	KEYED("conditions", namespace_condition, "type", "type", "How the deletion goes."),
	OPT("phase", STRING, "Active or Terminating."),
	END,
};
static TYPE(namespace_status, CORE "NamespaceStatus", "Observed state of a namespace.");

static const struct bl_schema_field bl_schema_namespace_fields[] = {
	KIND_ROWS,
	SUB("spec", namespace_spec, "Desired state."),
	SUB("status", namespace_status, "Observed state."),
	END,
};
TYPE(bl_schema_namespace, CORE "Namespace", "A scope for names.");

static const struct bl_schema_field bl_schema_binding_fields[] = {
	KIND_ROWS,
	SUB("target", bl_schema_object_reference, "The node.", REQUIRED),
	END,
};
TYPE(bl_schema_binding, CORE "Binding", "Puts a pod on a node.");

static const struct bl_schema_field event_source_fields[] = {
	OPT("component", STRING, "The program that reports."),
	OPT("host", STRING, "The node on which it runs."),
	END,
};
static TYPE(event_source, CORE "EventSource", "Who reports an event.");

static const struct bl_schema_field event_series_fields[] = {
	OPT("count", INT32, "How often the event has been seen in the series."),
	ALW("lastObservedTime", MICRO_TIME, "When it was last seen."),
	END,
};
static TYPE(event_series, CORE "EventSeries", "An event that goes on.");

static const struct bl_schema_field bl_schema_event_fields[] = {
	KIND_ROWS,
	OPT("action", STRING, "What was done to the object, or failed to be done."),
	OPT("count", INT32, "How often the event has been seen."),
	ALW("eventTime", MICRO_TIME, "When the event was first seen."),
	ALW("firstTimestamp", TIME, "When the event was first seen."),
	SUB("involvedObject", bl_schema_object_reference, "The object that it is about.", REQUIRED),
	ALW("lastTimestamp", TIME, "When the event was last seen."),
	OPT("message", STRING, "What happened, for people."),
	OPT("reason", STRING, "Why, as one word in CamelCase."),
	OBJ("related", bl_schema_object_reference,
	    "A second object, for what happens between two."),
	ALW("reportingComponent", STRING, "The controller that reports."),
	ALW("reportingInstance", STRING, "Its instance."),
	OBJ("series", event_series, "The series that the event belongs to, or absent."),
	SUB("source", event_source, "The program that reports."),
	OPT("type", STRING, "Normal or Warning."),
	END,
};
TYPE(bl_schema_event, CORE "Event", "A report that something happened to an object.");

#define EVENTS "io.k8s.api.events.v1."

static const struct bl_schema_field events_series_fields[] = {
	REQ("count", INT32, "How often the event has been seen in the series."),
	REQ("lastObservedTime", MICRO_TIME, "When it was last seen."),
	END,
};
static TYPE(events_series, EVENTS "EventSeries", "An event that goes on.");

static const struct bl_schema_field bl_schema_events_event_fields[] = {
	KIND_ROWS,
	OPT("action", STRING, "What was done to the object, or failed to be done."),
	OPT("deprecatedCount", INT32, "The count of core/v1."),
	ALW("deprecatedFirstTimestamp", TIME, "The firstTimestamp of core/v1."),
	ALW("deprecatedLastTimestamp", TIME, "The lastTimestamp of core/v1."),
	SUB("deprecatedSource", event_source, "The source of core/v1."),
	REQ("eventTime", MICRO_TIME, "When the event was first seen."),
	OPT("note", STRING, "What happened, for people."),
	OPT("reason", STRING, "Why, as one word in CamelCase."),
	SUB("regarding", bl_schema_object_reference, "The object that it is about."),
	OBJ("related", bl_schema_object_reference,
	    "A second object, for what happens between two."),
	OPT("reportingController", STRING, "The controller that reports."),
	OPT("reportingInstance", STRING, "Its instance."),
	OBJ("series", events_series, "The series that the event belongs to, or absent."),
	OPT("type", STRING, "Normal or Warning."),
	END,
};
TYPE(bl_schema_events_event, EVENTS "Event", "A report that something happened to an object.");

#define COORDINATION "io.k8s.api.coordination.v1."

static const struct bl_schema_field lease_spec_fields[] = {
	PTR("acquireTime", MICRO_TIME, "When the lease was taken."),
	PTR("holderIdentity", STRING, "Who holds the lease."),
	PTR("leaseDurationSeconds", INT32, "How long after renewTime others must wait."),
	PTR("leaseTransitions", INT32, "How often the holder has changed."),
	PTR("preferredHolder", STRING, "Who should hold the lease next."),
	PTR("renewTime", MICRO_TIME, "When the holder last renewed it."),
	PTR("strategy", STRING, "How the holder is chosen in a coordinated election."),
	END,
};
static TYPE(lease_spec, COORDINATION "LeaseSpec", "Who holds a lease, and until when.");

static const struct bl_schema_field bl_schema_lease_fields[] = {
	KIND_ROWS,
	SUB("spec", lease_spec, "Who holds it."),
	END,
};
TYPE(bl_schema_lease, COORDINATION "Lease", "A sign of life, or a lock with a time limit.");
