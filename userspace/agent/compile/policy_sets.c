// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Sets: what holds for a pod of this node.
 *
 * The policies of its namespace that select a pod and isolate a direction are its list; pods with the same list, and with the
 * same numbers for the port names that these policies use, share one set. A pod that no policy isolates has none. A set is found by
 * its content: the serials of the rules and the numbers of the ports. So a policy that changes makes a new set and the
 * pods that it selected move, each by one write.
 *
 * A pod that the API does not know, because it is about to start or because it is all but gone, is closed in both directions:
 * what selects it is not known either.
 */

#include <string.h>

#include "agent/compile/policy_internal.h"
#include "base/buf.h"
#include "base/mem.h"

static bool isolates(const struct bl_api_networkpolicy *np, const struct bl_api_pod *pod, int dir)
{
	if (dir == BL_INGRESS ? !np->isolates_ingress : !np->isolates_egress)
		return false;
	return bl_api_selector_matches(np->pods, &pod->obj.meta.labels);
}

static int by_serial(const void *a, const void *b)
{
	const struct bl_rules *const *x = a, *const *y = b;

	return (*x)->serial < (*y)->serial ? -1 : (*x)->serial > (*y)->serial;
}

/* What the pod's port names mean to these rules. */
static void own_ports(const struct bl_list *rules, const struct bl_pod_entry *pod,
		      struct bl_members *own)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct bl_rules *r = rules->items[i];

		for (size_t k = 0; k < r->n[BL_INGRESS]; k++) {
			const struct bl_rule *rule = &r->dir[BL_INGRESS][k];

			for (size_t n = 0; n < rule->n_ports; n++) {
				if (rule->ports[n].named)
					bl_atom_match(rule->ports[n].named, pod, own);
			}
		}
	}
}

static void add_atom(struct bl_set_entry *set, struct bl_atom *atom)
{
	for (size_t i = 0; i < atom->sets.n; i++) {
		if (atom->sets.items[i] == set)
			return;
	}
	bl_list_add(&atom->sets, set);
	bl_list_add(&set->atoms, atom);
}

/* The atoms whose classes the set may tell from others. */
static void link_atoms(struct bl_set_entry *set)
{
	for (size_t i = 0; i < set->n_rules; i++) {
		const struct bl_rules *r = set->rules[i];

		for (size_t k = 0; k < r->n[set->dir]; k++) {
			const struct bl_rule *rule = &r->dir[set->dir][k];

			for (size_t n = 0; n < rule->n_peers; n++)
				add_atom(set, rule->peers[n]);
			for (size_t n = 0; n < rule->n_ports; n++) {
				if (rule->ports[n].named && set->dir == BL_EGRESS)
					add_atom(set, rule->ports[n].named);
			}
		}
	}
}

static void set_key(int dir, const struct bl_list *rules, const struct bl_members *own,
		    struct bl_buf *ret_key)
{
	bl_buf_putc(ret_key, (char)dir);
	for (size_t i = 0; i < rules->n; i++) {
		const struct bl_rules *r = rules->items[i];

		bl_buf_append(ret_key, &r->serial, sizeof(r->serial));
	}
	for (size_t i = 0; i < own->n; i++) {
		bl_buf_append(ret_key, &own->list[i].atom->id, sizeof(own->list[i].atom->id));
		bl_buf_append(ret_key, &own->list[i].port, sizeof(own->list[i].port));
	}
}

/* The set of these rules, of which it takes the references, and of these ports; with a reference. */
static struct bl_set_entry *set_get(struct bl_policies *p, int dir, struct bl_list *rules,
				    struct bl_members *own)
{
	BL_BUF struct bl_buf key = {};
	struct bl_set_entry *set;

	set_key(dir, rules, own, &key);
	HASH_FIND(hh, p->sets, key.data, key.len, set);
	if (set) {
		for (size_t i = 0; i < rules->n; i++)
			bl_rules_unref(p, rules->items[i]);
		bl_list_free(rules);
		bl_members_free(own);
		set->refs++;
		return set;
	}
	set = bl_new0(struct bl_set_entry);
	set->id = p->next_id++;
	set->refs = 1;
	set->dir = dir;
	set->rules = (struct bl_rules **)rules->items;
	set->n_rules = rules->n;
	set->own = *own;
	set->key_len = key.len;
	set->key = bl_buf_take(&key);
	HASH_ADD_KEYPTR(hh, p->sets, set->key, set->key_len, set);
	HASH_ADD(by_id, p->sets_by_id, id, sizeof(set->id), set);
	link_atoms(set);
	set->fresh = true;
	bl_list_add(&p->fresh_sets, set);
	return set;
}

void bl_set_unref(struct bl_policies *p, struct bl_set_entry *set)
{
	if (!set || --set->refs)
		return;
	bl_cells_drop_set(p, set);
	for (size_t i = 0; i < set->atoms.n; i++)
		bl_list_remove(&((struct bl_atom *)set->atoms.items[i])->sets, set);
	for (size_t i = 0; i < set->n_rules; i++)
		bl_rules_unref(p, set->rules[i]);
	if (set->fresh)
		bl_list_remove(&p->fresh_sets, set);
	HASH_DEL(p->sets, set);
	HASH_DELETE(by_id, p->sets_by_id, set);
	bl_list_free(&set->atoms);
	bl_members_free(&set->own);
	free(set->rules);
	free(set->key);
	free(set);
}

/* The pod's set in one direction, with a reference; NULL: open. */
static struct bl_set_entry *set_of(struct bl_policies *p, struct bl_pod_entry *pod, int dir)
{
	struct bl_members own = {};
	struct bl_policy_entry *policy;
	struct bl_list rules = {};

	if (!pod->local)
		return NULL;
	if (!pod->obj)
		return set_get(p, dir, &rules, &own);
	if (pod->obj->host_network)
		return NULL;
	DL_FOREACH (pod->ns->policies, policy) {
		if (policy->obj && isolates(policy->obj, pod->obj, dir))
			bl_list_add(&rules, bl_rules_get(p, policy));
	}
	if (!rules.n)
		return NULL;
	qsort(rules.items, rules.n, sizeof(*rules.items), by_serial);
	if (dir == BL_INGRESS)
		own_ports(&rules, pod, &own);
	return set_get(p, dir, &rules, &own);
}

void bl_sets_of_pod(struct bl_policies *p, struct bl_pod_entry *pod)
{
	for (int dir = 0; dir < 2; dir++) {
		struct bl_set_entry *old = pod->sets[dir];

		pod->sets[dir] = set_of(p, pod, dir);
		bl_set_unref(p, old);
	}
}
