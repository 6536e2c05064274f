// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Lists: of pointers in no order, and of members in theirs.
 *
 * Members are ordered by the atom's number and the port, so that two addresses with the same members have the same
 * bytes, whichever way they came to them. Lists stay short: what an address has is what policies of this node tell of it.
 */

#include <string.h>

#include "agent/compile/policy_internal.h"
#include "base/mem.h"

void bl_list_add(struct bl_list *l, void *item)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 4;
		l->items = bl_realloc(l->items, l->cap, sizeof(*l->items));
	}
	l->items[l->n++] = item;
}

void bl_list_remove(struct bl_list *l, const void *item)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->items[i] == item) {
			l->items[i] = l->items[--l->n];
			return;
		}
	}
}

void bl_list_free(struct bl_list *l)
{
	free(l->items);
	*l = (struct bl_list){};
}

/* The first member at or behind {atom, port}. */
static size_t lower_bound(const struct bl_members *m, const struct bl_atom *atom, uint64_t port)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct bl_member *at = &m->list[mid];

		if (at->atom->id < atom->id || (at->atom == atom && at->port < port))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool bl_members_add(struct bl_members *m, struct bl_atom *atom, uint64_t port)
{
	size_t at = lower_bound(m, atom, port);

	if (at < m->n && m->list[at].atom == atom && m->list[at].port == port)
		return false;
	if (m->n == m->cap) {
		m->cap = m->cap ? 2 * m->cap : 4;
		m->list = bl_realloc(m->list, m->cap, sizeof(*m->list));
	}
	memmove(&m->list[at + 1], &m->list[at], (m->n - at) * sizeof(*m->list));
	m->list[at] = (struct bl_member){.atom = atom, .port = port};
	m->n++;
	return true;
}

bool bl_members_remove(struct bl_members *m, const struct bl_atom *atom)
{
	size_t first = lower_bound(m, atom, 0), last = first;

	while (last < m->n && m->list[last].atom == atom)
		last++;
	if (first == last)
		return false;
	memmove(&m->list[first], &m->list[last], (m->n - last) * sizeof(*m->list));
	m->n -= last - first;
	return true;
}

void bl_members_free(struct bl_members *m)
{
	free(m->list);
	*m = (struct bl_members){};
}
