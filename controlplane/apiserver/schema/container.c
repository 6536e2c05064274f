// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The shapes of containers
 *
 * Container and EphemeralContainer with all that hangs on them (ports, environment, probes, lifecycle, security,
 * resources) and ContainerStatus, after k8s.io/api core/v1 of Kubernetes 1.36.
 *
 * A container's ports, like a service's, have one key for strategic merge patches and two for apply, with TCP for an
 * absent protocol. Both kinds of container share their rows by a macro, so that they cannot grow apart. `resources` and
 * the states of a status are plain structs in Go and so always shown.
 */
#include "apiserver/schema/table.h"

static const struct bl_schema_field container_port_fields[] = {
	REQ("containerPort", INT32, "Port on the pod's address."),
	OPT("hostIP", STRING, "Address of the node for hostPort."),
	OPT("hostPort", INT32, "Port on the node."),
	OPT("name", STRING, "Name of the port, unique in the pod; services may refer to it."),
	OPT("protocol", STRING, "TCP, UDP or SCTP; TCP where nothing is said."),
	END,
};
static TYPE(container_port, CORE "ContainerPort", "A port that a container listens on.");

static const struct bl_schema_field bl_schema_field_selector_fields[] = {
	OPT("apiVersion", STRING, "Version in which the path is written; v1."),
	REQ("fieldPath", STRING, "Path of the field in the pod."),
	END,
};
TYPE(bl_schema_field_selector, CORE "ObjectFieldSelector", "A field of the pod.", .atomic = true);

static const struct bl_schema_field bl_schema_resource_field_selector_fields[] = {
	OPT("containerName", STRING, "The container; needed in volumes."),
	ALW("divisor", QUANTITY, "Unit in which the value is given."),
	REQ("resource", STRING, "The resource: limits.cpu, requests.memory."),
	END,
};
TYPE(bl_schema_resource_field_selector, CORE "ResourceFieldSelector", "A resource of a container.",
     .atomic = true);

static const struct bl_schema_field config_map_key_fields[] = {
	REQ("key", STRING, "Key in the ConfigMap."),
	OPT("name", STRING, "Name of the ConfigMap."),
	PTR("optional", BOOL, "It may be missing."),
	END,
};
static TYPE(config_map_key, CORE "ConfigMapKeySelector", "A key of a ConfigMap.", .atomic = true);

static const struct bl_schema_field secret_key_fields[] = {
	REQ("key", STRING, "Key in the Secret."),
	OPT("name", STRING, "Name of the Secret."),
	PTR("optional", BOOL, "It may be missing."),
	END,
};
static TYPE(secret_key, CORE "SecretKeySelector", "A key of a Secret.", .atomic = true);

static const struct bl_schema_field file_key_fields[] = {
	REQ("key", STRING, "Key in the file."),
	PTR("optional", BOOL, "It may be missing."),
	REQ("path", STRING, "Path of the file in the volume."),
	REQ("volumeName", STRING, "Name of the volume."),
	END,
};
static TYPE(file_key, CORE "FileKeySelector", "A key of an env file.", .atomic = true);

static const struct bl_schema_field env_source_fields[] = {
	OBJ("configMapKeyRef", config_map_key, "A key of a ConfigMap."),
	OBJ("fieldRef", bl_schema_field_selector, "A field of the pod."),
	OBJ("fileKeyRef", file_key, "A key of an env file in a volume."),
	OBJ("resourceFieldRef", bl_schema_resource_field_selector, "A resource of the container."),
	OBJ("secretKeyRef", secret_key, "A key of a Secret."),
	END,
};
static TYPE(env_source, CORE "EnvVarSource", "Where a variable's value comes from.");

static const struct bl_schema_field bl_schema_env_var_fields[] = {
	REQ("name", STRING, "Name of the variable."),
	OPT("value", STRING, "Value; $(NAME) is replaced by an earlier variable."),
	OBJ("valueFrom", env_source, "Where the value comes from, instead of value."),
	END,
};
TYPE(bl_schema_env_var, CORE "EnvVar", "A variable of the environment.");

static const struct bl_schema_field config_map_env_fields[] = {
	OPT("name", STRING, "Name of the ConfigMap."),
	PTR("optional", BOOL, "It may be missing."),
	END,
};
static TYPE(config_map_env, CORE "ConfigMapEnvSource", "All keys of a ConfigMap.");

static const struct bl_schema_field secret_env_fields[] = {
	OPT("name", STRING, "Name of the Secret."),
	PTR("optional", BOOL, "It may be missing."),
	END,
};
static TYPE(secret_env, CORE "SecretEnvSource", "All keys of a Secret.");

