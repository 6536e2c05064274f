/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_PROTOBUF_NUMBERS_H
#define BL_APISERVER_PROTOBUF_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "apiserver/schema.h"

/* The schema of a kind that is read as protobuf; NULL: none. */
const struct bl_schema_type *bl_protobuf_kind(const char *kind, const char *version);

/* Whether the numbers of a type's fields are known. */
bool bl_protobuf_knows(const struct bl_schema_type *type);

/* The field with a number; NULL: no such, or one that clients do not set. */
const struct bl_schema_field *bl_protobuf_field(const struct bl_schema_type *type, uint32_t number);

#endif
