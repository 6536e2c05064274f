/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Defaults of a Pod.
 *
 * After SetDefaults_Pod and its like in k8s.io/kubernetes/pkg/apis/core/v1: policies and periods
 * that a client may leave out, requests that follow limits, host ports that follow container ports
 * on the host's network, and what hangs on the form of a value: an image that is named without a
 * tag, or with `latest`, is pulled each time.
 *
 * A negative grace period counts as one second. podIP and podIPs say the same twice: where they
 * differ podIP wins, as old writers know only that.
 */
#include "apiserver/kinds/pod.h"
#include "base/str.h"

#define FILE_MODE 420 /* 0644 */

void bl_pod_each_container(json_t *spec, void (*fn)(json_t *container, void *arg), void *arg)
{
	static const char *const lists[] = {"containers", "initContainers", "ephemeralContainers"};

	for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++) {
		const json_t *list = bl_get(spec, lists[l]);

		for (size_t i = 0; i < json_array_size(list); i++)
			fn(json_array_get(list, i), arg);
	}
}

/* A reference is [host[:port]/]path[:tag][@digest]. */
static bool pulls_always(const char *image)
{
	const char *slash = strrchr(image, '/');
	const char *tag = strrchr(slash ? slash : image, ':');

	if (*image == '\0' || strchr(image, '@'))
		return false;
	return !tag || bl_streq(tag, ":latest");
}

static void default_http(json_t *action)
{
	json_t *http = bl_get(action, "httpGet");

	if (!json_is_object(http))
		return;
	bl_default_str(http, "path", "/");
	bl_default_str(http, "scheme", "HTTP");
}

/* As bl_default_int(), and a zero counts as absent. */
static void default_nonzero(json_t *obj, const char *key, long long value)
{
	if (bl_int(obj, key) == 0)
		bl_set_int(obj, key, value);
}

static void default_probe(json_t *probe)
{
	if (!json_is_object(probe))
		return;
	default_http(probe);
	default_nonzero(probe, "timeoutSeconds", 1);
	default_nonzero(probe, "periodSeconds", 10);
	default_nonzero(probe, "successThreshold", 1);
	default_nonzero(probe, "failureThreshold", 3);
	if (bl_has(probe, "grpc") && !bl_has(bl_get(probe, "grpc"), "service"))
		bl_set_str(bl_get(probe, "grpc"), "service", "");
}

static void default_env(const json_t *env)
{
	for (size_t i = 0; i < json_array_size(env); i++) {
		json_t *ref = bl_get(bl_get(json_array_get(env, i), "valueFrom"), "fieldRef");

		if (json_is_object(ref))
			bl_default_str(ref, "apiVersion", "v1");
	}
}

static void default_resources(json_t *container)
{
	json_t *resources = bl_ensure(container, "resources");
	const char *key;
	json_t *value;

	json_object_foreach (bl_get(resources, "limits"), key, value) {
		json_t *requests = bl_ensure(resources, "requests");

		if (!bl_has(requests, key))
			json_object_set_new(requests, key, json_deep_copy(value));
	}
}

static void default_ports(const json_t *ports, bool host_network)
{
	for (size_t i = 0; i < json_array_size(ports); i++) {
		json_t *port = json_array_get(ports, i);

		bl_default_str(port, "protocol", "TCP");
		if (host_network && bl_int(port, "hostPort") == 0)
			bl_set_int(port, "hostPort", bl_int(port, "containerPort"));
	}
}

static void default_container(json_t *container, void *arg)
{
	json_t *lifecycle = bl_get(container, "lifecycle");

	bl_default_str(container, "imagePullPolicy",
		       pulls_always(bl_str(container, "image")) ? "Always" : "IfNotPresent");
	bl_default_str(container, "terminationMessagePath", "/dev/termination-log");
	bl_default_str(container, "terminationMessagePolicy", "File");
	default_ports(bl_get(container, "ports"), bl_bool(arg, "hostNetwork"));
	default_env(bl_get(container, "env"));
	default_resources(container);
	default_probe(bl_get(container, "livenessProbe"));
	default_probe(bl_get(container, "readinessProbe"));
	default_probe(bl_get(container, "startupProbe"));
	default_http(bl_get(lifecycle, "postStart"));
	default_http(bl_get(lifecycle, "preStop"));
}

