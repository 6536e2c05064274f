// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Objects as table rows.
 *
 * `kubectl get` lets the server choose the columns: it asks for metav1.Table, whose rows carry the cells and, unless told
 * otherwise, the object's metadata (kubectl prints labels and namespaces from it). The columns and cells come from the
 * kind's row in the table of kinds. A kind without columns has the name and the age.
 */
#include "apiserver/table.h"

#include "base/time.h"

static const struct bl_column plain_columns[] = {
	{"Name", "string", "name", "Name must be unique within a namespace.", 0},
	{"Created At", "date", "", "When the object was created.", 0},
	{},
};

static json_t *plain_cells(const json_t *obj)
{
	const json_t *meta = json_object_get(obj, "metadata");
	json_t *cells = json_array();

	json_array_append(cells, json_object_get(meta, "name"));
	json_array_append(cells, json_object_get(meta, "creationTimestamp"));
	return cells;
}

static json_t *column_definitions(const struct bl_kind *kind)
{
	const struct bl_column *c = kind->columns ? kind->columns : plain_columns;
	json_t *out = json_array();

	for (; c->name; c++) {
		json_t *def = json_object();

		json_object_set_new(def, "name", json_string(c->name));
		json_object_set_new(def, "type", json_string(c->type));
		json_object_set_new(def, "format", json_string(c->format ? c->format : ""));
		json_object_set_new(def, "description", json_string(c->doc ? c->doc : ""));
		json_object_set_new(def, "priority", json_integer(c->priority));
		json_array_append_new(out, def);
	}
	return out;
}

json_t *bl_table_new(const struct bl_kind *kind, const char *resource_version, bool columns)
{
	json_t *t = json_object();
	json_t *meta = json_object();

	json_object_set_new(t, "kind", json_string("Table"));
	json_object_set_new(t, "apiVersion", json_string("meta.k8s.io/v1"));
	if (resource_version)
		json_object_set_new(meta, "resourceVersion", json_string(resource_version));
	json_object_set_new(t, "metadata", meta);
	json_object_set_new(t, "columnDefinitions",
			    columns ? column_definitions(kind) : json_null());
	json_object_set_new(t, "rows", json_array());
	return t;
}

json_t *bl_partial(const json_t *obj)
{
	json_t *p = json_object();

	json_object_set_new(p, "kind", json_string("PartialObjectMetadata"));
	json_object_set_new(p, "apiVersion", json_string("meta.k8s.io/v1"));
	json_object_set(p, "metadata", json_object_get(obj, "metadata"));
	return p;
}

void bl_table_add(json_t *table, const struct bl_kind *kind, const json_t *obj,
		  enum bl_include include)
{
	json_t *row = json_object();

	json_object_set_new(row, "cells",
			    kind->cells ? kind->cells(obj, bl_time_wall_ns()) : plain_cells(obj));
	if (include == BL_INCLUDE_METADATA)
		json_object_set_new(row, "object", bl_partial(obj));
	else if (include == BL_INCLUDE_OBJECT)
		json_object_set(row, "object", (json_t *)obj);
	else
		json_object_set_new(row, "object", json_null());
	json_array_append_new(json_object_get(table, "rows"), row);
}
