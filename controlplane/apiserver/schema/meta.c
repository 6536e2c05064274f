// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The shapes that belong to no kind: metadata and its parts
 *
 * ObjectMeta, ListMeta, label selectors, conditions and the body of a DELETE, after k8s.io/apimachinery meta/v1 of
 * Kubernetes 1.36. Names, list types, merge keys and the presence of empty values are facts of that API; the one-line
 * descriptions are ours.
 *
 * fieldsV1 is kept as it comes: its keys are data (paths), so no table could name them. Label selectors and owner
 * references are atomic: who applies one owns all of it, because half a selector selects something else.
 */
#include "apiserver/schema/table.h"

static const struct bl_schema_field owner_reference_fields[] = {
	REQ("apiVersion", STRING, "Group and version of the owner."),
	PTR("blockOwnerDeletion", BOOL,
	    "In a foreground deletion the owner stays until this object is gone."),
	PTR("controller", BOOL, "This owner is the controller that manages the object."),
	REQ("kind", STRING, "Kind of the owner."),
	REQ("name", STRING, "Name of the owner."),
	REQ("uid", STRING, "UID of the owner."),
	END,
};
static TYPE(owner_reference, META "OwnerReference",
	    "An object that this one depends on: without its owners it is deleted.",
	    .atomic = true);

static const struct bl_schema_field managed_fields_entry_fields[] = {
	OPT("apiVersion", STRING, "The version in which the fields are named."),
	OPT("fieldsType", STRING, "The format of the field set: FieldsV1."),
	PTR("fieldsV1", ANY, "The set of fields, as a tree of path elements."),
	OPT("manager", STRING, "Who manages the fields."),
	OPT("operation", STRING, "How the fields were set: Apply or Update."),
	OPT("subresource", STRING, "The subresource that was written, or empty."),
	PTR("time", TIME, "When the set last changed."),
	END,
};
static TYPE(managed_fields_entry, META "ManagedFieldsEntry",
	    "The fields of the object that one manager has set.");

static const struct bl_schema_field bl_schema_object_meta_fields[] = {
	MAP("annotations", STRING, "Free text by key, for tools; not selectable."),
	PTR("creationTimestamp", TIME, "When the object was created. Read-only."),
	PTR("deletionGracePeriodSeconds", INT64,
	    "Seconds the object may take to end before it is removed. Read-only."),
	PTR("deletionTimestamp", TIME, "When the object is to be gone. Read-only."),
	SET("finalizers", STRING, "Names that must be taken away before the object is removed.",
	    MERGED("")),
	OPT("generateName", STRING, "Prefix from which the server makes a unique name."),
	OPT("generation", INT64, "Counts the changes of the desired state. Read-only."),
	MAP("labels", STRING, "Keys and values by which objects are selected."),
	OBJS("managedFields", managed_fields_entry, "Which manager set which fields."),
	OPT("name", STRING, "Name, unique among its kind within the namespace."),
	OPT("namespace", STRING, "The namespace in which the name is unique."),
	KEYED("ownerReferences", owner_reference, "uid", "uid",
	      "Objects that this one depends on."),
	OPT("resourceVersion", STRING,
	    "Opaque version of the stored object, for watches and optimistic locking."),
	OPT("selfLink", STRING, "Not set any more."),
	OPT("uid", STRING, "Unique in time and space. Read-only."),
	END,
};
TYPE(bl_schema_object_meta, META "ObjectMeta", "What every stored object has.");

static const struct bl_schema_field bl_schema_list_meta_fields[] = {
	OPT("continue", STRING, "Token for the next part of a list that was cut at its limit."),
	PTR("remainingItemCount", INT64, "How many items follow this part, where it is known."),
	OPT("resourceVersion", STRING, "The version at which the list was read."),
	OPT("selfLink", STRING, "Not set any more."),
	END,
};
TYPE(bl_schema_list_meta, META "ListMeta", "What every list has.");

