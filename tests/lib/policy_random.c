// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Random clusters for policy.
 *
 * Few names, few labels, few numbers: what matters is that selectors match now and then, that blocks nest and overlap and hold
 * pods, that a port name means several numbers, and that objects change under their policies.
 */

#include "policy_random.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

uint32_t policy_random_below(struct policy_random *r, uint32_t n)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (uint32_t)((r->state >> 16) % n);
}

static bool chance(struct policy_random *r, uint32_t percent)
{
	return policy_random_below(r, 100) < percent;
}

#define PICK(r, list) (list)[policy_random_below((r), sizeof(list) / sizeof((list)[0]))]

static const char *const spaces[] = {"x", "y", "z"};
static const char *const keys[] = {"app", "tier", "ns"};
static const char *const values[] = {"", "a", "b"};
static const char *const protos[] = {"TCP", "UDP", "SCTP"};
static const char *const port_names[] = {"web", "dns"};

static json_t *labels(struct policy_random *r)
{
	json_t *l = json_object();

	for (size_t i = 0; i < 3; i++) {
		if (chance(r, 60))
			json_object_set_new(l, keys[i], json_string(PICK(r, values)));
	}
	return l;
}

static json_t *expression(struct policy_random *r)
{
	static const char *const ops[] = {"In", "NotIn", "Exists", "DoesNotExist"};
	uint32_t op = policy_random_below(r, 4);
	json_t *e = json_pack("{ss ss}", "key", PICK(r, keys), "operator", ops[op]);
	json_t *list = json_array();

	if (op < 2) {
		for (uint32_t n = 1 + policy_random_below(r, 2); n > 0; n--)
			json_array_append_new(list, json_string(PICK(r, values)));
		json_object_set(e, "values", list);
	}
	json_decref(list);
	return e;
}

static json_t *selector(struct policy_random *r)
{
	json_t *s = json_object(), *list;

	if (chance(r, 25))
		return s;
	if (chance(r, 60)) {
		json_t *match = json_object();

		json_object_set_new(match, PICK(r, keys), json_string(PICK(r, values)));
		json_object_set_new(s, "matchLabels", match);
	}
	if (chance(r, 50)) {
		list = json_array();
		for (uint32_t n = 1 + policy_random_below(r, 2); n > 0; n--)
			json_array_append_new(list, expression(r));
		json_object_set_new(s, "matchExpressions", list);
	}
	return s;
}

/* Prefixes by length; each holds the ones behind it, so that any later one may be excepted from it. */
static json_t *block(struct policy_random *r)
{
	static const char *const v4[] = {"0.0.0.0/0",	"10.0.0.0/8",  "10.1.0.0/16",
					 "10.1.0.0/28", "10.1.0.0/29", "10.1.0.4/30",
					 "10.1.0.4/31", "10.1.0.5/32"};
	static const char *const v6[] = {"::/0",       "fc00::/7",    "fd00::/64",   "fd00::/124",
					 "fd00::/125", "fd00::4/126", "fd00::4/127", "fd00::5/128"};
	const char *const *list = chance(r, 50) ? v4 : v6;
	uint32_t at = policy_random_below(r, 8);
	json_t *b = json_pack("{ss}", "cidr", list[at]), *except = json_array();

	for (uint32_t n = policy_random_below(r, 3); n > 0; n--)
		json_array_append_new(except,
				      json_string(list[at + policy_random_below(r, 8 - at)]));
	if (json_array_size(except))
		json_object_set(b, "except", except);
	json_decref(except);
	return b;
}

static json_t *peer(struct policy_random *r)
{
	json_t *p = json_object();

	switch (policy_random_below(r, 4)) {
	case 0:
		json_object_set_new(p, "ipBlock", block(r));
		break;
	case 1:
		json_object_set_new(p, "podSelector", selector(r));
		break;
	case 2:
		json_object_set_new(p, "namespaceSelector", selector(r));
		break;
	default:
		json_object_set_new(p, "podSelector", selector(r));
		json_object_set_new(p, "namespaceSelector", selector(r));
	}
	return p;
}

