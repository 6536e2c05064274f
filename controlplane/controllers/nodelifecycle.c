// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The node lifecycle controller.
 *
 * A node renews its Lease in kube-node-lease every ten seconds. When the Lease has not changed for forty (by the clock
 * of this process, so that clocks of nodes do not matter), the node is unreachable: its condition Ready becomes Unknown, it is
 * tainted, its pods are no longer ready and leave the services; after five minutes its pods are deleted. A node that
 * says itself that it is not ready is tainted, and its pods are unready, in the same way. When it is ready again the
 * taints go, and its pods' readiness is again what the node says.
 *
 * A node that never had a Lease is nobody's to judge and is left alone.
 *
 * What is done follows from the node as the server has it at that moment, read before each decision; what this process
 * remembers is only when a Lease last changed.
 */

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "api/node.h"
#include "api/pod.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "client/cutter.h"
#include "controllers/internal.h"
#include "controllers/taints.h"

#define TICK_MS	 5000
#define GRACE_NS (40 * BL_NSEC_PER_SEC)	 /* --node-monitor-grace-period */
#define EVICT_NS (300 * BL_NSEC_PER_SEC) /* default tolerationSeconds */

struct node {
	UT_hash_handle hh;
	char *name;
	uint64_t renewed_ns;   /* when the Lease last changed; 0: it never had one */
	uint64_t not_ready_ns; /* since when it is not ready; 0: it is */
	bool stale, evicted;
};

struct controller {
	struct bl_mirror *nodes, *pods, *leases;
	struct bl_mirror_listener on_node, on_pod, on_lease;
	struct bl_queue *queue;
	struct node *known;
	uv_timer_t *timer;
};

static struct node *node_of(struct controller *c, const char *name)
{
	struct node *n;

	HASH_FIND_STR(c->known, name, n);
	if (n)
		return n;
	n = bl_new0(struct node);
	n->name = bl_strdup(name);
	HASH_ADD_KEYPTR(hh, c->known, n->name, strlen(n->name), n);
	return n;
}

static void free_node(struct controller *c, struct node *n)
{
	HASH_DEL(c->known, n);
	free(n->name);
	free(n);
}

static void send_patch(struct bl_queue_item *item, const char *path, const char *type, json_t *body)
{
	BL_FREE char *text = bl_json_dump(body);
	struct bl_client_request req = {.method = "PATCH",
					.path = path,
					.content_type = type,
					.body = text,
					.len = strlen(text)};

	json_decref(body);
	bl_queue_send(item, &req, NULL, NULL);
}

static void send_condition(struct bl_queue_item *item, const char *path, const char *status,
			   const char *reason, const char *message)
{
	char now[BL_TIME_STRLEN];

	bl_time_format(bl_time_wall_ns(), 0, now);
	send_patch(item, path, "application/strategic-merge-patch+json",
		   json_pack("{s:{s:[{s:s, s:s, s:s, s:s, s:s}]}}", "status", "conditions", "type",
			     "Ready", "status", status, "reason", reason, "message", message,
			     "lastTransitionTime", now));
}

/* Pods that count as ready no longer do; after five minutes they are deleted. */
static void treat_pods(struct controller *c, struct bl_queue_item *item, struct node *n)
{
	bool evict = bl_time_mono_ns() - n->not_ready_ns >= EVICT_NS;
	struct bl_mirrored *o, *tmp;

	HASH_ITER (hh, bl_mirror_all(c->pods), o, tmp) {
		const struct bl_api_pod *pod = (const struct bl_api_pod *)o->obj;
		BL_FREE char *path = NULL, *status = NULL;
		struct bl_client_request req = {.method = "DELETE"};

		if (!bl_streq(pod->node, n->name) || pod->obj.meta.deleting)
			continue;
		path = bl_asprintf("/api/v1/namespaces/%s/pods/%s", pod->obj.meta.namespace,
				   pod->obj.meta.name);
		status = bl_asprintf("%s/status", path);
		req.path = path;
		if (evict)
			bl_queue_send(item, &req, NULL, NULL);
		else if (pod->ready)
			send_condition(item, status, "False", "NodeNotReady",
				       "the pod's node is not ready");
	}
	n->evicted = evict;
}

/* The node as the server has it: what follows from it. */
static bool judged(void *arg, struct bl_queue_item *item, const struct bl_client_response *resp)
{
	struct controller *c = arg;
	struct node *n = node_of(c, bl_queue_key(item));
	BL_FREE char *path = bl_asprintf("/api/v1/nodes/%s", n->name);
	BL_FREE char *status_path = bl_asprintf("%s/status", path);
	BL_JSON json_t *json = NULL;
	json_t *taints;
	const char *ready;

	if (resp->status == 404)
		return true;
	if (resp->status != 200 || bl_json_parse(resp->body, resp->len, &json, NULL))
		return false;
	ready = bl_taints_ready_status(json);
	if (n->stale && !bl_streq(ready, "Unknown")) {
		bl_log_warn("node does not renew its lease name=%s", n->name);
		send_condition(item, status_path, "Unknown", "NodeStatusUnknown",
			       "Kubelet stopped posting node status.");
		ready = "Unknown";
	}
	if (bl_streq(ready, "True"))
		n->not_ready_ns = 0;
	else if (!n->not_ready_ns)
		n->not_ready_ns = bl_time_mono_ns();
	taints = bl_taints_wanted(json, ready);
	if (taints)
		send_patch(item, path, "application/merge-patch+json",
			   json_pack("{s:{s:o}}", "spec", "taints", taints));
	if (n->not_ready_ns)
		treat_pods(c, item, n);
	return true;
}

