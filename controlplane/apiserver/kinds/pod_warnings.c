/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: What a Pod is accepted with, but not without a word.
 *
 * The warnings that people meet most, after k8s.io/kubernetes/pkg/api/pod: a name that is no host
 * name, a variable or a port that hides an earlier one, labels of nodes that have new names, memory
 * in fractions of bytes, and selectors that are absent and therefore match nothing.
 *
 * A warning never stops a request. It goes into the Warning header of the answer, and kubectl prints
 * it. The name is looked at once, on create, because it cannot change later.
 *
 * Paths are written by hand here, since warnings are plain text and not causes.
 */
#include <stdio.h>

#include "apiserver/kinds/names.h"
#include "apiserver/kinds/net.h"
#include "apiserver/kinds/pod.h"
#include "apiserver/kinds/quantity.h"
#include "base/str.h"

static void warn_name(const json_t *obj, json_t *warnings)
{
	struct bl_rules r = bl_rule_dns_label(bl_str(bl_get(obj, "metadata"), "name"));

	if (r.count)
		bl_warn(warnings,
			"metadata.name: this is used in the Pod's hostname, which can result in "
			"surprising behavior; a DNS label is recommended: [%s]",
			r.text[0]);
}

static void warn_env(const char *path, const json_t *env, json_t *warnings)
{
	for (size_t i = 0; i < json_array_size(env); i++) {
		const char *name = bl_str(json_array_get(env, i), "name");

		for (size_t k = 0; k < i; k++) {
			if (!bl_streq(bl_str(json_array_get(env, k), "name"), name))
				continue;
			bl_warn(warnings,
				"%s.env[%zu]: hides previous definition of \"%s\", which may be "
				"dropped when using apply",
				path, i, name);
			break;
		}
	}
}

static bool same_port(const json_t *a, const json_t *b)
{
	return bl_int(a, "containerPort") == bl_int(b, "containerPort") &&
	       bl_int(a, "hostPort") == bl_int(b, "hostPort") &&
	       bl_streq(bl_str(a, "protocol"), bl_str(b, "protocol")) &&
	       bl_streq(bl_str(a, "hostIP"), bl_str(b, "hostIP"));
}

static void warn_ports(const char *path, const json_t *ports, json_t *warnings)
{
	for (size_t i = 0; i < json_array_size(ports); i++) {
		for (size_t k = 0; k < i; k++) {
			if (!same_port(json_array_get(ports, i), json_array_get(ports, k)))
				continue;
			bl_warn(warnings,
				"%s.ports[%zu]: duplicate port definition with %s.ports[%zu]", path,
				i, path, k);
			break;
		}
	}
}

static void warn_memory(const char *path, const json_t *resources, json_t *warnings)
{
	static const char *const kinds[] = {"requests", "limits"};

	for (size_t i = 0; i < 2; i++) {
		const json_t *memory = bl_get(bl_get(resources, kinds[i]), "memory");

		if (memory && !bl_quantity_is_whole(memory))
			bl_warn(warnings,
				"%s.resources.%s[memory]: fractional byte value \"%s\" is "
				"invalid, must be an integer",
				path, kinds[i], json_string_value(memory));
	}
}

static void warn_containers(const json_t *spec, const char *name, json_t *warnings)
{
	const json_t *list = bl_get(spec, name);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *container = json_array_get(list, i);
		char path[64];

		(void)snprintf(path, sizeof(path), "spec.%s[%zu]", name, i);
		warn_env(path, bl_get(container, "env"), warnings);
		warn_ports(path, bl_get(container, "ports"), warnings);
		warn_memory(path, bl_get(container, "resources"), warnings);
	}
}

static void warn_node_selector(const json_t *selector, json_t *warnings)
{
	static const struct {
		const char *old;
		const char *now;
	} labels[] = {
		{"beta.kubernetes.io/arch", "use \"kubernetes.io/arch\" instead"},
		{"beta.kubernetes.io/os", "use \"kubernetes.io/os\" instead"},
		{"failure-domain.beta.kubernetes.io/region",
		 "use \"topology.kubernetes.io/region\" instead"},
		{"failure-domain.beta.kubernetes.io/zone",
		 "use \"topology.kubernetes.io/zone\" instead"},
		{"beta.kubernetes.io/instance-type",
		 "use \"node.kubernetes.io/instance-type\" instead"},
	};

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		if (bl_has(selector, labels[i].old))
			bl_warn(warnings, "spec.nodeSelector[%s]: deprecated since v1.14; %s",
				labels[i].old, labels[i].now);
	}
}

static void warn_spread(const json_t *constraints, json_t *warnings)
{
	for (size_t i = 0; i < json_array_size(constraints); i++) {
		if (!bl_has(json_array_get(constraints, i), "labelSelector"))
			bl_warn(warnings,
				"spec.topologySpreadConstraints[%zu].labelSelector: a null "
				"labelSelector results in matching no pod",
				i);
	}
}

static void warn_aliases(const json_t *aliases, json_t *warnings)
{
	for (size_t i = 0; i < json_array_size(aliases); i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "spec.hostAliases[%zu].ip", i);
		bl_warn_ip(warnings, path, bl_str(json_array_get(aliases, i), "ip"));
	}
}

void bl_pod_warn(const json_t *obj, const json_t *old, json_t *warnings)
{
	const json_t *spec = bl_get(obj, "spec");

	if (!old)
		warn_name(obj, warnings);
	warn_containers(spec, "initContainers", warnings);
	warn_containers(spec, "containers", warnings);
	warn_node_selector(bl_get(spec, "nodeSelector"), warnings);
	warn_spread(bl_get(spec, "topologySpreadConstraints"), warnings);
	warn_aliases(bl_get(spec, "hostAliases"), warnings);
}
