// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The shapes of what the data path is programmed from
 *
 * Service, EndpointSlice, Endpoints and NetworkPolicy, after k8s.io/api of Kubernetes 1.36.
 *
 * A Service's ports have two keys: apply tells them apart by port and protocol (a port number may be there for TCP and
 * for UDP, and an absent protocol counts as TCP), while a strategic merge patch knows only `port`; both are facts that
 * clients rely on. A selector, an endpoint list and a port list of a slice are atomic: controllers replace them whole.
 * The lists of an EndpointSlice are shown as null when they are empty, and an endpoint's conditions always, though
 * empty.
 */
#include "apiserver/schema/table.h"

static const struct bl_schema_field service_port_fields[] = {
	PTR("appProtocol", STRING, "Protocol above the transport, as a hint: kubernetes.io/h2c."),
	OPT("name", STRING, "Name of the port; needed where there are several."),
	OPT("nodePort", INT32, "Port on every node, for NodePort and LoadBalancer."),
	REQ("port", INT32, "Port that the service is reached at."),
	OPT("protocol", STRING, "TCP, UDP or SCTP; TCP where nothing is said."),
	ALW("targetPort", INT_OR_STRING, "Port on the pods, as a number or by name."),
	END,
};
static TYPE(service_port, CORE "ServicePort", "A port of a service.");

static const struct bl_schema_field client_ip_fields[] = {
	PTR("timeoutSeconds", INT32,
	    "Seconds without traffic after which the choice is forgotten."),
	END,
};
static TYPE(client_ip, CORE "ClientIPConfig", "How a client stays with its backend.");

static const struct bl_schema_field affinity_config_fields[] = {
	OBJ("clientIP", client_ip, "For the affinity ClientIP."),
	END,
};
static TYPE(affinity_config, CORE "SessionAffinityConfig", "How session affinity works.");

static const struct bl_schema_field service_spec_fields[] = {
	PTR("allocateLoadBalancerNodePorts", BOOL, "A LoadBalancer gets node ports too."),
	OPT("clusterIP", STRING, "Virtual address; None for a headless service."),
	LIST("clusterIPs", STRING, "Virtual addresses, at most one a family."),
	LIST("externalIPs", STRING,
	     "Further addresses whose traffic the nodes take for the service."),
	OPT("externalName", STRING, "DNS name that an ExternalName service stands for."),
	OPT("externalTrafficPolicy", STRING,
	    "Cluster or Local: which endpoints take traffic from outside."),
	OPT("healthCheckNodePort", INT32, "Port at which a node says whether it has endpoints."),
	PTR("internalTrafficPolicy", STRING,
	    "Cluster or Local: which endpoints take traffic from inside."),
	LIST("ipFamilies", STRING, "Address families, in order: IPv4, IPv6."),
	PTR("ipFamilyPolicy", STRING, "SingleStack, PreferDualStack or RequireDualStack."),
	PTR("loadBalancerClass", STRING, "Which load balancer implementation is meant."),
	OPT("loadBalancerIP", STRING, "Wanted address of the load balancer; deprecated."),
	LIST("loadBalancerSourceRanges", STRING, "Client ranges that the load balancer lets in."),
	KEYED("ports", service_port, "port,protocol", "port", "Ports of the service.", DEFAULT_TCP),
	OPT("publishNotReadyAddresses", BOOL, "Endpoints count as ready before their pods are."),
	MAP("selector", STRING, "Labels of the pods behind the service.", ATOMIC),
	OPT("sessionAffinity", STRING, "ClientIP or None."),
	OBJ("sessionAffinityConfig", affinity_config, "How session affinity works."),
	PTR("trafficDistribution", STRING,
	    "Preference among endpoints: PreferSameZone, PreferSameNode, PreferClose."),
	OPT("type", STRING, "ClusterIP, NodePort, LoadBalancer or ExternalName."),
	END,
};
static TYPE(service_spec, CORE "ServiceSpec", "Desired state of a service.");

static const struct bl_schema_field port_status_fields[] = {
	PTR("error", STRING, "Why the port does not work."),
	REQ("port", INT32, "Port of the load balancer."),
	REQ("protocol", STRING, "TCP, UDP or SCTP."),
	END,
};
static TYPE(port_status, CORE "PortStatus", "State of a load balancer's port.");

