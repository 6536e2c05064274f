// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: NetworkPolicy, compiled for one node.
 *
 * Objects are told one by one and mark what they touch: a pod itself and, on this node, its sets; a namespace the
 * pods in it; a policy the pods of this node in its namespace. bl_policies_compile() then works the marks off in one order, in
 * which each step may only mark what comes behind it:
 *
 *	namespaces' atoms -> pods' members -> sets (which bring and take atoms) -> blocks -> addresses' classes -> cells
 *
 * The price of a change is what it touches: a label of one pod is held against the atoms of its namespace, whatever else the
 * cluster has. Policies that select no pod of this node cost their own selector and nothing more.
 *
 * Namespaces are entries as long as anything names them, pods as long as the API or the node has them. Pods and policies of a
 * terminating namespace are pods and policies until they are gone themselves (CVE-2024-7598).
 */

#include "agent/compile/policy.h"

#include <string.h>

#include "agent/compile/policy_internal.h"
#include "base/mem.h"

struct bl_policies *bl_policies_new(uint32_t first_id)
{
	struct bl_policies *p = bl_new0(struct bl_policies);

	p->next_id = first_id ? first_id : 1;
	return p;
}

/* --- entries ------------------------------------------------------------------------------------------------------------- */

static void mark_ns(struct bl_policies *p, struct bl_ns_entry *ns)
{
	if (ns->dirty)
		return;
	ns->dirty = true;
	bl_list_add(&p->dirty_ns, ns);
}

static void mark_sets(struct bl_policies *p, struct bl_pod_entry *pod)
{
	if (pod->sets_dirty)
		return;
	pod->sets_dirty = true;
	bl_list_add(&p->dirty_sets, pod);
}

static void mark_pod(struct bl_policies *p, struct bl_pod_entry *pod)
{
	mark_sets(p, pod);
	if (pod->dirty)
		return;
	pod->dirty = true;
	bl_list_add(&p->dirty_pods, pod);
}

static struct bl_ns_entry *ns_get(struct bl_policies *p, const char *name)
{
	struct bl_ns_entry *ns;

	HASH_FIND_STR(p->namespaces, name, ns);
	if (ns)
		return ns;
	ns = bl_new0(struct bl_ns_entry);
	ns->name = bl_strdup(name);
	HASH_ADD_KEYPTR(hh, p->namespaces, ns->name, strlen(ns->name), ns);
	mark_ns(p, ns);
	return ns;
}

static struct bl_pod_entry *pod_find(const struct bl_policies *p, const char *namespace,
				     const char *name)
{
	BL_FREE char *key = bl_asprintf("%s/%s", namespace, name);
	struct bl_pod_entry *pod;

	HASH_FIND_STR(p->pods, key, pod);
	return pod;
}

static struct bl_pod_entry *pod_get(struct bl_policies *p, const char *namespace, const char *name)
{
	struct bl_pod_entry *pod = pod_find(p, namespace, name);

	if (pod)
		return pod;
	pod = bl_new0(struct bl_pod_entry);
	pod->key = bl_asprintf("%s/%s", namespace, name);
	pod->ns = ns_get(p, namespace);
	DL_APPEND(pod->ns->pods, pod);
	HASH_ADD_KEYPTR(hh, p->pods, pod->key, strlen(pod->key), pod);
	return pod;
}

static void ns_free(struct bl_policies *p, struct bl_ns_entry *ns)
{
	HASH_DEL(p->namespaces, ns);
	bl_list_free(&ns->atoms);
	free(ns->name);
	free(ns);
}

static void pod_free(struct bl_policies *p, struct bl_pod_entry *pod)
{
	HASH_DEL(p->pods, pod);
	DL_DELETE(pod->ns->pods, pod);
	mark_ns(p, pod->ns); /* it may be the last */
	bl_members_free(&pod->members);
	free(pod->key);
	free(pod);
}

/* --- events -------------------------------------------------------------------------------------------------------------- */

