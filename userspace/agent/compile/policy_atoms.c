// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Atoms: what policies in force ask of a peer.
 *
 * An atom is found by its content, written as a key, so that a selector that a hundred policies repeat is evaluated once.
 * It copies what it needs: the policy that brought it may change while a set still has its rules. Each namespace keeps the
 * list of atoms that may match its pods, by the policy's own namespace or by its selector over the namespace's labels; a pod
 * is only ever held against these.
 *
 * Who matches a pod selector is a pod of the cluster's network. Pods on the host's network have the node's address, which
 * is nobody's label; pods that have ended own no address any more. A namespace that the API has not told of yet matches no
 * namespace selector: what is unknown is an outsider.
 */

#include <string.h>

#include "agent/compile/policy_internal.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

/* --- keys ---------------------------------------------------------------------------------------------------------------- */

static void put_str(struct bl_buf *b, const char *s)
{
	bl_buf_append(b, s, strlen(s) + 1);
}

static void put_selector(struct bl_buf *b, const struct bl_api_selector *s)
{
	bl_buf_putc(b, s ? 's' : '-');
	for (size_t i = 0; s && i < s->count; i++) {
		const struct bl_api_requirement *q = &s->list[i];

		bl_buf_putc(b, (char)('0' + q->op));
		put_str(b, q->key);
		bl_buf_append(b, &q->n_values, sizeof(q->n_values));
		for (size_t k = 0; k < q->n_values; k++)
			put_str(b, q->values[k]);
	}
	bl_buf_putc(b, '\n');
}

static void put_cidr(struct bl_buf *b, const struct bl_cidr *c)
{
	bl_buf_putc(b, (char)c->ip.family);
	bl_buf_putc(b, (char)c->len);
	bl_buf_append(b, c->ip.b, sizeof(c->ip.b));
}

/* --- copies -------------------------------------------------------------------------------------------------------------- */

static const struct bl_api_selector *copy_selector(struct bl_arena *a,
						   const struct bl_api_selector *s)
{
	struct bl_api_selector *to;

	if (!s)
		return NULL;
	to = bl_arena_new0(a, struct bl_api_selector);
	to->count = s->count;
	to->list = bl_arena_array(a, s->count, struct bl_api_requirement);
	for (size_t i = 0; i < s->count; i++) {
		const struct bl_api_requirement *q = &s->list[i];
		struct bl_api_requirement *t = &to->list[i];

		t->key = bl_arena_strdup(a, q->key);
		t->op = q->op;
		t->n_values = q->n_values;
		t->values = bl_arena_array(a, q->n_values, const char *);
		for (size_t k = 0; k < q->n_values; k++)
			t->values[k] = bl_arena_strdup(a, q->values[k]);
	}
	return to;
}

static void copy_block(struct bl_atom *atom, const struct bl_api_ip_block *b)
{
	atom->block = *b;
	atom->block.except = bl_arena_array(atom->arena, b->n_except, struct bl_cidr);
	if (b->n_except)
		memcpy(atom->block.except, b->except, b->n_except * sizeof(*b->except));
}

/* --- matching ------------------------------------------------------------------------------------------------------------ */

static bool is_peer(const struct bl_pod_entry *pod)
{
	if (!pod->obj || pod->obj->host_network)
		return false;
	return pod->local ||
	       (pod->obj->phase != BL_POD_SUCCEEDED && pod->obj->phase != BL_POD_FAILED);
}

static bool may_match(const struct bl_atom *atom, const struct bl_ns_entry *ns)
{
	switch (atom->kind) {
	case BL_ATOM_PODS:
		if (atom->namespace)
			return bl_streq(atom->namespace, ns->name);
		return ns->obj &&
		       bl_api_selector_matches(atom->namespaces, &ns->obj->obj.meta.labels);
	case BL_ATOM_PEER_PORT:
		return true;
	case BL_ATOM_OWN_PORT:
	case BL_ATOM_BLOCK:
		break;
	}
	return false;
}

static bool match_ports(struct bl_atom *atom, const struct bl_api_pod *pod, struct bl_members *to)
{
	bool any = false;

	for (size_t i = 0; i < pod->n_ports; i++) {
		const struct bl_api_pod_port *port = &pod->ports[i];

		if (port->proto == atom->proto && bl_streq(port->name, atom->port))
			any |= bl_members_add(to, atom, port->port);
	}
	return any;
}

bool bl_atom_match(struct bl_atom *atom, const struct bl_pod_entry *pod, struct bl_members *to)
{
	if (!is_peer(pod))
		return false;
	if (atom->kind == BL_ATOM_PEER_PORT || atom->kind == BL_ATOM_OWN_PORT)
		return match_ports(atom, pod->obj, to);
	if (atom->pods && !bl_api_selector_matches(atom->pods, &pod->obj->obj.meta.labels))
		return false;
	return bl_members_add(to, atom, 0);
}

void bl_atoms_of_namespace(struct bl_policies *p, struct bl_ns_entry *ns)
{
	ns->atoms.n = 0;
	for (struct bl_atom *atom = p->atoms; atom; atom = atom->hh.next) {
		if (may_match(atom, ns))
			bl_list_add(&ns->atoms, atom);
	}
}

