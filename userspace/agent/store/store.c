// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What the API server holds, in memory.
 *
 * One hash table a kind, from "namespace/name" to the object. A list is applied by marking: every
 * entry remembers the list that saw it last, and when the list is complete those that it did not
 * name are removed, as if the API server had said so one by one. An object that cannot be decoded
 * is kept as it was, since acting on half of it, or on its absence, would take a working service
 * down.
 *
 * Changes reach compile as dirty keys. For Services the key is the Service, whatever changed of it:
 * a slice makes the Service dirty that its label names, before and after a change of the label. For
 * other kinds a flag is enough, because what they lead to is compiled as a whole. An event never
 * does more than that.
 */

#include "agent/store/store.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "agent/store/claims.h"
#include "agent/store/index.h"
#include "base/mem.h"
#include "base/str.h"

struct entry {
	UT_hash_handle hh;
	struct bl_api_object *obj;
	uint64_t list; /* the number of the list that saw it last */
	char key[];
};

struct bl_store {
	struct entry *objects[BL_API_KIND_COUNT];
	uint64_t list[BL_API_KIND_COUNT];
	bool changed[BL_API_KIND_COUNT];
	struct bl_store_index *index;
	struct bl_store_claims *claims;
	bool outside_changed;
	char *own;			   /* the Node whose zone is watched; NULL: none */
	char *zone;			   /* what it was at last */
	struct bl_store_listener listener; /* put NULL: nobody listens */
};

struct bl_store *bl_store_new(void)
{
	struct bl_store *s = bl_new0(struct bl_store);

	s->index = bl_store_index_new();
	s->claims = bl_store_claims_new();
	return s;
}

struct bl_store *bl_store_free(struct bl_store *s)
{
	if (!s)
		return NULL;
	for (int kind = 0; kind < BL_API_KIND_COUNT; kind++) {
		struct entry *e, *tmp;

		HASH_ITER (hh, s->objects[kind], e, tmp) {
			HASH_DEL(s->objects[kind], e);
			bl_api_free(e->obj);
			free(e);
		}
	}
	bl_store_index_free(s->index);
	bl_store_claims_free(s->claims);
	free(s->own);
	free(s->zone);
	free(s);
	return NULL;
}

void bl_store_listen(struct bl_store *s, const struct bl_store_listener *listener)
{
	s->listener = *listener;
}

static struct entry *find(const struct bl_store *s, enum bl_api_kind kind, const char *namespace,
			  const char *name)
{
	struct entry *e;
	char key[BL_STORE_KEY_MAX];

	bl_store_key(key, namespace, name);
	HASH_FIND_STR(s->objects[kind], key, e);
	return e;
}

static void touch_rival(void *arg, const struct bl_api_service *rival)
{
	struct bl_store *s = arg;

	bl_store_index_touch(s->index, rival->obj.meta.namespace, rival->obj.meta.name);
}

/* Tells the indexes that `obj` comes or goes. */
static void index_object(struct bl_store *s, const struct bl_api_object *obj, bool comes)
{
	const struct bl_api_endpointslice *slice;

	s->changed[obj->kind] = true;
	if (obj->kind == BL_API_SERVICE) {
		s->outside_changed |= bl_store_index_is_outside((const struct bl_api_service *)obj);
		(comes ? bl_store_claims_add : bl_store_claims_remove)(
			s->claims, (const struct bl_api_service *)obj, touch_rival, s);
		bl_store_index_set(s->index, obj->meta.namespace, obj->meta.name,
				   comes ? (const struct bl_api_service *)obj : NULL);
	} else if (obj->kind == BL_API_ENDPOINTSLICE) {
		slice = (const struct bl_api_endpointslice *)obj;
		if (!slice->service[0])
			return;
		if (comes)
			bl_store_index_add_slice(s->index, slice);
		else
			bl_store_index_remove_slice(s->index, slice);
	}
}

