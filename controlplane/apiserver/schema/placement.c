// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The shapes of what decides where a pod is placed
 *
 * Affinity to nodes and pods, tolerations and spread constraints, after k8s.io/api core/v1 of Kubernetes 1.36. Nothing
 * in beeline schedules by them; they are here because a pod that a user applies has to be read, checked and given back
 * complete. A node selector is atomic, term by term: half a term selects other nodes.
 */
#include "apiserver/schema/table.h"

static const struct bl_schema_field node_requirement_fields[] = {
	REQ("key", STRING, "The label key, or the field."),
	REQ("operator", STRING, "In, NotIn, Exists, DoesNotExist, Gt or Lt."),
	LIST("values", STRING, "Values; one integer for Gt and Lt."),
	END,
};
static TYPE(node_requirement, CORE "NodeSelectorRequirement", "One condition on a node.");

static const struct bl_schema_field node_term_fields[] = {
	OBJS("matchExpressions", node_requirement, "Conditions on labels that must all hold."),
	OBJS("matchFields", node_requirement, "Conditions on fields that must all hold."),
	END,
};
static TYPE(node_term, CORE "NodeSelectorTerm", "Conditions that must all hold.", .atomic = true);

static const struct bl_schema_field bl_schema_node_selector_fields[] = {
	ROW("nodeSelectorTerms", OBJECT, LIST_ATOMIC, ALWAYS, "Terms of which one must hold.",
	    OF(node_term), REQUIRED),
	END,
};
TYPE(bl_schema_node_selector, CORE "NodeSelector", "Selects nodes.", .atomic = true);

static const struct bl_schema_field preferred_term_fields[] = {
	SUB("preference", node_term, "The nodes.", REQUIRED),
	REQ("weight", INT32, "How much they are preferred, 1 to 100."),
	END,
};
static TYPE(preferred_term, CORE "PreferredSchedulingTerm", "Nodes that are preferred.");

static const struct bl_schema_field node_affinity_fields[] = {
	OBJS("preferredDuringSchedulingIgnoredDuringExecution", preferred_term,
	     "Nodes that are preferred."),
	OBJ("requiredDuringSchedulingIgnoredDuringExecution", bl_schema_node_selector,
	    "Nodes that come into question."),
	END,
};
static TYPE(node_affinity, CORE "NodeAffinity", "Which nodes the pod is placed on.");

static const struct bl_schema_field pod_term_fields[] = {
	OBJ("labelSelector", bl_schema_label_selector, "The other pods."),
	LIST("matchLabelKeys", STRING, "Keys whose values must be those of this pod."),
	LIST("mismatchLabelKeys", STRING, "Keys whose values must differ from those of this pod."),
	OBJ("namespaceSelector", bl_schema_label_selector, "Namespaces of the other pods."),
	LIST("namespaces", STRING, "Namespaces of the other pods, by name."),
	REQ("topologyKey", STRING, "Node label: an equal value counts as the same place."),
	END,
};
static TYPE(pod_term, CORE "PodAffinityTerm", "Pods to be near to, or far from.");

static const struct bl_schema_field weighted_term_fields[] = {
	SUB("podAffinityTerm", pod_term, "The pods.", REQUIRED),
	REQ("weight", INT32, "How much it is preferred, 1 to 100."),
	END,
};
static TYPE(weighted_term, CORE "WeightedPodAffinityTerm", "Pods, with a weight.");

static const struct bl_schema_field pod_affinity_fields[] = {
	OBJS("preferredDuringSchedulingIgnoredDuringExecution", weighted_term,
	     "Pods that it should be near to."),
	OBJS("requiredDuringSchedulingIgnoredDuringExecution", pod_term,
	     "Pods that it must be near to."),
	END,
};
static TYPE(pod_affinity, CORE "PodAffinity", "Which pods it is placed near to.");

static const struct bl_schema_field pod_anti_affinity_fields[] = {
	OBJS("preferredDuringSchedulingIgnoredDuringExecution", weighted_term,
	     "Pods that it should be far from."),
	OBJS("requiredDuringSchedulingIgnoredDuringExecution", pod_term,
	     "Pods that it must be far from."),
	END,
};
static TYPE(pod_anti_affinity, CORE "PodAntiAffinity", "Which pods it is placed far from.");

static const struct bl_schema_field bl_schema_affinity_fields[] = {
	OBJ("nodeAffinity", node_affinity, "Which nodes it is placed on."),
	OBJ("podAffinity", pod_affinity, "Which pods it is placed near to."),
	OBJ("podAntiAffinity", pod_anti_affinity, "Which pods it is placed far from."),
	END,
};
TYPE(bl_schema_affinity, CORE "Affinity", "Where a pod is placed.");

static const struct bl_schema_field bl_schema_toleration_fields[] = {
	OPT("effect", STRING, "The effect; empty is all."),
	OPT("key", STRING, "The taint's key; empty with Exists is all."),
	OPT("operator", STRING, "Exists, Equal, Lt or Gt; Equal where nothing is said."),
	PTR("tolerationSeconds", INT64, "For how long NoExecute is tolerated; absent is for ever."),
	OPT("value", STRING, "The taint's value."),
	END,
};
TYPE(bl_schema_toleration, CORE "Toleration", "A taint that a pod tolerates.");

static const struct bl_schema_field bl_schema_spread_constraint_fields[] = {
	OBJ("labelSelector", bl_schema_label_selector, "The pods that are counted."),
	LIST("matchLabelKeys", STRING, "Keys whose values must be those of this pod."),
	REQ("maxSkew", INT32, "The most that two places may differ by."),
	PTR("minDomains", INT32, "The fewest places that count."),
	PTR("nodeAffinityPolicy", STRING, "Honor or Ignore."),
	PTR("nodeTaintsPolicy", STRING, "Honor or Ignore."),
	REQ("topologyKey", STRING, "Node label: an equal value counts as the same place."),
	REQ("whenUnsatisfiable", STRING, "DoNotSchedule or ScheduleAnyway."),
	END,
};
TYPE(bl_schema_spread_constraint, CORE "TopologySpreadConstraint", "How like pods are spread.");