static const struct bl_schema_field bl_schema_env_from_fields[] = {
	OBJ("configMapRef", config_map_env, "All keys of a ConfigMap."),
	OPT("prefix", STRING, "Text in front of each name."),
	OBJ("secretRef", secret_env, "All keys of a Secret."),
	END,
};
TYPE(bl_schema_env_from, CORE "EnvFromSource", "A source of many variables.");

static const struct bl_schema_field exec_fields[] = {
	LIST("command", STRING, "Program and arguments; no shell."),
	END,
};
static TYPE(exec, CORE "ExecAction", "Runs a program in the container.");

static const struct bl_schema_field http_header_fields[] = {
	REQ("name", STRING, "Name of the header."),
	REQ("value", STRING, "Value of the header."),
	END,
};
static TYPE(http_header, CORE "HTTPHeader", "A header of an HTTP request.");

static const struct bl_schema_field http_get_fields[] = {
	OPT("host", STRING, "Address to connect to; the pod's where nothing is said."),
	OBJS("httpHeaders", http_header, "Headers of the request."),
	OPT("path", STRING, "Path of the request."),
	REQ("port", INT_OR_STRING, "Port by number or by name."),
	OPT("scheme", STRING, "HTTP or HTTPS."),
	END,
};
static TYPE(http_get, CORE "HTTPGetAction", "Sends an HTTP GET.");

static const struct bl_schema_field tcp_socket_fields[] = {
	OPT("host", STRING, "Address to connect to; the pod's where nothing is said."),
	REQ("port", INT_OR_STRING, "Port by number or by name."),
	END,
};
static TYPE(tcp_socket, CORE "TCPSocketAction", "Opens a TCP connection.");

static const struct bl_schema_field grpc_fields[] = {
	REQ("port", INT32, "Port number."),
	PTR("service", STRING, "Service name of the health request."),
	END,
};
static TYPE(grpc, CORE "GRPCAction", "Asks by gRPC's health protocol.");

static const struct bl_schema_field sleep_action_fields[] = {
	REQ("seconds", INT64, "How long."),
	END,
};
static TYPE(sleep_action, CORE "SleepAction", "Waits.");

static const struct bl_schema_field handler_fields[] = {
	OBJ("exec", exec, "Runs a program in the container."),
	OBJ("httpGet", http_get, "Sends an HTTP GET."),
	OBJ("sleep", sleep_action, "Waits."),
	OBJ("tcpSocket", tcp_socket, "Deprecated: does nothing here."),
	END,
};
static TYPE(handler, CORE "LifecycleHandler", "What is done at a turn of a container's life.");

static const struct bl_schema_field bl_schema_lifecycle_fields[] = {
	OBJ("postStart", handler, "Done right after the container was made."),
	OBJ("preStop", handler, "Done before the container is ended."),
	PTR("stopSignal", STRING, "Signal that ends the container."),
	END,
};
TYPE(bl_schema_lifecycle, CORE "Lifecycle", "What is done at turns of a container's life.");

static const struct bl_schema_field bl_schema_probe_fields[] = {
	OBJ("exec", exec, "Runs a program in the container."),
	OPT("failureThreshold", INT32, "Failures in a row that count as failed."),
	OBJ("grpc", grpc, "Asks by gRPC's health protocol."),
	OBJ("httpGet", http_get, "Sends an HTTP GET."),
	OPT("initialDelaySeconds", INT32, "Seconds before the first probe."),
	OPT("periodSeconds", INT32, "Seconds between probes."),
	OPT("successThreshold", INT32, "Successes in a row that count as working."),
	OBJ("tcpSocket", tcp_socket, "Opens a TCP connection."),
	PTR("terminationGracePeriodSeconds", INT64, "Grace period after this probe has failed."),
	OPT("timeoutSeconds", INT32, "Seconds until a probe counts as failed."),
	END,
};
TYPE(bl_schema_probe, CORE "Probe", "A regular check of a container.");

static const struct bl_schema_field resize_policy_fields[] = {
	REQ("resourceName", STRING, "The resource: cpu or memory."),
	REQ("restartPolicy", STRING, "NotRequired or RestartContainer."),
	END,
};
static TYPE(resize_policy, CORE "ContainerResizePolicy", "What a change of a resource needs.");

static const struct bl_schema_field exit_codes_fields[] = {
	REQ("operator", STRING, "In or NotIn."),
	SET("values", INT32, "Exit codes."),
	END,
};
static TYPE(exit_codes, CORE "ContainerRestartRuleOnExitCodes", "Exit codes that a rule is for.");

