// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: One pod as an endpoint of one Service.
 *
 * The conditions follow KEP-1672: serving is the pod's readiness, terminating its deletion, ready both together; where the
 * service publishes addresses that are not ready, ready is always true. Hence a proxy never has to know that field.
 *
 * A target port that is a name is looked up on each pod by name and protocol, so pods of one service may serve it on
 * different numbers, and end up in different slices. A port that a pod does not have is left out for that pod.
 *
 * Only fields that this controller writes are compared with what the server has: a field that a server or a webhook adds must
 * not make the controller write again and again.
 */

#include "controllers/endpoints.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

bool bl_endpoints_wants(const struct bl_api_pod *pod)
{
	return pod->n_ips && pod->phase != BL_POD_SUCCEEDED && pod->phase != BL_POD_FAILED;
}

uint16_t bl_endpoints_port(const struct bl_api_service_port *port, const struct bl_api_pod *pod)
{
	if (!*port->target_name)
		return port->target_port ? port->target_port : port->port;
	for (size_t i = 0; i < pod->n_ports; i++) {
		if (pod->ports[i].proto == port->proto &&
		    bl_streq(pod->ports[i].name, port->target_name))
			return pod->ports[i].port;
	}
	return 0;
}

static const char *proto_name(uint8_t proto)
{
	if (proto == IPPROTO_UDP)
		return "UDP";
	return proto == IPPROTO_SCTP ? "SCTP" : "TCP";
}

json_t *bl_endpoints_ports(const struct bl_api_service *svc, const struct bl_api_pod *pod)
{
	json_t *ports = json_array();

	for (size_t i = 0; i < svc->n_ports; i++) {
		const struct bl_api_service_port *p = &svc->ports[i];
		uint16_t number = bl_endpoints_port(p, pod);
		json_t *port;

		if (!number)
			continue;
		port = json_pack("{s:s, s:i, s:s}", "name", p->name, "port", (int)number,
				 "protocol", proto_name(p->proto));
		if (*p->app_protocol)
			json_object_set_new(port, "appProtocol", json_string(p->app_protocol));
		json_array_append_new(ports, port);
	}
	return ports;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *bl_endpoints_ports_key(const json_t *ports)
{
	size_t i, n = json_array_size(ports);
	char **texts = bl_calloc(n + 1, sizeof(*texts));
	struct bl_buf key = {};
	const json_t *port;

	json_array_foreach (ports, i, port) {
		const char *name = bl_json_str_at(port, "name", NULL);
		const char *proto = bl_json_str_at(port, "protocol", NULL);
		const char *app = bl_json_str_at(port, "appProtocol", NULL);

		texts[i] = bl_asprintf("%s/%s/%lld/%s;", name ? name : "", proto ? proto : "TCP",
				       (long long)json_integer_value(json_object_get(port, "port")),
				       app ? app : "");
	}
	qsort(texts, n, sizeof(*texts), compare_texts);
	bl_buf_append(&key, "", 0);
	for (i = 0; i < n; i++) {
		bl_buf_puts(&key, texts[i]);
		free(texts[i]);
	}
	free(texts);
	return bl_buf_take(&key);
}

static void add_hints(const struct bl_api_service *svc, const struct bl_api_pod *pod,
		      const char *zone, json_t *ep)
{
	const char *mode = svc->traffic_distribution;
	json_t *hints;

	if (!*mode || !*zone)
		return;
	hints = json_pack("{s:[{s:s}]}", "forZones", "name", zone);
	if (bl_streq(mode, "PreferSameNode") && *pod->node)
		json_object_set_new(hints, "forNodes", json_pack("[{s:s}]", "name", pod->node));
	json_object_set_new(ep, "hints", hints);
}

json_t *bl_endpoints_make(const struct bl_api_service *svc, const struct bl_api_pod *pod,
			  const struct bl_ip *ip, const char *zone)
{
	const struct bl_api_meta *m = &pod->obj.meta;
	bool serving = pod->ready, terminating = m->deleting;
	bool ready = svc->publish_not_ready || (serving && !terminating);
	char address[BL_IP_STRLEN];
	json_t *ep = json_pack("{s:[s], s:{s:b, s:b, s:b}, s:{s:s, s:s, s:s, s:s}}", "addresses",
			       bl_ip_format(ip, address), "conditions", "ready", ready, "serving",
			       serving, "terminating", terminating, "targetRef", "kind", "Pod",
			       "namespace", m->namespace, "name", m->name, "uid", m->uid);

	if (*pod->node)
		json_object_set_new(ep, "nodeName", json_string(pod->node));
	if (*zone)
		json_object_set_new(ep, "zone", json_string(zone));
	if (*pod->hostname && bl_streq(pod->subdomain, svc->obj.meta.name))
		json_object_set_new(ep, "hostname", json_string(pod->hostname));
	if (ready)
		add_hints(svc, pod, zone, ep);
	return ep;
}

static bool strings_equal(const char *a, const char *b)
{
	return a && b && bl_streq(a, b);
}

bool bl_endpoints_same(const json_t *a, const json_t *b)
{
	const json_t *x = json_array_get(json_object_get(a, "addresses"), 0);
	const json_t *y = json_array_get(json_object_get(b, "addresses"), 0);

	return strings_equal(json_string_value(x), json_string_value(y)) &&
	       strings_equal(bl_json_str_at(a, "targetRef", "uid", NULL),
			     bl_json_str_at(b, "targetRef", "uid", NULL));
}

bool bl_endpoints_equal(const json_t *a, const json_t *b)
{
	static const char *const fields[] = {"addresses", "hostname", "nodeName", "zone", "hints"};
	static const char *const conditions[] = {"ready", "serving", "terminating"};

	for (size_t i = 0; i < BL_ARRAY_SIZE(fields); i++) {
		const json_t *x = json_object_get(a, fields[i]), *y = json_object_get(b, fields[i]);

		if (x != y && !json_equal(x, y))
			return false;
	}
	for (size_t i = 0; i < BL_ARRAY_SIZE(conditions); i++) {
		if (bl_json_at(a, "conditions", conditions[i], NULL) !=
		    bl_json_at(b, "conditions", conditions[i], NULL))
			return false; /* true and false are one value each */
	}
	return bl_endpoints_same(a, b);
}
