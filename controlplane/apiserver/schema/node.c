// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The shape of a Node
 *
 * After k8s.io/api core/v1 of Kubernetes 1.36.
 *
 * A node's addresses are keyed by type for apply and for strategic merge patches, though dual-stack nodes have two
 * InternalIPs: writers of a status replace the whole list or live with the duplicate, as they do with the real server.
 * nodeInfo and daemonEndpoints are always shown, with empty strings and port 0, because their Go fields are plain
 * values.
 */
#include "apiserver/schema/table.h"

static const struct bl_schema_field config_map_source_fields[] = {
	REQ("kubeletConfigKey", STRING, "Key in the ConfigMap."),
	REQ("name", STRING, "Name of the ConfigMap."),
	REQ("namespace", STRING, "Namespace of the ConfigMap."),
	OPT("resourceVersion", STRING, "Version of the ConfigMap."),
	OPT("uid", STRING, "UID of the ConfigMap."),
	END,
};
static TYPE(config_map_source, CORE "ConfigMapNodeConfigSource",
	    "A ConfigMap with a kubelet's configuration; removed.");

static const struct bl_schema_field config_source_fields[] = {
	OBJ("configMap", config_map_source, "The ConfigMap."),
	END,
};
static TYPE(config_source, CORE "NodeConfigSource", "Where a kubelet's configuration is; removed.");

static const struct bl_schema_field taint_fields[] = {
	REQ("effect", STRING, "NoSchedule, PreferNoSchedule or NoExecute."),
	REQ("key", STRING, "Key of the taint."),
	PTR("timeAdded", TIME, "When the taint was added."),
	OPT("value", STRING, "Value of the taint."),
	END,
};
static TYPE(taint, CORE "Taint", "Keeps pods away that do not tolerate it.");

static const struct bl_schema_field node_spec_fields[] = {
	OBJ("configSource", config_source, "Not used any more."),
	OPT("externalID", STRING, "Not used any more."),
	OPT("podCIDR", STRING, "Addresses of the node's pods: the first of podCIDRs."),
	SET("podCIDRs", STRING, "Addresses of the node's pods, at most one prefix a family.",
	    MERGED("")),
	OPT("providerID", STRING, "The machine's name at its provider."),
	OBJS("taints", taint, "What keeps pods away."),
	OPT("unschedulable", BOOL, "No new pods are placed here."),
	END,
};
static TYPE(node_spec, CORE "NodeSpec", "Desired state of a node.");

static const struct bl_schema_field address_fields[] = {
	REQ("address", STRING, "The address or name."),
	REQ("type", STRING, "Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS."),
	END,
};
static TYPE(address, CORE "NodeAddress", "How a node is reached.");

static const struct bl_schema_field node_condition_fields[] = {
	ALW("lastHeartbeatTime", TIME, "When the status was last reported."),
	ALW("lastTransitionTime", TIME, "When the status last changed."),
	OPT("message", STRING, "Details for people."),
	OPT("reason", STRING, "Why, as one word in CamelCase."),
	REQ("status", STRING, "True, False or Unknown."),
	REQ("type", STRING, "The name of the condition: Ready, MemoryPressure and others."),
	END,
};
static TYPE(node_condition, CORE "NodeCondition", "One aspect of a node's state.");

static const struct bl_schema_field config_status_fields[] = {
	OBJ("active", config_source, "Not used any more."),
	OBJ("assigned", config_source, "Not used any more."),
	OPT("error", STRING, "Not used any more."),
	OBJ("lastKnownGood", config_source, "Not used any more."),
	END,
};
static TYPE(config_status, CORE "NodeConfigStatus", "State of dynamic configuration; removed.");

static const struct bl_schema_field daemon_endpoint_fields[] = {
	REQ("Port", INT32, "Port number."),
	END,
};
static TYPE(daemon_endpoint, CORE "DaemonEndpoint", "A port of a daemon.");

static const struct bl_schema_field daemon_endpoints_fields[] = {
	SUB("kubeletEndpoint", daemon_endpoint, "Where the kubelet listens."),
	END,
};
static TYPE(daemon_endpoints, CORE "NodeDaemonEndpoints", "Ports of the node's daemons.");

