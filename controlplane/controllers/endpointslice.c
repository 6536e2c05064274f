// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The endpointslice controller.
 *
 * Watches Services, Pods, Nodes and its own slices; a change of any marks the Services that it touches, and the work on
 * a Service is: gather what it selects, make the plan (slices.h), send the writes. A pod that becomes ready is written
 * out in the turn of the loop in which the event arrived; more pods that change while the write is under way are the next
 * write together.
 *
 * Answers to its own writes go into the cache at once, so the next plan starts from what was written and not from what the
 * watch has shown so far; otherwise a second plan would create the same slice again.
 *
 * Services without a selector and ExternalName Services are left alone: their slices are made by others. Slices whose
 * Service is gone are deleted here, without waiting for the garbage collector.
 */

#include <stdlib.h>
#include <string.h>

#include "api/endpointslice.h"
#include "api/node.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "controllers/internal.h"
#include "controllers/slices.h"

struct controller {
	struct bl_mirror *services, *pods, *nodes, *slices;
	struct bl_mirror_listener on_service, on_pod, on_node, on_slice;
	struct bl_queue *queue;
};

static const char *zone_of(void *arg, const char *node)
{
	const struct controller *c = arg;
	const struct bl_mirrored *o = bl_mirror_get(c->nodes, node);

	return o ? ((const struct bl_api_node *)o->obj)->zone : NULL;
}

static bool selects(const struct bl_api_service *svc, const struct bl_mirrored *pod)
{
	if (!pod || !svc->has_selector ||
	    !bl_streq(svc->obj.meta.namespace, pod->obj->meta.namespace))
		return false;
	for (size_t i = 0; i < svc->selector.count; i++) {
		const struct bl_api_pair *want = &svc->selector.list[i];
		const char *value = bl_api_pairs_get(&pod->obj->meta.labels, want->key);

		if (!value || !bl_streq(value, want->value))
			return false;
	}
	return true;
}

static bool is_ours(const struct bl_api_service *svc)
{
	return svc->has_selector && svc->type != BL_SERVICE_EXTERNAL_NAME;
}

/* --- writes --- */

static bool answered_write(void *arg, struct bl_queue_item *item,
			   const struct bl_client_response *resp)
{
	struct controller *c = arg;

	(void)item;
	if (resp->status >= 200 && resp->status < 300) {
		bl_mirror_put(c->slices, resp->body, resp->len);
		return true;
	}
	/* the namespace is going or gone, and everything in it with it */
	return resp->status == 404 || (resp->status == 403 && strstr(resp->body, "terminat"));
}

static void send_action(struct controller *c, struct bl_queue_item *item, const char *ns,
			const struct bl_slices_action *a)
{
	static const char *const methods[] = {"POST", "PUT", "DELETE"};
	const char *name = bl_json_str_at(a->slice, "metadata", "name", NULL);
	bool create = a->op == BL_SLICES_CREATE;
	BL_FREE char *path =
		bl_asprintf("/apis/discovery.k8s.io/v1/namespaces/%s/endpointslices%s%s", ns,
			    create || !name ? "" : "/", create || !name ? "" : name);
	BL_FREE char *body = NULL;
	struct bl_client_request req = {.method = methods[a->op], .path = path};

	if (a->op == BL_SLICES_DELETE) {
		bl_queue_send(item, &req, NULL, NULL);
		return;
	}
	body = bl_json_dump(a->slice);
	req.body = body;
	req.len = strlen(body);
	bl_queue_send(item, &req, answered_write, c);
}

/* --- gathering --- */

static size_t gather_pods(struct controller *c, const struct bl_api_service *svc,
			  const struct bl_api_pod ***ret)
{
	const struct bl_api_pod **list = NULL;
	struct bl_mirrored *o, *tmp;
	size_t n = 0;

	HASH_ITER (hh, bl_mirror_all(c->pods), o, tmp) {
		if (!selects(svc, o))
			continue;
		if (!(n & (n + 1))) /* doubles at 0, 1, 3, 7, ... */
			list = bl_realloc(list, 2 * n + 1, sizeof(*list));
		list[n++] = (const struct bl_api_pod *)o->obj;
	}
	*ret = list;
	return n;
}

static size_t gather_slices(struct controller *c, const char *ns, const char *service,
			    json_t ***ret)
{
	struct bl_mirrored *o, *tmp;
	json_t **list = NULL;
	size_t n = 0;

	HASH_ITER (hh, bl_mirror_all(c->slices), o, tmp) {
		const struct bl_api_endpointslice *s = (const struct bl_api_endpointslice *)o->obj;
		json_t *j;

		if (!bl_streq(s->obj.meta.namespace, ns) || !bl_streq(s->service, service) ||
		    s->obj.meta.deleting || bl_json_parse(o->json, o->len, &j, NULL))
			continue;
		list = bl_realloc(list, n + 1, sizeof(*list));
		list[n++] = j;
	}
	*ret = list;
	return n;
}

