// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The garbage collector.
 *
 * Deletes what its owners left behind. Every kind of discovery is watched for metadata only, and the graph (graph.h) says
 * which objects to look at. Looking means to ask the server:
 *
 *     garbage?   read the object ─► read each owner ─► none is there: delete the object, by uid
 *     foreground read the object ─► delete what it owns; nothing left: take the finalizer off
 *     orphan     take the owner out of what it owns ─► take the finalizer off
 *
 * The graph may be behind, an owner may have been created anew under the same name, a kind may be unknown: in each case the
 * answer of the server decides, and in doubt the object stays. Deletes carry the uid, so that nothing of the same name is
 * hit.
 *
 * Events own nothing, are owned by nothing, and are the most numerous objects of all; they are not watched.
 */

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "client/cutter.h"
#include "client/reflector.h"
#include "controllers/discovery.h"
#include "controllers/graph.h"
#include "controllers/internal.h"

#define MAX_OWNERS 64

struct source {
	struct controller *controller;
	const struct bl_resource *resource;
	struct bl_reflector *reflector;
	unsigned int round;
	bool synced;
	int index;
};

/* A look at one object. */
struct look {
	struct look *next, **prev;
	struct controller *controller;
	char *uid, *path;
	json_t *object; /* NULL: not read yet */
	size_t owner;	/* the next to read */
	size_t pending; /* orphans that are not answered yet */
	bool failed;
};

struct controller {
	struct bl_loop *loop;
	struct bl_client *client;
	struct bl_discovery *discovery;
	struct source *sources;
	size_t n_sources;
	struct bl_graph graph;
	struct bl_queue *queue;
	struct look *looks;
};

/* --- looking --- */

static bool end_look(struct look *l, bool ok)
{
	*l->prev = l->next;
	if (l->next)
		l->next->prev = l->prev;
	json_decref(l->object);
	free(l->uid);
	free(l->path);
	free(l);
	return ok;
}

static bool ok_or_gone(const struct bl_client_response *resp)
{
	return (resp->status >= 200 && resp->status < 300) || resp->status == 404;
}

static bool last_answer(void *arg, struct bl_queue_item *item,
			const struct bl_client_response *resp)
{
	(void)arg;
	(void)item;
	return ok_or_gone(resp) || resp->status == 409; /* another object by now: its events come */
}

static void send_json(struct bl_queue_item *item, const char *method, const char *path,
		      const char *type, json_t *body, bl_queue_answered answered, void *arg)
{
	BL_FREE char *text = bl_json_dump(body);
	struct bl_client_request req = {.method = method,
					.path = path,
					.content_type = type,
					.body = text,
					.len = strlen(text)};

	json_decref(body);
	bl_queue_send(item, &req, answered, arg);
}

static void send_delete(struct bl_queue_item *item, const char *path, const char *uid)
{
	send_json(item, "DELETE", path, NULL,
		  json_pack("{s:s, s:s, s:s, s:{s:s}}", "kind", "DeleteOptions", "apiVersion", "v1",
			    "propagationPolicy", "Background", "preconditions", "uid", uid),
		  last_answer, NULL);
}

static bool has_finalizer(const json_t *object, const char *name)
{
	const json_t *f;
	size_t i;

	json_array_foreach (bl_json_at(object, "metadata", "finalizers", NULL), i, f) {
		if (json_is_string(f) && bl_streq(json_string_value(f), name))
			return true;
	}
	return false;
}

static bool send_unfinalized(struct look *l, struct bl_queue_item *item)
{
	const char *version = bl_json_str_at(l->object, "metadata", "resourceVersion", NULL);
	json_t *left = json_array(), *f;
	size_t i;

	json_array_foreach (bl_json_at(l->object, "metadata", "finalizers", NULL), i, f) {
		const char *s = json_string_value(f);

		if (s && !bl_streq(s, "orphan") && !bl_streq(s, "foregroundDeletion"))
			json_array_append(left, f);
	}
	send_json(item, "PATCH", l->path, "application/merge-patch+json",
		  json_pack("{s:{s:s, s:o}}", "metadata", "resourceVersion", version ? version : "",
			    "finalizers", left),
		  NULL, NULL);
	return end_look(l, true);
}

static bool orphaned(void *arg, struct bl_queue_item *item, const struct bl_client_response *resp)
{
	struct look *l = arg;

	l->failed |= !ok_or_gone(resp);
	if (--l->pending)
		return true;
	return l->failed ? end_look(l, false) : send_unfinalized(l, item);
}

