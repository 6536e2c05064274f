// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The numbers of fields in protobuf messages.
 *
 * Go clients with typed interfaces write protobuf where they can, kubectl's `create namespace`, `create configmap`,
 * `create secret` and `create service` among them, and they do not fall back to JSON. So what such clients create is read.
 *
 * What a field is (text, map, list of objects) is known from the schemas; protobuf adds only a number for each, which is
 * part of the API for ever (generated.proto of k8s.io/api and k8s.io/apimachinery). A row here names the fields of a type
 * in the order of their numbers, from 1 on; "" is a number that is not in use, or a field that only the server sets and that
 * is of no interest in what a client sends (creationTimestamp, managedFields).
 *
 * A kind that is missing here is answered 415, as before.
 */
#include "apiserver/protobuf/numbers.h"

#include "apiserver/schema_types.h"
#include "base/mem.h"
#include "base/str.h"

#define CORE	     "io.k8s.api.core.v1."
#define META	     "io.k8s.apimachinery.pkg.apis.meta.v1."
#define COORDINATION "io.k8s.api.coordination.v1."
#define NAMES_MAX    24

static const struct {
	const char *type;
	const char *names[NAMES_MAX];
} rows[] = {
	{META "ObjectMeta",
	 {"name", "generateName", "namespace", "", "uid", "resourceVersion", "", "", "", "",
	  "labels", "annotations", "ownerReferences", "finalizers"}},
	{META "OwnerReference",
	 {"kind", "", "name", "uid", "apiVersion", "controller", "blockOwnerDeletion"}},
	{META "DeleteOptions",
	 {"gracePeriodSeconds", "preconditions", "orphanDependents", "propagationPolicy",
	  "dryRun"}},
	{META "Preconditions", {"uid", "resourceVersion"}},
	{CORE "Binding", {"metadata", "target"}},
	{CORE "ConfigMap", {"metadata", "data", "binaryData", "immutable"}},
	{CORE "Event",
	 {"metadata", "involvedObject", "reason", "message", "source", "firstTimestamp",
	  "lastTimestamp", "count", "type", "eventTime", "series", "action", "related",
	  "reportingComponent", "reportingInstance"}},
	{CORE "EventSeries", {"count", "lastObservedTime"}},
	{CORE "EventSource", {"component", "host"}},
	{CORE "LocalObjectReference", {"name"}},
	{CORE "Namespace", {"metadata", "spec"}},
	{CORE "NamespaceSpec", {"finalizers"}},
	{CORE "ObjectReference",
	 {"kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"}},
	{CORE "Secret", {"metadata", "data", "type", "stringData", "immutable"}},
	{CORE "Service", {"metadata", "spec"}},
	{CORE "ServiceAccount",
	 {"metadata", "secrets", "imagePullSecrets", "automountServiceAccountToken"}},
	{CORE "ServicePort", {"name", "protocol", "port", "targetPort", "nodePort", "appProtocol"}},
	{CORE "ServiceSpec",
	 {"ports",
	  "selector",
	  "clusterIP",
	  "type",
	  "externalIPs",
	  "",
	  "sessionAffinity",
	  "loadBalancerIP",
	  "loadBalancerSourceRanges",
	  "externalName",
	  "externalTrafficPolicy",
	  "healthCheckNodePort",
	  "publishNotReadyAddresses",
	  "sessionAffinityConfig",
	  "",
	  "",
	  "ipFamilyPolicy",
	  "clusterIPs",
	  "ipFamilies",
	  "allocateLoadBalancerNodePorts",
	  "loadBalancerClass",
	  "internalTrafficPolicy",
	  "trafficDistribution"}},
	{CORE "SessionAffinityConfig", {"clientIP"}},
	{CORE "ClientIPConfig", {"timeoutSeconds"}},
	{COORDINATION "Lease", {"metadata", "spec"}},
	{COORDINATION "LeaseSpec",
	 {"holderIdentity", "leaseDurationSeconds", "acquireTime", "renewTime", "leaseTransitions",
	  "strategy", "preferredHolder"}},
};

const struct bl_schema_type *bl_protobuf_kind(const char *kind, const char *version)
{
	static const struct {
		const char *version, *kind;
		const struct bl_schema_type *type;
	} kinds[] = {
		{"v1", "Binding", &bl_schema_binding},
		{"v1", "ConfigMap", &bl_schema_configmap},
		{"v1", "DeleteOptions", &bl_schema_delete_options},
		{"meta.k8s.io/v1", "DeleteOptions", &bl_schema_delete_options},
		{"v1", "Event", &bl_schema_event},
		{"v1", "Namespace", &bl_schema_namespace},
		{"v1", "Secret", &bl_schema_secret},
		{"v1", "Service", &bl_schema_service},
		{"v1", "ServiceAccount", &bl_schema_serviceaccount},
		{"coordination.k8s.io/v1", "Lease", &bl_schema_lease},
	};

	for (size_t i = 0; i < BL_ARRAY_SIZE(kinds); i++) {
		if (bl_streq(kinds[i].kind, kind) && bl_streq(kinds[i].version, version))
			return kinds[i].type;
	}
	return NULL;
}

static const char *const *names_of(const struct bl_schema_type *type)
{
	for (size_t i = 0; i < BL_ARRAY_SIZE(rows); i++) {
		if (bl_streq(rows[i].type, type->name))
			return rows[i].names;
	}
	return NULL;
}

bool bl_protobuf_knows(const struct bl_schema_type *type)
{
	return names_of(type);
}

const struct bl_schema_field *bl_protobuf_field(const struct bl_schema_type *type, uint32_t number)
{
	const char *const *names = names_of(type);
	const char *name = names && number <= NAMES_MAX ? names[number - 1] : NULL;

	return name && *name ? bl_schema_find(type, name) : NULL;
}
