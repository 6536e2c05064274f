// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Service.
 *
 * The fields that decide which packets belong to a service and where they go. Defaults are those of the API server
 * (TCP, targetPort = port, ClientIP for three hours), because a struct must not depend on whether the server wrote them out.
 *
 * Three ways of having no address stay apart: headless (clusterIP "None"), not allocated yet (""), and ExternalName.
 * Of status.loadBalancer.ingress only entries with an ip count: a host name is nobody's frontend. loadBalancerSourceRanges
 * may carry blanks around each range, which the API server accepts; they are cut off before the strict parser sees them.
 *
 * An enumeration's unknown value is an error with the value in it, not a guess: a new service type means something that this
 * version cannot do.
 */

#include "api/service.h"

#include <string.h>

#include "api/read.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define MAX_PORTS	 20000
#define DEFAULT_AFFINITY 10800
#define MAX_AFFINITY	 86400

/* The index of the field's value among the words; index 0 where absent. */
static int read_enum(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *spec,
		     const char *key, const char *const *words, size_t n, size_t *ret)
{
	const char *s = words[0];
	int rc = bl_json_get_str(spec, key, &s, &r->err);

	if (rc)
		return bl_api_fail(r, at, key, "must be a string");
	for (size_t i = 0; i < n; i++) {
		if (!bl_streq(s, words[i]))
			continue;
		*ret = i;
		return 0;
	}
	return bl_api_fail(r, at, key, "'%.40s' is not known", s);
}

static int decode_target(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *json,
			 struct bl_api_service_port *port)
{
	port->target_name = "";
	if (json_is_string(json_object_get(json, "targetPort")))
		return bl_api_read_str(r, at, json, "targetPort", BL_API_MAX_VALUE,
				       &port->target_name);
	return bl_api_read_u16(r, at, json, "targetPort", 0, UINT16_MAX, &port->target_port);
}

static int decode_port(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *json,
		       struct bl_api_service_port *port)
{
	int rc = bl_api_read_str(r, at, json, "name", BL_API_MAX_VALUE, &port->name);

	if (!rc)
		rc = bl_api_read_proto(r, at, json, &port->proto);
	if (!rc)
		rc = bl_api_read_u16(r, at, json, "port", 1, UINT16_MAX, &port->port);
	if (!rc && !port->port)
		rc = bl_api_fail(r, at, "port", "is missing");
	if (!rc)
		rc = bl_api_read_u16(r, at, json, "nodePort", 0, UINT16_MAX, &port->node_port);
	if (!rc)
		rc = bl_api_read_str(r, at, json, "appProtocol", BL_API_MAX_NAME,
				     &port->app_protocol);
	return rc ? rc : decode_target(r, at, json, port);
}

static int decode_ports(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *spec,
			struct bl_api_service *svc)
{
	const json_t *list, *entry;
	size_t i;
	int rc = bl_api_read_list(r, at, spec, "ports", MAX_PORTS, &list, &svc->n_ports);

	if (rc)
		return rc;
	svc->ports = bl_api_array(r, svc->n_ports, struct bl_api_service_port);
	json_array_foreach (list, i, entry) {
		rc = decode_port(r, BL_API_NTH(at, "ports", i), entry, &svc->ports[i]);
		if (rc)
			return rc;
	}
	return 0;
}

static int decode_cluster_ips(struct bl_api_reader *r, const struct bl_api_at *at,
			      const json_t *spec, struct bl_api_service *svc)
{
	const char *first = bl_json_str_at(spec, "clusterIP", NULL);
	const json_t *all = json_object_get(spec, "clusterIPs");
	int rc;

	if (!first || !*first)
		first = json_string_value(json_array_get(all, 0));
	if (!first || !*first)
		return 0;
	svc->headless = bl_streq(first, "None");
	if (svc->headless)
		return 0;
	if (json_array_size(all) > 0) {
		rc = bl_api_read_ips(r, at, spec, "clusterIPs", 2, &svc->cluster_ips,
				     &svc->n_cluster_ips);
		if (!rc && svc->n_cluster_ips == 2 &&
		    svc->cluster_ips[0].family == svc->cluster_ips[1].family)
			rc = bl_api_fail(r, at, "clusterIPs", "both are of one address family");
		return rc;
	}
	svc->cluster_ips = bl_api_array(r, 1, struct bl_ip);
	svc->n_cluster_ips = 1;
	return bl_api_read_ip(r, at, spec, "clusterIP", svc->cluster_ips);
}

