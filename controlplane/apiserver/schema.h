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

/*
 * When a field is in an object that the server gives out. The real server's objects are Go structs, and what a client
 * sees of an empty value follows from the struct's tags; clients compare and own fields by it, so it is a fact of the API.
 */
enum bl_schema_presence {
	BL_PRESENT_FULL,  /* left out when empty: "", 0, false, [], {} */
	BL_PRESENT_GIVEN, /* kept as given, empty too; left out when absent or null */
	BL_PRESENT_ALWAYS, /* filled where absent: "", 0, false, {}; null for a list, a map or a time */
};

struct bl_schema_type;

struct bl_schema_field {
	const char *name;
	enum bl_schema_class class;
	enum bl_schema_shape shape;
	/* BL_SCHEMA_OBJECT: the type of the value, entry or element */
	const struct bl_schema_type *type;
	/* BL_SHAPE_LIST_MAP: "port,protocol" (x-kubernetes-list-map-keys) */
	const char *keys;
	/* x-kubernetes-patch-merge-key; "": scalars merged by value; NULL: a strategic merge patch replaces the list */
	const char *merge_key;
	const char *doc; /* one or two sentences, ours */
	enum bl_schema_presence presence;
	bool required;		  /* in OpenAPI */
	bool atomic;		  /* a map that apply owns as a whole */
	bool retain_keys;	  /* x-kubernetes-patch-strategy: retainKeys */
	const char *key_defaults; /* "protocol=TCP": what an absent key field counts as */
};

struct bl_schema_type {
	const char *name; /* "io.k8s.api.core.v1.ServicePort" */
	const char *doc;
	const struct bl_schema_field *fields; /* ends with a NULL name */
	bool atomic;			      /* apply owns each value of it as a whole */
};

const struct bl_schema_field *bl_schema_find(const struct bl_schema_type *type, const char *name);

/*
 * `obj` is changed in place, its strings too, so it must share nothing with another object.
 *
 * Brings a decoded object into the API's form: checks every type and range, drops nulls and empty values and fills fields
 * as their presence says, and removes unknown fields. Quantities, times and base64 are checked for their grammar.
 * Unknown fields are added to ret_unknown (a JSON array of "spec.ports[0].foo" paths; NULL: nobody asks).
 * -EINVAL: a value of a wrong type; the error is Go's, as the API server's 400 has it behind its colon ("json: cannot
 * unmarshal string into Go struct field ServicePort.spec.ports.port of type int32").
 */
int bl_schema_decode(const struct bl_schema_type *type, json_t *obj, json_t *ret_unknown,
		     struct bl_err *err);

/* The empty object of a type: nothing but the fields that are always present. The caller owns it. */
json_t *bl_schema_zero(const struct bl_schema_type *type);
json_t *bl_schema_zero_field(const struct bl_schema_field *f); /* a field that is always present */
json_t *bl_schema_zero_value(const struct bl_schema_field *f); /* one value, entry or element */

#endif