/* After any change of a Node: the topology that all Services are compiled for. */
static void note_zone(struct bl_store *s)
{
	const struct entry *e = s->own ? find(s, BL_API_NODE, "", s->own) : NULL;
	const char *zone = e ? ((const struct bl_api_node *)e->obj)->zone : "";

	if (!s->own || bl_streq(zone, s->zone))
		return;
	free(s->zone);
	s->zone = bl_strdup(zone);
	bl_store_index_touch_all(s->index);
}

void bl_store_watch_zone(struct bl_store *s, const char *node)
{
	free(s->own);
	free(s->zone);
	s->own = bl_strdup(node);
	s->zone = bl_strdup("");
	note_zone(s);
}

static bool same_ips(const struct bl_ip *a, size_t n_a, const struct bl_ip *b, size_t n_b)
{
	size_t i = 0;

	while (i < n_a && i < n_b && bl_ip_cmp(&a[i], &b[i]) == 0)
		i++;
	return i == n_a && i == n_b;
}

static bool same_addresses(const struct bl_api_object *a, const struct bl_api_object *b)
{
	const struct bl_api_node *x = (const struct bl_api_node *)a;
	const struct bl_api_node *y = (const struct bl_api_node *)b;

	if (x->n_pod_cidrs != y->n_pod_cidrs)
		return false;
	for (size_t i = 0; i < x->n_pod_cidrs; i++) {
		if (bl_cidr_cmp(&x->pod_cidrs[i], &y->pod_cidrs[i]) != 0)
			return false;
	}
	return same_ips(x->internal_ips, x->n_internal_ips, y->internal_ips, y->n_internal_ips) &&
	       same_ips(x->external_ips, x->n_external_ips, y->external_ips, y->n_external_ips);
}

/* A Node comes, goes, or becomes another; NULL: it is not there. */
static void note_addresses(struct bl_store *s, const struct bl_api_object *old,
			   const struct bl_api_object *new)
{
	if (!old || !new || !same_addresses(old, new))
		bl_store_index_touch_outside(s->index);
}

static void drop(struct bl_store *s, struct entry *e)
{
	enum bl_api_kind kind = e->obj->kind;

	if (kind == BL_API_NODE)
		note_addresses(s, e->obj, NULL);

	index_object(s, e->obj, false);
	if (s->listener.put)
		s->listener.gone(s->listener.arg, kind, e->obj->meta.namespace, e->obj->meta.name);
	HASH_DEL(s->objects[kind], e);
	bl_api_free(e->obj);
	free(e);
	if (kind == BL_API_NODE)
		note_zone(s);
}

void bl_store_begin(struct bl_store *s, enum bl_api_kind kind)
{
	s->list[kind]++;
}

void bl_store_synced(struct bl_store *s, enum bl_api_kind kind)
{
	struct entry *e, *tmp;

	HASH_ITER (hh, s->objects[kind], e, tmp) {
		if (e->list != s->list[kind])
			drop(s, e);
	}
}

static bool same_version(const struct bl_api_object *a, const struct bl_api_object *b)
{
	return a->meta.resource_version[0] && bl_streq(a->meta.uid, b->meta.uid) &&
	       bl_streq(a->meta.resource_version, b->meta.resource_version);
}

static struct entry *entry_new(struct bl_store *s, const struct bl_api_object *obj)
{
	char key[BL_STORE_KEY_MAX];
	size_t len = bl_store_key(key, obj->meta.namespace, obj->meta.name);
	struct entry *e = bl_calloc(1, sizeof(*e) + len + 1);

	memcpy(e->key, key, len + 1);
	HASH_ADD_KEYPTR(hh, s->objects[obj->kind], e->key, len, e);
	return e;
}

void bl_store_put(struct bl_store *s, struct bl_api_object *obj)
{
	struct entry *e = find(s, obj->kind, obj->meta.namespace, obj->meta.name);

	if (!e) {
		e = entry_new(s, obj);
	} else if (same_version(e->obj, obj)) {
		e->list = s->list[obj->kind];
		bl_api_free(obj);
		return;
	} else {
		index_object(s, e->obj, false);
	}
	if (obj->kind == BL_API_NODE)
		note_addresses(s, e->obj, obj);
	if (s->listener.put)
		s->listener.put(s->listener.arg, obj);
	bl_api_free(e->obj);
	e->obj = obj;
	e->list = s->list[obj->kind];
	index_object(s, obj, true);
	if (obj->kind == BL_API_NODE)
		note_zone(s);
}

