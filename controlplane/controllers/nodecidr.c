// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The node CIDR controller.
 *
 * Every node gets one piece of each cluster CIDR, in spec.podCIDRs and, the first of them, in spec.podCIDR. What is
 * taken follows from the nodes alone: each node that has CIDRs owns them, a node that is deleted gives them back, and
 * before the first list is complete nothing is given out.
 *
 * Both families are given together or not at all, since the field cannot be changed later. A node that finds none is told
 * by an Event, once, and waits; it gets its CIDRs when another node goes.
 *
 * Between our write and its echo the pool already holds the piece under the node's name, so two nodes that come
 * together never get the same one.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "api/node.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "controllers/cidrpool.h"
#include "controllers/event.h"
#include "controllers/internal.h"

/* A node that found no CIDR, and was told. */
struct waiting {
	UT_hash_handle hh;
	char name[];
};

struct controller {
	struct bl_mirror *nodes;
	struct bl_mirror_listener on_node;
	struct bl_queue *queue;
	struct bl_cidrpool pools[2];
	size_t n_pools;
	struct waiting *waiting;
};

static void forget_waiting(struct controller *c, const char *name)
{
	struct waiting *w;

	HASH_FIND_STR(c->waiting, name, w);
	if (!w)
		return;
	HASH_DEL(c->waiting, w);
	free(w);
}

/* Remembers and tells; the second time it does neither. */
static void make_wait(struct controller *c, struct bl_queue_item *item,
		      const struct bl_api_node *node)
{
	const char *name = node->obj.meta.name;
	struct bl_event_text e = {
		.kind = "Node",
		.name = name,
		.uid = node->obj.meta.uid,
		.reason = "CIDRNotAvailable",
		.message = "the cluster CIDRs have no piece left for this node",
		.component = "beeline-nodecidr",
	};
	size_t len = strlen(name) + 1;
	struct waiting *w;

	HASH_FIND_STR(c->waiting, name, w);
	if (w)
		return;
	w = bl_malloc(sizeof(*w) + len);
	memcpy(w->name, name, len);
	HASH_ADD_STR(c->waiting, name, w);
	bl_log_warn("no pod CIDR left for a node name=%s", name);
	bl_event_send(item, &e);
}

/* One piece of each pool, or none at all. */
static bool take_all(struct controller *c, const char *name, struct bl_cidr cidrs[2])
{
	for (size_t i = 0; i < c->n_pools; i++) {
		if (!bl_cidrpool_take(&c->pools[i], name, &cidrs[i]))
			continue;
		while (i--)
			bl_cidrpool_release(&c->pools[i], name, NULL);
		return false;
	}
	return true;
}

/* The answer counts at once: the watch may show it later than the next work on this node. */
static bool answered(void *arg, struct bl_queue_item *item, const struct bl_client_response *resp)
{
	struct controller *c = arg;

	(void)item;
	if (resp->status == 404)
		return true;
	if (resp->status < 200 || resp->status >= 300)
		return false;
	bl_mirror_put(c->nodes, resp->body, resp->len);
	return true;
}

static void send_cidrs(struct controller *c, struct bl_queue_item *item, const char *name,
		       const struct bl_cidr *cidrs)
{
	BL_FREE char *path = bl_asprintf("/api/v1/nodes/%s", name);
	BL_FREE char *body = NULL;
	json_t *list = json_array();
	char text[BL_CIDR_STRLEN];
	json_t *patch;
	struct bl_client_request req = {
		.method = "PATCH",
		.path = path,
		.content_type = "application/merge-patch+json",
	};

	for (size_t i = 0; i < c->n_pools; i++)
		json_array_append_new(list, json_string(bl_cidr_format(&cidrs[i], text)));
	patch = json_pack("{s:{s:O, s:o}}", "spec", "podCIDR", json_array_get(list, 0), "podCIDRs",
			  list);
	body = bl_json_dump(patch);
	json_decref(patch);
	req.body = body;
	req.len = strlen(body);
	bl_queue_send(item, &req, answered, c);
}