static const struct bl_schema_field ingress_fields[] = {
	OPT("hostname", STRING, "DNS name of the load balancer."),
	OPT("ip", STRING, "Address of the load balancer."),
	PTR("ipMode", STRING, "VIP: packets keep the address as destination; Proxy: they do not."),
	OBJS("ports", port_status, "State of its ports."),
	END,
};
static TYPE(ingress, CORE "LoadBalancerIngress", "A point of entry of a load balancer.");

static const struct bl_schema_field load_balancer_fields[] = {
	OBJS("ingress", ingress, "Points of entry."),
	END,
};
static TYPE(load_balancer, CORE "LoadBalancerStatus", "State of a load balancer.");

static const struct bl_schema_field service_status_fields[] = {
	KEYED("conditions", bl_schema_condition, "type", "type", "State of the service."),
	SUB("loadBalancer", load_balancer, "State of the load balancer."),
	END,
};
static TYPE(service_status, CORE "ServiceStatus", "Observed state of a service.");

static const struct bl_schema_field bl_schema_service_fields[] = {
	KIND_ROWS,
	SUB("spec", service_spec, "Desired state."),
	SUB("status", service_status, "Observed state."),
	END,
};
TYPE(bl_schema_service, CORE "Service", "A stable address for a set of pods.");

static const struct bl_schema_field endpoint_address_fields[] = {
	OPT("hostname", STRING, "Host name of the endpoint."),
	REQ("ip", STRING, "Address of the endpoint."),
	PTR("nodeName", STRING, "Node of the endpoint."),
	OBJ("targetRef", bl_schema_object_reference, "The object behind the endpoint."),
	END,
};
static TYPE(endpoint_address, CORE "EndpointAddress", "An address of an endpoint.", .atomic = true);

static const struct bl_schema_field endpoint_port_fields[] = {
	PTR("appProtocol", STRING, "Protocol above the transport, as a hint."),
	OPT("name", STRING, "Name of the port, that of the service's port."),
	REQ("port", INT32, "Port number."),
	OPT("protocol", STRING, "TCP, UDP or SCTP."),
	END,
};
static TYPE(endpoint_port, CORE "EndpointPort", "A port of an endpoint.", .atomic = true);

static const struct bl_schema_field subset_fields[] = {
	OBJS("addresses", endpoint_address, "Addresses that take traffic."),
	OBJS("notReadyAddresses", endpoint_address, "Addresses that are not ready."),
	OBJS("ports", endpoint_port, "Ports of each of the addresses."),
	END,
};
static TYPE(subset, CORE "EndpointSubset", "Addresses that have the same ports.");

static const struct bl_schema_field bl_schema_endpoints_fields[] = {
	KIND_ROWS,
	OBJS("subsets", subset, "All endpoints of the service."),
	END,
};
TYPE(bl_schema_endpoints, CORE "Endpoints",
     "Endpoints of a service; EndpointSlice is its successor.");

#define DISCOVERY "io.k8s.api.discovery.v1."

static const struct bl_schema_field conditions_fields[] = {
	PTR("ready", BOOL, "The endpoint takes new connections; absent counts as true."),
	PTR("serving", BOOL, "The endpoint works, be it terminating or not."),
	PTR("terminating", BOOL, "The endpoint is going away."),
	END,
};
static TYPE(conditions, DISCOVERY "EndpointConditions", "State of an endpoint.");

static const struct bl_schema_field for_node_fields[] = {
	REQ("name", STRING, "Name of the node."),
	END,
};
static TYPE(for_node, DISCOVERY "ForNode", "A node that should use the endpoint.");

static const struct bl_schema_field for_zone_fields[] = {
	REQ("name", STRING, "Name of the zone."),
	END,
};
static TYPE(for_zone, DISCOVERY "ForZone", "A zone that should use the endpoint.");

static const struct bl_schema_field hints_fields[] = {
	OBJS("forNodes", for_node, "Nodes that should use the endpoint."),
	OBJS("forZones", for_zone, "Zones that should use the endpoint."),
	END,
};
static TYPE(hints, DISCOVERY "EndpointHints", "Who should use an endpoint.");

