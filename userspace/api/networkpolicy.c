// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: NetworkPolicy.
 *
 * The kind where a misread field opens or closes a network, so everything that the API distinguishes stays apart: no peers
 * mean everyone, a peer that matches nobody means nobody, an absent selector is NULL and an empty one matches all, a port
 * without a number means every port of its protocol, no ports mean every protocol (CVE-2025-64715 is what happens otherwise).
 * Rules, peers, ports and exceptions are all kept, in order, none merged.
 *
 * policyTypes decides what is isolated. Where it is absent, ingress is, and egress is if there are egress rules: the
 * default that the API server writes.
 *
 * What the API server should have refused is refused here again, by name: an except outside its cidr, an endPort below
 * its port or beside a name, a peer with both a block and a selector, an unknown operator. The caller closes the pods of such
 * a policy rather than guess.
 */

#include "api/networkpolicy.h"

#include <errno.h>

#include "api/read.h"
#include "base/json.h"
#include "base/str.h"

static int decode_end_port(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *json,
			   struct bl_api_policy_port *port)
{
	int rc;

	port->end_port = port->port;
	rc = bl_api_read_u16(r, at, json, "endPort", 1, UINT16_MAX, &port->end_port);
	if (rc)
		return rc;
	if (port->end_port && !port->port)
		return bl_api_fail(r, at, "endPort", "needs a port that is a number");
	if (port->end_port < port->port)
		return bl_api_fail(r, at, "endPort", "%u is below port %u", port->end_port,
				   port->port);
	return 0;
}

static int decode_port(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *json,
		       struct bl_api_policy_port *port)
{
	int rc = bl_api_read_proto(r, at, json, &port->proto);

	if (rc)
		return rc;
	port->name = "";
	if (json_is_string(json_object_get(json, "port"))) {
		rc = bl_api_read_str(r, at, json, "port", BL_API_MAX_VALUE, &port->name);
		if (!rc && !*port->name)
			rc = bl_api_fail(r, at, "port", "is an empty name");
	} else {
		rc = bl_api_read_u16(r, at, json, "port", 1, UINT16_MAX, &port->port);
	}
	return rc ? rc : decode_end_port(r, at, json, port);
}

static int decode_block(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *json,
			const struct bl_api_ip_block **ret)
{
	struct bl_api_ip_block *b = bl_api_array(r, 1, struct bl_api_ip_block);
	const char *s = bl_json_str_at(json, "cidr", NULL);
	int rc;

	if (!s || bl_cidr_parse(s, true, &b->cidr))
		return bl_api_fail(r, at, "cidr", "'%.60s' is not an address range", s ? s : "");
	rc = bl_api_read_cidrs(r, at, json, "except", BL_API_MAX_ENTRIES, true, &b->except,
			       &b->n_except);
	if (rc)
		return rc;
	for (size_t i = 0; i < b->n_except; i++) {
		if (b->except[i].len < b->cidr.len || !bl_cidr_contains(&b->cidr, &b->except[i].ip))
			return bl_api_fail(r, BL_API_NTH(at, "except", i), "", "lies outside cidr");
	}
	*ret = b;
	return 0;
}

static int decode_peer(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *json,
		       struct bl_api_policy_peer *peer)
{
	const json_t *block = NULL;
	int rc = bl_api_read_selector(r, at, json, "podSelector", &peer->pods);

	if (!rc)
		rc = bl_api_read_selector(r, at, json, "namespaceSelector", &peer->namespaces);
	if (!rc)
		rc = bl_api_read_obj(r, at, json, "ipBlock", &block);
	if (!rc && block)
		rc = decode_block(r, BL_API_AT(at, "ipBlock"), block, &peer->block);
	if (rc)
		return rc;
	if (peer->block && (peer->pods || peer->namespaces))
		return bl_api_fail(r, at, "ipBlock", "stands beside a selector");
	if (!peer->block && !peer->pods && !peer->namespaces)
		return bl_api_fail(r, at, "", "names no peer");
	return 0;
}

/* `key` is from or to. */
static int decode_rule(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *json,
		       const char *key, struct bl_api_policy_rule *rule)
{
	const json_t *ports, *peers, *entry;
	size_t i;
	int rc = bl_api_read_list(r, at, json, "ports", BL_API_MAX_ENTRIES, &ports, &rule->n_ports);

	if (!rc)
		rc = bl_api_read_list(r, at, json, key, BL_API_MAX_ENTRIES, &peers, &rule->n_peers);
	if (rc)
		return rc;
	rule->ports = bl_api_array(r, rule->n_ports, struct bl_api_policy_port);
	rule->peers = bl_api_array(r, rule->n_peers, struct bl_api_policy_peer);
	json_array_foreach (ports, i, entry) {
		rc = decode_port(r, BL_API_NTH(at, "ports", i), entry, &rule->ports[i]);
		if (rc)
			return rc;
	}
	json_array_foreach (peers, i, entry) {
		rc = decode_peer(r, BL_API_NTH(at, key, i), entry, &rule->peers[i]);
		if (rc)
			return rc;
	}
	return 0;
}

