/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_CACHE_H
#define BL_APISERVER_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apiserver/object.h"
#include "base/err.h"
#include "storage/storage.h"

/* A committed change of one object. `obj` of a deletion is the last state with the deletion's revision. */
struct bl_event {
	int64_t rev;
	struct bl_object *old; /* NULL: added */
	struct bl_object *obj;
	bool deleted;
};

/* Everything of one kind, in memory: the objects in order of (namespace, name), and the last changes, oldest first. */
struct bl_store {
	const struct bl_kind *kind;
	char *prefix; /* of its keys in the storage: "/registry/services/" */
	struct bl_object **objs;
	size_t count, cap;

	struct bl_event *ring; /* power of two; grows up to its bound */
	size_t ring_cap;
	uint64_t head, tail; /* events tail..head-1; slot = number & (cap - 1) */
	size_t ring_bytes;   /* of the old states that it holds */
	int64_t gone_rev;    /* changes up to here are forgotten */

	struct bl_watch *watches;
};

struct bl_cache {
	struct bl_storage *storage;
	struct bl_store *stores; /* one a row of bl_kinds */
	size_t count;
};

/* How much history a kind keeps. */
#define BL_HISTORY_EVENTS 8192
#define BL_HISTORY_BYTES  (3 << 20)

/* Loads every kind. Rows that cannot be read are an error that names the key. */
int bl_cache_open(struct bl_storage *storage, const struct bl_kind *const *kinds,
		  struct bl_cache **ret_cache, struct bl_err *err);
struct bl_cache *bl_cache_free(struct bl_cache *c);

struct bl_store *bl_cache_store(struct bl_cache *c, const struct bl_kind *kind);
/* By kind name in the core group or any: "Namespace"; NULL when it is not served. */
struct bl_store *bl_cache_store_by_kind(struct bl_cache *c, const char *kind);

/* Lends; NULL: absent. */
struct bl_object *bl_store_get(const struct bl_store *st, const char *ns, const char *name);

/* The index of the first object at or behind (ns, name). */
size_t bl_store_seek(const struct bl_store *st, const char *ns, const char *name);

/* The key in the storage; the caller frees it. */
char *bl_store_key(const struct bl_store *st, const char *ns, const char *name);

/* A committed write: obj (takes; NULL: deleted) replaces what is there. Records it in the history. */
void bl_store_put(struct bl_store *st, const char *ns, const char *name, struct bl_object *obj,
		  int64_t rev);

/* The first remembered event behind `rev`, as a number for bl_store_event(). */
uint64_t bl_store_event_after(const struct bl_store *st, int64_t rev);
const struct bl_event *bl_store_event(const struct bl_store *st, uint64_t number);

/*
 * The objects of a namespace ("" or NULL: all) as they were at `rev`, in order, references taken into *ret_list (freed by
 * bl_objects_free). -ESTALE when the history does not reach back that far.
 */
int bl_store_snapshot(const struct bl_store *st, const char *ns, int64_t rev,
		      struct bl_object ***ret_list, size_t *ret_count);
void bl_objects_free(struct bl_object **list, size_t count);

#endif
