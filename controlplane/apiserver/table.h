/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_TABLE_H
#define BL_APISERVER_TABLE_H

#include <jansson.h>

#include "apiserver/request.h"

/* metav1.Table and metav1.PartialObjectMetadata of objects (lent). What a row shows of its object besides the cells. */
enum bl_include {
	BL_INCLUDE_METADATA, /* the default */
	BL_INCLUDE_NONE,
	BL_INCLUDE_OBJECT,
};

/* The includeObject parameter. */
enum bl_include bl_request_include(const struct bl_request *rq);

/* An empty table; without columns for the later events of a watch. New. */
json_t *bl_table_new(const struct bl_kind *kind, const char *resource_version, bool columns);
void bl_table_add(json_t *table, const struct bl_kind *kind, const json_t *obj,
		  enum bl_include include);

/* The metadata alone. New. */
json_t *bl_partial(const json_t *obj);

#endif
