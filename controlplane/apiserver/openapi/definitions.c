// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: OpenAPI definitions from the schema tables
 *
 * Each type of the tables becomes a definition: its fields with their types, its docs, and the extensions that clients
 * compute patches by (x-kubernetes-patch-strategy and -merge-key, x-kubernetes-list-type and -map-keys). kubectl explain
 * prints them, kubectl's client-side validation checks against them.
 *
 * Versions 2 and 3 differ in where definitions are and in how one refers to another: a $ref of version 3 has no siblings,
 * so a field that has a description beside wraps it in allOf. Times, quantities and the like are types of their own in
 * the API's documents, and so here.
 */
#include "apiserver/openapi/build.h"

#include <string.h>

#include "apiserver/schema_types.h"
#include "base/mem.h"
#include "base/str.h"

#define QUANTITY      "io.k8s.apimachinery.pkg.api.resource.Quantity"
#define INT_OR_STRING "io.k8s.apimachinery.pkg.util.intstr.IntOrString"

/* What is a type in the documents but a class in the tables. */
static const struct {
	const char *name, *type, *format, *doc;
} basics[] = {
	{BL_OPENAPI_META "Time", "string", "date-time", "A time as RFC 3339, in seconds."},
	{BL_OPENAPI_META "MicroTime", "string", "date-time",
	 "A time as RFC 3339, in microseconds."},
	{BL_OPENAPI_META "FieldsV1", "object", NULL,
	 "A set of fields, as a tree of path elements."},
	{BL_OPENAPI_PATCH, "object", NULL, "A patch; its form follows from the content type."},
	{QUANTITY, "string", NULL, "An amount with a suffix: 500m, 1.5Gi."},
	{INT_OR_STRING, "string", "int-or-string", "A number or a name."},
};

static const struct {
	const char *type, *format, *ref;
} classes[] = {
	[BL_SCHEMA_STRING] = {"string", NULL, NULL},
	[BL_SCHEMA_INT32] = {"integer", "int32", NULL},
	[BL_SCHEMA_INT64] = {"integer", "int64", NULL},
	[BL_SCHEMA_BOOL] = {"boolean", NULL, NULL},
	[BL_SCHEMA_BYTES] = {"string", "byte", NULL},
	[BL_SCHEMA_TIME] = {NULL, NULL, BL_OPENAPI_META "Time"},
	[BL_SCHEMA_MICRO_TIME] = {NULL, NULL, BL_OPENAPI_META "MicroTime"},
	[BL_SCHEMA_INT_OR_STRING] = {NULL, NULL, INT_OR_STRING},
	[BL_SCHEMA_QUANTITY] = {NULL, NULL, QUANTITY},
	[BL_SCHEMA_OBJECT] = {NULL, NULL, NULL},
	[BL_SCHEMA_ANY] = {NULL, NULL, BL_OPENAPI_META "FieldsV1"},
};

static void set_str(json_t *obj, const char *key, const char *value)
{
	json_object_set_new(obj, key, json_string(value));
}

json_t *bl_openapi_ref(enum bl_openapi_version v, const char *name)
{
	BL_FREE char *ref = bl_asprintf(
		"#/%s/%s", v == BL_OPENAPI_V2 ? "definitions" : "components/schemas", name);

	return json_pack("{s:s}", "$ref", ref);
}

json_t *bl_openapi_gvk(const struct bl_kind *kind, const char *suffix)
{
	BL_FREE char *name = bl_asprintf("%s%s", kind->kind, suffix);

	return json_pack("{s:s, s:s, s:s}", "group", kind->group, "kind", name, "version",
			 kind->version);
}

/* One value, entry or element. */
static json_t *value_schema(enum bl_openapi_version v, const struct bl_schema_field *f)
{
	const char *ref = f->type ? f->type->name : classes[f->class].ref;
	json_t *schema;

	if (ref)
		return v == BL_OPENAPI_V2 ? bl_openapi_ref(v, ref)
					  : json_pack("{s:[o]}", "allOf", bl_openapi_ref(v, ref));
	schema = json_pack("{s:s}", "type", classes[f->class].type);
	if (classes[f->class].format)
		set_str(schema, "format", classes[f->class].format);
	return schema;
}

static void add_list_extensions(const struct bl_schema_field *f, json_t *schema)
{
	static const char *const types[] = {
		[BL_SHAPE_LIST_ATOMIC] = "atomic",
		[BL_SHAPE_LIST_SET] = "set",
		[BL_SHAPE_LIST_MAP] = "map",
	};

	set_str(schema, "x-kubernetes-list-type", types[f->shape]);
	if (f->keys) {
		json_t *keys = json_array();

		for (const char *k = f->keys; *k;) {
			size_t len = strcspn(k, ",");

			json_array_append_new(keys, json_stringn(k, len));
			k += len + (k[len] == ',');
		}
		json_object_set_new(schema, "x-kubernetes-list-map-keys", keys);
	}
	if (f->merge_key && *f->merge_key)
		set_str(schema, "x-kubernetes-patch-merge-key", f->merge_key);
	if (f->merge_key)
		set_str(schema, "x-kubernetes-patch-strategy",
			f->retain_keys ? "merge,retainKeys" : "merge");
}

