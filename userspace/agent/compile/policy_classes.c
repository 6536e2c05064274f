// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Addresses and their classes.
 *
 * A class is a list of members, found by its bytes. An address's members are those of the pod that owns it and those of the
 * prefix that holds it: an ipBlock matches pods' addresses too.
 *
 * Two pods may name one address for a while: the API goes on telling the address of a pod that is being deleted when
 * another has it already. One owner is picked, by what is known and never by who came first: a pod attached to this node, then
 * one that is not being deleted, then the younger one. So nobody inherits what the last owner was allowed.
 */

#include <string.h>

#include "agent/compile/policy_internal.h"
#include "base/mem.h"

/* --- classes ------------------------------------------------------------------------------------------------------------- */

static struct bl_class_entry *class_new(struct bl_policies *p, const struct bl_members *m)
{
	size_t bytes = m->n * sizeof(*m->list);
	struct bl_class_entry *c = bl_calloc(1, sizeof(*c) + bytes);

	c->id = p->next_id++;
	c->n = m->n;
	memcpy(c->members, m->list, bytes);
	for (size_t i = 0; i < c->n; i++) {
		if (!i || c->members[i - 1].atom != c->members[i].atom)
			bl_list_add(&c->members[i].atom->classes, c);
	}
	HASH_ADD_KEYPTR(hh, p->classes, c->members, bytes, c);
	c->fresh = true;
	bl_list_add(&p->fresh_classes, c);
	return c;
}

struct bl_class_entry *bl_class_ref(struct bl_policies *p, const struct bl_members *m)
{
	struct bl_class_entry *c;

	if (!m->n)
		return NULL;
	HASH_FIND(hh, p->classes, m->list, m->n * sizeof(*m->list), c);
	if (!c)
		c = class_new(p, m);
	c->refs++;
	return c;
}

void bl_class_unref(struct bl_policies *p, struct bl_class_entry *c)
{
	if (!c || --c->refs)
		return;
	bl_cells_drop_class(p, c);
	for (size_t i = 0; i < c->n; i++)
		bl_list_remove(&c->members[i].atom->classes, c);
	if (c->fresh)
		bl_list_remove(&p->fresh_classes, c);
	HASH_DEL(p->classes, c);
	free(c);
}

/* --- who owns an address ----------------------------------------------------------------------------------------------- */

/* Whether `a` owns rather than `b`. */
static bool owns_rather(const struct bl_pod_entry *a, const struct bl_pod_entry *b)
{
	const struct bl_api_meta *x, *y;

	if (a->local != b->local)
		return a->local;
	if (!a->obj || !b->obj)
		return a->obj || (!b->obj && strcmp(a->key, b->key) > 0);
	x = &a->obj->obj.meta;
	y = &b->obj->obj.meta;
	if (x->deleting != y->deleting)
		return y->deleting;
	if (x->created_ns != y->created_ns)
		return x->created_ns > y->created_ns;
	return strcmp(a->key, b->key) > 0;
}

static const struct bl_pod_entry *owner_of(const struct bl_addr_entry *a)
{
	const struct bl_pod_entry *best = NULL;

	for (size_t i = 0; i < a->claims.n; i++) {
		if (!best || owns_rather(a->claims.items[i], best))
			best = a->claims.items[i];
	}
	return best;
}

/* --- addresses ----------------------------------------------------------------------------------------------------------- */

static void mark(struct bl_policies *p, struct bl_addr_entry *a)
{
	if (a->dirty)
		return;
	a->dirty = true;
	bl_list_add(&p->dirty_addrs, a);
}

void bl_pod_mark_addrs(struct bl_policies *p, struct bl_pod_entry *pod)
{
	for (size_t i = 0; i < pod->n_addrs; i++)
		mark(p, pod->addrs[i]);
}

void bl_addrs_mark_all(struct bl_policies *p)
{
	for (struct bl_addr_entry *a = p->addrs; a; a = a->hh.next)
		mark(p, a);
}

static struct bl_addr_entry *addr_get(struct bl_policies *p, const struct bl_ip *ip)
{
	struct bl_addr_entry *a;

	HASH_FIND(hh, p->addrs, ip, sizeof(*ip), a);
	if (a)
		return a;
	a = bl_new0(struct bl_addr_entry);
	a->ip = *ip;
	HASH_ADD(hh, p->addrs, ip, sizeof(a->ip), a);
	return a;
}

static bool claims(const struct bl_pod_entry *pod, const struct bl_addr_entry *a)
{
	for (size_t i = 0; i < pod->n_addrs; i++) {
		if (pod->addrs[i] == a)
			return true;
	}
	return false;
}

void bl_pod_claim(struct bl_policies *p, struct bl_pod_entry *pod, const struct bl_ip *ips,
		  size_t n)
{
	for (size_t i = 0; i < pod->n_addrs; i++) {
		bl_list_remove(&pod->addrs[i]->claims, pod);
		mark(p, pod->addrs[i]);
	}
	pod->n_addrs = 0;
	for (size_t i = 0; i < n && i < BL_POLICY_LOCAL_IPS; i++) {
		struct bl_addr_entry *a = addr_get(p, &ips[i]);

		if (claims(pod, a))
			continue;
		bl_list_add(&a->claims, pod);
		pod->addrs[pod->n_addrs++] = a;
		mark(p, a);
	}
}

bool bl_addr_is_wanted(const struct bl_policies *p, const struct bl_addr_entry *a)
{
	return a->claims.n && (a->class || p->n_blocks);
}

static void classify(struct bl_policies *p, struct bl_addr_entry *a)
{
	const struct bl_pod_entry *owner = owner_of(a);
	const struct bl_class_entry *block = owner ? bl_blocks_find(p, &a->ip) : NULL;
	struct bl_class_entry *old = a->class;
	struct bl_members m = {};

	for (size_t i = 0; owner && i < owner->members.n; i++)
		bl_members_add(&m, owner->members.list[i].atom, owner->members.list[i].port);
	for (size_t i = 0; block && i < block->n; i++)
		bl_members_add(&m, block->members[i].atom, 0);
	a->class = bl_class_ref(p, &m);
	bl_class_unref(p, old);
	bl_members_free(&m);
	if (!a->changed && (a->class != old || bl_addr_is_wanted(p, a) != a->held)) {
		a->changed = true;
		bl_list_add(&p->changed_addrs, a);
	}
}

void bl_addrs_classify(struct bl_policies *p)
{
	for (size_t i = 0; i < p->dirty_addrs.n; i++) {
		struct bl_addr_entry *a = p->dirty_addrs.items[i];

		a->dirty = false;
		classify(p, a);
		if (!a->claims.n && !a->changed)
			bl_addr_free(p, a);
	}
	p->dirty_addrs.n = 0;
}

void bl_addr_free(struct bl_policies *p, struct bl_addr_entry *a)
{
	bl_class_unref(p, a->class);
	bl_list_free(&a->claims);
	HASH_DEL(p->addrs, a);
	free(a);
}
