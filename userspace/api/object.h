/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_API_OBJECT_H
#define BL_API_OBJECT_H

/*
 * DOC: Kubernetes objects as plain structs.
 *
 * A struct holds the fields that beeline uses and nothing else; decoding reads them once from JSON, checks their ranges
 * and keeps absent, null and empty apart where the API does. An object and everything it points to live in one
 * arena: it is freed as a whole and shared by nobody. Strings are never NULL unless a comment says so: an absent
 * string is "".
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct bl_api_reader;

enum bl_api_kind {
	BL_API_NAMESPACE,
	BL_API_NODE,
	BL_API_POD,
	BL_API_SERVICE,
	BL_API_ENDPOINTSLICE,
	BL_API_NETWORKPOLICY,
	BL_API_KIND_COUNT
};

/* A label or annotation; lists of them are sorted by key. */
struct bl_api_pair {
	const char *key;
	const char *value;
};

struct bl_api_pairs {
	struct bl_api_pair *list;
	size_t count;
};

/* The value of a key, or NULL. */
const char *bl_api_pairs_get(const struct bl_api_pairs *pairs, const char *key);

struct bl_api_meta {
	const char *namespace; /* "" for cluster-scoped kinds */
	const char *name;
	const char *uid;
	const char *resource_version;
	struct bl_api_pairs labels;
	struct bl_api_pairs
		annotations; /* only keys below "beeline.io/" and "service.kubernetes.io/" */
	bool deleting;	     /* deletionTimestamp is set */
	int64_t created_ns;  /* creationTimestamp, CLOCK_REALTIME; 0: absent */
};

/* What every kind starts with. */
struct bl_api_object {
	enum bl_api_kind kind;
	struct bl_arena *arena; /* holds the object itself */
	struct bl_api_meta meta;
};

/* Everything the code above knows of a kind. */
struct bl_api_type {
	enum bl_api_kind kind;
	const char *name;   /* "Service" */
	const char *plural; /* "services" */
	const char *path;   /* list and watch all namespaces: "/api/v1/services" */
	size_t size;	    /* of the struct */
	/* Fills the kind's own fields; meta is already there. -EINVAL, with the field in the reader's error. */
	int (*decode)(struct bl_api_reader *r, struct bl_api_object *obj, const json_t *json);
};

const struct bl_api_type *bl_api_type(enum bl_api_kind kind);

extern const struct bl_api_type bl_api_type_namespace, bl_api_type_node, bl_api_type_pod,
	bl_api_type_service, bl_api_type_endpointslice, bl_api_type_networkpolicy;

/* Decodes any object of the kind; an item of a list, which names no kind, too. The error is prefixed by "service 'ns/name': " once the name is known. */
int bl_api_decode(enum bl_api_kind kind, const json_t *json, struct bl_api_object **ret_obj,
		  struct bl_err *err);
struct bl_api_object *bl_api_free(struct bl_api_object *obj);

BL_DEFINE_CLEANUP(api_object, struct bl_api_object, bl_api_free);
#define BL_API_OBJECT BL_CLEANUP(bl_cleanup_api_object)

#endif
