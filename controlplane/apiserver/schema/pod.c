// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The shape of a Pod
 *
 * PodSpec, PodStatus and the security contexts, after k8s.io/api core/v1 of Kubernetes 1.36; containers, volumes and
 * placement have files of their own.
 *
 * The tables hold every field of that version and no newer one: strict field validation answers with what is missing
 * here, and clients read the fields from the OpenAPI document that is made from it. Lists of pods' parts merge by name;
 * tolerations, node selectors and readiness gates are atomic.
 */
#include "apiserver/schema/table.h"

static const struct bl_schema_field app_armor_fields[] = {
	PTR("localhostProfile", STRING, "Name of a profile on the node."),
	REQ("type", STRING, "Localhost, RuntimeDefault or Unconfined."),
	END,
};
static TYPE(app_armor, CORE "AppArmorProfile", "The AppArmor profile.");

static const struct bl_schema_field capabilities_fields[] = {
	LIST("add", STRING, "Capabilities that are added."),
	LIST("drop", STRING, "Capabilities that are taken away."),
	END,
};
static TYPE(capabilities, CORE "Capabilities", "Capabilities of the processes.");

static const struct bl_schema_field selinux_fields[] = {
	OPT("level", STRING, "Level of the label."),
	OPT("role", STRING, "Role of the label."),
	OPT("type", STRING, "Type of the label."),
	OPT("user", STRING, "User of the label."),
	END,
};
static TYPE(selinux, CORE "SELinuxOptions", "The SELinux label.");

static const struct bl_schema_field seccomp_fields[] = {
	PTR("localhostProfile", STRING, "Path of a profile on the node."),
	REQ("type", STRING, "Localhost, RuntimeDefault or Unconfined."),
	END,
};
static TYPE(seccomp, CORE "SeccompProfile", "The seccomp profile.");

static const struct bl_schema_field windows_fields[] = {
	PTR("gmsaCredentialSpec", STRING, "Text of the GMSA credential specification."),
	PTR("gmsaCredentialSpecName", STRING, "Name of the GMSA credential specification."),
	PTR("hostProcess", BOOL, "It runs as a process of the host."),
	PTR("runAsUserName", STRING, "User of the first process."),
	END,
};
static TYPE(windows, CORE "WindowsSecurityContextOptions", "Rights on Windows.");

static const struct bl_schema_field bl_schema_security_context_fields[] = {
	PTR("allowPrivilegeEscalation", BOOL, "A process may gain more rights than its parent."),
	OBJ("appArmorProfile", app_armor, "The AppArmor profile."),
	OBJ("capabilities", capabilities, "Capabilities of the processes."),
	PTR("privileged", BOOL, "It has all rights of the host."),
	PTR("procMount", STRING, "Default or Unmasked."),
	PTR("readOnlyRootFilesystem", BOOL, "The root file system is read-only."),
	PTR("runAsGroup", INT64, "Group id of the first process."),
	PTR("runAsNonRoot", BOOL, "It must not run as root."),
	PTR("runAsUser", INT64, "User id of the first process."),
	OBJ("seLinuxOptions", selinux, "The SELinux label."),
	OBJ("seccompProfile", seccomp, "The seccomp profile."),
	OBJ("windowsOptions", windows, "Rights on Windows."),
	END,
};
TYPE(bl_schema_security_context, CORE "SecurityContext", "Rights of a container.");

static const struct bl_schema_field sysctl_fields[] = {
	REQ("name", STRING, "Name of the setting."),
	REQ("value", STRING, "Its value."),
	END,
};
static TYPE(sysctl, CORE "Sysctl", "A kernel setting of the pod.");

