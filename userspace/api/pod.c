// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Pod.
 *
 * Of a pod the network needs where it runs, its addresses, whether it is ready, and the ports its containers declare:
 * named target ports and named policy ports are resolved against them, and hostPort is served from them. Init
 * containers count only with restartPolicy Always, because only those (sidecars, KEP-753) run beside the others.
 *
 * status.podIPs holds one address a family; status.podIP alone is what old servers give. An address that does not
 * parse is refused by name rather than left out, since a pod that silently lost one would escape what selects it.
 */

#include "api/pod.h"

#include "api/read.h"
#include "base/json.h"
#include "base/str.h"

#define MAX_CONTAINERS 500

static int decode_port(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *json,
		       struct bl_api_pod_port *port)
{
	int rc = bl_api_read_str(r, at, json, "name", BL_API_MAX_VALUE, &port->name);

	if (!rc)
		rc = bl_api_read_proto(r, at, json, &port->proto);
	if (!rc)
		rc = bl_api_read_u16(r, at, json, "containerPort", 1, UINT16_MAX, &port->port);
	if (!rc)
		rc = bl_api_read_u16(r, at, json, "hostPort", 0, UINT16_MAX, &port->host_port);
	return rc ? rc : bl_api_read_ip(r, at, json, "hostIP", &port->host_ip);
}

static bool runs_on(const json_t *container, bool init)
{
	const char *policy = bl_json_str_at(container, "restartPolicy", NULL);

	return !init || (policy && bl_streq(policy, "Always"));
}

/* Counts the ports (fill unset) or reads them behind those that are there. */
static int walk_containers(struct bl_api_reader *r, const json_t *spec, const char *key, bool fill,
			   struct bl_api_pod *pod, size_t *n_ports)
{
	const struct bl_api_at *at = BL_API_AT(NULL, "spec");
	const json_t *list, *container, *ports, *port;
	size_t n, i, k;
	int rc = bl_api_read_list(r, at, spec, key, MAX_CONTAINERS, &list, &n);

	if (rc)
		return rc;
	json_array_foreach (list, i, container) {
		const struct bl_api_at *c = BL_API_NTH(at, key, i);

		if (!runs_on(container, bl_streq(key, "initContainers")))
			continue;
		rc = bl_api_read_list(r, c, container, "ports", BL_API_MAX_ENTRIES, &ports, &n);
		if (rc)
			return rc;
		json_array_foreach (ports, k, port) {
			if (fill)
				rc = decode_port(r, BL_API_NTH(c, "ports", k), port,
						 &pod->ports[*n_ports]);
			if (rc)
				return rc;
			(*n_ports)++;
		}
	}
	return 0;
}

static int decode_ports(struct bl_api_reader *r, const json_t *spec, struct bl_api_pod *pod)
{
	static const char *const keys[] = {"containers", "initContainers"};
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < 2 && !rc; i++)
		rc = walk_containers(r, spec, keys[i], false, pod, &n);
	if (!rc && n > BL_API_MAX_ENTRIES)
		rc = bl_api_fail(r, NULL, "spec", "more than %d ports", BL_API_MAX_ENTRIES);
	if (rc)
		return rc;
	pod->ports = bl_api_array(r, n, struct bl_api_pod_port);
	for (size_t i = 0; i < 2 && !rc; i++)
		rc = walk_containers(r, spec, keys[i], true, pod, &pod->n_ports);
	return rc;
}

static enum bl_api_pod_phase phase_of(const char *s)
{
	static const char *const names[] = {"Pending", "Running", "Succeeded", "Failed"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (bl_streq(s, names[i]))
			return (enum bl_api_pod_phase)i;
	}
	return *s ? BL_POD_UNKNOWN : BL_POD_PENDING;
}

/* status.podIPs is a list of {"ip": ...}; at most two are kept. */
static int decode_ips(struct bl_api_reader *r, const json_t *status, struct bl_api_pod *pod)
{
	const struct bl_api_at *at = BL_API_AT(NULL, "status");
	const json_t *list, *entry;
	size_t n, i;
	int rc = bl_api_read_list(r, at, status, "podIPs", 2, &list, &n);

	if (rc)
		return rc;
	pod->ips = bl_api_array(r, n ? n : 1, struct bl_ip);
	json_array_foreach (list, i, entry) {
		rc = bl_api_read_ip(r, BL_API_NTH(at, "podIPs", i), entry, "ip",
				    &pod->ips[pod->n_ips]);
		if (rc)
			return rc;
		pod->n_ips += pod->ips[pod->n_ips].family != 0;
	}
	if (pod->n_ips)
		return 0;
	rc = bl_api_read_ip(r, at, status, "podIP", &pod->ips[0]);
	if (!rc)
		pod->n_ips = pod->ips[0].family != 0;
	return rc;
}

static int decode_status(struct bl_api_reader *r, const json_t *json, struct bl_api_pod *pod)
{
	const json_t *status = NULL;
	const char *phase = "";
	int rc = bl_api_read_obj(r, NULL, json, "status", &status);

	if (!rc)
		rc = bl_api_read_str(r, BL_API_AT(NULL, "status"), status, "phase", BL_API_MAX_NAME,
				     &phase);
	if (rc)
		return rc;
	pod->phase = phase_of(phase);
	rc = decode_ips(r, status, pod);
	return rc ? rc : bl_api_read_condition(r, json, "Ready", &pod->ready);
}

static int decode(struct bl_api_reader *r, struct bl_api_object *obj, const json_t *json)
{
	const struct bl_api_at *at = BL_API_AT(NULL, "spec");
	struct bl_api_pod *pod = (struct bl_api_pod *)obj;
	const json_t *spec = NULL;
	int rc = bl_api_read_obj(r, NULL, json, "spec", &spec);

	if (!rc)
		rc = bl_api_read_str(r, at, spec, "nodeName", BL_API_MAX_NAME, &pod->node);
	if (!rc)
		rc = bl_api_read_str(r, at, spec, "hostname", BL_API_MAX_NAME, &pod->hostname);
	if (!rc)
		rc = bl_api_read_str(r, at, spec, "subdomain", BL_API_MAX_NAME, &pod->subdomain);
	if (!rc)
		rc = bl_api_read_bool(r, at, spec, "hostNetwork", &pod->host_network);
	if (!rc)
		rc = decode_ports(r, spec, pod);
	return rc ? rc : decode_status(r, json, pod);
}

const struct bl_api_type bl_api_type_pod = {
	.kind = BL_API_POD,
	.name = "Pod",
	.plural = "pods",
	.path = "/api/v1/pods",
	.size = sizeof(struct bl_api_pod),
	.decode = decode,
};