static void bring_about(struct controller *c, struct bl_queue_item *item,
			const struct bl_api_service *svc, json_t **slices, size_t n_slices)
{
	const struct bl_api_pod **pods = NULL;
	struct bl_slices_plan plan;
	struct bl_slices_input in = {.service = svc,
				     .zone_of = zone_of,
				     .arg = c,
				     .slices = slices,
				     .n_slices = n_slices};

	in.n_pods = gather_pods(c, svc, &pods);
	in.pods = pods;
	bl_slices_plan(&in, &plan);
	for (size_t i = 0; i < plan.count; i++)
		send_action(c, item, svc->obj.meta.namespace, &plan.list[i]);
	bl_slices_plan_free(&plan);
	free(pods);
}

static void work(void *arg, struct bl_queue_item *item, const char *key)
{
	struct controller *c = arg;
	const struct bl_mirrored *o = bl_mirror_get(c->services, key);
	const struct bl_api_service *svc = o ? (const struct bl_api_service *)o->obj : NULL;
	const char *slash = strchr(key, '/');
	BL_FREE char *ns = bl_strndup(key, slash ? (size_t)(slash - key) : 0);
	json_t **slices = NULL;
	size_t n;

	if (!slash || (svc && !is_ours(svc)))
		return;
	n = gather_slices(c, ns, slash + 1, &slices);
	if (svc)
		bring_about(c, item, svc, slices, n);
	for (size_t i = 0; i < n; i++) {
		if (!svc)
			send_action(c, item, ns,
				    &(struct bl_slices_action){BL_SLICES_DELETE, slices[i]});
		json_decref(slices[i]);
	}
	free(slices);
}

/* --- events --- */

static void service_changed(void *arg, const struct bl_mirrored *old, const struct bl_mirrored *now)
{
	struct controller *c = arg;

	bl_queue_add(c->queue, now ? now->key : old->key);
}

static void pod_changed(void *arg, const struct bl_mirrored *old, const struct bl_mirrored *now)
{
	struct controller *c = arg;
	struct bl_mirrored *o, *tmp;

	HASH_ITER (hh, bl_mirror_all(c->services), o, tmp) {
		const struct bl_api_service *svc = (const struct bl_api_service *)o->obj;

		if (selects(svc, old) || selects(svc, now))
			bl_queue_add(c->queue, o->key);
	}
}

static void node_changed(void *arg, const struct bl_mirrored *old, const struct bl_mirrored *now)
{
	struct controller *c = arg;
	struct bl_mirrored *o, *tmp;

	if (old && now &&
	    bl_streq(((const struct bl_api_node *)old->obj)->zone,
		     ((const struct bl_api_node *)now->obj)->zone))
		return;
	HASH_ITER (hh, bl_mirror_all(c->services), o, tmp) {
		bl_queue_add(c->queue, o->key);
	}
}

static void slice_changed(void *arg, const struct bl_mirrored *old, const struct bl_mirrored *now)
{
	struct controller *c = arg;
	const struct bl_mirrored *o = now ? now : old;
	const struct bl_api_endpointslice *s = (const struct bl_api_endpointslice *)o->obj;
	BL_FREE char *key = bl_asprintf("%s/%s", s->obj.meta.namespace, s->service);

	if (*s->service)
		bl_queue_add(c->queue, key);
}

static void synced(void *arg)
{
	struct controller *c = arg;

	if (bl_mirror_synced(c->services) && bl_mirror_synced(c->pods) &&
	    bl_mirror_synced(c->nodes) && bl_mirror_synced(c->slices))
		bl_queue_start(c->queue);
}

static void listen_to(struct bl_mirror *mirror, struct bl_mirror_listener *l,
		      void (*changed)(void *arg, const struct bl_mirrored *old,
				      const struct bl_mirrored *now),
		      void *arg)
{
	*l = (struct bl_mirror_listener){.changed = changed, .synced = synced, .arg = arg};
	bl_mirror_listen(mirror, l);
}

static void *start(struct bl_controllers *all)
{
	struct controller *c = bl_new0(struct controller);

	c->queue = bl_queue_new(bl_controllers_loop(all), bl_controllers_client(all), work, c);
	c->services = bl_controllers_mirror(all, BL_SHARED_SERVICES);
	c->pods = bl_controllers_mirror(all, BL_SHARED_PODS);
	c->nodes = bl_controllers_mirror(all, BL_SHARED_NODES);
	c->slices = bl_controllers_mirror(all, BL_SHARED_SLICES);
	listen_to(c->services, &c->on_service, service_changed, c);
	listen_to(c->pods, &c->on_pod, pod_changed, c);
	listen_to(c->nodes, &c->on_node, node_changed, c);
	listen_to(c->slices, &c->on_slice, slice_changed, c);
	return c;
}

static void stop(void *arg)
{
	struct controller *c = arg;

	bl_queue_free(c->queue);
	free(c);
}

const struct bl_controller_type bl_controller_endpointslice = {"endpointslice", start, stop};
