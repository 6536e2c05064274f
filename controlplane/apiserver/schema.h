/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_SCHEMA_H
#define BL_APISERVER_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "apiserver/causes.h"
#include "base/err.h"

/*
 * The shape of each served kind, written once as tables: decoding (types, unknown and null fields), strategic merge
 * (merge keys), server-side apply (list and map types) and OpenAPI (documents for kubectl explain and client-side checks)
 * all read it.
 */
enum bl_schema_class {
	BL_SCHEMA_STRING,
	BL_SCHEMA_INT32,
	BL_SCHEMA_INT64,
	BL_SCHEMA_BOOL,
	BL_SCHEMA_BYTES,      /* base64 */
	BL_SCHEMA_TIME,	      /* RFC 3339, seconds */
	BL_SCHEMA_MICRO_TIME, /* RFC 3339, microseconds */
	BL_SCHEMA_INT_OR_STRING,
	BL_SCHEMA_QUANTITY, /* string or number */
	BL_SCHEMA_OBJECT,   /* fields by name */
	BL_SCHEMA_ANY,	    /* any JSON object: kept as it is */
};

enum bl_schema_shape {
	BL_SHAPE_ONE,
	BL_SHAPE_MAP,	      /* string -> class */
	BL_SHAPE_LIST_ATOMIC, /* replaced as a whole */
	BL_SHAPE_LIST_SET,    /* scalars, merged by value */
	BL_SHAPE_LIST_MAP, /* objects, merged by `keys` in apply and by `merge_key` in a strategic merge patch */
};

struct bl_schema_type;

struct bl_schema_field {
	const char *name;
	enum bl_schema_class class;
	enum bl_schema_shape shape;
	const struct bl_schema_type
		*type;	  /* BL_SCHEMA_OBJECT: the type of the value, entry or element */
	const char *keys; /* BL_SHAPE_LIST_MAP: "port,protocol" (x-kubernetes-list-map-keys) */
	const char *
		merge_key; /* x-kubernetes-patch-merge-key; NULL: a strategic merge patch replaces the list */
	const char *doc;	  /* one or two sentences, ours */
	bool required;		  /* in OpenAPI */
	bool atomic;		  /* an object or map that apply owns as a whole */
	bool retain_keys;	  /* x-kubernetes-patch-strategy: retainKeys */
	const char *key_defaults; /* "protocol=TCP": what an absent key field counts as */
};

struct bl_schema_type {
	const char *name; /* "io.k8s.api.core.v1.ServicePort" */
	const char *doc;
	const struct bl_schema_field *fields; /* ends with a NULL name */
};

const struct bl_schema_field *bl_schema_find(const struct bl_schema_type *type, const char *name);

/*
 * Brings a decoded object into the API's form: checks every type, drops nulls as the real decoder does, and handles
 * unknown fields: collected in *ret_unknown (a JSON array of "spec.foo" paths, may be NULL to ignore them) and removed.
 * -EINVAL: a value of a wrong type; the error is worded as the API server does for a 400 BadRequest.
 */
int bl_schema_decode(const struct bl_schema_type *type, json_t *obj, json_t *ret_unknown,
		     struct bl_err *err);

#endif
