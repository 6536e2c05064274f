// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What one write of a Service takes.
 *
 * For each family of spec.ipFamilies one address: the one that spec.clusterIPs names, or any. For each port a NodePort,
 * where the type has them; for externalTrafficPolicy=Local of a load balancer one more for its health. What the stored
 * Service holds already is kept without asking the ranges; what it held and the new one does not is given back when the
 * write is durable.
 *
 * Two ports of one Service with the same number and different protocols share a NodePort, as DNS over TCP and UDP would
 * want; that is also what the real server does.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "apiserver/alloc_priv.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

/* One assignment under way. */
struct work {
	struct bl_alloc *a;
	struct bl_alloc_txn *txn;
	struct bl_causes *c;
	json_t *spec;
	struct bl_alloc_places held; /* by the stored Service */
	struct bl_alloc_places kept; /* by the new one, so far */
};

static const char *type_of(const json_t *svc)
{
	const char *t = bl_json_str_at(svc, "spec", "type", NULL);

	return t ? t : "ClusterIP";
}

bool bl_alloc_wants_ip(const json_t *svc)
{
	const char *ip = bl_json_str_at(svc, "spec", "clusterIP", NULL);

	return !bl_streq(type_of(svc), "ExternalName") && !(ip && bl_streq(ip, "None"));
}

bool bl_alloc_wants_ports(const json_t *svc)
{
	const json_t *allocate = bl_json_at(svc, "spec", "allocateLoadBalancerNodePorts", NULL);

	return bl_streq(type_of(svc), "NodePort") ||
	       (bl_streq(type_of(svc), "LoadBalancer") && !json_is_false(allocate));
}

bool bl_alloc_wants_health(const json_t *svc)
{
	const char *policy = bl_json_str_at(svc, "spec", "externalTrafficPolicy", NULL);

	return bl_streq(type_of(svc), "LoadBalancer") && policy && bl_streq(policy, "Local");
}

void bl_alloc_check_holder(const json_t *svc, struct bl_causes *c)
{
	const char *name = bl_json_str_at(svc, "metadata", "name", NULL);

	if ((!name || !*name) && bl_alloc_wants_ip(svc))
		bl_cause_add(c, BL_CAUSE_INVALID, "spec.clusterIPs",
			     bl_json_at(svc, "spec", "clusterIPs", NULL),
			     "failed to allocate an IP: the Service has no name to hold it");
}

static void keep(struct work *w, struct bl_alloc_item item)
{
	if (w->kept.count < BL_ARRAY_SIZE(w->kept.item))
		w->kept.item[w->kept.count++] = item;
}

/* Holds one number for the new Service, unless it has it already. */
static int hold(struct work *w, struct bl_alloc_item item)
{
	int ret = 0;

	if (bl_alloc_places_have(&w->kept, item))
		return 0;
	if (!bl_alloc_places_have(&w->held, item))
		ret = bl_alloc_take(w->a, w->txn, item);
	if (!ret)
		keep(w, item);
	return ret;
}

/* --- addresses ----------------------------------------------------------------------------------- */

static int family_index(const struct bl_alloc *a, const char *family)
{
	uint8_t number = bl_streq(family, "IPv6") ? 6 : 4;

	for (unsigned int i = 0; i < a->family_count; i++) {
		if (a->families[i].cidr.ip.family == number)
			return (int)i;
	}
	return -ENOENT;
}

static void refuse_ip(struct work *w, const char *ip, int why)
{
	bl_cause_add(w->c, BL_CAUSE_INVALID, "spec.clusterIPs",
		     json_object_get(w->spec, "clusterIPs"), "failed to allocate IP %s: %s", ip,
		     why == -EEXIST ? "provided IP is already allocated"
				    : "the provided IP is not in the valid range");
}

static void take_given_ip(struct work *w, const char *ip)
{
	struct bl_alloc_item item;
	int ret = bl_alloc_place_ip(w->a, ip, &item);

	if (!ret)
		ret = hold(w, item);
	if (ret)
		refuse_ip(w, ip, ret);
}

static void take_any_ip(struct work *w, const char *family, json_t *ips)
{
	int i = family_index(w->a, family);
	struct bl_alloc_item item;
	char text[BL_IP_STRLEN];
	struct bl_ip ip;

	if (i < 0 || bl_alloc_take_any(w->a, w->txn, (unsigned int)i, &item)) {
		bl_cause_add(w->c, BL_CAUSE_INTERNAL, "spec.clusterIPs", NULL,
			     "failed to allocate a service IP: range of %s is full", family);
		return;
	}
	keep(w, item);
	bl_cidr_nth(&w->a->families[i].cidr, item.n, &ip);
	json_array_append_new(ips, json_string(bl_ip_format(&ip, text)));
}