static int decode_families(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *spec,
			   struct bl_api_service *svc)
{
	const json_t *list = json_object_get(spec, "ipFamilies"), *entry;
	size_t i;

	if (json_array_size(list) > 2)
		return bl_api_fail(r, at, "ipFamilies", "more than two");
	json_array_foreach (list, i, entry) {
		const char *s = json_string_value(entry);

		if (!s || (!bl_streq(s, "IPv4") && !bl_streq(s, "IPv6")))
			return bl_api_fail(r, BL_API_NTH(at, "ipFamilies", i), "",
					   "must be IPv4 or IPv6");
		svc->families[i] = bl_streq(s, "IPv4") ? 4 : 6;
	}
	return 0;
}

/* Copies s without the blanks around it; false when that does not fit. */
static bool trim(const char *s, char *buf, size_t size)
{
	size_t n;

	s += strspn(s, " \t");
	n = strlen(s);
	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	if (n >= size)
		return false;
	memcpy(buf, s, n);
	buf[n] = '\0';
	return true;
}

static int decode_source_ranges(struct bl_api_reader *r, const struct bl_api_at *at,
				const json_t *spec, struct bl_api_service *svc)
{
	const char *key = "loadBalancerSourceRanges";
	const json_t *list = json_object_get(spec, key), *entry;
	size_t i, n = json_array_size(list);

	if (n > BL_API_MAX_ENTRIES)
		return bl_api_fail(r, at, key, "more than %d", BL_API_MAX_ENTRIES);
	svc->source_ranges = bl_api_array(r, n, struct bl_cidr);
	svc->n_source_ranges = n;
	json_array_foreach (list, i, entry) {
		const char *s = json_string_value(entry);
		char text[BL_CIDR_STRLEN];

		if (!s || !trim(s, text, sizeof(text)) ||
		    bl_cidr_parse(text, true, &svc->source_ranges[i]))
			return bl_api_fail(r, BL_API_NTH(at, key, i), "",
					   "'%.60s' is not an address range", s ? s : "");
	}
	return 0;
}

static int decode_affinity(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *spec,
			   struct bl_api_service *svc)
{
	static const char *const kinds[] = {"None", "ClientIP"};
	const json_t *config = bl_json_at(spec, "sessionAffinityConfig", "clientIP", NULL);
	int64_t seconds = DEFAULT_AFFINITY;
	size_t kind = 0;
	int rc = read_enum(r, at, spec, "sessionAffinity", kinds, BL_ARRAY_SIZE(kinds), &kind);

	if (rc || !kind)
		return rc;
	rc = bl_api_read_int(r, BL_API_AT(BL_API_AT(at, "sessionAffinityConfig"), "clientIP"),
			     config, "timeoutSeconds", 1, MAX_AFFINITY, &seconds);
	if (!rc)
		svc->affinity_seconds = (uint32_t)seconds;
	return rc;
}

static int decode_policy(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *spec,
			 struct bl_api_service *svc)
{
	static const char *const types[] = {"ClusterIP", "NodePort", "LoadBalancer",
					    "ExternalName"};
	static const char *const policies[] = {"Cluster", "Local"};
	size_t type = 0, internal = 0, external = 0;
	int rc = read_enum(r, at, spec, "type", types, BL_ARRAY_SIZE(types), &type);

