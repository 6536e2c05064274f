// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: A naive evaluator of NetworkPolicy.
 *
 * Written from the API's text and nothing else: does a policy select the pod, does it have this direction, does one of its
 * rules name the peer and the port. It reads JSON, parses addresses with the C library and compares them bit by bit.
 */

#include "policy_naive.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text(const json_t *obj, const char *key)
{
	return json_string_value(json_object_get(obj, key));
}

static const json_t *meta(const json_t *obj)
{
	return json_object_get(obj, "metadata");
}

static bool lists(const json_t *values, const char *value)
{
	const json_t *v;
	size_t i;

	json_array_foreach (values, i, v) {
		if (strcmp(json_string_value(v), value) == 0)
			return true;
	}
	return false;
}

static bool selects(const json_t *selector, const json_t *labels)
{
	const json_t *match = json_object_get(selector, "matchLabels"), *e;
	const char *key;
	json_t *want;
	size_t i;

	json_object_foreach ((json_t *)match, key, want) {
		const char *have = text(labels, key);

		if (!have || strcmp(have, json_string_value(want)) != 0)
			return false;
	}
	json_array_foreach (json_object_get(selector, "matchExpressions"), i, e) {
		const char *have = text(labels, text(e, "key")), *op = text(e, "operator");
		const json_t *values = json_object_get(e, "values");
		bool in = have && lists(values, have);

		if ((strcmp(op, "In") == 0 && !in) || (strcmp(op, "NotIn") == 0 && in) ||
		    (strcmp(op, "Exists") == 0 && !have) ||
		    (strcmp(op, "DoesNotExist") == 0 && have))
			return false;
	}
	return true;
}

static bool prefix_holds(const char *cidr, const char *ip)
{
	unsigned char net[16], addr[16];
	int family = strchr(ip, ':') ? AF_INET6 : AF_INET;
	const char *slash = strchr(cidr, '/');
	char copy[64];

	(void)snprintf(copy, sizeof(copy), "%.*s", (int)(slash - cidr), cidr);
	if (inet_pton(family, copy, net) != 1 || inet_pton(family, ip, addr) != 1)
		return false;
	for (int bit = 0; bit < atoi(slash + 1); bit++) {
		int mask = 0x80 >> bit % 8;

		if ((net[bit / 8] & mask) != (addr[bit / 8] & mask))
			return false;
	}
	return true;
}

static bool block_holds(const json_t *block, const char *ip)
{
	const json_t *e;
	size_t i;

	if (!prefix_holds(text(block, "cidr"), ip))
		return false;
	json_array_foreach (json_object_get(block, "except"), i, e) {
		if (prefix_holds(json_string_value(e), ip))
			return false;
	}
	return true;
}

static bool namespace_selected(const struct naive_world *w, const json_t *selector,
			       const char *name)
{
	const json_t *ns;
	size_t i;

	json_array_foreach (w->namespaces, i, ns) {
		if (strcmp(text(meta(ns), "name"), name) == 0)
			return selects(selector, json_object_get(meta(ns), "labels"));
	}
	return false;
}

static bool peer_matches(const struct naive_world *w, const json_t *policy, const json_t *peer,
			 const struct naive_end *other)
{
	const json_t *block = json_object_get(peer, "ipBlock");
	const json_t *pods = json_object_get(peer, "podSelector");
	const json_t *namespaces = json_object_get(peer, "namespaceSelector");
	const char *where;

	if (block)
		return block_holds(block, other->ip);
	if (!other->pod)
		return false;
	where = text(meta(other->pod), "namespace");
	if (namespaces && !namespace_selected(w, namespaces, where))
		return false;
	if (!namespaces && strcmp(where, text(meta(policy), "namespace")) != 0)
		return false;
	return !pods || selects(pods, json_object_get(meta(other->pod), "labels"));
}

static const char *proto_of(const json_t *port)
{
	const char *s = text(port, "protocol");

	return s ? s : "TCP";
}

/* Does the destination have a port of this name, protocol and number? */
static bool name_means(const json_t *dst, const char *name, const char *proto, int number)
{
	const json_t *containers = json_object_get(json_object_get(dst, "spec"), "containers");
	const json_t *c, *p;
	size_t i, k;

	json_array_foreach (containers, i, c) {
		json_array_foreach (json_object_get(c, "ports"), k, p) {
			const char *have = text(p, "name");

			if (have && strcmp(have, name) == 0 && strcmp(proto_of(p), proto) == 0 &&
			    json_integer_value(json_object_get(p, "containerPort")) == number)
				return true;
		}
	}
	return false;
}

static bool port_matches(const json_t *port, const json_t *dst, const char *proto, int number)
{
	const json_t *first = json_object_get(port, "port");
	const json_t *last = json_object_get(port, "endPort");

	if (!number || strcmp(proto_of(port), proto) != 0)
		return false;
	if (!first)
		return true;
	if (json_is_string(first))
		return dst && name_means(dst, json_string_value(first), proto, number);
	if (last)
		return number >= json_integer_value(first) && number <= json_integer_value(last);
	return number == json_integer_value(first);
}

static bool rule_matches(const struct naive_world *w, const json_t *policy, const json_t *rule,
			 bool ingress, const struct naive_end *subject,
			 const struct naive_end *other, const char *proto, int number)
{
	const json_t *peers = json_object_get(rule, ingress ? "from" : "to"), *peer, *port;
	const json_t *ports = json_object_get(rule, "ports");
	bool peer_ok = json_array_size(peers) == 0, port_ok = json_array_size(ports) == 0;
	size_t i;

	json_array_foreach (peers, i, peer)
		peer_ok |= peer_matches(w, policy, peer, other);
	json_array_foreach (ports, i, port)
		port_ok |= port_matches(port, ingress ? subject->pod : other->pod, proto, number);
	return peer_ok && port_ok;
}

static bool has_direction(const json_t *spec, bool ingress)
{
	const json_t *types = json_object_get(spec, "policyTypes");

	if (json_array_size(types))
		return lists(types, ingress ? "Ingress" : "Egress");
	return ingress || json_array_size(json_object_get(spec, "egress"));
}

bool naive_allows(const struct naive_world *w, bool ingress, const struct naive_end *subject,
		  const struct naive_end *other, const char *proto, int port)
{
	const json_t *policy, *rule;
	bool isolated = false;
	size_t i, k;

	json_array_foreach (w->policies, i, policy) {
		const json_t *spec = json_object_get(policy, "spec");

		if (strcmp(text(meta(policy), "namespace"),
			   text(meta(subject->pod), "namespace")) != 0 ||
		    !selects(json_object_get(spec, "podSelector"),
			     json_object_get(meta(subject->pod), "labels")) ||
		    !has_direction(spec, ingress))
			continue;
		isolated = true;
		json_array_foreach (json_object_get(spec, ingress ? "ingress" : "egress"), k, rule)
			if (rule_matches(w, policy, rule, ingress, subject, other, proto, port))
				return true;
	}
	return !isolated;
}
