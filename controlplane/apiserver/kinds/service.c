/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Service (core/v1).
 *
 * The rules of ValidateService, field by field; ports, addresses and families, defaults, status and
 * table cells have files of their own (service_*.c). Whether an address or a node port can be had
 * is the allocator's.
 *
 * The type decides what may be there: node ports, health check ports, load balancer fields and
 * traffic policies each belong to some types only, and a client that sets one on another type is
 * told so instead of being ignored.
 */
#include "apiserver/kinds/service.h"

#include <stdio.h>

#include "apiserver/kinds/kinds.h"
#include "apiserver/kinds/meta.h"
#include "apiserver/kinds/names.h"
#include "apiserver/kinds/net.h"
#include "apiserver/schema_types.h"
#include "base/str.h"

#define TIMEOUT_MAX 86400

static void prepare_create(json_t *obj)
{
	json_object_set_new(obj, "status", json_pack("{s:{}}", "loadBalancer"));
}

static void prepare_status(json_t *obj, const json_t *old)
{
	bl_carry(obj, old, "spec");
}

static void check_external_name(struct bl_check *ck, const json_t *spec)
{
	static const char rule[] = "may not be set for ExternalName services";
	const char *name = bl_str(spec, "externalName");
	char trimmed[512];
	size_t n = strlen(name);

	if (bl_count(spec, "clusterIPs") > 0)
		bl_check_forbidden(ck, "clusterIPs", rule);
	if (bl_count(spec, "ipFamilies") > 0)
		bl_check_forbidden(ck, "ipFamilies", rule);
	if (bl_has(spec, "ipFamilyPolicy"))
		bl_check_forbidden(ck, "ipFamilyPolicy", rule);

	/* A dot at the end says that the name is complete. */
	if (n > 0 && name[n - 1] == '.' && n < sizeof(trimmed)) {
		memcpy(trimmed, name, n - 1);
		trimmed[n - 1] = '\0';
		name = trimmed;
	}
	if (*name == '\0')
		bl_check_required(ck, "externalName", "");
	else
		(void)bl_check_rules(ck, "externalName", name, bl_rule_dns_subdomain);
}

static void check_type(struct bl_check *ck, const json_t *spec)
{
	static const char *const types[] = {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort",
					    NULL};
	const json_t *ips = bl_get(spec, "clusterIPs");
	bool node_port = bl_service_is_type(spec, "NodePort");

	(void)bl_check_one_of(ck, "type", bl_str(spec, "type"), types);
	if (bl_service_is_type(spec, "ExternalName"))
		check_external_name(ck, spec);
	else if (bl_service_is_headless(spec) &&
		 (node_port || bl_service_is_type(spec, "LoadBalancer")))
		bl_check_invalid(ck, "clusterIPs[0]", json_array_get(ips, 0),
				 node_port ? "may not be set to 'None' for NodePort services"
					   : "may not be set to 'None' for LoadBalancer services");
}

static void check_affinity(struct bl_check *ck, const json_t *spec)
{
	static const char *const known[] = {"ClientIP", "None", NULL};
	const char *affinity = bl_str(spec, "sessionAffinity");
	const json_t *config = bl_get(spec, "sessionAffinityConfig");
	const json_t *client = bl_get(config, "clientIP");

	(void)bl_check_one_of(ck, "sessionAffinity", affinity, known);
	if (bl_streq(affinity, "None") && bl_has(spec, "sessionAffinityConfig"))
		bl_check_forbidden(ck, "sessionAffinityConfig",
				   "must not be set when session affinity is None");
	if (!bl_streq(affinity, "ClientIP"))
		return;
	if (bl_int(client, "timeoutSeconds") <= 0 || bl_int(client, "timeoutSeconds") > TIMEOUT_MAX)
		bl_check_invalid(ck, "sessionAffinityConfig.clientIP.timeoutSeconds",
				 bl_get(client, "timeoutSeconds"),
				 "must be greater than 0 and less than 86400");
}

static void check_external_ips(struct bl_check *ck, const json_t *ips)
{
	for (size_t i = 0; i < json_array_size(ips); i++) {
		const char *ip = bl_str_at_index(ips, i);
		size_t mark = bl_path_push(&ck->at, "externalIPs");

		bl_path_push_index(&ck->at, i);
		if (bl_check_ip(ck, NULL, ip))
			(void)bl_check_endpoint_ip(ck, NULL, ip);
		bl_path_pop(&ck->at, mark);
	}
}

/* Blanks around a prefix are allowed, as they once were in an annotation. */
static void check_range(struct bl_check *ck, const char *text)
{
	char trimmed[128];
	size_t n;

	while (*text == ' ' || *text == '\t')
		text++;
	n = strlen(text);
	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'))
		n--;
	(void)snprintf(trimmed, sizeof(trimmed), "%.*s", (int)n, text);
	(void)bl_check_cidr(ck, NULL, trimmed);
}