	if (!rc)
		rc = read_enum(r, at, spec, "internalTrafficPolicy", policies, 2, &internal);
	if (!rc)
		rc = read_enum(r, at, spec, "externalTrafficPolicy", policies, 2, &external);
	if (!rc)
		rc = bl_api_read_u16(r, at, spec, "healthCheckNodePort", 0, UINT16_MAX,
				     &svc->health_check_node_port);
	if (!rc)
		rc = bl_api_read_bool(r, at, spec, "publishNotReadyAddresses",
				      &svc->publish_not_ready);
	if (!rc)
		rc = bl_api_read_str(r, at, spec, "trafficDistribution", BL_API_MAX_NAME,
				     &svc->traffic_distribution);
	svc->type = (enum bl_api_service_type)type;
	svc->internal_local = internal == 1;
	svc->external_local = external == 1;
	return rc;
}

static int decode_ingress(struct bl_api_reader *r, const json_t *json, struct bl_api_service *svc)
{
	const struct bl_api_at *at = BL_API_AT(BL_API_AT(NULL, "status"), "loadBalancer");
	const json_t *list, *entry;
	size_t i, n;
	int rc = bl_api_read_list(r, at, bl_json_at(json, "status", "loadBalancer", NULL),
				  "ingress", BL_API_MAX_ENTRIES, &list, &n);

	if (rc)
		return rc;
	svc->ingress = bl_api_array(r, n, struct bl_api_ingress);
	json_array_foreach (list, i, entry) {
		struct bl_api_ingress *in = &svc->ingress[svc->n_ingress];
		const char *mode = bl_json_str_at(entry, "ipMode", NULL);

		rc = bl_api_read_ip(r, BL_API_NTH(at, "ingress", i), entry, "ip", &in->ip);
		if (rc)
			return rc;
		in->proxy = mode && bl_streq(mode, "Proxy");
		svc->n_ingress += in->ip.family != 0;
	}
	return 0;
}

static int decode(struct bl_api_reader *r, struct bl_api_object *obj, const json_t *json)
{
	const struct bl_api_at *at = BL_API_AT(NULL, "spec");
	struct bl_api_service *svc = (struct bl_api_service *)obj;
	const json_t *spec = NULL;
	int rc = bl_api_read_obj(r, NULL, json, "spec", &spec);

	svc->traffic_distribution = "";
	if (!rc)
		rc = decode_policy(r, at, spec, svc);
	if (!rc)
		rc = decode_cluster_ips(r, at, spec, svc);
	if (!rc)
		rc = bl_api_read_ips(r, at, spec, "externalIPs", BL_API_MAX_ENTRIES,
				     &svc->external_ips, &svc->n_external_ips);
	if (!rc)
		rc = decode_families(r, at, spec, svc);
	if (!rc)
		rc = decode_source_ranges(r, at, spec, svc);
	if (!rc)
		rc = decode_affinity(r, at, spec, svc);
	if (!rc)
		rc = bl_api_read_pairs(r, at, spec, "selector", BL_API_MAX_VALUE, NULL,
				       &svc->selector);
	if (!rc)
		rc = decode_ports(r, at, spec, svc);
	svc->has_selector = svc->selector.count > 0;
	return rc ? rc : decode_ingress(r, json, svc);
}

bool bl_api_service_is_proxied(const struct bl_api_service *s)
{
	const struct bl_api_pairs *labels = &s->obj.meta.labels;

	return s->type != BL_SERVICE_EXTERNAL_NAME && !s->headless &&
	       !bl_api_pairs_get(labels, "service.kubernetes.io/headless") &&
	       !bl_api_pairs_get(labels, "service.kubernetes.io/service-proxy-name");
}

const struct bl_api_type bl_api_type_service = {
	.kind = BL_API_SERVICE,
	.name = "Service",
	.plural = "services",
	.path = "/api/v1/services",
	.size = sizeof(struct bl_api_service),
	.decode = decode,
};
