/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CONTROLLERS_GRAPH_H
#define BL_CONTROLLERS_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <uthash.h>

/*
 * Who owns whom (metadata.ownerReferences), by uid. A node that was never seen, or is gone, stays as long as
 * something names it as its owner.
 */
struct bl_graph_edge {
	struct bl_graph_node *owner, *dependent;
	struct bl_graph_edge *next_owner;   /* the dependent's next owner */
	struct bl_graph_edge *next, **prev; /* the owner's dependents */
};

struct bl_graph_node {
	UT_hash_handle hh;
	char *uid;
	bool exists;
	bool waits; /* it is being deleted and waits for what it owns: a finalizer of the garbage collector */
	char *path; /* of the object; NULL unless it has owners, or waits */
	int source; /* which collection it came from */
	unsigned int round;
	struct bl_graph_edge *owners;
	struct bl_graph_edge *dependents;
};

struct bl_graph {
	struct bl_graph_node *nodes;
	/* A node may have to be looked at: its last owner went, or something that it waits for. */
	void (*look)(void *arg, const char *uid);
	void *arg;
};

struct bl_graph_object {
	const char *uid, *path;
	const char *const *owners; /* uids */
	size_t n_owners;
	bool waits;
	int source;
	unsigned int round;
};

void bl_graph_set(struct bl_graph *g, const struct bl_graph_object *o);
void bl_graph_gone(struct bl_graph *g, const char *uid);
/* What came from the source and was not seen in this round is gone. */
void bl_graph_sweep(struct bl_graph *g, int source, unsigned int round);
struct bl_graph_node *bl_graph_find(const struct bl_graph *g, const char *uid);
/* It has owners, and none of them exists. */
bool bl_graph_is_garbage(const struct bl_graph_node *n);
void bl_graph_free(struct bl_graph *g);

#endif