/* Takes the owner out of everything that it owns. */
static bool orphan(struct look *l, struct bl_queue_item *item, const struct bl_graph_node *n)
{
	for (const struct bl_graph_edge *e = n->dependents; e; e = e->next) {
		if (!e->dependent->path)
			continue;
		l->pending++;
		send_json(
			item, "PATCH", e->dependent->path, "application/strategic-merge-patch+json",
			json_pack("{s:{s:s, s:[{s:s, s:s}]}}", "metadata", "uid", e->dependent->uid,
				  "ownerReferences", "$patch", "delete", "uid", l->uid),
			orphaned, l);
	}
	return l->pending ? true : send_unfinalized(l, item);
}

/* What it owns goes first; each that is gone brings the owner here again. */
static bool foreground(struct look *l, struct bl_queue_item *item, const struct bl_graph_node *n)
{
	bool any = false;

	for (const struct bl_graph_edge *e = n->dependents; e; e = e->next) {
		if (!e->dependent->exists || !e->dependent->path)
			continue;
		any = true;
		send_delete(item, e->dependent->path, e->dependent->uid);
	}
	return any ? end_look(l, true) : send_unfinalized(l, item);
}

static bool read_owner(struct look *l, struct bl_queue_item *item);

static bool owner_read(void *arg, struct bl_queue_item *item, const struct bl_client_response *resp)
{
	struct look *l = arg;
	const json_t *ref = json_array_get(
		bl_json_at(l->object, "metadata", "ownerReferences", NULL), l->owner);
	const char *uid = bl_json_str_at(ref, "uid", NULL), *found;
	BL_JSON json_t *owner = NULL;

	if (resp->status == 404) {
		l->owner++;
		return read_owner(l, item);
	}
	if (resp->status != 200 || bl_json_parse(resp->body, resp->len, &owner, NULL))
		return end_look(l, false);
	found = bl_json_str_at(owner, "metadata", "uid", NULL);
	if (!uid || !found || bl_streq(uid, found))
		return end_look(l, true);
	l->owner++;
	return read_owner(l, item);
}

/* Reads the next owner; behind the last one the object is garbage. */
static bool read_owner(struct look *l, struct bl_queue_item *item)
{
	const json_t *owners = bl_json_at(l->object, "metadata", "ownerReferences", NULL);
	const json_t *ref = json_array_get(owners, l->owner);
	const char *gv = bl_json_str_at(ref, "apiVersion", NULL);
	const char *kind = bl_json_str_at(ref, "kind", NULL);
	const char *name = bl_json_str_at(ref, "name", NULL);
	const char *ns = bl_json_str_at(l->object, "metadata", "namespace", NULL);
	const struct bl_resource *resource;
	BL_FREE char *path = NULL;
	struct bl_client_request req = {.method = "GET"};

	if (!ref) {
		if (l->owner)
			send_delete(item, l->path, l->uid);
		return end_look(l, true);
	}
	resource = gv && kind ? bl_discovery_find(l->controller->discovery, gv, kind) : NULL;
	if (!resource || !name || !bl_str_is_dns_subdomain(name) || (resource->namespaced && !ns))
		return end_look(l, true);
	path = bl_resource_path(resource, ns ? ns : "", name);
	req.path = path;
	bl_queue_send(item, &req, owner_read, l);
	return true;
}

static bool object_read(void *arg, struct bl_queue_item *item,
			const struct bl_client_response *resp)
{
	struct look *l = arg;
	const struct bl_graph_node *n = bl_graph_find(&l->controller->graph, l->uid);
	const char *uid;

	if (resp->status == 404 || !n)
		return end_look(l, true);
	if (resp->status != 200 || bl_json_parse(resp->body, resp->len, &l->object, NULL))
		return end_look(l, false);
	uid = bl_json_str_at(l->object, "metadata", "uid", NULL);
	if (!uid || !bl_streq(uid, l->uid))
		return end_look(l, true);
	if (has_finalizer(l->object, "orphan"))
		return orphan(l, item, n);
	if (has_finalizer(l->object, "foregroundDeletion"))
		return foreground(l, item, n);
	return read_owner(l, item);
}

static void work(void *arg, struct bl_queue_item *item, const char *uid)
{
	struct controller *c = arg;
	const struct bl_graph_node *n = bl_graph_find(&c->graph, uid);
	struct bl_client_request req = {.method = "GET"};
	struct look *l;

	if (!n || !n->exists || !n->path || !(n->waits || bl_graph_is_garbage(n)))
		return;
	l = bl_new0(struct look);
	l->controller = c;
	l->uid = bl_strdup(uid);
	l->path = bl_strdup(n->path);
	l->next = c->looks;
	l->prev = &c->looks;
	if (l->next)
		l->next->prev = &l->next;
	c->looks = l;
	req.path = l->path;
	bl_queue_send(item, &req, object_read, l);
}

static void look_at(void *arg, const char *uid)
{
	struct controller *c = arg;

	bl_queue_add(c->queue, uid);
}