/* --- coming and going -------------------------------------------------------------------------------------------------- */

static void spread(struct bl_policies *p, struct bl_atom *atom)
{
	struct bl_pod_entry *pod;

	for (struct bl_ns_entry *ns = p->namespaces; ns; ns = ns->hh.next) {
		if (!may_match(atom, ns))
			continue;
		bl_list_add(&ns->atoms, atom);
		DL_FOREACH (ns->pods, pod) {
			if (bl_atom_match(atom, pod, &pod->members))
				bl_pod_mark_addrs(p, pod);
		}
	}
}

static void withdraw(struct bl_policies *p, struct bl_atom *atom)
{
	struct bl_pod_entry *pod;

	for (struct bl_ns_entry *ns = p->namespaces; ns; ns = ns->hh.next) {
		bl_list_remove(&ns->atoms, atom);
		DL_FOREACH (ns->pods, pod) {
			if (bl_members_remove(&pod->members, atom))
				bl_pod_mark_addrs(p, pod);
		}
	}
}

/* The atom of the key, with a reference; *ret_new: the caller fills it and calls spread(). */
static struct bl_atom *take(struct bl_policies *p, const struct bl_buf *key, bool *ret_new)
{
	struct bl_atom *atom;

	HASH_FIND(hh, p->atoms, key->data, key->len, atom);
	*ret_new = !atom;
	if (!atom) {
		atom = bl_new0(struct bl_atom);
		atom->id = ++p->next_atom;
		atom->arena = bl_arena_new(256);
		atom->key_len = key->len;
		atom->key = memcpy(bl_arena_alloc(atom->arena, key->len), key->data, key->len);
		HASH_ADD_KEYPTR(hh, p->atoms, atom->key, atom->key_len, atom);
	}
	atom->refs++;
	return atom;
}

static struct bl_atom *atom_block(struct bl_policies *p, const struct bl_api_ip_block *block)
{
	BL_BUF struct bl_buf key = {};
	struct bl_atom *atom;
	bool new;

	bl_buf_putc(&key, 'b');
	put_cidr(&key, &block->cidr);
	for (size_t i = 0; i < block->n_except; i++)
		put_cidr(&key, &block->except[i]);
	atom = take(p, &key, &new);
	if (new) {
		atom->kind = BL_ATOM_BLOCK;
		copy_block(atom, block);
		p->blocks_dirty = true;
	}
	return atom;
}

struct bl_atom *bl_atom_peer(struct bl_policies *p, const char *namespace,
			     const struct bl_api_policy_peer *peer)
{
	BL_BUF struct bl_buf key = {};
	struct bl_atom *atom;
	bool new;

	if (peer->block)
		return atom_block(p, peer->block);
	bl_buf_putc(&key, 'p');
	put_str(&key, peer->namespaces ? "" : namespace);
	put_selector(&key, peer->namespaces);
	put_selector(&key, peer->pods);
	atom = take(p, &key, &new);
	if (new) {
		atom->kind = BL_ATOM_PODS;
		if (!peer->namespaces)
			atom->namespace = bl_arena_strdup(atom->arena, namespace);
		atom->namespaces = copy_selector(atom->arena, peer->namespaces);
		atom->pods = copy_selector(atom->arena, peer->pods);
		spread(p, atom);
	}
	return atom;
}

struct bl_atom *bl_atom_port(struct bl_policies *p, enum bl_atom_kind kind, const char *name,
			     uint8_t proto)
{
	BL_BUF struct bl_buf key = {};
	struct bl_atom *atom;
	bool new;

	bl_buf_putc(&key, kind == BL_ATOM_PEER_PORT ? 'e' : 'i');
	bl_buf_putc(&key, (char)proto);
	put_str(&key, name);
	atom = take(p, &key, &new);
	if (new) {
		atom->kind = kind;
		atom->proto = proto;
		atom->port = bl_arena_strdup(atom->arena, name);
		spread(p, atom);
	}
	return atom;
}

void bl_atom_unref(struct bl_policies *p, struct bl_atom *atom)
{
	if (--atom->refs || atom->doomed)
		return;
	atom->doomed = true;
	bl_list_add(&p->doomed_atoms, atom);
}

void bl_atoms_withdraw(struct bl_policies *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->doomed_atoms.n; i++) {
		struct bl_atom *atom = p->doomed_atoms.items[i];

		atom->doomed = !atom->refs;
		if (!atom->doomed)
			continue;
		p->doomed_atoms.items[kept++] = atom;
		HASH_DEL(p->atoms, atom);
		if (atom->kind == BL_ATOM_BLOCK)
			p->blocks_dirty = true;
		else
			withdraw(p, atom);
	}
	p->doomed_atoms.n = kept;
}

static void atom_free(struct bl_atom *atom)
{
	bl_list_free(&atom->sets);
	bl_list_free(&atom->classes);
	bl_arena_free(atom->arena);
	free(atom);
}

void bl_atoms_bury(struct bl_policies *p)
{
	for (size_t i = 0; i < p->doomed_atoms.n; i++)
		atom_free(p->doomed_atoms.items[i]);
	p->doomed_atoms.n = 0;
}
