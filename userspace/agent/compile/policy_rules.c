// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: A policy becomes rules over atoms.
 *
 * Absent and empty stay apart: a rule without peers is for everyone, a rule whose peers match nobody is for nobody, a
 * rule without ports is for every protocol. Each version of a policy has rules of its own, with a serial of its own: a set that
 * holds the old version's goes on meaning what it meant until no pod has it any more.
 */

#include "agent/compile/policy_internal.h"
#include "base/mem.h"

static void compile_ports(struct bl_policies *p, int dir, const struct bl_api_policy_rule *from,
			  struct bl_arena *arena, struct bl_rule *to)
{
	enum bl_atom_kind kind = dir == BL_INGRESS ? BL_ATOM_OWN_PORT : BL_ATOM_PEER_PORT;

	to->n_ports = from->n_ports;
	to->ports = bl_arena_array(arena, from->n_ports, struct bl_rule_port);
	for (size_t i = 0; i < from->n_ports; i++) {
		const struct bl_api_policy_port *port = &from->ports[i];
		struct bl_rule_port *out = &to->ports[i];

		out->proto = port->proto;
		out->first = port->port;
		out->last = port->port ? port->end_port : UINT16_MAX;
		if (port->name[0])
			out->named = bl_atom_port(p, kind, port->name, port->proto);
	}
}

static void compile_dir(struct bl_policies *p, int dir, const struct bl_api_networkpolicy *np,
			struct bl_rules *rules)
{
	const struct bl_api_policy_rule *list = dir == BL_INGRESS ? np->ingress : np->egress;
	size_t n = dir == BL_INGRESS ? np->n_ingress : np->n_egress;

	if (dir == BL_INGRESS ? !np->isolates_ingress : !np->isolates_egress)
		return;
	rules->n[dir] = n;
	rules->dir[dir] = bl_arena_array(rules->arena, n, struct bl_rule);
	for (size_t i = 0; i < n; i++) {
		struct bl_rule *rule = &rules->dir[dir][i];

		rule->n_peers = list[i].n_peers;
		rule->peers = bl_arena_array(rules->arena, rule->n_peers, struct bl_atom *);
		for (size_t k = 0; k < rule->n_peers; k++)
			rule->peers[k] = bl_atom_peer(p, np->obj.meta.namespace, &list[i].peers[k]);
		compile_ports(p, dir, &list[i], rules->arena, rule);
	}
}

struct bl_rules *bl_rules_get(struct bl_policies *p, struct bl_policy_entry *policy)
{
	struct bl_arena *arena;

	if (!policy->rules) {
		arena = bl_arena_new(512);
		policy->rules = bl_arena_new0(arena, struct bl_rules);
		policy->rules->arena = arena;
		policy->rules->owner = policy;
		policy->rules->serial = ++p->next_serial;
		for (int dir = 0; dir < 2; dir++)
			compile_dir(p, dir, policy->obj, policy->rules);
	}
	policy->rules->refs++;
	return policy->rules;
}

void bl_rules_unref(struct bl_policies *p, struct bl_rules *rules)
{
	if (--rules->refs)
		return;
	if (rules->owner)
		rules->owner->rules = NULL;
	for (int dir = 0; dir < 2; dir++) {
		for (size_t i = 0; i < rules->n[dir]; i++) {
			struct bl_rule *rule = &rules->dir[dir][i];

			for (size_t k = 0; k < rule->n_peers; k++)
				bl_atom_unref(p, rule->peers[k]);
			for (size_t k = 0; k < rule->n_ports; k++) {
				if (rule->ports[k].named)
					bl_atom_unref(p, rule->ports[k].named);
			}
		}
	}
	bl_arena_free(rules->arena);
}

void bl_rules_disown(struct bl_policy_entry *policy)
{
	if (policy->rules)
		policy->rules->owner = NULL;
	policy->rules = NULL;
}
