/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: NetworkPolicy (networking.k8s.io/v1).
 *
 * Which pods a policy selects, and which peers and ports it lets in and out. policyTypes says which
 * directions it isolates; where the client leaves it out, that is Ingress, and Egress too where
 * there are egress rules. That an absent list of ports means all ports and an empty peer none is
 * for who enforces it; here only the shape counts.
 *
 * On an update the real server runs the spec's rules twice (once for the object, once for the
 * change, when prefixes that were there before are let through), and gives each cause as often.
 */
#include "apiserver/kinds/cells.h"
#include "apiserver/kinds/kinds.h"
#include "apiserver/kinds/meta.h"
#include "apiserver/kinds/names.h"
#include "apiserver/kinds/net.h"
#include "apiserver/schema_types.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"

static const struct direction {
	const char *rules;
	const char *peers;
} directions[] = {{"ingress", "from"}, {"egress", "to"}};

static void default_protocols(const json_t *rules)
{
	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *ports = bl_get(json_array_get(rules, i), "ports");

		for (size_t k = 0; k < json_array_size(ports); k++) {
			json_t *port = json_array_get(ports, k);

			if (!bl_has(port, "protocol"))
				bl_set_str(port, "protocol", "TCP");
		}
	}
}

static void set_defaults(json_t *obj)
{
	json_t *spec = bl_ensure(obj, "spec");

	(void)bl_ensure(spec, "podSelector");
	default_protocols(bl_get(spec, "ingress"));
	default_protocols(bl_get(spec, "egress"));
	if (bl_count(spec, "policyTypes") > 0)
		return;
	json_object_set_new(spec, "policyTypes",
			    bl_count(spec, "egress") ? json_pack("[ss]", "Ingress", "Egress")
						     : json_pack("[s]", "Ingress"));
}

static void check_end_port(struct bl_check *ck, const json_t *port)
{
	const json_t *first = bl_get(port, "port");
	const json_t *last = bl_get(port, "endPort");

	if (!bl_has(port, "endPort"))
		return;
	if (!bl_has(port, "port")) {
		bl_check_invalid(ck, "endPort", last,
				 "may not be specified when `port` is not specified");
	} else if (json_is_string(first)) {
		bl_check_invalid(ck, "endPort", last,
				 "may not be specified when `port` is non-numeric");
	} else {
		if (json_integer_value(last) < json_integer_value(first))
			bl_check_invalid(ck, "endPort", last,
					 "must be greater than or equal to `port`");
		(void)bl_check_port(ck, "endPort", json_integer_value(last));
	}
}

static void check_port(struct bl_check *ck, const json_t *port)
{
	static const char *const protocols[] = {"TCP", "UDP", "SCTP", NULL};

	if (bl_has(port, "protocol"))
		(void)bl_check_one_of(ck, "protocol", bl_str(port, "protocol"), protocols);
	if (bl_has(port, "port"))
		(void)bl_check_port_or_name(ck, "port", bl_get(port, "port"));
	check_end_port(ck, port);
}

static void check_block(struct bl_check *ck, const json_t *block)
{
	const char *text = bl_str(block, "cidr");
	const json_t *except = bl_get(block, "except");
	struct bl_cidr cidr;
	struct bl_cidr hole;

	if (*text == '\0') {
		bl_check_required(ck, "cidr", "");
		return;
	}
	(void)bl_check_cidr(ck, "cidr", text);
	if (bl_cidr_parse(text, true, &cidr))
		return;
	for (size_t i = 0; i < json_array_size(except); i++) {
		const char *inner = bl_str_at_index(except, i);
		size_t mark = bl_path_push(&ck->at, "except");

		bl_path_push_index(&ck->at, i);
		(void)bl_check_cidr(ck, NULL, inner);
		if (!bl_cidr_parse(inner, true, &hole) &&
		    (!bl_cidr_contains(&cidr, &hole.ip) || cidr.len >= hole.len))
			bl_check_invalid_str(ck, NULL, inner, "must be a strict subset of `cidr`");
		bl_path_pop(&ck->at, mark);
	}
}

static void check_peer(struct bl_check *ck, const json_t *peer)
{
	static const char *const selectors[] = {"podSelector", "namespaceSelector"};
	unsigned int count = 0;

	for (size_t i = 0; i < 2; i++) {
		if (!bl_has(peer, selectors[i]))
			continue;
		count++;
		bl_check_label_selector(ck, selectors[i], bl_get(peer, selectors[i]));
	}
	if (bl_has(peer, "ipBlock")) {
		size_t mark = bl_path_push(&ck->at, "ipBlock");

		check_block(ck, bl_get(peer, "ipBlock"));
		bl_path_pop(&ck->at, mark);
		if (count > 0)
			bl_check_forbidden(ck, NULL,
					   "may not specify both ipBlock and another peer");
	} else if (count == 0) {
		bl_check_required(ck, NULL, "must specify a peer");
	}
}