static void check_source_ranges(struct bl_check *ck, const json_t *spec)
{
	const json_t *ranges = bl_get(spec, "loadBalancerSourceRanges");
	/* The real server writes this field's name in its own way. */
	size_t mark = bl_path_push(&ck->at, "LoadBalancerSourceRanges");

	if (json_array_size(ranges) > 0 && !bl_service_is_type(spec, "LoadBalancer"))
		bl_check_forbidden(ck, NULL, "may only be used when `type` is 'LoadBalancer'");
	for (size_t i = 0; i < json_array_size(ranges); i++) {
		size_t inner = bl_path_push_index(&ck->at, i);

		check_range(ck, bl_str_at_index(ranges, i));
		bl_path_pop(&ck->at, inner);
	}
	bl_path_pop(&ck->at, mark);
}

static void check_lb_class(struct bl_check *ck, const json_t *spec)
{
	if (!bl_has(spec, "loadBalancerClass"))
		return;
	if (bl_service_is_type(spec, "LoadBalancer"))
		(void)bl_check_rules(ck, "loadBalancerClass", bl_str(spec, "loadBalancerClass"),
				     bl_rule_qualified_name);
	else
		bl_check_forbidden(ck, "loadBalancerClass",
				   "may only be used when `type` is 'LoadBalancer'");
}

static void check_external_policy(struct bl_check *ck, const json_t *spec)
{
	static const char *const known[] = {"Cluster", "Local", NULL};
	const char *policy = bl_str(spec, "externalTrafficPolicy");
	long long port = bl_int(spec, "healthCheckNodePort");

	if (bl_service_is_external(spec)) {
		if (*policy == '\0')
			bl_check_required(ck, "externalTrafficPolicy", "");
		else
			(void)bl_check_one_of(ck, "externalTrafficPolicy", policy, known);
	} else if (*policy) {
		bl_check_invalid_str(ck, "externalTrafficPolicy", policy,
				     "may only be set for externally-accessible services");
	}

	if (port != 0 && !bl_service_needs_health_port(spec))
		bl_check_invalid(ck, "healthCheckNodePort", bl_get(spec, "healthCheckNodePort"),
				 "may only be set when `type` is 'LoadBalancer' and "
				 "`externalTrafficPolicy` is 'Local'");
	else if (port != 0)
		(void)bl_check_port(ck, "healthCheckNodePort", port);
}

static void check_traffic(struct bl_check *ck, const json_t *spec)
{
	static const char *const policies[] = {"Cluster", "Local", NULL};
	static const char *const distributions[] = {"PreferClose", "PreferSameNode",
						    "PreferSameZone", NULL};

	check_external_policy(ck, spec);
	if (bl_has(spec, "internalTrafficPolicy"))
		(void)bl_check_one_of(ck, "internalTrafficPolicy",
				      bl_str(spec, "internalTrafficPolicy"), policies);
	if (bl_has(spec, "trafficDistribution"))
		(void)bl_check_one_of(ck, "trafficDistribution",
				      bl_str(spec, "trafficDistribution"), distributions);
}

static void validate(const json_t *obj, struct bl_causes *c)
{
	struct bl_check ck = {.causes = c};
	const json_t *spec = bl_get(obj, "spec");
	size_t before = c->count;

	bl_path_push(&ck.at, "spec");
	/* The real server looks at these when it gives out addresses, before all else. */
	bl_service_check_families(&ck, spec);
	if (c->count > before)
		return;
	bl_service_check_ports(&ck, spec);
	check_type(&ck, spec);
	bl_check_labels(&ck, "selector", bl_get(spec, "selector"));
	check_affinity(&ck, spec);
	check_external_ips(&ck, bl_get(spec, "externalIPs"));
	check_source_ranges(&ck, spec);
	if (bl_has(spec, "allocateLoadBalancerNodePorts") &&
	    !bl_service_is_type(spec, "LoadBalancer"))
		bl_check_forbidden(&ck, "allocateLoadBalancerNodePorts",
				   "may only be used when `type` is 'LoadBalancer'");
	check_lb_class(&ck, spec);
	check_traffic(&ck, spec);
}

static void validate_update(const json_t *obj, const json_t *old_obj, struct bl_causes *c)
{
	struct bl_causes found = {};
	struct bl_check probe = {.causes = &found};
	struct bl_check ck = {.causes = c};
	const json_t *spec = bl_get(obj, "spec");
	const json_t *old = bl_get(old_obj, "spec");
	bool broken;

	/* What is wrong with the addresses alone has been named, and is all that is said. */
	bl_path_push(&probe.at, "spec");
	bl_service_check_families(&probe, spec);
	broken = found.count > 0;
	bl_causes_free(&found);
	if (broken)
		return;
	bl_path_push(&ck.at, "spec");
	bl_service_check_families_update(&ck, spec, old);
	if (bl_service_is_type(spec, "LoadBalancer") && bl_service_is_type(old, "LoadBalancer") &&
	    !bl_same(bl_get(spec, "loadBalancerClass"), bl_get(old, "loadBalancerClass")))
		bl_check_invalid(&ck, "loadBalancerClass", bl_get(spec, "loadBalancerClass"),
				 "may not change once set");
	/* The real server looks at the class once more on an update. */
	check_lb_class(&ck, spec);
	if (bl_service_needs_health_port(spec) && bl_service_needs_health_port(old) &&
	    bl_int(spec, "healthCheckNodePort") != bl_int(old, "healthCheckNodePort"))
		bl_check_forbidden(&ck, "healthCheckNodePort", "field is immutable");
}