static const struct bl_schema_field restart_rule_fields[] = {
	REQ("action", STRING, "What is done: Restart or RestartAllContainers."),
	OBJ("exitCodes", exit_codes, "Exit codes that the rule is for."),
	END,
};
static TYPE(restart_rule, CORE "ContainerRestartRule", "When a container is restarted.");

static const struct bl_schema_field claim_fields[] = {
	REQ("name", STRING, "Name of one of the pod's resourceClaims."),
	OPT("request", STRING, "Which request of the claim; empty is all."),
	END,
};
static TYPE(claim, CORE "ResourceClaim", "A claim that a container uses.");

static const struct bl_schema_field bl_schema_resources_fields[] = {
	KEYED("claims", claim, "name", NULL, "Claims that the container uses."),
	MAP("limits", QUANTITY, "The most that it may use."),
	MAP("requests", QUANTITY, "What is set aside for it."),
	END,
};
TYPE(bl_schema_resources, CORE "ResourceRequirements", "Resources that are needed.");

static const struct bl_schema_field device_fields[] = {
	REQ("devicePath", STRING, "Path in the container."),
	REQ("name", STRING, "Name of a claim among the pod's volumes."),
	END,
};
static TYPE(device, CORE "VolumeDevice", "A block device in a container.");

static const struct bl_schema_field mount_fields[] = {
	REQ("mountPath", STRING, "Path in the container."),
	PTR("mountPropagation", STRING, "None, HostToContainer or Bidirectional."),
	REQ("name", STRING, "Name of one of the pod's volumes."),
	OPT("readOnly", BOOL, "The mount is read-only."),
	PTR("recursiveReadOnly", STRING, "Disabled, IfPossible or Enabled."),
	OPT("subPath", STRING, "Path in the volume."),
	OPT("subPathExpr", STRING, "Path in the volume, with variables."),
	END,
};
static TYPE(mount, CORE "VolumeMount", "A volume in a container's file system.");

#define CONTAINER_ROWS                                                                            \
	LIST("args", STRING, "Arguments; the image's where nothing is said."),                    \
		LIST("command", STRING,                                                           \
		     "Program; the image's entry point where nothing is said."),                  \
		KEYED("env", bl_schema_env_var, "name", "name", "Variables of the environment."), \
		OBJS("envFrom", bl_schema_env_from, "Sources of many variables."),                \
		OPT("image", STRING, "Name of the image."),                                       \
		OPT("imagePullPolicy", STRING, "Always, Never or IfNotPresent."),                 \
		OBJ("lifecycle", bl_schema_lifecycle, "What is done at start and end."),          \
		OBJ("livenessProbe", bl_schema_probe, "A failure restarts the container."),       \
		REQ("name", STRING, "Name of the container, unique in the pod."),                 \
		KEYED("ports", container_port, "containerPort,protocol", "containerPort",         \
		      "Ports that the container listens on.", DEFAULT_TCP),                       \
		OBJ("readinessProbe", bl_schema_probe, "A failure takes it out of services."),    \
		OBJS("resizePolicy", resize_policy, "What a change of a resource needs."),        \
		SUB("resources", bl_schema_resources, "Resources that it needs."),                \
		PTR("restartPolicy", STRING, "When it is restarted, unlike the pod says."),       \
		OBJS("restartPolicyRules", restart_rule, "When it is restarted, by exit code."),  \
		OBJ("securityContext", bl_schema_security_context, "With which rights it runs."), \
		OBJ("startupProbe", bl_schema_probe, "The other probes wait for its success."),   \
		OPT("stdin", BOOL, "It has a standard input."),                                   \
		OPT("stdinOnce", BOOL, "The input is closed after the first client."),            \
		OPT("terminationMessagePath", STRING, "File with the last words."),               \
		OPT("terminationMessagePolicy", STRING, "File or FallbackToLogsOnError."),        \
		OPT("tty", BOOL, "It has a terminal."),                                           \
		KEYED("volumeDevices", device, "devicePath", "devicePath", "Block devices."),     \
		KEYED("volumeMounts", mount, "mountPath", "mountPath", "Volumes."),               \
		OPT("workingDir", STRING, "Working directory.")

static const struct bl_schema_field bl_schema_container_fields[] = {
	CONTAINER_ROWS,
	END,
};
TYPE(bl_schema_container, CORE "Container", "A program and its file system in a pod.");

static const struct bl_schema_field bl_schema_ephemeral_container_fields[] = {
	CONTAINER_ROWS,
	OPT("targetContainerName", STRING, "Container whose namespaces it shares."),
	END,
};
TYPE(bl_schema_ephemeral_container, CORE "EphemeralContainer",
     "A container that is added to a running pod, to look into it.");

