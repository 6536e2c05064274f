/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Containers of a Pod.
 *
 * What containers, init containers and ephemeral containers have in common, and what differs: an
 * init container that ends (one without restartPolicy Always) has no probes and no hooks; an
 * ephemeral container comes by a request of its own and never with the pod.
 *
 * Ports are information, but for host ports: two containers of a pod cannot have the same one, and
 * on the host's network a container port is its host port.
 *
 * Names are unique over containers and init containers together, since status and exec name a
 * container by its name alone.
 */
#include <stdio.h>

#include "apiserver/kinds/names.h"
#include "apiserver/kinds/net.h"
#include "apiserver/kinds/pod.h"
#include "base/str.h"

static void check_port_name(struct bl_check *ck, const json_t *ports, size_t i)
{
	const char *name = bl_str(json_array_get(ports, i), "name");

	if (*name == '\0' || !bl_check_rules(ck, "name", name, bl_rule_port_name))
		return;
	for (size_t k = 0; k < i; k++) {
		if (!bl_streq(bl_str(json_array_get(ports, k), "name"), name))
			continue;
		bl_check_duplicate(ck, "name", bl_get(json_array_get(ports, i), "name"));
		return;
	}
}

static void check_ports(struct bl_check *ck, const json_t *container, bool host_network)
{
	const json_t *ports = bl_get(container, "ports");

	for (size_t i = 0; i < json_array_size(ports); i++) {
		const json_t *port = json_array_get(ports, i);
		long long number = bl_int(port, "containerPort");
		long long host = bl_int(port, "hostPort");
		size_t mark = bl_path_push(&ck->at, "ports");

		bl_path_push_index(&ck->at, i);
		check_port_name(ck, ports, i);
		if (number == 0)
			bl_check_required(ck, "containerPort", "");
		else
			(void)bl_check_port(ck, "containerPort", number);
		if (host != 0)
			(void)bl_check_port(ck, "hostPort", host);
		bl_check_protocol(ck, "protocol", bl_str(port, "protocol"));
		if (host_network && host != number)
			bl_check_invalid(ck, "containerPort", bl_get(port, "containerPort"),
					 "must match `hostPort` when `hostNetwork` is true");
		bl_path_pop(&ck->at, mark);
	}
}

static bool same_host_port(const json_t *a, const json_t *b)
{
	return bl_int(a, "hostPort") == bl_int(b, "hostPort") &&
	       bl_streq(bl_str(a, "protocol"), bl_str(b, "protocol")) &&
	       bl_streq(bl_str(a, "hostIP"), bl_str(b, "hostIP"));
}

/* The host port of container c, port p, is one of an earlier port of the list. */
static bool host_port_taken(const json_t *containers, size_t c, size_t p)
{
	const json_t *mine = json_array_get(bl_get(json_array_get(containers, c), "ports"), p);

	for (size_t i = 0; i <= c; i++) {
		const json_t *ports = bl_get(json_array_get(containers, i), "ports");
		size_t end = i == c ? p : json_array_size(ports);

		for (size_t k = 0; k < end; k++) {
			if (same_host_port(json_array_get(ports, k), mine))
				return true;
		}
	}
	return false;
}

static void check_host_ports(struct bl_check *ck, const json_t *containers, size_t c)
{
	const json_t *ports = bl_get(json_array_get(containers, c), "ports");

	for (size_t i = 0; i < json_array_size(ports); i++) {
		const json_t *port = json_array_get(ports, i);
		size_t mark;

		if (bl_int(port, "hostPort") == 0 || !host_port_taken(containers, c, i))
			continue;
		mark = bl_path_push(&ck->at, "ports");
		bl_path_push_index(&ck->at, i);
		bl_check_duplicate(ck, "hostPort", bl_get(port, "hostPort"));
		bl_path_pop(&ck->at, mark);
	}
}

static void check_image(struct bl_check *ck, const json_t *container)
{
	static const char blank[] = " \t\n\r";
	const char *image = bl_str(container, "image");
	size_t n = strlen(image);

	if (n == 0)
		bl_check_required(ck, "image", "");
	else if (strchr(blank, image[0]) || strchr(blank, image[n - 1]))
		bl_check_invalid_str(ck, "image", image,
				     "must not have leading or trailing whitespace");
}