static const struct bl_schema_field bl_schema_pod_security_context_fields[] = {
	OBJ("appArmorProfile", app_armor, "The AppArmor profile."),
	PTR("fsGroup", INT64, "Group id that owns the volumes."),
	PTR("fsGroupChangePolicy", STRING, "OnRootMismatch or Always."),
	PTR("runAsGroup", INT64, "Group id of the first processes."),
	PTR("runAsNonRoot", BOOL, "Containers must not run as root."),
	PTR("runAsUser", INT64, "User id of the first processes."),
	PTR("seLinuxChangePolicy", STRING, "Recursive or MountOption."),
	OBJ("seLinuxOptions", selinux, "The SELinux label."),
	OBJ("seccompProfile", seccomp, "The seccomp profile."),
	LIST("supplementalGroups", INT64, "Further group ids."),
	PTR("supplementalGroupsPolicy", STRING, "Merge or Strict."),
	OBJS("sysctls", sysctl, "Kernel settings of the pod."),
	OBJ("windowsOptions", windows, "Rights on Windows."),
	END,
};
TYPE(bl_schema_pod_security_context, CORE "PodSecurityContext", "Rights of all containers.");

static const struct bl_schema_field dns_option_fields[] = {
	OPT("name", STRING, "Name of the option."),
	PTR("value", STRING, "Its value."),
	END,
};
static TYPE(dns_option, CORE "PodDNSConfigOption", "An option of the resolver.");

static const struct bl_schema_field dns_config_fields[] = {
	LIST("nameservers", STRING, "Addresses of name servers."),
	OBJS("options", dns_option, "Options of the resolver."),
	LIST("searches", STRING, "Domains that are searched."),
	END,
};
static TYPE(dns_config, CORE "PodDNSConfig", "Settings of the resolver, beside dnsPolicy's.");

static const struct bl_schema_field host_alias_fields[] = {
	LIST("hostnames", STRING, "Names of the address."),
	REQ("ip", STRING, "The address."),
	END,
};
static TYPE(host_alias, CORE "HostAlias", "A line of the hosts file.");

static const struct bl_schema_field os_fields[] = {
	REQ("name", STRING, "linux or windows."),
	END,
};
static TYPE(os, CORE "PodOS", "The operating system of the containers.");

static const struct bl_schema_field readiness_gate_fields[] = {
	REQ("conditionType", STRING, "The condition."),
	END,
};
static TYPE(readiness_gate, CORE "PodReadinessGate", "A condition that readiness needs.");

static const struct bl_schema_field resource_claim_fields[] = {
	REQ("name", STRING, "Name by which containers refer to it."),
	PTR("resourceClaimName", STRING, "Name of the ResourceClaim."),
	PTR("resourceClaimTemplateName", STRING, "Name of a template for one."),
	END,
};
static TYPE(resource_claim, CORE "PodResourceClaim", "A claim for a resource.");

static const struct bl_schema_field scheduling_gate_fields[] = {
	REQ("name", STRING, "Name of the gate."),
	END,
};
static TYPE(scheduling_gate, CORE "PodSchedulingGate", "What keeps a pod from being placed.");

static const struct bl_schema_field scheduling_group_fields[] = {
	PTR("podGroupName", STRING, "Name of the PodGroup."),
	END,
};
static TYPE(scheduling_group, CORE "PodSchedulingGroup", "Pods that are placed together.");