static json_t *field_schema(enum bl_openapi_version v, const struct bl_schema_field *f)
{
	json_t *schema;

	if (f->shape == BL_SHAPE_ONE) {
		schema = value_schema(v, f);
	} else if (f->shape == BL_SHAPE_MAP) {
		schema = json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
				   value_schema(v, f));
		if (f->atomic)
			set_str(schema, "x-kubernetes-map-type", "atomic");
	} else {
		schema = json_pack("{s:s, s:o}", "type", "array", "items", value_schema(v, f));
		add_list_extensions(f, schema);
	}
	set_str(schema, "description", f->doc);
	return schema;
}

/* Every kind whose objects have this type; DeleteOptions and Status are of every group. */
static json_t *kinds_of(const struct bl_schema_type *type)
{
	json_t *list = json_array();

	for (const struct bl_kind *const *k = bl_kinds; *k; k++)
		if ((*k)->schema == type)
			json_array_append_new(list, bl_openapi_gvk(*k, ""));
	if (type == &bl_schema_delete_options || type == &bl_schema_status)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s}", "group", "", "kind",
					type == &bl_schema_status ? "Status" : "DeleteOptions",
					"version", "v1"));
	return list;
}

void bl_openapi_define(enum bl_openapi_version v, const struct bl_schema_type *type, json_t *defs)
{
	if (json_object_get(defs, type->name))
		return;
	json_t *def = json_pack("{s:s, s:s}", "description", type->doc, "type", "object");
	json_t *properties = json_object(), *required = json_array(), *kinds = kinds_of(type);

	json_object_set_new(defs, type->name, def);
	for (const struct bl_schema_field *f = type->fields; f->name; f++) {
		json_object_set_new(properties, f->name, field_schema(v, f));
		if (f->required)
			json_array_append_new(required, json_string(f->name));
		if (f->type)
			bl_openapi_define(v, f->type, defs);
	}
	json_object_set_new(def, "properties", properties);
	if (json_array_size(required))
		json_object_set(def, "required", required);
	if (json_array_size(kinds))
		json_object_set(def, "x-kubernetes-group-version-kind", kinds);
	if (type->atomic)
		set_str(def, "x-kubernetes-map-type", "atomic");
	json_decref(required);
	json_decref(kinds);
}

static void define_list(enum bl_openapi_version v, const struct bl_kind *kind, json_t *defs)
{
	const struct bl_schema_field rows[] = {
		{.name = "apiVersion", .doc = "Group and version of this form of the object."},
		{.name = "items",
		 .class = BL_SCHEMA_OBJECT,
		 .shape = BL_SHAPE_LIST_ATOMIC,
		 .type = kind->schema,
		 .required = true,
		 .doc = "The objects."},
		{.name = "kind", .doc = "The kind of the list."},
		{.name = "metadata",
		 .class = BL_SCHEMA_OBJECT,
		 .type = &bl_schema_list_meta,
		 .doc = "What every list has."},
		{},
	};
	BL_FREE char *name = bl_asprintf("%sList", kind->schema->name);
	BL_FREE char *doc = bl_asprintf("A list of objects of the kind %s.", kind->kind);
	const struct bl_schema_type list = {.name = name, .doc = doc, .fields = rows};

	bl_openapi_define(v, &list, defs);
	json_t *def = json_object_get(defs, name);

	json_object_del(json_object_get(json_object_get(def, "properties"), "items"),
			"x-kubernetes-list-type");
	json_object_set_new(def, "x-kubernetes-group-version-kind",
			    json_pack("[o]", bl_openapi_gvk(kind, "List")));
}

void bl_openapi_define_kind(enum bl_openapi_version v, const struct bl_kind *kind, json_t *defs)
{
	for (size_t i = 0; i < BL_ARRAY_SIZE(basics); i++) {
		json_t *def = json_pack("{s:s, s:s}", "description", basics[i].doc, "type",
					basics[i].type);

		if (basics[i].format)
			set_str(def, "format", basics[i].format);
		json_object_set_new(defs, basics[i].name, def);
	}
	bl_openapi_define(v, kind->schema, defs);
	define_list(v, kind, defs);
	bl_openapi_define(v, &bl_schema_delete_options, defs);
	bl_openapi_define(v, &bl_schema_status, defs);
	if (bl_streq(kind->kind, "Pod") && !*kind->group)
		bl_openapi_define(v, &bl_schema_binding, defs);
}