static const struct bl_schema_field running_fields[] = {
	ALW("startedAt", TIME, "When it was started."),
	END,
};
static TYPE(running, CORE "ContainerStateRunning", "The container runs.");

static const struct bl_schema_field terminated_fields[] = {
	OPT("containerID", STRING, "Id of the container."),
	REQ("exitCode", INT32, "Exit status."),
	ALW("finishedAt", TIME, "When it ended."),
	OPT("message", STRING, "Last words."),
	OPT("reason", STRING, "Why, as one word in CamelCase."),
	OPT("signal", INT32, "Signal that ended it."),
	ALW("startedAt", TIME, "When it was started."),
	END,
};
static TYPE(terminated, CORE "ContainerStateTerminated", "The container has ended.");

static const struct bl_schema_field waiting_fields[] = {
	OPT("message", STRING, "Details for people."),
	OPT("reason", STRING, "Why, as one word in CamelCase."),
	END,
};
static TYPE(waiting, CORE "ContainerStateWaiting", "The container does not run yet.");

static const struct bl_schema_field state_fields[] = {
	OBJ("running", running, "It runs."),
	OBJ("terminated", terminated, "It has ended."),
	OBJ("waiting", waiting, "It does not run yet."),
	END,
};
static TYPE(state, CORE "ContainerState", "What a container does: one of three.");

static const struct bl_schema_field health_fields[] = {
	OPT("health", STRING, "Healthy, Unhealthy or Unknown."),
	PTR("message", STRING, "Details for people."),
	REQ("resourceID", STRING, "Id of the resource."),
	END,
};
static TYPE(health, CORE "ResourceHealth", "Health of a device.");

static const struct bl_schema_field resource_status_fields[] = {
	REQ("name", STRING, "Name of the resource."),
	KEYED("resources", health, "resourceID", NULL, "Health of each."),
	END,
};
static TYPE(resource_status, CORE "ResourceStatus", "Health of a container's devices.");

static const struct bl_schema_field linux_user_fields[] = {
	REQ("gid", INT64, "Group id."),
	LIST("supplementalGroups", INT64, "Further group ids."),
	REQ("uid", INT64, "User id."),
	END,
};
static TYPE(linux_user, CORE "LinuxContainerUser", "User and groups of the first process.");

static const struct bl_schema_field user_fields[] = {
	OBJ("linux", linux_user, "On Linux."),
	END,
};
static TYPE(user, CORE "ContainerUser", "User of the first process.");

static const struct bl_schema_field image_status_fields[] = {
	REQ("imageRef", STRING, "Digest of the image."),
	END,
};
static TYPE(image_status, CORE "ImageVolumeStatus", "State of an image volume.");

static const struct bl_schema_field volume_status_fields[] = {
	OBJ("image", image_status, "Of an image volume."),
	END,
};
static TYPE(volume_status, CORE "VolumeStatus", "State of a mounted volume.");

static const struct bl_schema_field mount_status_fields[] = {
	REQ("mountPath", STRING, "Path in the container."),
	REQ("name", STRING, "Name of the volume."),
	OPT("readOnly", BOOL, "The mount is read-only."),
	PTR("recursiveReadOnly", STRING, "Disabled, IfPossible or Enabled."),
	OBJ("volumeStatus", volume_status, "State of the volume."),
	END,
};
static TYPE(mount_status, CORE "VolumeMountStatus", "State of a mount.");

static const struct bl_schema_field bl_schema_container_status_fields[] = {
	MAP("allocatedResources", QUANTITY, "Resources that the node has set aside."),
	KEYED("allocatedResourcesStatus", resource_status, "name", "name", "Health of devices."),
	OPT("containerID", STRING, "Id of the container: TYPE://ID."),
	REQ("image", STRING, "Name of the image."),
	REQ("imageID", STRING, "Id of the image."),
	SUB("lastState", state, "How the container ended last."),
	REQ("name", STRING, "Name of the container."),
	REQ("ready", BOOL, "It takes traffic."),
	OBJ("resources", bl_schema_resources, "Resources that it has."),
	REQ("restartCount", INT32, "How often it was restarted."),
	PTR("started", BOOL, "It has passed its startup probe."),
	SUB("state", state, "What the container does."),
	PTR("stopSignal", STRING, "Signal that ends it."),
	OBJ("user", user, "User of the first process."),
	KEYED("volumeMounts", mount_status, "mountPath", "mountPath", "State of the mounts."),
	END,
};
TYPE(bl_schema_container_status, CORE "ContainerStatus", "Observed state of a container.");