static void assign_ips(struct work *w)
{
	json_t *ips = json_object_get(w->spec, "clusterIPs");
	const json_t *family;
	size_t i;

	if (!json_is_array(ips)) {
		ips = json_array();
		json_object_set_new(w->spec, "clusterIPs", ips);
	}
	json_array_foreach (json_object_get(w->spec, "ipFamilies"), i, family) {
		const char *given = json_string_value(json_array_get(ips, i));

		if (given && *given)
			take_given_ip(w, given);
		else
			take_any_ip(w, json_string_value(family), ips);
	}
	json_object_set(w->spec, "clusterIP", json_array_get(ips, 0));
}

/* --- ports ----------------------------------------------------------------------------------------- */

static const char *refusal(int why)
{
	return why == -EEXIST ? "provided port is already allocated"
			      : "provided port is not in the valid range";
}

static void take_given_port(struct work *w, const char *field, const json_t *port)
{
	struct bl_alloc_item item;
	int ret = bl_alloc_place_port(w->a, json_integer_value(port), &item);

	if (!ret)
		ret = hold(w, item);
	if (ret)
		bl_cause_add(w->c, BL_CAUSE_INVALID, field, port, "%s", refusal(ret));
}

static int take_any_port(struct work *w, const char *field, json_int_t *ret_port)
{
	struct bl_alloc_item item;

	if (bl_alloc_take_any(w->a, w->txn, BL_ALLOC_PORTS, &item)) {
		bl_cause_add(w->c, BL_CAUSE_INTERNAL, field, NULL,
			     "failed to allocate a nodePort: the range is full");
		return -ENOSPC;
	}
	keep(w, item);
	*ret_port = (json_int_t)w->a->port_min + item.n;
	return 0;
}

/* The NodePort of an earlier port with the same number and another protocol, or 0. */
static json_int_t shared_port(const json_t *ports, size_t index)
{
	const json_t *me = json_array_get(ports, index);
	const char *proto = bl_json_str_at(me, "protocol", NULL);

	for (size_t i = 0; i < index; i++) {
		const json_t *p = json_array_get(ports, i);
		const char *other = bl_json_str_at(p, "protocol", NULL);

		if (json_equal(json_object_get(p, "port"), json_object_get(me, "port")) && proto &&
		    other && !bl_streq(proto, other))
			return json_integer_value(json_object_get(p, "nodePort"));
	}
	return 0;
}

static void assign_port(struct work *w, json_t *ports, size_t i, bool wanted)
{
	json_t *port = json_array_get(ports, i);
	const json_t *given = json_object_get(port, "nodePort");
	json_int_t number = shared_port(ports, i);
	char field[64];

	snprintf(field, sizeof(field), "spec.ports[%zu].nodePort", i);
	if (json_integer_value(given)) {
		take_given_port(w, field, given);
		return;
	}
	if (!wanted || (!number && take_any_port(w, field, &number)))
		return;
	json_object_set_new(port, "nodePort", json_integer(number));
}

/* Ports that name a number come first, so that none of those is given to another port by chance. */
static void assign_ports(struct work *w, bool wanted)
{
	json_t *ports = json_object_get(w->spec, "ports"), *p;
	size_t i;

	json_array_foreach (ports, i, p) {
		if (json_integer_value(json_object_get(p, "nodePort")))
			assign_port(w, ports, i, wanted);
	}
	json_array_foreach (ports, i, p) {
		if (!json_integer_value(json_object_get(p, "nodePort")))
			assign_port(w, ports, i, wanted);
	}
}

static void assign_health(struct work *w)
{
	static const char field[] = "spec.healthCheckNodePort";
	const json_t *given = json_object_get(w->spec, "healthCheckNodePort");
	json_int_t number;

	if (json_integer_value(given))
		take_given_port(w, field, given);
	else if (!take_any_port(w, field, &number))
		json_object_set_new(w->spec, "healthCheckNodePort", json_integer(number));
}

void bl_alloc_assign(struct bl_alloc *a, json_t *svc, const json_t *old, struct bl_alloc_txn *txn,
		     struct bl_causes *c)
{
	struct work w = {.a = a, .txn = txn, .c = c, .spec = json_object_get(svc, "spec")};

	if (old)
		bl_alloc_places_of(a, old, &w.held);
	if (bl_alloc_wants_ip(svc))
		assign_ips(&w);
	assign_ports(&w, bl_alloc_wants_ports(svc));
	if (bl_alloc_wants_health(svc))
		assign_health(&w);
	if (c->count) {
		bl_alloc_rollback(a, txn);
		return;
	}
	for (size_t i = 0; i < w.held.count; i++) {
		if (!bl_alloc_places_have(&w.kept, w.held.item[i]))
			bl_alloc_drop(txn, w.held.item[i]);
	}
}
