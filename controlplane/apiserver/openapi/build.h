/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_OPENAPI_BUILD_H
#define BL_APISERVER_OPENAPI_BUILD_H

#include <jansson.h>

#include "apiserver/kind.h"
#include "base/buf.h"

/* The parts of a document as JSON trees, for the files of this folder. */
enum bl_openapi_version {
	BL_OPENAPI_V2,
	BL_OPENAPI_V3,
};

#define BL_OPENAPI_META	 "io.k8s.apimachinery.pkg.apis.meta.v1."
#define BL_OPENAPI_PATCH BL_OPENAPI_META "Patch"

/* {"$ref": ...} to the definition of a type. */
json_t *bl_openapi_ref(enum bl_openapi_version v, const char *name);

/* Adds the definition of a type and of all that it refers to, unless it is there. */
void bl_openapi_define(enum bl_openapi_version v, const struct bl_schema_type *type, json_t *defs);

/* Adds a kind, its list, and what its requests and answers need. */
void bl_openapi_define_kind(enum bl_openapi_version v, const struct bl_kind *kind, json_t *defs);

/* Adds the paths of a kind. */
void bl_openapi_add_paths(enum bl_openapi_version v, const struct bl_kind *kind, json_t *paths);

/* A group's start of path: "/api/v1", "/apis/GROUP/VERSION". The caller frees it. */
char *bl_openapi_root(const char *group, const char *version);

/* [{"group": ..., "version": ..., "kind": ...}] or the one object in it. */
json_t *bl_openapi_gvk(const struct bl_kind *kind, const char *suffix);

/* A version 2 document in gnostic's protobuf form. */
void bl_openapi_encode_proto(const json_t *doc, struct bl_buf *ret);

#endif