static const char *field_value(const json_t *obj, const char *key, char buf[64])
{
	const json_t *spec = bl_get(obj, "spec");

	(void)buf;
	if (bl_streq(key, "spec.clusterIP"))
		return bl_str(spec, "clusterIP");
	return bl_streq(key, "spec.type") ? bl_str(spec, "type") : NULL;
}

static void warn_addresses(const json_t *spec, json_t *warnings, const char *name,
			   void (*warn_one)(json_t *warnings, const char *path, const char *text))
{
	const json_t *list = bl_get(spec, name);

	for (size_t i = 0; i < json_array_size(list); i++) {
		struct bl_path path = {};

		bl_path_push(&path, "spec");
		bl_path_push(&path, name);
		bl_path_push_index(&path, i);
		warn_one(warnings, path.text, bl_str_at_index(list, i));
	}
}

static void warn_headless(const json_t *spec, json_t *warnings)
{
	if (bl_has_str(spec, "loadBalancerIP"))
		bl_warn(warnings, "%s",
			"spec.loadBalancerIP is ignored when spec.clusterIP is \"None\"");
	if (bl_count(spec, "externalIPs") > 0)
		bl_warn(warnings, "%s",
			"spec.externalIPs is ignored when spec.clusterIP is \"None\"");
	if (!bl_streq(bl_str(spec, "sessionAffinity"), "None"))
		bl_warn(warnings, "%s",
			"spec.SessionAffinity is ignored when spec.clusterIP is \"None\"");
}

static void warn(const json_t *obj, const json_t *old, json_t *warnings)
{
	const json_t *spec = bl_get(obj, "spec");
	const json_t *notes = bl_get(bl_get(obj, "metadata"), "annotations");
	bool external_name = bl_service_is_type(spec, "ExternalName");

	(void)old;
	if (bl_has(notes, "service.kubernetes.io/topology-aware-hints"))
		bl_warn(warnings, "%s",
			"annotation service.kubernetes.io/topology-aware-hints is deprecated, "
			"please use service.kubernetes.io/topology-mode instead");
	if (bl_service_is_headless(spec))
		warn_headless(spec, warnings);
	else
		warn_addresses(spec, warnings, "clusterIPs", bl_warn_ip);
	if (bl_count(spec, "externalIPs") > 0)
		bl_warn(warnings, "%s",
			external_name
				? "spec.externalIPs is ignored when spec.type is \"ExternalName\""
				: "spec.externalIPs is deprecated in v1.36+");
	warn_addresses(spec, warnings, "externalIPs", bl_warn_ip);
	warn_addresses(spec, warnings, "loadBalancerSourceRanges", bl_warn_cidr);
	if (bl_has_str(spec, "loadBalancerIP"))
		bl_warn_ip(warnings, "spec.loadBalancerIP", bl_str(spec, "loadBalancerIP"));
	if (!external_name && bl_has_str(spec, "externalName"))
		bl_warn(warnings, "%s",
			"spec.externalName is ignored when spec.type is not \"ExternalName\"");
	if (bl_streq(bl_str(spec, "trafficDistribution"), "PreferClose"))
		bl_warn(warnings, "%s",
			"spec.trafficDistribution: PreferClose is deprecated; use PreferSameZone");
}

static const char *const short_names[] = {"svc", NULL};
static const char *const categories[] = {"all", NULL};

const struct bl_kind bl_kind_service = {
	.group = "",
	.version = "v1",
	.kind = "Service",
	.plural = "services",
	.singular = "service",
	.short_names = short_names,
	.categories = categories,
	.namespaced = true,
	.has_status = true,
	.returns_deleted = true,
	.allocates = true,
	.create_on_update = true,
	.schema = &bl_schema_service,
	.set_defaults = bl_service_defaults,
	.prepare_create = prepare_create,
	.prepare_update = bl_service_prepare_update,
	.prepare_status = prepare_status,
	.validate = validate,
	.validate_update = validate_update,
	.validate_status = bl_service_validate_status,
	.check_name = bl_rule_dns_label,
	.field_value = field_value,
	.columns = bl_service_columns,
	.cells = bl_service_cells,
	.warn = warn,
};
