/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_KIND_H
#define BL_APISERVER_KIND_H

#include <jansson.h>
#include <stdbool.h>

#include "apiserver/causes.h"
#include "apiserver/kinds/check.h"
#include "apiserver/schema.h"

/*
 * One row a kind: everything the server knows of it. A new kind is a row, its schema and its validator. Objects are
 * jansson values in the API's form. Functions that are NULL do nothing.
 *
 * The server itself does, for every kind: metadata (with the checks of kinds/meta.h), apiVersion and kind, uid,
 * resourceVersion, generation, timestamps. The functions of a row look at everything but metadata, unless a kind has rules
 * of its own about it.
 * A create: decode, set_defaults, prepare_create, bl_alloc_fill, validate, bl_alloc_assign.
 * An update: decode, set_defaults, prepare_update, bl_alloc_fill, validate and validate_update, bl_alloc_assign.
 * An update of /status: decode, set_defaults, prepare_status, validate_status.
 */
struct bl_column {
	const char *name;
	const char *type;   /* "string", "integer", "date", "boolean" */
	const char *format; /* "name" for the name column, else "" */
	const char *doc;
	int priority; /* 0: always; 1: with -o wide */
};

struct bl_kind {
	const char *group; /* "" is the core group */
	const char *version;
	const char *kind;   /* "Service" */
	const char *plural; /* "services" */
	const char *singular;
	const char *const *short_names; /* NULL-terminated, or NULL */
	const char *const *categories;	/* NULL-terminated, or NULL: "all" */
	bool namespaced;
	bool has_status; /* serves /status; spec and status are then changed by different requests */
	bool has_generation;	       /* metadata.generation counts changes of the spec */
	bool generation_counts_labels; /* and of labels (EndpointSlice) */
	bool needs_version;	       /* an update names the resourceVersion it is of (Lease) */
	bool graceful_delete;	       /* deletionGracePeriodSeconds counts (Pod) */
	bool returns_deleted; /* delete answers with the object, not with a Status (Pod, Service) */
	bool no_delete_collection; /* Namespace */
	bool update_checks_meta_less; /* labels and so on give three causes on update, not four (kinds/meta.h) */
	bool allocates;		      /* addresses and ports by apiserver/alloc.h (Service) */
	bool create_on_update; /* PUT of an absent name creates it (AllowCreateOnUpdate: Lease, Endpoints, Event, Service) */
	const char *deprecation; /* the Warning header of every request, or NULL (Endpoints) */
	const struct bl_schema_type *schema;

	/* Defaults, as the real server's defaulting functions; on every decode, storage included. */
	void (*set_defaults)(json_t *obj);
	/* Admission of a create: why it is forbidden (403), or NULL. `buf` holds a text that must be made. */
	const char *(*forbids)(const json_t *obj, char buf[256]);
	/* The object of this name is never deleted (403): the namespaces that every cluster has. */
	bool (*stays)(const char *name);
	/* Before validation: clears what a client may not set, carries over what it may not change. */
	void (*prepare_create)(json_t *obj);
	void (*prepare_update)(json_t *obj, const json_t *old);
	void (*prepare_status)(json_t *obj,
			       const json_t *old); /* default: all but status is the old */
	void (*validate)(const json_t *obj, struct bl_causes *c);
	void (*validate_update)(const json_t *obj, const json_t *old, struct bl_causes *c);
	void (*validate_status)(const json_t *obj, const json_t *old, struct bl_causes *c);
	/* What the name must look like; NULL: a DNS subdomain. Returns every broken rule. */
	struct bl_rules (*check_name)(const char *name);

	/* The value of a field selector's key (beyond metadata.name and metadata.namespace), "" where absent; NULL: the key
	 * is not supported for this kind. `buf` holds values that must be made. */
	const char *(*field_value)(const json_t *obj, const char *key, char buf[64]);

	/* Table output (kubectl get). Cells in the order of the columns; `now_ns` for ages. Returns a new array. */
	const struct bl_column *columns; /* ends with a NULL name */
	json_t *(*cells)(const json_t *obj, long long now_ns);
	/* The warnings that a create or update gives, added to a JSON array of strings. */
	void (*warn)(const json_t *obj, const json_t *old, json_t *warnings);
};

/* Every served kind, NULL-terminated, in discovery's order. */
extern const struct bl_kind *const bl_kinds[];

const struct bl_kind *bl_kind_find(const char *group, const char *version, const char *plural);

#endif
