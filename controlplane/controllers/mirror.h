/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CONTROLLERS_MIRROR_H
#define BL_CONTROLLERS_MIRROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#include "api/object.h"
#include "client/client.h"

/* All objects of one collection, kept by list and watch and shared by the controllers. */
struct bl_mirror;

struct bl_mirrored {
	UT_hash_handle hh;
	char *key;		   /* "namespace/name", or "name" */
	uint64_t version;	   /* resourceVersion as a number; 0: it is none */
	struct bl_api_object *obj; /* NULL where the cache does not decode */
	char *json;		   /* the text; NULL where the cache does not keep it */
	size_t len;
	unsigned int round; /* of the list that it was last in */
};

struct bl_mirror_opts {
	const char *path; /* of the collection, over all namespaces */
	int kind;	  /* enum bl_api_kind to decode as; -1: does not decode */
	bool keep_json;
	const char *label_selector; /* NULL: all */
	const char *field_selector;
};

/* What wants to know of changes; its owner embeds it and outlives the cache. */
struct bl_mirror_listener {
	/* old NULL: it is new; now NULL: it is gone. Both lent for the call. May be NULL. */
	void (*changed)(void *arg, const struct bl_mirrored *old, const struct bl_mirrored *now);
	void (*synced)(void *arg); /* after the first list; may be NULL */
	void *arg;
	struct bl_mirror_listener *next;
};

struct bl_mirror *bl_mirror_new(struct bl_client *client, const struct bl_mirror_opts *opts);
struct bl_mirror *bl_mirror_free(struct bl_mirror *c);
void bl_mirror_listen(struct bl_mirror *c, struct bl_mirror_listener *l);
bool bl_mirror_synced(const struct bl_mirror *c);

/* The first of all, for HASH_ITER; lends. */
struct bl_mirrored *bl_mirror_all(const struct bl_mirror *c);
const struct bl_mirrored *bl_mirror_get(const struct bl_mirror *c, const char *key);

/*
 * What an answer to a write of ours says about an object, before the watch does: newer than what is held, it counts at
 * once, so that the next work does not start from an old state.
 */
void bl_mirror_put(struct bl_mirror *c, const char *json, size_t len);
void bl_mirror_remove(struct bl_mirror *c, const char *key);

#endif