static const struct bl_schema_field pod_spec_fields[] = {
	PTR("activeDeadlineSeconds", INT64, "Seconds after which the pod is ended."),
	OBJ("affinity", bl_schema_affinity, "Where it is placed, relative to nodes and pods."),
	PTR("automountServiceAccountToken", BOOL, "A token of the account is mounted."),
	ROW("containers", OBJECT, LIST_MAP, ALWAYS, "Containers, at least one.",
	    OF(bl_schema_container), .keys = "name", MERGED("name"), REQUIRED),
	OBJ("dnsConfig", dns_config, "Settings of the resolver."),
	OPT("dnsPolicy", STRING, "ClusterFirst, ClusterFirstWithHostNet, Default or None."),
	PTR("enableServiceLinks", BOOL, "Services are put into the environment."),
	KEYED("ephemeralContainers", bl_schema_ephemeral_container, "name", "name",
	      "Containers that were added later."),
	KEYED("hostAliases", host_alias, "ip", "ip", "Lines of the hosts file."),
	OPT("hostIPC", BOOL, "It shares the node's IPC namespace."),
	OPT("hostNetwork", BOOL, "It shares the node's network namespace."),
	OPT("hostPID", BOOL, "It shares the node's PID namespace."),
	PTR("hostUsers", BOOL, "It shares the node's user namespace."),
	OPT("hostname", STRING, "Host name of the pod."),
	PTR("hostnameOverride", STRING, "Host name, instead of hostname and subdomain."),
	KEYED("imagePullSecrets", bl_schema_local_reference, "name", "name",
	      "Secrets with which images are pulled."),
	KEYED("initContainers", bl_schema_container, "name", "name",
	      "Containers that run to their end, one by one, before the others."),
	OPT("nodeName", STRING, "The node; set by the scheduler."),
	MAP("nodeSelector", STRING, "Labels that the node must have.", ATOMIC),
	OBJ("os", os, "The operating system of the containers."),
	MAP("overhead", QUANTITY, "Resources that the pod itself needs."),
	PTR("preemptionPolicy", STRING, "Never or PreemptLowerPriority."),
	PTR("priority", INT32, "Priority; set from the class."),
	OPT("priorityClassName", STRING, "Name of the priority class."),
	OBJS("readinessGates", readiness_gate, "Conditions that readiness needs."),
	KEYED("resourceClaims", resource_claim, "name", "name", "Claims for resources.", RETAIN),
	OBJ("resources", bl_schema_resources, "Resources of the pod as a whole."),
	OPT("restartPolicy", STRING, "Always, OnFailure or Never."),
	PTR("runtimeClassName", STRING, "Name of the runtime class."),
	OPT("schedulerName", STRING, "The scheduler that places it."),
	KEYED("schedulingGates", scheduling_gate, "name", "name",
	      "What keeps it from being placed."),
	OBJ("schedulingGroup", scheduling_group, "Pods that are placed together."),
	OBJ("securityContext", bl_schema_pod_security_context, "Rights of all containers."),
	OPT("serviceAccount", STRING, "Old name of serviceAccountName."),
	OPT("serviceAccountName", STRING, "Identity of the pod."),
	PTR("setHostnameAsFQDN", BOOL, "The kernel's host name is the full one."),
	PTR("shareProcessNamespace", BOOL, "Containers see each other's processes."),
	OPT("subdomain", STRING, "Subdomain of the pod's name."),
	PTR("terminationGracePeriodSeconds", INT64, "Seconds that it may take to end."),
	OBJS("tolerations", bl_schema_toleration, "Taints that it tolerates."),
	KEYED("topologySpreadConstraints", bl_schema_spread_constraint,
	      "topologyKey,whenUnsatisfiable", "topologyKey", "How like pods are spread."),
	KEYED("volumes", bl_schema_volume, "name", "name", "Volumes that containers mount.",
	      RETAIN),
	END,
};
static TYPE(pod_spec, CORE "PodSpec", "Desired state of a pod.");

static const struct bl_schema_field pod_condition_fields[] = {
	ALW("lastProbeTime", TIME, "When it was last looked at."),
	ALW("lastTransitionTime", TIME, "When the status last changed."),
	OPT("message", STRING, "Details for people."),
	OPT("observedGeneration", INT64, "The generation for which this was found out."),
	OPT("reason", STRING, "Why, as one word in CamelCase."),
	REQ("status", STRING, "True, False or Unknown."),
	REQ("type", STRING, "The name of the condition: Ready, PodScheduled and others."),
	END,
};
static TYPE(pod_condition, CORE "PodCondition", "One aspect of a pod's state.");