static json_t *port(struct policy_random *r)
{
	json_t *p = json_object();
	int first = 79 + (int)policy_random_below(r, 4);

	if (chance(r, 80))
		json_object_set_new(p, "protocol", json_string(PICK(r, protos)));
	if (chance(r, 30)) {
		json_object_set_new(p, "port", json_string(PICK(r, port_names)));
	} else if (chance(r, 80)) {
		json_object_set_new(p, "port", json_integer(first));
		if (chance(r, 40))
			json_object_set_new(p, "endPort",
					    json_integer(first + (int)policy_random_below(r, 3)));
	}
	return p;
}

static json_t *rule(struct policy_random *r, const char *side)
{
	json_t *out = json_object(), *peers = json_array(), *ports = json_array();

	for (uint32_t n = policy_random_below(r, 4); n > 0; n--)
		json_array_append_new(peers, peer(r));
	for (uint32_t n = policy_random_below(r, 4); n > 0; n--)
		json_array_append_new(ports, port(r));
	if (json_array_size(peers) || chance(r, 50))
		json_object_set(out, side, peers);
	if (json_array_size(ports) || chance(r, 50))
		json_object_set(out, "ports", ports);
	json_decref(peers);
	json_decref(ports);
	return out;
}

static json_t *rules(struct policy_random *r, const char *side)
{
	json_t *list = json_array();

	for (uint32_t n = policy_random_below(r, 3); n > 0; n--)
		json_array_append_new(list, rule(r, side));
	return list;
}

static json_t *policy(struct policy_random *r, const char *space, const char *name)
{
	static const char *const types[] = {"Ingress", "Egress"};
	json_t *spec = json_pack("{so}", "podSelector", selector(r));

	if (chance(r, 70))
		json_object_set_new(spec, "ingress", rules(r, "from"));
	if (chance(r, 60))
		json_object_set_new(spec, "egress", rules(r, "to"));
	if (chance(r, 30))
		json_object_set_new(spec, "policyTypes", json_pack("[s]", PICK(r, types)));
	else if (chance(r, 60))
		json_object_set_new(spec, "policyTypes", json_pack("[ss]", types[0], types[1]));
	return json_pack("{s{ss ss} so}", "metadata", "namespace", space, "name", name, "spec",
			 spec);
}

static json_t *pod(struct policy_random *r, const char *space, const char *name, uint32_t nr)
{
	static const char *const phases[] = {"Running", "Running", "Running", "Succeeded"};
	json_t *ports = json_array(), *spec;
	char v4[32], v6[32];

	(void)snprintf(v4, sizeof(v4), "10.1.0.%u", nr + 1);
	(void)snprintf(v6, sizeof(v6), "fd00::%x", nr + 1);
	for (uint32_t n = policy_random_below(r, 4); n > 0; n--)
		json_array_append_new(ports, json_pack("{ss ss si}", "name", PICK(r, port_names),
						       "protocol", PICK(r, protos), "containerPort",
						       79 + (int)policy_random_below(r, 4)));
	spec = json_pack("{ss s[{ss so}]}", "nodeName", chance(r, 60) ? "here" : "there",
			 "containers", "name", "c", "ports", ports);
	if (chance(r, 8))
		json_object_set_new(spec, "hostNetwork", json_true());
	return json_pack("{s{ss ss so} so s{ss s[{ss}{ss}]}}", "metadata", "namespace", space,
			 "name", name, "labels", labels(r), "spec", spec, "status", "phase",
			 PICK(r, phases), "podIPs", "ip", v4, "ip", v6);
}

json_t *policy_random_event(struct policy_random *r)
{
	uint32_t nr = policy_random_below(r, 9), what = policy_random_below(r, 10);
	const char *space = spaces[nr % 3], *kind;
	json_t *event, *obj;
	char name[16];

	(void)snprintf(name, sizeof(name), "n%u", nr / 3);
	if (what < 4) {
		kind = "Pod";
		obj = pod(r, space, name, nr);
	} else if (what < 8) {
		kind = "NetworkPolicy";
		obj = policy(r, space, name);
	} else {
		kind = "Namespace";
		obj = json_pack("{s{ss so}}", "metadata", "name", space, "labels", labels(r));
		(void)snprintf(name, sizeof(name), "%s", space);
		space = "";
	}
	if (chance(r, 25)) {
		json_decref(obj);
		obj = NULL;
	}
	event = json_pack("{ss sb}", "kind", kind, "turn", (int)chance(r, 70));
	if (obj)
		json_object_set_new(event, "put", obj);
	else
		json_object_set_new(event, "remove",
				    json_pack("{ss ss}", "namespace", space, "name", name));
	return event;
}