static void set_pod(struct bl_policies *p, const char *namespace, const char *name,
		    const struct bl_api_pod *obj)
{
	struct bl_pod_entry *pod = obj ? pod_get(p, namespace, name) : pod_find(p, namespace, name);

	if (!pod)
		return;
	pod->obj = obj;
	mark_pod(p, pod);
}

static void set_namespace(struct bl_policies *p, const char *name,
			  const struct bl_api_namespace *obj)
{
	struct bl_ns_entry *ns = ns_get(p, name);

	ns->obj = obj;
	mark_ns(p, ns);
}

static void set_policy(struct bl_policies *p, const char *namespace, const char *name,
		       const struct bl_api_networkpolicy *obj)
{
	BL_FREE char *key = bl_asprintf("%s/%s", namespace, name);
	struct bl_ns_entry *ns = ns_get(p, namespace);
	struct bl_policy_entry *policy;
	struct bl_pod_entry *pod;

	HASH_FIND_STR(p->policies, key, policy);
	if (!policy && !obj)
		return;
	if (!policy) {
		policy = bl_new0(struct bl_policy_entry);
		policy->key = bl_take_ptr(key);
		DL_APPEND(ns->policies, policy);
		HASH_ADD_KEYPTR(hh, p->policies, policy->key, strlen(policy->key), policy);
	}
	policy->obj = obj;
	bl_rules_disown(policy);
	DL_FOREACH (ns->pods, pod) {
		if (pod->local)
			mark_sets(p, pod);
	}
	if (obj)
		return;
	DL_DELETE(ns->policies, policy);
	HASH_DEL(p->policies, policy);
	free(policy->key);
	free(policy);
	if (!ns->pods)
		mark_ns(p, ns);
}

void bl_policies_put(struct bl_policies *p, const struct bl_api_object *obj)
{
	const struct bl_api_meta *m = &obj->meta;

	if (obj->kind == BL_API_POD)
		set_pod(p, m->namespace, m->name, (const struct bl_api_pod *)obj);
	else if (obj->kind == BL_API_NAMESPACE)
		set_namespace(p, m->name, (const struct bl_api_namespace *)obj);
	else if (obj->kind == BL_API_NETWORKPOLICY)
		set_policy(p, m->namespace, m->name, (const struct bl_api_networkpolicy *)obj);
}

void bl_policies_remove(struct bl_policies *p, enum bl_api_kind kind, const char *namespace,
			const char *name)
{
	if (kind == BL_API_POD)
		set_pod(p, namespace, name, NULL);
	else if (kind == BL_API_NAMESPACE)
		set_namespace(p, name, NULL);
	else if (kind == BL_API_NETWORKPOLICY)
		set_policy(p, namespace, name, NULL);
}

static bool same_ips(const struct bl_pod_entry *pod, const struct bl_policy_local *l)
{
	return pod->local && pod->n_ips == l->n_ips &&
	       memcmp(pod->ips, l->ips, l->n_ips * sizeof(*l->ips)) == 0;
}

void bl_policies_set_local(struct bl_policies *p, const struct bl_policy_local *list, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct bl_pod_entry *pod = pod_get(p, list[i].namespace, list[i].name);

		pod->seen = true;
		if (same_ips(pod, &list[i]))
			continue;
		if (!pod->local)
			bl_list_add(&p->locals, pod);
		pod->local = true;
		pod->n_ips = list[i].n_ips;
		memcpy(pod->ips, list[i].ips, sizeof(pod->ips));
		mark_pod(p, pod);
	}
	for (size_t i = 0; i < p->locals.n; i++) {
		struct bl_pod_entry *pod = p->locals.items[i];

		if (pod->seen) {
			pod->seen = false;
			p->locals.items[kept++] = pod;
			continue;
		}
		pod->local = false;
		pod->n_ips = 0;
		mark_pod(p, pod);
	}
	p->locals.n = kept;
}

/* --- the steps ----------------------------------------------------------------------------------------------------------- */

static void do_namespaces(struct bl_policies *p)
{
	for (size_t i = 0; i < p->dirty_ns.n; i++) {
		struct bl_ns_entry *ns = p->dirty_ns.items[i];
		struct bl_pod_entry *pod;

		bl_atoms_of_namespace(p, ns);
		DL_FOREACH (ns->pods, pod)
			mark_pod(p, pod);
	}
}