static void work(void *arg, struct bl_queue_item *item, const char *key)
{
	struct controller *c = arg;
	const struct bl_mirrored *o = bl_mirror_get(c->nodes, key);
	const struct bl_api_node *node = o ? (const struct bl_api_node *)o->obj : NULL;
	struct bl_cidr cidrs[2];

	if (!node || node->n_pod_cidrs || node->obj.meta.deleting)
		return;
	/* a piece from an attempt that failed */
	for (size_t i = 0; i < c->n_pools; i++)
		bl_cidrpool_release(&c->pools[i], key, NULL);
	if (take_all(c, key, cidrs))
		send_cidrs(c, item, key, cidrs);
	else
		make_wait(c, item, node);
}

/* What the node's CIDRs say about the pools. */
static void adopt(struct controller *c, const struct bl_api_node *node)
{
	const char *name = node->obj.meta.name;

	for (size_t i = 0; i < c->n_pools; i++) {
		const struct bl_cidr *mine = NULL;

		for (size_t k = 0; k < node->n_pod_cidrs; k++) {
			if (node->pod_cidrs[k].ip.family == c->pools[i].range.ip.family)
				mine = &node->pod_cidrs[k];
		}
		if (!node->n_pod_cidrs)
			continue;
		bl_cidrpool_release(&c->pools[i], name, mine);
		if (mine && bl_cidrpool_adopt(&c->pools[i], mine, name) == -EEXIST)
			bl_log_warn("two nodes have one pod CIDR name=%s", name);
	}
}

static void node_changed(void *arg, const struct bl_mirrored *old, const struct bl_mirrored *now)
{
	struct controller *c = arg;
	struct waiting *w, *tmp;
	size_t freed = 0;

	if (now) {
		const struct bl_api_node *node = (const struct bl_api_node *)now->obj;

		adopt(c, node);
		if (node->n_pod_cidrs)
			forget_waiting(c, now->key);
		else
			bl_queue_add(c->queue, now->key);
		return;
	}
	forget_waiting(c, old->key);
	for (size_t i = 0; i < c->n_pools; i++)
		freed += bl_cidrpool_release(&c->pools[i], old->key, NULL);
	if (!freed)
		return;
	HASH_ITER (hh, c->waiting, w, tmp) {
		bl_queue_add(c->queue, w->name);
	}
}

static void synced(void *arg)
{
	struct controller *c = arg;

	bl_queue_start(c->queue);
}

static void *start(struct bl_controllers *all)
{
	const struct bl_controllers_opts *o = bl_controllers_opts(all);
	struct controller *c = bl_new0(struct controller);

	for (size_t i = 0; i < o->n_cluster_cidrs; i++) {
		const struct bl_cidr *range = &o->cluster_cidrs[i];

		if (!bl_cidrpool_init(&c->pools[c->n_pools], range,
				      range->ip.family == 4 ? o->node_bits4 : o->node_bits6, NULL))
			c->n_pools++;
	}
	c->queue = bl_queue_new(bl_controllers_loop(all), bl_controllers_client(all), work, c);
	c->nodes = bl_controllers_mirror(all, BL_SHARED_NODES);
	c->on_node =
		(struct bl_mirror_listener){.changed = node_changed, .synced = synced, .arg = c};
	bl_mirror_listen(c->nodes, &c->on_node);
	return c;
}

static void stop(void *arg)
{
	struct controller *c = arg;

	bl_queue_free(c->queue);
	while (c->waiting)
		forget_waiting(c, c->waiting->name);
	for (size_t i = 0; i < c->n_pools; i++)
		bl_cidrpool_free(&c->pools[i]);
	free(c);
}

const struct bl_controller_type bl_controller_nodecidr = {"nodecidr", start, stop};
