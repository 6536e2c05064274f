/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: What a Service gets without being asked, and what it loses with its type.
 *
 * Defaults follow SetDefaults_Service. What depends on the cluster (address families, addresses,
 * ports) is filled in later by the allocator.
 *
 * A change of type leaves fields behind that belonged to the old type: a node port on what is now
 * a ClusterIP service. A client that changes only the type did not mean to keep them, and
 * validation would refuse them; so those that the server may have filled in itself are dropped,
 * provided that the client left them as they were (dropTypeDependentFields). A field that the
 * client changes in the same request stays, and validation names it.
 */
#include "apiserver/kinds/service.h"

#include "base/str.h"

#define AFFINITY_SECONDS 10800

bool bl_service_is_type(const json_t *spec, const char *type)
{
	return bl_streq(bl_str(spec, "type"), type);
}

bool bl_service_is_headless(const json_t *spec)
{
	const json_t *ips = bl_get(spec, "clusterIPs");

	return json_array_size(ips) == 1 && bl_streq(bl_str_at_index(ips, 0), "None");
}

bool bl_service_is_external(const json_t *spec)
{
	return bl_service_is_type(spec, "LoadBalancer") || bl_service_is_type(spec, "NodePort") ||
	       (bl_service_is_type(spec, "ClusterIP") && bl_count(spec, "externalIPs") > 0);
}

bool bl_service_needs_health_port(const json_t *spec)
{
	return bl_service_is_type(spec, "LoadBalancer") &&
	       bl_streq(bl_str(spec, "externalTrafficPolicy"), "Local");
}

static void default_port(json_t *port)
{
	const json_t *target = bl_get(port, "targetPort");

	bl_default_str(port, "protocol", "TCP");
	if (!target || (json_is_string(target) && json_string_length(target) == 0) ||
	    (json_is_integer(target) && json_integer_value(target) == 0))
		bl_set_int(port, "targetPort", bl_int(port, "port"));
}

static void default_affinity(json_t *spec)
{
	json_t *config = bl_get(spec, "sessionAffinityConfig");

	bl_default_str(spec, "sessionAffinity", "None");
	if (bl_streq(bl_str(spec, "sessionAffinity"), "None"))
		(void)json_object_del(spec, "sessionAffinityConfig");
	else if (bl_streq(bl_str(spec, "sessionAffinity"), "ClientIP") &&
		 !bl_has(bl_get(config, "clientIP"), "timeoutSeconds"))
		json_object_set_new(
			spec, "sessionAffinityConfig",
			json_pack("{s:{s:i}}", "clientIP", "timeoutSeconds", AFFINITY_SECONDS));
}

static void default_ingress(const json_t *obj)
{
	const json_t *ingress = bl_get(bl_get(bl_get(obj, "status"), "loadBalancer"), "ingress");

	for (size_t i = 0; i < json_array_size(ingress); i++) {
		json_t *point = json_array_get(ingress, i);

		if (bl_has_str(point, "ip") && !bl_has(point, "ipMode"))
			bl_set_str(point, "ipMode", "VIP");
	}
}

void bl_service_defaults(json_t *obj)
{
	json_t *spec = bl_ensure(obj, "spec");
	const json_t *ports = bl_get(spec, "ports");

	(void)bl_ensure(bl_ensure(obj, "status"), "loadBalancer");
	default_affinity(spec);
	bl_default_str(spec, "type", "ClusterIP");
	for (size_t i = 0; i < json_array_size(ports); i++)
		default_port(json_array_get(ports, i));
	if (bl_service_is_external(spec))
		bl_default_str(spec, "externalTrafficPolicy", "Cluster");
	if (!bl_has(spec, "internalTrafficPolicy") &&
	    (bl_service_is_type(spec, "ClusterIP") || bl_service_is_type(spec, "NodePort") ||
	     bl_service_is_type(spec, "LoadBalancer")))
		bl_set_str(spec, "internalTrafficPolicy", "Cluster");
	if (bl_service_is_type(spec, "LoadBalancer")) {
		bl_default_bool(spec, "allocateLoadBalancerNodePorts", true);
		default_ingress(obj);
	}
}

/* Those of a LoadBalancer stay even when it asks for no further ones. */
static bool needs_node_port(const json_t *spec)
{
	return bl_service_is_type(spec, "NodePort") || bl_service_is_type(spec, "LoadBalancer");
}

static bool has_node_port(const json_t *ports, long long node_port)
{
	for (size_t i = 0; i < json_array_size(ports); i++) {
		if (bl_int(json_array_get(ports, i), "nodePort") == node_port)
			return true;
	}
	return false;
}

/* Every node port of a, but 0, is one of b's. */
static bool node_ports_within(const json_t *a, const json_t *b)
{
	for (size_t i = 0; i < json_array_size(a); i++) {
		long long port = bl_int(json_array_get(a, i), "nodePort");

		if (port != 0 && !has_node_port(b, port))
			return false;
	}
	return true;
}

static void drop_node_ports(const json_t *spec, const json_t *old)
{
	const json_t *ports = bl_get(spec, "ports");
	const json_t *before = bl_get(old, "ports");

	if (!needs_node_port(old) || needs_node_port(spec) || !node_ports_within(ports, before) ||
	    !node_ports_within(before, ports))
		return;
	for (size_t i = 0; i < json_array_size(ports); i++)
		(void)json_object_del(json_array_get(ports, i), "nodePort");
}

/* Drops the key unless the client changed it. */
static void drop_same(json_t *spec, const json_t *old, const char *key)
{
	if (bl_same(bl_get(spec, key), bl_get(old, key)))
		(void)json_object_del(spec, key);
}

void bl_service_prepare_update(json_t *obj, const json_t *old_obj)
{
	json_t *spec = bl_ensure(obj, "spec");
	const json_t *old = bl_get(old_obj, "spec");

	bl_carry(obj, old_obj, "status");
	if (!bl_service_is_type(old, "ExternalName") && bl_service_is_type(spec, "ExternalName")) {
		if (bl_same(bl_get(spec, "clusterIPs"), bl_get(old, "clusterIPs")))
			drop_same(spec, old, "clusterIP");
		drop_same(spec, old, "clusterIPs");
		drop_same(spec, old, "ipFamilies");
		drop_same(spec, old, "ipFamilyPolicy");
	}
	drop_node_ports(spec, old);
	if (bl_service_needs_health_port(old) && !bl_service_needs_health_port(spec))
		drop_same(spec, old, "healthCheckNodePort");
	if (bl_service_is_type(old, "LoadBalancer") && !bl_service_is_type(spec, "LoadBalancer")) {
		drop_same(spec, old, "allocateLoadBalancerNodePorts");
		drop_same(spec, old, "loadBalancerClass");
	}
	if (bl_service_is_external(old) && !bl_service_is_external(spec))
		drop_same(spec, old, "externalTrafficPolicy");
}