static const struct bl_schema_field endpoint_fields[] = {
	ROW("addresses", STRING, LIST_SET, ALWAYS,
	    "Addresses of the endpoint; clients use the first.", REQUIRED),
	SUB("conditions", conditions, "State of the endpoint."),
	MAP("deprecatedTopology", STRING, "What v1beta1 called topology. Read-only."),
	OBJ("hints", hints, "Who should use it."),
	PTR("hostname", STRING, "Host name of the endpoint."),
	PTR("nodeName", STRING, "Node of the endpoint."),
	OBJ("targetRef", bl_schema_object_reference, "The object behind the endpoint."),
	PTR("zone", STRING, "Zone of the endpoint."),
	END,
};
static TYPE(endpoint, DISCOVERY "Endpoint", "One backend of a service.");

static const struct bl_schema_field slice_port_fields[] = {
	PTR("appProtocol", STRING, "Protocol above the transport, as a hint."),
	PTR("name", STRING, "Name of the port, that of the service's port."),
	PTR("port", INT32, "Port number; absent: all ports."),
	PTR("protocol", STRING, "TCP, UDP or SCTP."),
	END,
};
static TYPE(slice_port, DISCOVERY "EndpointPort", "A port of each endpoint of the slice.",
	    .atomic = true);

static const struct bl_schema_field bl_schema_endpointslice_fields[] = {
	KIND_ROWS,
	REQ("addressType", STRING, "What the addresses are: IPv4, IPv6 or FQDN."),
	ROW("endpoints", OBJECT, LIST_ATOMIC, ALWAYS, "Endpoints of the slice, at most 1000.",
	    OF(endpoint), REQUIRED),
	ROW("ports", OBJECT, LIST_ATOMIC, ALWAYS, "Ports that each of the endpoints has.",
	    OF(slice_port)),
	END,
};
TYPE(bl_schema_endpointslice, DISCOVERY "EndpointSlice", "A part of the endpoints of a service.");

#define NETWORKING "io.k8s.api.networking.v1."

static const struct bl_schema_field ip_block_fields[] = {
	REQ("cidr", STRING, "Addresses, as a prefix."),
	LIST("except", STRING, "Prefixes inside cidr that are not meant."),
	END,
};
static TYPE(ip_block, NETWORKING "IPBlock", "A range of addresses.");

static const struct bl_schema_field peer_fields[] = {
	OBJ("ipBlock", ip_block, "A range of addresses; excludes the selectors."),
	OBJ("namespaceSelector", bl_schema_label_selector, "Namespaces of the pods; empty is all."),
	OBJ("podSelector", bl_schema_label_selector,
	    "Pods, in the policy's namespace or the selected ones."),
	END,
};
static TYPE(peer, NETWORKING "NetworkPolicyPeer", "Whom a rule allows.");

static const struct bl_schema_field policy_port_fields[] = {
	PTR("endPort", INT32, "Last port of a range that starts with port."),
	PTR("port", INT_OR_STRING, "Port by number or by name; absent is all."),
	PTR("protocol", STRING, "TCP, UDP or SCTP."),
	END,
};
static TYPE(policy_port, NETWORKING "NetworkPolicyPort", "A port that a rule allows.");

static const struct bl_schema_field ingress_rule_fields[] = {
	OBJS("from", peer, "Sources; empty is all."),
	OBJS("ports", policy_port, "Ports of the selected pods; empty is all."),
	END,
};
static TYPE(ingress_rule, NETWORKING "NetworkPolicyIngressRule",
	    "Traffic to the pods that is allowed.");

static const struct bl_schema_field egress_rule_fields[] = {
	OBJS("ports", policy_port, "Ports of the destinations; empty is all."),
	OBJS("to", peer, "Destinations; empty is all."),
	END,
};
static TYPE(egress_rule, NETWORKING "NetworkPolicyEgressRule",
	    "Traffic from the pods that is allowed.");

static const struct bl_schema_field policy_spec_fields[] = {
	OBJS("egress", egress_rule, "What the pods may send."),
	OBJS("ingress", ingress_rule, "What the pods may get."),
	SUB("podSelector", bl_schema_label_selector,
	    "The pods that the policy is for; empty is all."),
	LIST("policyTypes", STRING, "Which directions the policy isolates: Ingress, Egress."),
	END,
};
static TYPE(policy_spec, NETWORKING "NetworkPolicySpec", "Desired state of a policy.");

static const struct bl_schema_field bl_schema_networkpolicy_fields[] = {
	KIND_ROWS,
	SUB("spec", policy_spec, "Desired state."),
	END,
};
TYPE(bl_schema_networkpolicy, NETWORKING "NetworkPolicy", "Which traffic a set of pods allows.");
