// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Mirrors of collections.
 *
 * A reflector feeds a hash of objects by key. A controller looks things up here instead of asking the server, and hears of
 * each change with the state before and after, from which it finds the keys of its own work.
 *
 * A list begins a round: what is not in it by its end is gone. An object is replaced only by a newer version of itself,
 * whether it comes from the watch or from the answer to one of our own writes, so both may arrive in any order.
 *
 * An object that cannot be decoded counts as absent and is logged: a controller must not act on half of it.
 */

#include "controllers/mirror.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "client/event.h"
#include "client/reflector.h"

struct bl_mirror {
	struct bl_mirror_opts opts;
	struct bl_reflector *reflector;
	struct bl_mirrored *all;
	struct bl_mirror_listener *listeners;
	unsigned int round;
	bool synced;
};

static struct bl_mirrored *free_mirrored(struct bl_mirrored *o)
{
	if (!o)
		return NULL;
	bl_api_free(o->obj);
	free(o->json);
	free(o->key);
	free(o);
	return NULL;
}

static void tell(struct bl_mirror *c, const struct bl_mirrored *old, const struct bl_mirrored *now)
{
	for (struct bl_mirror_listener *l = c->listeners; l; l = l->next) {
		if (l->changed)
			l->changed(l->arg, old, now);
	}
}

/* "namespace/name" of an object's text; NULL when it has no name. */
static char *key_of(struct bl_span meta)
{
	struct bl_span ns = bl_span_str(meta, "namespace");
	struct bl_span name = bl_span_str(meta, "name");

	if (!name.len)
		return NULL;
	return bl_asprintf("%.*s%s%.*s", (int)ns.len, ns.len ? ns.data : "", ns.len ? "/" : "",
			   (int)name.len, name.data);
}

static int decode(const struct bl_mirror *c, const char *json, size_t len, struct bl_mirrored *o)
{
	BL_JSON json_t *tree = NULL;
	struct bl_err err = {};
	int rc;

	if (c->opts.kind < 0)
		return 0;
	rc = bl_json_parse(json, len, &tree, &err);
	if (!rc)
		rc = bl_api_decode((enum bl_api_kind)c->opts.kind, tree, &o->obj, &err);
	if (rc)
		bl_log_warn("object cannot be read, ignoring collection=%s error=\"%s\"",
			    c->opts.path, bl_err_text(&err));
	return rc;
}

static void drop(struct bl_mirror *c, struct bl_mirrored *o)
{
	HASH_DEL(c->all, o);
	tell(c, o, NULL);
	free_mirrored(o);
}

void bl_mirror_remove(struct bl_mirror *c, const char *key)
{
	struct bl_mirrored *o;

	HASH_FIND_STR(c->all, key, o);
	if (o)
		drop(c, o);
}

void bl_mirror_put(struct bl_mirror *c, const char *json, size_t len)
{
	struct bl_span meta = bl_span_of(json, len, "metadata");
	struct bl_mirrored *old, *o = bl_new0(struct bl_mirrored);

	o->key = key_of(meta);
	o->version = bl_version_number(bl_span_str(meta, "resourceVersion"));
	o->round = c->round;
	if (!o->key) {
		free_mirrored(o);
		return;
	}
	HASH_FIND_STR(c->all, o->key, old);
	if (old && old->version >= o->version && o->version) {
		old->round = c->round;
		free_mirrored(o);
		return;
	}
	if (decode(c, json, len, o)) {
		bl_mirror_remove(c, o->key);
		free_mirrored(o);
		return;
	}
	if (c->opts.keep_json) {
		o->json = bl_strndup(json, len);
		o->len = len;
	}
	if (old)
		HASH_DEL(c->all, old);
	HASH_ADD_KEYPTR(hh, c->all, o->key, strlen(o->key), o);
	tell(c, old, o);
	free_mirrored(old);
}

static void on_begin(void *arg)
{
	struct bl_mirror *c = arg;

	c->round++;
}

static void on_set(void *arg, const char *json, size_t len)
{
	bl_mirror_put(arg, json, len);
}

/* The last state of an older incarnation does not take away the object that has its name now. */
static void on_gone(void *arg, const char *json, size_t len)
{
	struct bl_mirror *c = arg;
	struct bl_span meta = bl_span_of(json, len, "metadata");
	uint64_t version = bl_version_number(bl_span_str(meta, "resourceVersion"));
	BL_FREE char *key = key_of(meta);
	const struct bl_mirrored *o = key ? bl_mirror_get(c, key) : NULL;

	if (o && (!version || version >= o->version))
		bl_mirror_remove(c, key);
}

static void on_synced(void *arg)
{
	struct bl_mirror *c = arg;
	struct bl_mirrored *o, *tmp;
	bool first = !c->synced;

	HASH_ITER (hh, c->all, o, tmp) {
		if (o->round != c->round)
			drop(c, o);
	}
	c->synced = true;
	for (struct bl_mirror_listener *l = c->listeners; first && l; l = l->next) {
		if (l->synced)
			l->synced(l->arg);
	}
}

static void on_state(void *arg, bool connected, const char *why)
{
	struct bl_mirror *c = arg;

	if (!connected)
		bl_log_warn("watch lost collection=%s error=\"%s\"", c->opts.path, why);
}

struct bl_mirror *bl_mirror_new(struct bl_client *client, const struct bl_mirror_opts *opts)
{
	static const struct bl_reflector_ops ops = {on_begin, on_set, on_gone, on_synced, on_state};
	struct bl_reflector_opts r = {
		.path = opts->path,
		.label_selector = opts->label_selector,
		.field_selector = opts->field_selector,
	};
	struct bl_mirror *c = bl_new0(struct bl_mirror);

	c->opts = *opts;
	c->reflector = bl_reflector_new(client, &r, &ops, c);
	return c;
}

struct bl_mirror *bl_mirror_free(struct bl_mirror *c)
{
	struct bl_mirrored *o, *tmp;

	if (!c)
		return NULL;
	bl_reflector_free(c->reflector);
	HASH_ITER (hh, c->all, o, tmp) {
		HASH_DEL(c->all, o);
		free_mirrored(o);
	}
	free(c);
	return NULL;
}

void bl_mirror_listen(struct bl_mirror *c, struct bl_mirror_listener *l)
{
	l->next = c->listeners;
	c->listeners = l;
}

bool bl_mirror_synced(const struct bl_mirror *c)
{
	return c->synced;
}

struct bl_mirrored *bl_mirror_all(const struct bl_mirror *c)
{
	return c->all;
}

const struct bl_mirrored *bl_mirror_get(const struct bl_mirror *c, const char *key)
{
	struct bl_mirrored *o;

	HASH_FIND_STR(c->all, key, o);
	return o;
}