static void default_items(const json_t *items)
{
	for (size_t i = 0; i < json_array_size(items); i++) {
		json_t *ref = bl_get(json_array_get(items, i), "fieldRef");

		if (json_is_object(ref))
			bl_default_str(ref, "apiVersion", "v1");
	}
}

static void default_projected(json_t *projected)
{
	const json_t *sources = bl_get(projected, "sources");

	bl_default_int(projected, "defaultMode", FILE_MODE);
	for (size_t i = 0; i < json_array_size(sources); i++) {
		const json_t *source = json_array_get(sources, i);
		json_t *token = bl_get(source, "serviceAccountToken");

		default_items(bl_get(bl_get(source, "downwardAPI"), "items"));
		if (json_is_object(token))
			bl_default_int(token, "expirationSeconds", 3600);
	}
}

static void default_volume(json_t *volume)
{
	static const char *const with_mode[] = {"secret", "configMap", "downwardAPI"};

	/* Nothing but a name: an empty directory. */
	if (json_object_size(volume) == (bl_has(volume, "name") ? 1 : 0))
		json_object_set_new(volume, "emptyDir", json_object());
	for (size_t i = 0; i < sizeof(with_mode) / sizeof(with_mode[0]); i++) {
		if (json_is_object(bl_get(volume, with_mode[i])))
			bl_default_int(bl_get(volume, with_mode[i]), "defaultMode", FILE_MODE);
	}
	if (json_is_object(bl_get(volume, "projected")))
		default_projected(bl_get(volume, "projected"));
	default_items(bl_get(bl_get(volume, "downwardAPI"), "items"));
	if (json_is_object(bl_get(volume, "hostPath")) &&
	    !bl_has(bl_get(volume, "hostPath"), "type"))
		bl_set_str(bl_get(volume, "hostPath"), "type", "");
}

static void sync_pod_ips(json_t *status)
{
	const json_t *ips = bl_get(status, "podIPs");
	const char *ip = bl_str(status, "podIP");
	const char *first = bl_str(json_array_get(ips, 0), "ip");

	if (*ip && (json_array_size(ips) == 0 || !bl_streq(ip, first)))
		json_object_set_new(status, "podIPs", json_pack("[{s:s}]", "ip", ip));
	else if (*ip == '\0' && json_array_size(ips) > 0)
		bl_set_str(status, "podIP", first);
}

void bl_pod_defaults(json_t *obj)
{
	json_t *spec = bl_ensure(obj, "spec");
	const json_t *volumes = bl_get(spec, "volumes");

	bl_default_str(spec, "dnsPolicy", "ClusterFirst");
	bl_default_str(spec, "restartPolicy", "Always");
	bl_default_str(spec, "schedulerName", "default-scheduler");
	bl_default_bool(spec, "enableServiceLinks", true);
	bl_default_int(spec, "terminationGracePeriodSeconds", 30);
	if (bl_int(spec, "terminationGracePeriodSeconds") < 0)
		bl_set_int(spec, "terminationGracePeriodSeconds", 1);
	(void)bl_ensure(spec, "securityContext");
	/* One name in two fields: the newer one wins. */
	if (bl_has_str(spec, "serviceAccountName"))
		bl_set_str(spec, "serviceAccount", bl_str(spec, "serviceAccountName"));
	else if (bl_has_str(spec, "serviceAccount"))
		bl_set_str(spec, "serviceAccountName", bl_str(spec, "serviceAccount"));
	bl_pod_each_container(spec, default_container, spec);
	for (size_t i = 0; i < json_array_size(volumes); i++)
		default_volume(json_array_get(volumes, i));
	sync_pod_ips(bl_ensure(obj, "status"));
}