void bl_store_keep(struct bl_store *s, enum bl_api_kind kind, const char *namespace,
		   const char *name)
{
	struct entry *e = find(s, kind, namespace, name);

	if (e)
		e->list = s->list[kind];
}

void bl_store_remove(struct bl_store *s, enum bl_api_kind kind, const char *namespace,
		     const char *name)
{
	struct entry *e = find(s, kind, namespace, name);

	if (e)
		drop(s, e);
}

const struct bl_api_object *bl_store_get(const struct bl_store *s, enum bl_api_kind kind,
					 const char *namespace, const char *name)
{
	const struct entry *e = find(s, kind, namespace, name);

	return e ? e->obj : NULL;
}

size_t bl_store_count(const struct bl_store *s, enum bl_api_kind kind)
{
	return HASH_COUNT(s->objects[kind]);
}

static int by_key(const void *a, const void *b)
{
	const struct entry *const *x = a, *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

void bl_store_each(const struct bl_store *s, enum bl_api_kind kind,
		   void (*fn)(void *arg, const struct bl_api_object *obj), void *arg)
{
	size_t n = HASH_COUNT(s->objects[kind]), i = 0;
	BL_FREE struct entry **list = bl_calloc(n, sizeof(struct entry *));
	struct entry *e, *tmp;

	HASH_ITER (hh, s->objects[kind], e, tmp)
		list[i++] = e;
	qsort(list, n, sizeof(struct entry *), by_key);
	for (i = 0; i < n; i++)
		fn(arg, list[i]->obj);
}

const struct bl_store_service *bl_store_service(const struct bl_store *s, const char *namespace,
						const char *name)
{
	return bl_store_index_find(s->index, namespace, name);
}

void bl_store_each_service(const struct bl_store *s,
			   void (*fn)(void *arg, const struct bl_store_service *svc), void *arg)
{
	bl_store_index_each(s->index, fn, arg);
}

const struct bl_store_service *bl_store_dirty_service(const struct bl_store *s)
{
	return bl_store_index_first_dirty(s->index);
}

size_t bl_store_dirty_services(const struct bl_store *s, const struct bl_store_service **list,
			       size_t max)
{
	return bl_store_index_list_dirty(s->index, list, max);
}

void bl_store_clean(struct bl_store *s, const struct bl_store_service *svc)
{
	bl_store_index_clean(s->index, svc);
}

void bl_store_postpone(struct bl_store *s, const struct bl_store_service *svc)
{
	bl_store_index_postpone(s->index, svc);
}

bool bl_store_is_dirty(const struct bl_store *s, const struct bl_store_service *svc)
{
	return bl_store_index_is_dirty(s->index, svc);
}

size_t bl_store_dirty_count(const struct bl_store *s)
{
	return bl_store_index_dirty_count(s->index);
}

void bl_store_touch_all_services(struct bl_store *s)
{
	bl_store_index_touch_all(s->index);
}

const struct bl_api_service *bl_store_holder(const struct bl_store *s, enum bl_store_claim kind,
					     const struct bl_ip *ip, uint16_t port, uint8_t proto)
{
	return bl_store_claims_holder(s->claims, kind, ip, port, proto);
}

void bl_store_each_outside(const struct bl_store *s,
			   void (*fn)(void *arg, const struct bl_store_service *svc), void *arg)
{
	bl_store_index_each_outside(s->index, fn, arg);
}

bool bl_store_take_outside_changed(struct bl_store *s)
{
	bool changed = s->outside_changed;

	s->outside_changed = false;
	return changed;
}

bool bl_store_take_changed(struct bl_store *s, enum bl_api_kind kind)
{
	bool changed = s->changed[kind];

	s->changed[kind] = false;
	return changed;
}