static void check_security(struct bl_check *ck, const json_t *context)
{
	static const char *const ids[] = {"runAsUser", "runAsGroup"};
	size_t mark = bl_path_push(&ck->at, "securityContext");

	for (size_t i = 0; i < 2; i++) {
		long long id = bl_int(context, ids[i]);

		if (id < 0 || id > 0x7fffffff)
			bl_check_invalid(ck, ids[i], bl_get(context, ids[i]),
					 "must be between 0 and 2147483647, inclusive");
	}
	if (bl_bool(context, "privileged") && bl_has(context, "allowPrivilegeEscalation") &&
	    !bl_bool(context, "allowPrivilegeEscalation"))
		bl_check_invalid(ck, NULL, context,
				 "cannot set `allowPrivilegeEscalation` to false and `privileged` "
				 "to true");
	bl_path_pop(&ck->at, mark);
}

/* What every container has. */
static void check_common(struct bl_check *ck, const json_t *container, const json_t *spec)
{
	static const char *const pulls[] = {"Always", "IfNotPresent", "Never", NULL};
	static const char *const ends[] = {"FallbackToLogsOnError", "File", NULL};

	if (!bl_has_str(container, "name"))
		bl_check_required(ck, "name", "");
	else
		(void)bl_check_rules(ck, "name", bl_str(container, "name"), bl_rule_dns_label);
	check_image(ck, container);
	(void)bl_check_one_of(ck, "terminationMessagePolicy",
			      bl_str(container, "terminationMessagePolicy"), ends);
	check_ports(ck, container, bl_bool(spec, "hostNetwork"));
	bl_pod_check_env(ck, container);
	bl_pod_check_mounts(ck, container, bl_get(spec, "volumes"));
	(void)bl_check_one_of(ck, "imagePullPolicy", bl_str(container, "imagePullPolicy"), pulls);
	bl_pod_check_resources(ck, container);
	check_security(ck, bl_get(container, "securityContext"));
}

static bool named_in(const json_t *containers, size_t end, const char *name)
{
	for (size_t i = 0; i < end; i++) {
		if (bl_streq(bl_str(json_array_get(containers, i), "name"), name))
			return true;
	}
	return false;
}

static void check_main(struct bl_check *ck, const json_t *spec, const json_t *list, size_t i)
{
	const json_t *container = json_array_get(list, i);

	check_common(ck, container, spec);
	if (bl_has_str(container, "name") && named_in(list, i, bl_str(container, "name")))
		bl_check_duplicate(ck, "name", bl_get(container, "name"));
	bl_pod_check_lifecycle(ck, container);
	bl_pod_check_probes(ck, container);
}

static void check_init(struct bl_check *ck, const json_t *spec, const json_t *list, size_t i)
{
	static const char *const never[] = {"lifecycle", "livenessProbe", "readinessProbe",
					    "startupProbe"};
	const json_t *container = json_array_get(list, i);
	const json_t *mains = bl_get(spec, "containers");
	const char *name = bl_str(container, "name");

	check_common(ck, container, spec);
	if (*name && (named_in(list, i, name) || named_in(mains, json_array_size(mains), name)))
		bl_check_duplicate(ck, "name", bl_get(container, "name"));
	if (bl_streq(bl_str(container, "restartPolicy"), "Always")) {
		bl_pod_check_lifecycle(ck, container);
		bl_pod_check_probes(ck, container);
		return;
	}
	for (size_t k = 0; k < sizeof(never) / sizeof(never[0]); k++) {
		if (bl_has(container, never[k]))
			bl_check_forbidden(ck, never[k],
					   "may not be set for init containers without "
					   "restartPolicy=Always");
	}
}

static void check_list(struct bl_check *ck, const json_t *spec, const char *name,
		       void (*check)(struct bl_check *ck, const json_t *spec, const json_t *list,
				     size_t i))
{
	const json_t *list = bl_get(spec, name);

	for (size_t i = 0; i < json_array_size(list); i++) {
		size_t mark = bl_path_push(&ck->at, name);

		bl_path_push_index(&ck->at, i);
		check(ck, spec, list, i);
		check_host_ports(ck, list, i);
		bl_path_pop(&ck->at, mark);
	}
}

void bl_pod_check_containers(struct bl_check *ck, const json_t *spec)
{
	if (bl_count(spec, "containers") == 0)
		bl_check_required(ck, "containers", "");
	check_list(ck, spec, "containers", check_main);
	check_list(ck, spec, "initContainers", check_init);
}