/* --- watching --- */

static size_t read_owners(struct bl_span meta, json_t **ret_tree, const char *uids[MAX_OWNERS])
{
	struct bl_span refs = bl_span_of(meta.data, meta.len, "ownerReferences");
	const json_t *ref;
	size_t i, n = 0;

	if (!refs.len || bl_json_parse(refs.data, refs.len, ret_tree, NULL))
		return 0;
	json_array_foreach (*ret_tree, i, ref) {
		const char *uid = bl_json_str_at(ref, "uid", NULL);

		if (uid && n < MAX_OWNERS)
			uids[n++] = uid;
	}
	return n;
}

/* Being deleted, with a finalizer that is ours to take off. */
static bool waits(struct bl_span meta)
{
	struct bl_span list = bl_span_of(meta.data, meta.len, "finalizers");

	if (!list.len || !bl_span_str(meta, "deletionTimestamp").len)
		return false;
	return memmem(list.data, list.len, "\"orphan\"", 8) ||
	       memmem(list.data, list.len, "\"foregroundDeletion\"", 20);
}

static char *text_of(struct bl_span s)
{
	return bl_strndup(s.len ? s.data : "", s.len);
}

static void on_set(void *arg, const char *json, size_t len)
{
	struct source *s = arg;
	struct bl_span meta = bl_span_of(json, len, "metadata");
	BL_FREE char *uid = text_of(bl_span_str(meta, "uid"));
	BL_FREE char *ns = text_of(bl_span_str(meta, "namespace"));
	BL_FREE char *name = text_of(bl_span_str(meta, "name"));
	BL_FREE char *path = bl_resource_path(s->resource, ns, name);
	BL_JSON json_t *tree = NULL;
	const char *owners[MAX_OWNERS];
	struct bl_graph_object o = {.uid = uid,
				    .path = path,
				    .owners = owners,
				    .source = s->index,
				    .round = s->round,
				    .waits = waits(meta)};

	if (!*uid || !*name)
		return;
	o.n_owners = read_owners(meta, &tree, owners);
	bl_graph_set(&s->controller->graph, &o);
}

static void on_gone(void *arg, const char *json, size_t len)
{
	struct source *s = arg;
	BL_FREE char *uid = text_of(bl_span_str(bl_span_of(json, len, "metadata"), "uid"));

	bl_graph_gone(&s->controller->graph, uid);
}

static void on_begin(void *arg)
{
	struct source *s = arg;

	s->round++;
}

static void on_synced(void *arg)
{
	struct source *s = arg;
	struct controller *c = s->controller;

	bl_graph_sweep(&c->graph, s->index, s->round);
	s->synced = true;
	for (size_t i = 0; i < c->n_sources; i++) {
		if (!c->sources[i].synced)
			return;
	}
	bl_queue_start(c->queue);
}

/* --- life --- */

static void ready(void *arg)
{
	static const struct bl_reflector_ops ops = {on_begin, on_set, on_gone, on_synced, NULL};
	struct controller *c = arg;
	size_t n;
	const struct bl_resource *list = bl_discovery_list(c->discovery, &n);

	c->sources = bl_calloc(n + 1, sizeof(*c->sources));
	for (size_t i = 0; i < n; i++) {
		struct source *s = &c->sources[c->n_sources];

		if (!list[i].lists || !list[i].watches || !list[i].deletes ||
		    bl_streq(list[i].plural, "events"))
			continue;
		*s = (struct source){
			.controller = c, .resource = &list[i], .index = (int)c->n_sources++};
	}
	for (size_t i = 0; i < c->n_sources; i++) {
		struct source *s = &c->sources[i];
		BL_FREE char *path = bl_resource_path(s->resource, "", NULL);
		struct bl_reflector_opts opts = {.path = path};

		s->reflector = bl_reflector_new(c->client, &opts, &ops, s);
	}
}

static void *start(struct bl_controllers *all)
{
	struct controller *c = bl_new0(struct controller);

	c->loop = bl_controllers_loop(all);
	c->client = bl_controllers_client(all);
	c->graph = (struct bl_graph){.look = look_at, .arg = c};
	c->queue = bl_queue_new(c->loop, c->client, work, c);
	c->discovery = bl_discovery_new(c->loop, c->client, ready, c);
	return c;
}

static void stop(void *arg)
{
	struct controller *c = arg;

	for (size_t i = 0; i < c->n_sources; i++)
		bl_reflector_free(c->sources[i].reflector);
	bl_queue_free(c->queue);
	while (c->looks)
		end_look(c->looks, true);
	bl_discovery_free(c->discovery);
	bl_graph_free(&c->graph);
	free(c->sources);
	free(c);
}

const struct bl_controller_type bl_controller_gc = {"garbagecollector", start, stop};
