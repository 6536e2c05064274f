/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CONTROLLERS_CACHE_H
#define BL_CONTROLLERS_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#include "api/object.h"
#include "client/client.h"

/* All objects of one collection, kept by list and watch and shared by the controllers. */
struct bl_cache;

struct bl_cached {
	UT_hash_handle hh;
	char *key;		   /* "namespace/name", or "name" */
	uint64_t version;	   /* resourceVersion as a number; 0: it is none */
	struct bl_api_object *obj; /* NULL where the cache does not decode */
	char *json;		   /* the text; NULL where the cache does not keep it */
	size_t len;
	unsigned int round; /* of the list that it was last in */
};

struct bl_cache_opts {
	const char *path; /* of the collection, over all namespaces */
	int kind;	  /* enum bl_api_kind to decode as; -1: does not decode */
	bool keep_json;
	const char *label_selector; /* NULL: all */
	const char *field_selector;
};

/* What wants to know of changes; its owner embeds it and outlives the cache. */
struct bl_cache_listener {
	/* old NULL: it is new; now NULL: it is gone. Both lent for the call. */
	void (*changed)(void *arg, const struct bl_cached *old, const struct bl_cached *now);
	void (*synced)(void *arg); /* after the first list; may be NULL */
	void *arg;
	struct bl_cache_listener *next;
};

struct bl_cache *bl_cache_new(struct bl_client *client, const struct bl_cache_opts *opts);
struct bl_cache *bl_cache_free(struct bl_cache *c);
void bl_cache_listen(struct bl_cache *c, struct bl_cache_listener *l);
bool bl_cache_synced(const struct bl_cache *c);

/* The first of all, for HASH_ITER; lends. */
struct bl_cached *bl_cache_all(const struct bl_cache *c);
const struct bl_cached *bl_cache_get(const struct bl_cache *c, const char *key);

/*
 * What an answer to a write of ours says about an object, before the watch does: newer than what is held, it counts at
 * once, so that the next work does not start from an old state.
 */
void bl_cache_put(struct bl_cache *c, const char *json, size_t len);
void bl_cache_remove(struct bl_cache *c, const char *key);

#endif
