// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What the server serves.
 *
 *     GET /api/v1 ─► GET /apis ─► GET /apis/<group>/<version> for each group ─► ready
 *
 * Controllers that look after every kind (namespaces, garbage) learn the kinds here, so that a new kind of the server needs
 * no change in them. One document is read after the other; when one cannot be read, everything is read again after a
 * back-off, because half of the kinds would mean half a deletion.
 *
 * Subresources (names with a slash) are no collections and are left out.
 */

#include "controllers/discovery.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "client/backoff.h"

#define MAX_RESOURCES 1000

struct bl_discovery {
	struct bl_client *client;
	struct bl_client_call *call;
	void (*ready)(void *arg);
	void *arg;
	uv_timer_t *timer;
	struct bl_backoff backoff;
	json_t *to_read; /* array of group versions; NULL: the first step */
	size_t at;
	struct bl_resource *list;
	size_t count;
	bool done;
};

static void read_next(struct bl_discovery *d);

static void forget_all(struct bl_discovery *d)
{
	for (size_t i = 0; i < d->count; i++) {
		free(d->list[i].prefix);
		free(d->list[i].plural);
		free(d->list[i].kind);
		free(d->list[i].group_version);
	}
	free(d->list);
	json_decref(d->to_read);
	d->list = NULL;
	d->to_read = NULL;
	d->count = d->at = 0;
}

static void on_timer(uv_timer_t *t)
{
	read_next(t->data);
}

static bool has_verb(const json_t *resource, const char *verb)
{
	const json_t *v;
	size_t i;

	json_array_foreach (json_object_get(resource, "verbs"), i, v) {
		if (json_is_string(v) && bl_streq(json_string_value(v), verb))
			return true;
	}
	return false;
}

static void add_resource(struct bl_discovery *d, const char *group_version, const json_t *j)
{
	const char *plural = bl_json_str_at(j, "name", NULL);
	const char *kind = bl_json_str_at(j, "kind", NULL);

	if (!plural || !kind || strchr(plural, '/') || d->count == MAX_RESOURCES)
		return;
	d->list = bl_realloc(d->list, d->count + 1, sizeof(*d->list));
	d->list[d->count++] = (struct bl_resource){
		.prefix = bl_asprintf("/%s/%s", strchr(group_version, '/') ? "apis" : "api",
				      group_version),
		.plural = bl_strdup(plural),
		.kind = bl_strdup(kind),
		.group_version = bl_strdup(group_version),
		.namespaced = json_is_true(json_object_get(j, "namespaced")),
		.lists = has_verb(j, "list"),
		.watches = has_verb(j, "watch"),
		.deletes = has_verb(j, "delete"),
		.deletes_all = has_verb(j, "deletecollection"),
	};
}

/* The list of groups: what is still to be read. */
static void take_groups(struct bl_discovery *d, const json_t *doc)
{
	const json_t *group;
	size_t i;

	d->to_read = json_pack("[s]", "v1");
	json_array_foreach (json_object_get(doc, "groups"), i, group) {
		const char *gv = bl_json_str_at(group, "preferredVersion", "groupVersion", NULL);

		if (gv)
			json_array_append_new(d->to_read, json_string(gv));
	}
}

static void take_resources(struct bl_discovery *d, const json_t *doc)
{
	const char *gv = json_string_value(json_array_get(d->to_read, d->at));
	const json_t *resource;
	size_t i;

	json_array_foreach (json_object_get(doc, "resources"), i, resource)
		add_resource(d, gv, resource);
	d->at++;
}

static void on_answer(void *arg, const struct bl_client_response *resp)
{
	struct bl_discovery *d = arg;
	BL_JSON json_t *doc = NULL;

	d->call = NULL;
	if (resp->status != 200 || bl_json_parse(resp->body, resp->len, &doc, NULL)) {
		bl_log_warn("discovery failed, trying again status=%d error=\"%s\"", resp->status,
			    resp->error ? resp->error : "");
		forget_all(d);
		uv_timer_start(d->timer, on_timer, bl_backoff_next(&d->backoff), 0);
		return;
	}
	if (!d->to_read)
		take_groups(d, doc);
	else
		take_resources(d, doc);
	if (d->at < json_array_size(d->to_read)) {
		read_next(d);
		return;
	}
	d->done = true;
	d->ready(d->arg);
}

static void read_next(struct bl_discovery *d)
{
	const char *gv = json_string_value(json_array_get(d->to_read, d->at));
	BL_FREE char *path = gv ? bl_asprintf("/%s/%s", strchr(gv, '/') ? "apis" : "api", gv)
				: bl_strdup("/apis");
	struct bl_client_request req = {.method = "GET", .path = path};

	d->call = bl_client_send(d->client, &req, on_answer, d);
}

struct bl_discovery *bl_discovery_new(struct bl_loop *loop, struct bl_client *client,
				      void (*ready)(void *arg), void *arg)
{
	struct bl_discovery *d = bl_new0(struct bl_discovery);

	d->client = client;
	d->ready = ready;
	d->arg = arg;
	d->backoff = (struct bl_backoff){.first_ms = 100, .cap_ms = 10000};
	d->timer = bl_new0(uv_timer_t);
	uv_timer_init(bl_loop_uv(loop), d->timer);
	d->timer->data = d;
	read_next(d);
	return d;
}

static void free_timer(uv_handle_t *h)
{
	free(h);
}

struct bl_discovery *bl_discovery_free(struct bl_discovery *d)
{
	if (!d)
		return NULL;
	bl_client_cancel(d->call);
	uv_close((uv_handle_t *)d->timer, free_timer);
	forget_all(d);
	free(d);
	return NULL;
}

const struct bl_resource *bl_discovery_list(const struct bl_discovery *d, size_t *ret_n)
{
	*ret_n = d->done ? d->count : 0;
	return d->list;
}

const struct bl_resource *bl_discovery_find(const struct bl_discovery *d, const char *group_version,
					    const char *kind)
{
	for (size_t i = 0; d->done && i < d->count; i++) {
		if (bl_streq(d->list[i].group_version, group_version) &&
		    bl_streq(d->list[i].kind, kind))
			return &d->list[i];
	}
	return NULL;
}

char *bl_resource_path(const struct bl_resource *r, const char *namespace, const char *name)
{
	bool in = r->namespaced && *namespace;

	return bl_asprintf("%s%s%s/%s%s%s", r->prefix, in ? "/namespaces/" : "",
			   in ? namespace : "", r->plural, name ? "/" : "", name ? name : "");
}
