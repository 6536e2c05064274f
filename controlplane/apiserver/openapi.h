/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_OPENAPI_H
#define BL_APISERVER_OPENAPI_H

#include "base/buf.h"

/*
 * The OpenAPI documents of the served kinds, made from bl_kinds and their schemas. Each call makes the document anew into
 * `ret_doc` (empty before), which takes milliseconds; nothing is kept, because clients ask once and cache.
 */

/* GET /openapi/v2 as application/json. */
void bl_openapi_v2_json(struct bl_buf *ret_doc);

/*
 * The same as protobuf (gnostic's openapi.v2.Document), where Accept names
 * application/com.github.proto-openapi.spec.v2@v1.0+protobuf or application/com.github.proto-openapi.spec.v2.v1.0+protobuf:
 * kubectl up to 1.26 reads nothing else. The answer's Content-Type is the second.
 */
void bl_openapi_v2_proto(struct bl_buf *ret_doc);

/* GET /openapi/v3: where each group is, with a hash that changes when its document does. JSON. */
void bl_openapi_v3_index(struct bl_buf *ret_doc);

/* GET /openapi/v3/api/v1 (group "") and /openapi/v3/apis/GROUP/VERSION, as JSON. -ENOENT: not served. */
int bl_openapi_v3_group(const char *group, const char *version, struct bl_buf *ret_doc);

/* The hash of a document, for ETag: 32 hex digits. */
void bl_openapi_hash(const struct bl_buf *doc, char ret_hash[33]);

#endif