/* Runs `check` on every element of the list, with its path. */
static void check_each(struct bl_check *ck, const char *name, const json_t *list,
		       void (*check)(struct bl_check *ck, const json_t *element))
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		size_t mark = bl_path_push(&ck->at, name);

		bl_path_push_index(&ck->at, i);
		check(ck, json_array_get(list, i));
		bl_path_pop(&ck->at, mark);
	}
}

static void check_rules(struct bl_check *ck, const struct direction *dir, const json_t *rules)
{
	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *rule = json_array_get(rules, i);
		size_t mark = bl_path_push(&ck->at, dir->rules);

		bl_path_push_index(&ck->at, i);
		check_each(ck, "ports", bl_get(rule, "ports"), check_port);
		check_each(ck, dir->peers, bl_get(rule, dir->peers), check_peer);
		bl_path_pop(&ck->at, mark);
	}
}

static void check_types(struct bl_check *ck, const json_t *types)
{
	static const char *const known[] = {"Ingress", "Egress", NULL};

	if (json_array_size(types) > 2) {
		bl_check_invalid(ck, "policyTypes", types,
				 "may not specify more than two policyTypes");
		return;
	}
	for (size_t i = 0; i < json_array_size(types); i++) {
		size_t mark = bl_path_push(&ck->at, "policyTypes");

		bl_path_push_index(&ck->at, i);
		(void)bl_check_one_of(ck, NULL, bl_str_at_index(types, i), known);
		bl_path_pop(&ck->at, mark);
	}
}

static void validate(const json_t *obj, struct bl_causes *c)
{
	struct bl_check ck = {.causes = c};
	const json_t *spec = bl_get(obj, "spec");

	bl_path_push(&ck.at, "spec");
	bl_check_label_selector(&ck, "podSelector", bl_get(spec, "podSelector"));
	for (size_t i = 0; i < 2; i++)
		check_rules(&ck, &directions[i], bl_get(spec, directions[i].rules));
	check_types(&ck, bl_get(spec, "policyTypes"));
}

static void validate_update(const json_t *obj, const json_t *old, struct bl_causes *c)
{
	(void)old;
	validate(obj, c);
}

static void warn_block(const char *path, const json_t *block, json_t *warnings)
{
	const json_t *except = bl_get(block, "except");
	BL_FREE char *cidr = bl_asprintf("%s.cidr", path);

	bl_warn_cidr(warnings, cidr, bl_str(block, "cidr"));
	for (size_t i = 0; i < json_array_size(except); i++) {
		BL_FREE char *hole = bl_asprintf("%s.except[%zu]", path, i);

		bl_warn_cidr(warnings, hole, bl_str_at_index(except, i));
	}
}

static void warn_rules(const struct direction *dir, const json_t *rules, json_t *warnings)
{
	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *peers = bl_get(json_array_get(rules, i), dir->peers);

		for (size_t k = 0; k < json_array_size(peers); k++) {
			const json_t *block = bl_get(json_array_get(peers, k), "ipBlock");
			BL_FREE char *path = bl_asprintf("spec.%s[%zu].%s[%zu].ipBlock", dir->rules,
							 i, dir->peers, k);

			if (json_is_object(block))
				warn_block(path, block, warnings);
		}
	}
}

static void warn(const json_t *obj, const json_t *old, json_t *warnings)
{
	const json_t *spec = bl_get(obj, "spec");

	(void)old;
	for (size_t i = 0; i < 2; i++)
		warn_rules(&directions[i], bl_get(spec, directions[i].rules), warnings);
}

static const struct bl_column columns[] = {
	BL_COLUMN_NAME,
	{"Pod-Selector", "string", "", "The pods that the policy applies to.", 0},
	BL_COLUMN_AGE,
	{},
};

static json_t *cells(const json_t *obj, long long now_ns)
{
	json_t *row = json_array();

	bl_cell_name(row, obj);
	bl_cell_selector(row, bl_get(bl_get(obj, "spec"), "podSelector"));
	bl_cell_age(row, obj, now_ns);
	return row;
}

static const char *const short_names[] = {"netpol", NULL};

const struct bl_kind bl_kind_networkpolicy = {
	.group = "networking.k8s.io",
	.version = "v1",
	.kind = "NetworkPolicy",
	.plural = "networkpolicies",
	.singular = "networkpolicy",
	.short_names = short_names,
	.namespaced = true,
	.has_generation = true,
	.schema = &bl_schema_networkpolicy,
	.set_defaults = set_defaults,
	.validate = validate,
	.validate_update = validate_update,
	.columns = columns,
	.cells = cells,
	.warn = warn,
};