static const struct bl_schema_field requirement_fields[] = {
	REQ("key", STRING, "The label key that the selector looks at."),
	REQ("operator", STRING, "In, NotIn, Exists or DoesNotExist."),
	LIST("values", STRING, "The values of In and NotIn; empty for the others."),
	END,
};
static TYPE(requirement, META "LabelSelectorRequirement",
	    "One condition on a label: a key, an operator and values.");

static const struct bl_schema_field bl_schema_label_selector_fields[] = {
	OBJS("matchExpressions", requirement, "Conditions that must all hold."),
	MAP("matchLabels", STRING, "Labels that must all be there with these values."),
	END,
};
TYPE(bl_schema_label_selector, META "LabelSelector",
     "Selects objects by their labels. Empty selects all, absent selects none.", .atomic = true);

static const struct bl_schema_field bl_schema_condition_fields[] = {
	REQ("lastTransitionTime", TIME, "When the status last changed."),
	REQ("message", STRING, "Details for people."),
	OPT("observedGeneration", INT64, "The generation for which this was found out."),
	REQ("reason", STRING, "Why, as one word in CamelCase."),
	REQ("status", STRING, "True, False or Unknown."),
	REQ("type", STRING, "The name of the condition."),
	END,
};
TYPE(bl_schema_condition, META "Condition", "One aspect of an object's state.");

static const struct bl_schema_field preconditions_fields[] = {
	PTR("resourceVersion", STRING, "The version that the object must have."),
	PTR("uid", STRING, "The UID that the object must have."),
	END,
};
static TYPE(preconditions, META "Preconditions", "What must hold before an object is deleted.");

static const struct bl_schema_field bl_schema_delete_options_fields[] = {
	OPT("apiVersion", STRING, "Group and version of this form of the object."),
	LIST("dryRun", STRING, "All: nothing is deleted, the answer is as if."),
	PTR("gracePeriodSeconds", INT64, "Seconds before the object is removed; 0 is at once."),
	PTR("ignoreStoreReadErrorWithClusterBreakingPotential", BOOL,
	    "Deletes also what cannot be read from storage."),
	OPT("kind", STRING, "The kind of the object."),
	PTR("orphanDependents", BOOL, "Old form of propagationPolicy: Orphan."),
	OBJ("preconditions", preconditions, "What must hold, or the deletion is refused with 409."),
	PTR("propagationPolicy", STRING, "Orphan, Background or Foreground."),
	END,
};
TYPE(bl_schema_delete_options, META "DeleteOptions", "How an object is to be deleted.");

static const struct bl_schema_field cause_fields[] = {
	OPT("field", STRING, "Path of the field that is wrong."),
	OPT("message", STRING, "What is wrong, for people."),
	OPT("reason", STRING, "What is wrong, for programs."),
	END,
};
static TYPE(cause, META "StatusCause", "One thing that is wrong.");

static const struct bl_schema_field details_fields[] = {
	OBJS("causes", cause, "All that is wrong."),
	OPT("group", STRING, "Group of the object."),
	OPT("kind", STRING, "Kind of the object."),
	OPT("name", STRING, "Name of the object."),
	OPT("retryAfterSeconds", INT32, "Seconds after which to try again."),
	OPT("uid", STRING, "UID of the object."),
	END,
};
static TYPE(details, META "StatusDetails", "What a status is about.");

static const struct bl_schema_field bl_schema_status_fields[] = {
	OPT("apiVersion", STRING, "Group and version of this form of the object."),
	OPT("code", INT32, "HTTP status code."),
	OBJ("details", details, "What it is about."),
	OPT("kind", STRING, "The kind of the object."),
	OPT("message", STRING, "What happened, for people."),
	SUB("metadata", bl_schema_list_meta, "What every list has."),
	OPT("reason", STRING, "What happened, for programs."),
	OPT("status", STRING, "Success or Failure."),
	END,
};
TYPE(bl_schema_status, META "Status", "How a request ended.");
