// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What a Service leaves unsaid about addresses.
 *
 * clusterIP is the first of clusterIPs, and clients may write either. ipFamilyPolicy and ipFamilies follow from each other,
 * from the addresses that are given and from the families that the server has. On an update the client may leave out what
 * was allocated, and a change to SingleStack drops the second family. The rules are those of kube-apiserver's
 * pkg/registry/core/service (normalizeClusterIPs, patchAllocatedValues, trimFieldsForDualStackDowngrade,
 * initIPFamilyFields); what they leave inconsistent is named by the kind's validation, not here.
 */
#include <string.h>

#include "apiserver/alloc_priv.h"
#include "base/json.h"
#include "base/str.h"

static const char *str(const json_t *spec, const char *key)
{
	const char *s = json_string_value(json_object_get(spec, key));

	return s ? s : "";
}

static bool same(const json_t *a, const json_t *b, const char *key)
{
	const json_t *x = json_object_get(a, key), *y = json_object_get(b, key);

	return (!x && !y) || (x && y && json_equal(x, y));
}

static void set_one(json_t *spec, const char *key, const char *value)
{
	json_t *list = json_array();

	json_array_append_new(list, json_string(value));
	json_object_set_new(spec, key, list);
}

static void normalize(json_t *spec, const json_t *old)
{
	const char *ip = str(spec, "clusterIP");
	size_t count = json_array_size(json_object_get(spec, "clusterIPs"));

	/* An old client knows only the singular; what it left as it was keeps its list. */
	if (*ip && !count && (!old || !bl_streq(ip, str(old, "clusterIP"))))
		set_one(spec, "clusterIPs", ip);
	if (!old || bl_streq(ip, str(old, "clusterIP")) || !same(spec, old, "clusterIPs"))
		return;
	if (*ip)
		set_one(spec, "clusterIPs", ip);
	else
		json_object_del(spec, "clusterIPs");
}

static void carry_ips(json_t *spec, const json_t *old)
{
	if (!*str(spec, "clusterIP") && json_object_get(old, "clusterIP"))
		json_object_set(spec, "clusterIP", json_object_get(old, "clusterIP"));
	if (!json_array_size(json_object_get(spec, "clusterIPs")) &&
	    bl_streq(str(spec, "clusterIP"), str(old, "clusterIP")) &&
	    json_object_get(old, "clusterIPs"))
		json_object_set_new(spec, "clusterIPs",
				    json_copy(json_object_get(old, "clusterIPs")));
}

static bool port_used(const json_t *ports, json_int_t number)
{
	const json_t *p;
	size_t i;

	json_array_foreach (ports, i, p) {
		if (json_integer_value(json_object_get(p, "nodePort")) == number)
			return true;
	}
	return false;
}

/* NodePorts belong to port names, whatever else of the port changed. */
static void carry_ports(json_t *spec, const json_t *old)
{
	json_t *ports = json_object_get(spec, "ports"), *p;
	const json_t *q;
	size_t i, k;

	json_array_foreach (ports, i, p) {
		if (json_integer_value(json_object_get(p, "nodePort")))
			continue;
		json_array_foreach (json_object_get(old, "ports"), k, q) {
			json_int_t number = json_integer_value(json_object_get(q, "nodePort"));

			if (number && bl_streq(str(p, "name"), str(q, "name")) &&
			    !port_used(ports, number))
				json_object_set_new(p, "nodePort", json_integer(number));
		}
	}
}

static void carry_allocated(json_t *svc, const json_t *old)
{
	json_t *spec = json_object_get(svc, "spec");
	const json_t *was = json_object_get(old, "spec");

	/* "None" too is a value that stays. */
	if (!bl_streq(str(spec, "type"), "ExternalName") &&
	    !bl_streq(str(was, "type"), "ExternalName"))
		carry_ips(spec, was);
	if (bl_alloc_wants_ports(svc) && bl_alloc_wants_ports(old))
		carry_ports(spec, was);
	if (bl_alloc_wants_health(svc) && bl_alloc_wants_health(old) &&
	    !json_integer_value(json_object_get(spec, "healthCheckNodePort")))
		json_object_set(spec, "healthCheckNodePort",
				json_object_get(was, "healthCheckNodePort"));
}

