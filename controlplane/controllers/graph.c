// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The graph of owners.
 *
 *     owner ◄── edge ── dependent
 *
 * Every object is a node, and every ownerReference an edge. References name an object by its uid, and may be seen before
 * the object is: then the node is there and does not exist yet. When an object goes, its node stays without existing
 * until the last edge to it goes.
 *
 * The graph is fed by watches that know nothing of each other, so it may be behind the server in any direction. It
 * therefore only says where to look; whoever looks asks the server before deleting anything.
 *
 * Most objects have no owner, and of those only the uid is kept.
 */

#include "controllers/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct bl_graph_node *bl_graph_find(const struct bl_graph *g, const char *uid)
{
	struct bl_graph_node *n;

	HASH_FIND_STR(g->nodes, uid, n);
	return n;
}

static struct bl_graph_node *node_of(struct bl_graph *g, const char *uid)
{
	struct bl_graph_node *n = bl_graph_find(g, uid);

	if (n)
		return n;
	n = bl_new0(struct bl_graph_node);
	n->uid = bl_strdup(uid);
	HASH_ADD_KEYPTR(hh, g->nodes, n->uid, strlen(n->uid), n);
	return n;
}

static void free_if_unused(struct bl_graph *g, struct bl_graph_node *n)
{
	if (n->exists || n->dependents)
		return;
	HASH_DEL(g->nodes, n);
	free(n->uid);
	free(n->path);
	free(n);
}

/* The node keeps its place even if nothing names it any more. */
static void cut_owners(struct bl_graph *g, struct bl_graph_node *n)
{
	while (n->owners) {
		struct bl_graph_edge *e = n->owners;
		struct bl_graph_node *owner = e->owner;

		n->owners = e->next_owner;
		*e->prev = e->next;
		if (e->next)
			e->next->prev = e->prev;
		free(e);
		if (owner->waits && g->look)
			g->look(g->arg, owner->uid);
		if (owner != n)
			free_if_unused(g, owner);
	}
}

static void add_owner(struct bl_graph *g, struct bl_graph_node *n, const char *uid)
{
	struct bl_graph_edge *e = bl_new0(struct bl_graph_edge);

	e->owner = node_of(g, uid);
	e->dependent = n;
	e->next_owner = n->owners;
	n->owners = e;
	e->next = e->owner->dependents;
	e->prev = &e->owner->dependents;
	if (e->next)
		e->next->prev = &e->next;
	e->owner->dependents = e;
}

bool bl_graph_is_garbage(const struct bl_graph_node *n)
{
	for (const struct bl_graph_edge *e = n->owners; e; e = e->next_owner) {
		if (e->owner->exists)
			return false;
	}
	return n->owners != NULL;
}

void bl_graph_set(struct bl_graph *g, const struct bl_graph_object *o)
{
	struct bl_graph_node *n = node_of(g, o->uid);

	n->exists = true;
	n->source = o->source;
	n->round = o->round;
	n->waits = o->waits;
	cut_owners(g, n);
	for (size_t i = 0; i < o->n_owners; i++)
		add_owner(g, n, o->owners[i]);
	free(n->path);
	n->path = n->owners || n->waits ? bl_strdup(o->path) : NULL;
	if (g->look && (n->waits || bl_graph_is_garbage(n)))
		g->look(g->arg, n->uid);
}

void bl_graph_gone(struct bl_graph *g, const char *uid)
{
	struct bl_graph_node *n = bl_graph_find(g, uid);

	if (!n)
		return;
	n->exists = n->waits = false;
	cut_owners(g, n);
	for (struct bl_graph_edge *e = n->dependents; e && g->look; e = e->next) {
		if (bl_graph_is_garbage(e->dependent))
			g->look(g->arg, e->dependent->uid);
	}
	free_if_unused(g, n);
}

void bl_graph_sweep(struct bl_graph *g, int source, unsigned int round)
{
	struct bl_graph_node *n, *tmp;
	char **uids = NULL;
	size_t count = 0;

	/* what goes may take other nodes along, so they are gathered first */
	HASH_ITER (hh, g->nodes, n, tmp) {
		if (!n->exists || n->source != source || n->round == round)
			continue;
		uids = bl_realloc(uids, count + 1, sizeof(*uids));
		uids[count++] = bl_strdup(n->uid);
	}
	for (size_t i = 0; i < count; i++) {
		bl_graph_gone(g, uids[i]);
		free(uids[i]);
	}
	free(uids);
}

void bl_graph_free(struct bl_graph *g)
{
	struct bl_graph_node *n, *tmp;

	g->look = NULL;
	HASH_ITER (hh, g->nodes, n, tmp) {
		n->exists = true; /* cutting frees none of them */
	}
	HASH_ITER (hh, g->nodes, n, tmp) {
		cut_owners(g, n);
	}
	HASH_ITER (hh, g->nodes, n, tmp) {
		HASH_DEL(g->nodes, n);
		free(n->uid);
		free(n->path);
		free(n);
	}
}