static void work(void *arg, struct bl_queue_item *item, const char *key)
{
	struct controller *c = arg;
	struct node *n = node_of(c, key);
	BL_FREE char *path = bl_asprintf("/api/v1/nodes/%s", key);
	struct bl_client_request req = {.method = "GET", .path = path};

	if (n->renewed_ns && bl_mirror_get(c->nodes, key))
		bl_queue_send(item, &req, judged, c);
}

static void on_tick(uv_timer_t *t)
{
	struct controller *c = t->data;
	uint64_t now = bl_time_mono_ns();
	struct node *n, *tmp;

	HASH_ITER (hh, c->known, n, tmp) {
		bool stale = n->renewed_ns && now - n->renewed_ns >= GRACE_NS;
		bool evict = n->not_ready_ns && now - n->not_ready_ns >= EVICT_NS;

		if (stale != n->stale || (evict && !n->evicted))
			bl_queue_add(c->queue, n->name);
		n->stale = stale;
	}
}

static struct bl_span renew_time(const struct bl_mirrored *o)
{
	struct bl_span spec = {};

	if (o)
		spec = bl_span_of(o->json, o->len, "spec");
	return bl_span_str(spec, "renewTime");
}

static void lease_changed(void *arg, const struct bl_mirrored *old, const struct bl_mirrored *now)
{
	struct controller *c = arg;
	struct bl_span a = renew_time(old), b = renew_time(now);
	const char *slash = now ? strchr(now->key, '/') : NULL;
	struct node *n;

	if (!slash || (old && a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len))))
		return;
	n = node_of(c, slash + 1);
	if (!n->renewed_ns || n->stale)
		bl_queue_add(c->queue, n->name);
	n->renewed_ns = bl_time_mono_ns();
	n->stale = false;
}

/* A node that says that it is ready is alive, whether or not its Lease has been seen yet. */
static void said_ready(struct controller *c, const char *name)
{
	struct node *n;

	HASH_FIND_STR(c->known, name, n);
	if (!n || !n->renewed_ns)
		return;
	n->renewed_ns = bl_time_mono_ns();
	n->stale = false;
}

static void node_changed(void *arg, const struct bl_mirrored *old, const struct bl_mirrored *now)
{
	struct controller *c = arg;
	struct node *n;
	bool is_ready;

	if (!now) {
		HASH_FIND_STR(c->known, old->key, n);
		if (n)
			free_node(c, n);
		return;
	}
	is_ready = ((const struct bl_api_node *)now->obj)->ready;
	if (old && ((const struct bl_api_node *)old->obj)->ready == is_ready)
		return;
	if (is_ready)
		said_ready(c, now->key);
	bl_queue_add(c->queue, now->key);
}

static void synced(void *arg)
{
	struct controller *c = arg;

	if (bl_mirror_synced(c->nodes) && bl_mirror_synced(c->pods) && bl_mirror_synced(c->leases))
		bl_queue_start(c->queue);
}

static void *start(struct bl_controllers *all)
{
	struct controller *c = bl_new0(struct controller);

	c->queue = bl_queue_new(bl_controllers_loop(all), bl_controllers_client(all), work, c);
	c->nodes = bl_controllers_mirror(all, BL_SHARED_NODES);
	c->pods = bl_controllers_mirror(all, BL_SHARED_PODS);
	c->leases = bl_controllers_mirror(all, BL_SHARED_LEASES);
	c->on_node = (struct bl_mirror_listener){node_changed, synced, c, NULL};
	c->on_pod = (struct bl_mirror_listener){NULL, synced, c, NULL};
	c->on_lease = (struct bl_mirror_listener){lease_changed, synced, c, NULL};
	bl_mirror_listen(c->nodes, &c->on_node);
	bl_mirror_listen(c->pods, &c->on_pod);
	bl_mirror_listen(c->leases, &c->on_lease);
	c->timer = bl_new0(uv_timer_t);
	uv_timer_init(bl_loop_uv(bl_controllers_loop(all)), c->timer);
	c->timer->data = c;
	uv_timer_start(c->timer, on_tick, TICK_MS, TICK_MS);
	return c;
}

static void free_timer(uv_handle_t *h)
{
	free(h);
}

static void stop(void *arg)
{
	struct controller *c = arg;

	uv_close((uv_handle_t *)c->timer, free_timer);
	bl_queue_free(c->queue);
	while (c->known)
		free_node(c, c->known);
	free(c);
}

const struct bl_controller_type bl_controller_nodelifecycle = {"nodelifecycle", start, stop};