static void trim_one(json_t *spec, const json_t *old, const char *key)
{
	json_t *list = json_object_get(spec, key);

	if (json_array_size(list) == 2 && same(spec, old, key)) {
		json_t *first = json_array();

		json_array_append(first, json_array_get(list, 0));
		json_object_set_new(spec, key, first);
	}
}

static void trim_downgrade(json_t *spec, const json_t *old)
{
	if (!bl_streq(str(spec, "ipFamilyPolicy"), "SingleStack") ||
	    bl_streq(str(old, "ipFamilyPolicy"), "SingleStack") || !*str(old, "ipFamilyPolicy"))
		return;
	trim_one(spec, old, "clusterIPs");
	trim_one(spec, old, "ipFamilies");
}

static const char *family_name(const struct bl_ip *ip)
{
	return ip->family == 6 ? "IPv6" : "IPv4";
}

/* Families of the addresses that are given, where the list of families does not reach. */
static void infer_families(json_t *spec, json_t *families)
{
	const json_t *v;
	struct bl_ip ip;
	size_t i;

	json_array_foreach (json_object_get(spec, "clusterIPs"), i, v) {
		if (!json_is_string(v) || bl_ip_parse(json_string_value(v), &ip))
			return;
		if (i >= json_array_size(families))
			json_array_append_new(families, json_string(family_name(&ip)));
	}
}

static bool has_family(const json_t *families, const char *name)
{
	const json_t *v;
	size_t i;

	json_array_foreach (families, i, v) {
		if (json_is_string(v) && bl_streq(json_string_value(v), name))
			return true;
	}
	return false;
}

static void add_missing_family(const struct bl_alloc *a, json_t *families)
{
	for (unsigned int i = 0; i < a->family_count; i++) {
		const char *name = family_name(&a->families[i].cidr.ip);

		if (json_array_size(families) == 1 && !has_family(families, name))
			json_array_append_new(families, json_string(name));
	}
}

/* A policy that is left out stays as it was: the number of families never changes unasked. */
static void fill_families(const struct bl_alloc *a, json_t *svc, const json_t *old)
{
	json_t *spec = json_object_get(svc, "spec");
	json_t *families = json_object_get(spec, "ipFamilies");
	bool open_headless = bl_streq(str(spec, "clusterIP"), "None") &&
			     !json_object_size(json_object_get(spec, "selector"));
	bool both = a->family_count == 2;

	if (!json_is_array(families)) {
		families = json_array();
		json_object_set_new(spec, "ipFamilies", families);
	}
	infer_families(spec, families);
	if (!*str(spec, "ipFamilyPolicy") && *str(old, "ipFamilyPolicy"))
		json_object_set(spec, "ipFamilyPolicy", json_object_get(old, "ipFamilyPolicy"));
	if (!*str(spec, "ipFamilyPolicy"))
		json_object_set_new(spec, "ipFamilyPolicy",
				    json_string(open_headless && !json_array_size(families)
							? "RequireDualStack"
							: "SingleStack"));
	if (!json_array_size(families) && a->family_count)
		json_array_append_new(families, json_string(family_name(&a->families[0].cidr.ip)));
	if (!bl_streq(str(spec, "ipFamilyPolicy"), "SingleStack") && (both || open_headless))
		add_missing_family(a, families);
}

/* PreferDualStack stays as it was made when nothing about it changes, whatever families the server has by now. */
static bool unchanged_preference(const json_t *spec, const json_t *old)
{
	return old && bl_streq(str(spec, "ipFamilyPolicy"), "PreferDualStack") &&
	       same(spec, old, "ipFamilyPolicy") && same(spec, old, "ipFamilies") &&
	       same(spec, old, "clusterIPs");
}

void bl_alloc_fill(const struct bl_alloc *a, json_t *svc, const json_t *old)
{
	json_t *spec = json_object_get(svc, "spec");
	const json_t *was = json_object_get(old, "spec");

	if (!json_is_object(spec))
		return;
	normalize(spec, was);
	if (old) {
		carry_allocated(svc, old);
		trim_downgrade(spec, was);
	}
	if (!bl_streq(str(spec, "type"), "ExternalName") && !unchanged_preference(spec, was))
		fill_families(a, svc, was);
}