static int decode_rules(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *spec,
			const char *section, const char *peers, struct bl_api_policy_rule **ret,
			size_t *ret_n)
{
	const json_t *list, *entry;
	size_t i;
	int rc = bl_api_read_list(r, at, spec, section, BL_API_MAX_ENTRIES, &list, ret_n);

	if (rc)
		return rc;
	*ret = bl_api_array(r, *ret_n, struct bl_api_policy_rule);
	json_array_foreach (list, i, entry) {
		rc = decode_rule(r, BL_API_NTH(at, section, i), entry, peers, &(*ret)[i]);
		if (rc)
			return rc;
	}
	return 0;
}

/* The rules are already there. */
static int decode_types(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *spec,
			struct bl_api_networkpolicy *np)
{
	const json_t *list = json_object_get(spec, "policyTypes"), *entry;
	size_t i;

	if (json_array_size(list) > 2)
		return bl_api_fail(r, at, "policyTypes", "more than two");
	if (!json_array_size(list)) {
		np->isolates_ingress = true;
		np->isolates_egress = np->n_egress > 0;
	}
	json_array_foreach (list, i, entry) {
		const char *s = json_string_value(entry);

		if (s && bl_streq(s, "Ingress"))
			np->isolates_ingress = true;
		else if (s && bl_streq(s, "Egress"))
			np->isolates_egress = true;
		else
			return bl_api_fail(r, BL_API_NTH(at, "policyTypes", i), "",
					   "must be Ingress or Egress");
	}
	return 0;
}

static int decode(struct bl_api_reader *r, struct bl_api_object *obj, const json_t *json)
{
	const struct bl_api_at *at = BL_API_AT(NULL, "spec");
	struct bl_api_networkpolicy *np = (struct bl_api_networkpolicy *)obj;
	const json_t *spec = NULL;
	int rc = bl_api_read_obj(r, NULL, json, "spec", &spec);

	if (!rc)
		rc = bl_api_read_selector(r, at, spec, "podSelector", &np->pods);
	if (!rc && !np->pods) /* no pointer in the API: absent is {} */
		np->pods = bl_api_array(r, 1, struct bl_api_selector);
	if (!rc)
		rc = decode_rules(r, at, spec, "ingress", "from", &np->ingress, &np->n_ingress);
	if (!rc)
		rc = decode_rules(r, at, spec, "egress", "to", &np->egress, &np->n_egress);
	return rc ? rc : decode_types(r, at, spec, np);
}

const struct bl_api_type bl_api_type_networkpolicy = {
	.kind = BL_API_NETWORKPOLICY,
	.name = "NetworkPolicy",
	.plural = "networkpolicies",
	.path = "/apis/networking.k8s.io/v1/networkpolicies",
	.size = sizeof(struct bl_api_networkpolicy),
	.decode = decode,
};

/* --- closed -------------------------------------------------------------------------------------------------------------- */

/* The directions that the policy isolates as far as can be told: those it lists, else by the sections it has. */
static json_t *closed_types(const json_t *spec)
{
	const json_t *types = json_object_get(spec, "policyTypes");
	const json_t *egress = json_object_get(spec, "egress");
	bool has_egress = egress && !json_is_null(egress) &&
			  !(json_is_array(egress) && !json_array_size(egress));

	if (json_array_size(types))
		return json_deep_copy(types);
	return has_egress ? json_pack("[ss]", "Ingress", "Egress") : json_pack("[s]", "Ingress");
}

/* NULL where one of them cannot be decoded. Takes the types. */
static struct bl_api_object *closed_by(const json_t *json, const json_t *pods, json_t *types,
				       struct bl_err *err)
{
	json_t *meta = json_object_get(json, "metadata");
	struct bl_api_object *obj = NULL;
	BL_JSON json_t *copy = json_pack("{sO? s{sO? so}}", "metadata", meta, "spec", "podSelector",
					 pods, "policyTypes", types);

	if (!copy)
		(void)bl_err_set(err, -EINVAL, "networkpolicy: no object");
	else
		(void)bl_api_decode(BL_API_NETWORKPOLICY, copy, &obj, err);
	return obj;
}

int bl_api_networkpolicy_closed(const json_t *json, struct bl_api_object **ret_obj,
				struct bl_err *err)
{
	const json_t *spec = json_object_get(json, "spec");
	const json_t *pods = json_object_get(spec, "podSelector");
	struct bl_api_object *obj = closed_by(json, pods, closed_types(spec), NULL);

	if (!obj)
		obj = closed_by(json, pods, json_pack("[ss]", "Ingress", "Egress"), NULL);
	if (!obj)
		obj = closed_by(json, NULL, closed_types(spec), NULL);
	if (!obj)
		obj = closed_by(json, NULL, json_pack("[ss]", "Ingress", "Egress"), err);
	if (!obj)
		return -EINVAL;
	*ret_obj = obj;
	return 0;
}
