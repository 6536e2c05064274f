// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The namespace controller.
 *
 * A namespace that is being deleted is emptied, then let go:
 *
 *     look into every namespaced collection ─► anything left? delete those collections, look again
 *                                         └──► all empty: take "kubernetes" out of spec.finalizers
 *
 * The kinds come from discovery, so none is forgotten. The server refuses new objects in a terminating namespace,
 * hence a round in which every collection was empty is the last one. Objects that take their time (pods with a grace
 * period, objects with finalizers) are waited for: the next round comes after a short while, however long that lasts.
 *
 * A round that fails anywhere proves nothing and is tried again after a back-off.
 */

#include <stdlib.h>
#include <string.h>

#include "api/namespace.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "controllers/discovery.h"
#include "controllers/internal.h"

#define NEXT_ROUND_MS 300

/* One look into every collection of one namespace. */
struct round {
	struct round *next;
	struct controller *controller;
	char *ns;
	size_t looks; /* not answered yet */
	bool any, failed;
};

/* The look into one collection. */
struct look {
	struct look *next;
	struct round *round;
	const struct bl_resource *resource;
};

struct controller {
	struct bl_mirror *namespaces;
	struct bl_mirror_listener on_namespace;
	struct bl_discovery *discovery;
	struct bl_queue *queue;
	struct round *rounds;
	struct look *looks;
};

static bool is_ok(const struct bl_client_response *resp)
{
	return (resp->status >= 200 && resp->status < 300) || resp->status == 404;
}

static void free_round(struct round *r)
{
	for (struct round **p = &r->controller->rounds; *p; p = &(*p)->next) {
		if (*p != r)
			continue;
		*p = r->next;
		break;
	}
	free(r->ns);
	free(r);
}

static void free_look(struct look *l)
{
	for (struct look **p = &l->round->controller->looks; *p; p = &(*p)->next) {
		if (*p != l)
			continue;
		*p = l->next;
		break;
	}
	free(l);
}

static bool finalized(void *arg, struct bl_queue_item *item, const struct bl_client_response *resp)
{
	(void)arg;
	(void)item;
	return is_ok(resp);
}

/* The namespace as it is now: sent back without its finalizer. */
static bool finalize(void *arg, struct bl_queue_item *item, const struct bl_client_response *resp)
{
	BL_FREE char *path = bl_asprintf("/api/v1/namespaces/%s/finalize", bl_queue_key(item));
	BL_JSON json_t *ns = NULL;
	BL_FREE char *body = NULL;
	struct bl_client_request req = {.method = "PUT", .path = path};
	json_t *list, *entry;
	size_t i;

	(void)arg;
	if (resp->status == 404)
		return true;
	if (resp->status != 200 || bl_json_parse(resp->body, resp->len, &ns, NULL))
		return false;
	list = bl_json_at(ns, "spec", "finalizers", NULL);
	json_array_foreach (list, i, entry) {
		if (!json_is_string(entry) || !bl_streq(json_string_value(entry), "kubernetes"))
			continue;
		json_array_remove(list, i);
		break;
	}
	body = bl_json_dump(ns);
	req.body = body;
	req.len = strlen(body);
	bl_queue_send(item, &req, finalized, NULL);
	return true;
}

/* Every look is answered. False: it failed, and the key comes again. */
static bool end_round(struct round *r, struct bl_queue_item *item)
{
	struct controller *c = r->controller;
	bool ok = !r->failed, any = r->any;
	BL_FREE char *path = bl_asprintf("/api/v1/namespaces/%s", r->ns);
	struct bl_client_request req = {.method = "GET", .path = path};

	free_round(r);
	if (!ok)
		return false;
	if (any)
		bl_queue_add_after(c->queue, bl_queue_key(item), NEXT_ROUND_MS);
	else
		bl_queue_send(item, &req, finalize, NULL);
	return true;
}

static bool answer_of(struct round *r, struct bl_queue_item *item, bool ok)
{
	r->failed |= !ok;
	return --r->looks ? true : end_round(r, item);
}

static bool deleted(void *arg, struct bl_queue_item *item, const struct bl_client_response *resp)
{
	return answer_of(arg, item, is_ok(resp));
}

static bool looked(void *arg, struct bl_queue_item *item, const struct bl_client_response *resp)
{
	struct look *l = arg;
	struct round *r = l->round;
	const struct bl_resource *resource = l->resource;
	BL_FREE char *path = bl_resource_path(resource, r->ns, NULL);
	struct bl_client_request req = {.method = "DELETE", .path = path};
	BL_JSON json_t *list = NULL;

	free_look(l);
	if (resp->status != 200 || bl_json_parse(resp->body, resp->len, &list, NULL))
		return answer_of(r, item, resp->status == 404);
	if (!json_array_size(json_object_get(list, "items")))
		return answer_of(r, item, true);
	r->any = true;
	bl_queue_send(item, &req, deleted, r);
	return true;
}

static void look_into(struct round *r, struct bl_queue_item *item,
		      const struct bl_resource *resource)
{
	struct controller *c = r->controller;
	BL_FREE char *collection = bl_resource_path(resource, r->ns, NULL);
	BL_FREE char *path = bl_asprintf("%s?limit=1", collection);
	struct bl_client_request req = {.method = "GET", .path = path};
	struct look *l = bl_new0(struct look);

	l->round = r;
	l->resource = resource;
	l->next = c->looks;
	c->looks = l;
	r->looks++;
	bl_queue_send(item, &req, looked, l);
}

static void work(void *arg, struct bl_queue_item *item, const char *key)
{
	struct controller *c = arg;
	const struct bl_mirrored *o = bl_mirror_get(c->namespaces, key);
	const struct bl_resource *list;
	struct round *r;
	size_t n;

	if (!o || !o->obj->meta.deleting)
		return;
	list = bl_discovery_list(c->discovery, &n);
	r = bl_new0(struct round);
	r->controller = c;
	r->ns = bl_strdup(key);
	r->next = c->rounds;
	c->rounds = r;
	for (size_t i = 0; i < n; i++) {
		if (list[i].namespaced && list[i].lists && list[i].deletes_all)
			look_into(r, item, &list[i]);
	}
	if (!r->looks)
		free_round(r);
}

static void namespace_changed(void *arg, const struct bl_mirrored *old,
			      const struct bl_mirrored *now)
{
	struct controller *c = arg;

	(void)old;
	if (now && now->obj->meta.deleting)
		bl_queue_add(c->queue, now->key);
}

static void ready(void *arg)
{
	struct controller *c = arg;

	bl_queue_start(c->queue);
}

static void *start(struct bl_controllers *all)
{
	struct controller *c = bl_new0(struct controller);

	c->queue = bl_queue_new(bl_controllers_loop(all), bl_controllers_client(all), work, c);
	c->discovery =
		bl_discovery_new(bl_controllers_loop(all), bl_controllers_client(all), ready, c);
	c->namespaces = bl_controllers_mirror(all, BL_SHARED_NAMESPACES);
	c->on_namespace = (struct bl_mirror_listener){.changed = namespace_changed, .arg = c};
	bl_mirror_listen(c->namespaces, &c->on_namespace);
	return c;
}

static void stop(void *arg)
{
	struct controller *c = arg;

	bl_queue_free(c->queue);
	while (c->looks)
		free_look(c->looks);
	while (c->rounds)
		free_round(c->rounds);
	bl_discovery_free(c->discovery);
	free(c);
}

const struct bl_controller_type bl_controller_namespace = {"namespace", start, stop};