static const struct bl_schema_field resource_request_fields[] = {
	REQ("containerName", STRING, "Name of the container."),
	REQ("requestName", STRING, "Name of the request in the claim."),
	REQ("resourceName", STRING, "Name of the resource."),
	END,
};
static TYPE(resource_request, CORE "ContainerExtendedResourceRequest",
	    "Which request serves a container's resource.");

static const struct bl_schema_field extended_claim_fields[] = {
	OBJS("requestMappings", resource_request, "Which request serves which container."),
	REQ("resourceClaimName", STRING, "Name of the claim."),
	END,
};
static TYPE(extended_claim, CORE "PodExtendedResourceClaimStatus",
	    "The claim made for extended resources.");

static const struct bl_schema_field host_ip_fields[] = {
	REQ("ip", STRING, "The address."),
	END,
};
static TYPE(host_ip, CORE "HostIP", "An address of the node.");

static const struct bl_schema_field pod_ip_fields[] = {
	REQ("ip", STRING, "The address."),
	END,
};
static TYPE(pod_ip, CORE "PodIP", "An address of the pod.");

static const struct bl_schema_field node_claim_fields[] = {
	SET("containers", STRING, "Containers that use it."),
	REQ("resourceClaimName", STRING, "Name of the claim."),
	MAP("resources", QUANTITY, "Resources that it takes."),
	END,
};
static TYPE(node_claim, CORE "NodeAllocatableResourceClaimStatus",
	    "Node resources that a claim takes.");

static const struct bl_schema_field claim_status_fields[] = {
	REQ("name", STRING, "Name among the pod's resourceClaims."),
	PTR("resourceClaimName", STRING, "Name of the claim that was made."),
	END,
};
static TYPE(claim_status, CORE "PodResourceClaimStatus", "State of one of the pod's claims.");

static const struct bl_schema_field pod_status_fields[] = {
	MAP("allocatedResources", QUANTITY, "Resources that the node has set aside."),
	KEYED("conditions", pod_condition, "type", "type", "State of the pod."),
	OBJS("containerStatuses", bl_schema_container_status, "State of the containers."),
	OBJS("ephemeralContainerStatuses", bl_schema_container_status,
	     "State of the ephemeral containers."),
	OBJ("extendedResourceClaimStatus", extended_claim, "The claim for extended resources."),
	OPT("hostIP", STRING, "Address of the node."),
	OBJS("hostIPs", host_ip, "Addresses of the node.", MERGED("ip")),
	OBJS("initContainerStatuses", bl_schema_container_status, "State of the init containers."),
	OPT("message", STRING, "Details for people."),
	OBJS("nodeAllocatableResourceClaimStatuses", node_claim, "Node resources of claims."),
	OPT("nominatedNodeName", STRING, "Node where room is being made for it."),
	OPT("observedGeneration", INT64, "The generation that the status is about."),
	OPT("phase", STRING, "Pending, Running, Succeeded, Failed or Unknown."),
	OPT("podIP", STRING, "Address of the pod: the first of podIPs."),
	KEYED("podIPs", pod_ip, "ip", "ip", "Addresses of the pod, at most one a family."),
	OPT("qosClass", STRING, "Guaranteed, Burstable or BestEffort."),
	OPT("reason", STRING, "Why, as one word in CamelCase."),
	OPT("resize", STRING, "Deprecated: how a change of resources goes."),
	KEYED("resourceClaimStatuses", claim_status, "name", "name", "State of the claims.",
	      RETAIN),
	OBJ("resources", bl_schema_resources, "Resources of the pod as a whole."),
	PTR("startTime", TIME, "When the node took the pod."),
	END,
};
static TYPE(pod_status, CORE "PodStatus", "Observed state of a pod.");

static const struct bl_schema_field bl_schema_pod_fields[] = {
	KIND_ROWS,
	SUB("spec", pod_spec, "Desired state."),
	SUB("status", pod_status, "Observed state."),
	END,
};
TYPE(bl_schema_pod, CORE "Pod", "Containers that run together on one node, with one address.");