static const struct bl_schema_field features_fields[] = {
	PTR("supplementalGroupsPolicy", BOOL, "The runtime supports supplementalGroupsPolicy."),
	END,
};
static TYPE(features, CORE "NodeFeatures", "Abilities of the container runtime.");

static const struct bl_schema_field image_fields[] = {
	LIST("names", STRING, "Names by which the image is known."),
	OPT("sizeBytes", INT64, "Size in bytes."),
	END,
};
static TYPE(image, CORE "ContainerImage", "An image that lies on the node.");

static const struct bl_schema_field swap_fields[] = {
	PTR("capacity", INT64, "Bytes of swap."),
	END,
};
static TYPE(swap, CORE "NodeSwapStatus", "Swap memory of a node.");

static const struct bl_schema_field system_info_fields[] = {
	REQ("architecture", STRING, "Machine architecture: amd64, arm64."),
	REQ("bootID", STRING, "Boot id of the kernel."),
	REQ("containerRuntimeVersion", STRING, "Container runtime and its version."),
	REQ("kernelVersion", STRING, "Version of the kernel."),
	REQ("kubeProxyVersion", STRING, "Deprecated: version of kube-proxy."),
	REQ("kubeletVersion", STRING, "Version of the kubelet."),
	REQ("machineID", STRING, "Machine id of the node."),
	REQ("operatingSystem", STRING, "Operating system: linux or windows."),
	REQ("osImage", STRING, "Name of the distribution."),
	OBJ("swap", swap, "Swap memory."),
	REQ("systemUUID", STRING, "UUID of the system."),
	END,
};
static TYPE(system_info, CORE "NodeSystemInfo", "Facts about a node's system.");

static const struct bl_schema_field handler_features_fields[] = {
	PTR("recursiveReadOnlyMounts", BOOL, "The handler supports them."),
	PTR("userNamespaces", BOOL, "The handler supports them."),
	END,
};
static TYPE(handler_features, CORE "NodeRuntimeHandlerFeatures", "Abilities of a runtime handler.");

static const struct bl_schema_field handler_fields[] = {
	OBJ("features", handler_features, "What the handler can do."),
	ALW("name", STRING, "Name of the handler; empty is the default one."),
	END,
};
static TYPE(handler, CORE "NodeRuntimeHandler", "A handler of the container runtime.");

static const struct bl_schema_field attached_volume_fields[] = {
	REQ("devicePath", STRING, "Path of the device."),
	REQ("name", STRING, "Name of the volume."),
	END,
};
static TYPE(attached_volume, CORE "AttachedVolume", "A volume that is attached to a node.");

static const struct bl_schema_field node_status_fields[] = {
	KEYED("addresses", address, "type", "type", "How the node is reached."),
	MAP("allocatable", QUANTITY, "Resources that pods can have."),
	MAP("capacity", QUANTITY, "Resources of the machine."),
	KEYED("conditions", node_condition, "type", "type", "State of the node."),
	OBJ("config", config_status, "Not used any more."),
	SUB("daemonEndpoints", daemon_endpoints, "Ports of the node's daemons."),
	LIST("declaredFeatures", STRING, "Feature gates that scheduling may look at."),
	OBJ("features", features, "Abilities of the container runtime."),
	OBJS("images", image, "Images that lie on the node."),
	SUB("nodeInfo", system_info, "Facts about the system."),
	OPT("phase", STRING, "Not used any more."),
	OBJS("runtimeHandlers", handler, "Handlers of the container runtime."),
	OBJS("volumesAttached", attached_volume, "Volumes that are attached."),
	LIST("volumesInUse", STRING, "Volumes that are in use."),
	END,
};
static TYPE(node_status, CORE "NodeStatus", "Observed state of a node.");

static const struct bl_schema_field bl_schema_node_fields[] = {
	KIND_ROWS,
	SUB("spec", node_spec, "Desired state."),
	SUB("status", node_status, "Observed state."),
	END,
};
TYPE(bl_schema_node, CORE "Node", "A machine that runs pods.");