static void claim(struct bl_policies *p, struct bl_pod_entry *pod)
{
	const struct bl_api_pod *obj = pod->obj;

	if (pod->local)
		bl_pod_claim(p, pod, pod->ips, pod->n_ips);
	else if (obj && !obj->host_network && obj->phase != BL_POD_SUCCEEDED &&
		 obj->phase != BL_POD_FAILED)
		bl_pod_claim(p, pod, obj->ips, obj->n_ips);
	else
		bl_pod_claim(p, pod, NULL, 0);
}

static void do_pods(struct bl_policies *p)
{
	for (size_t i = 0; i < p->dirty_pods.n; i++) {
		struct bl_pod_entry *pod = p->dirty_pods.items[i];

		pod->dirty = false;
		pod->members.n = 0;
		for (size_t k = 0; k < pod->ns->atoms.n; k++)
			(void)bl_atom_match(pod->ns->atoms.items[k], pod, &pod->members);
		claim(p, pod);
	}
	p->dirty_pods.n = 0;
}

static void do_sets(struct bl_policies *p)
{
	for (size_t i = 0; i < p->dirty_sets.n; i++) {
		struct bl_pod_entry *pod = p->dirty_sets.items[i];

		pod->sets_dirty = false;
		bl_sets_of_pod(p, pod);
		if (!pod->obj && !pod->local)
			pod_free(p, pod);
	}
	p->dirty_sets.n = 0;
}

static void drop_namespaces(struct bl_policies *p)
{
	for (size_t i = 0; i < p->dirty_ns.n; i++) {
		struct bl_ns_entry *ns = p->dirty_ns.items[i];

		ns->dirty = false;
		if (!ns->obj && !ns->pods && !ns->policies)
			ns_free(p, ns);
	}
	p->dirty_ns.n = 0;
}

struct bl_desired_policy *bl_policies_compile(struct bl_policies *p, bool whole,
					      struct bl_arena *arena)
{
	do_namespaces(p);
	do_pods(p);
	do_sets(p);
	drop_namespaces(p);
	bl_atoms_withdraw(p);
	bl_blocks_compile(p);
	bl_addrs_classify(p);
	bl_cells_compile(p);
	bl_atoms_bury(p);
	return bl_policies_answer(p, whole, arena);
}

/* --- the end ------------------------------------------------------------------------------------------------------------- */

static void forget_objects(struct bl_policies *p)
{
	struct bl_policy_entry *policy, *next;

	bl_policies_set_local(p, NULL, 0);
	for (struct bl_pod_entry *pod = p->pods; pod; pod = pod->hh.next) {
		pod->obj = NULL;
		mark_pod(p, pod);
	}
	HASH_ITER (hh, p->policies, policy, next) {
		bl_rules_disown(policy);
		HASH_DEL(p->policies, policy);
		free(policy->key);
		free(policy);
	}
	for (struct bl_ns_entry *ns = p->namespaces; ns; ns = ns->hh.next) {
		ns->obj = NULL;
		ns->policies = NULL;
		mark_ns(p, ns);
	}
}

struct bl_policies *bl_policies_free(struct bl_policies *p)
{
	struct bl_arena *arena;

	if (!p)
		return NULL;
	arena = bl_arena_new(1024);
	forget_objects(p);
	(void)bl_policies_compile(p, false, arena);
	bl_arena_free(arena);
	bl_blocks_free(p);
	bl_list_free(&p->locals);
	bl_list_free(&p->dirty_ns);
	bl_list_free(&p->dirty_pods);
	bl_list_free(&p->dirty_sets);
	bl_list_free(&p->dirty_addrs);
	bl_list_free(&p->changed_addrs);
	bl_list_free(&p->fresh_sets);
	bl_list_free(&p->fresh_classes);
	bl_list_free(&p->doomed_atoms);
	free(p->gone_cells);
	free(p->new_cells);
	free(p);
	return NULL;
}
