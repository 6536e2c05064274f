// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: OpenAPI paths from the table of kinds
 *
 * Each kind has the same paths: its collection (per namespace and over all), its objects, and their status where it has
 * one. What clients read from them is little: x-kubernetes-action and x-kubernetes-group-version-kind say which operation
 * on which kind a path is (kubectl explain finds a kind so), and the query parameters of the patch operations say whether
 * the server understands dryRun and fieldValidation.
 *
 * An operation is a row: method, action, and which parameters, body and answer it has.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "apiserver/openapi/build.h"
#include "apiserver/schema_types.h"
#include "base/mem.h"
#include "base/str.h"

enum { FOR_LIST = 1, FOR_WRITE = 2, FOR_PATCH = 4, FOR_DELETE = 8 };

static const struct {
	unsigned where;
	const char *name, *type, *doc;
} queries[] = {
	{FOR_LIST, "allowWatchBookmarks", "boolean", "A watch sends bookmarks."},
	{FOR_LIST | FOR_DELETE, "continue", "string", "Where the last part of the list ended."},
	{FOR_LIST | FOR_DELETE, "fieldSelector", "string", "Selects objects by fields."},
	{FOR_LIST | FOR_DELETE, "labelSelector", "string", "Selects objects by labels."},
	{FOR_LIST | FOR_DELETE, "limit", "integer", "The most objects to give at once."},
	{FOR_LIST, "resourceVersion", "string", "The version to read, or to watch from."},
	{FOR_LIST, "resourceVersionMatch", "string", "Exact or NotOlderThan."},
	{FOR_LIST, "sendInitialEvents", "boolean", "A watch starts with what is there."},
	{FOR_LIST, "timeoutSeconds", "integer", "When a watch ends."},
	{FOR_LIST, "watch", "boolean", "Changes as they happen."},
	{FOR_WRITE | FOR_PATCH | FOR_DELETE, "dryRun", "string", "All: nothing is stored."},
	{FOR_WRITE | FOR_PATCH, "fieldManager", "string", "Who owns the fields that are set."},
	{FOR_WRITE | FOR_PATCH, "fieldValidation", "string", "Ignore, Warn or Strict."},
	{FOR_PATCH, "force", "boolean", "An apply takes fields of others."},
	{FOR_DELETE, "gracePeriodSeconds", "integer", "Seconds before the object is removed."},
	{FOR_DELETE, "orphanDependents", "boolean", "Old form of propagationPolicy: Orphan."},
	{FOR_DELETE, "propagationPolicy", "string", "Orphan, Background or Foreground."},
};

enum part { NOTHING, OBJECT, LIST, PATCH, DELETE_OPTIONS, STATUS, BINDING };

struct operation {
	const char *method, *action, *word;
	unsigned parameters;
	enum part body, answer;
};

static const struct operation on_all[] = {{"get", "list", "listAll", FOR_LIST, NOTHING, LIST}, {}};
static const struct operation on_collection[] = {
	{"get", "list", "list", FOR_LIST, NOTHING, LIST},
	{"post", "post", "create", FOR_WRITE, OBJECT, OBJECT},
	{"delete", "deletecollection", "deleteCollection", FOR_DELETE, DELETE_OPTIONS, STATUS},
	{},
};
static const struct operation on_object[] = {
	{"get", "get", "read", 0, NOTHING, OBJECT},
	{"put", "put", "replace", FOR_WRITE, OBJECT, OBJECT},
	{"patch", "patch", "patch", FOR_PATCH, PATCH, OBJECT},
	{"delete", "delete", "delete", FOR_DELETE, DELETE_OPTIONS, STATUS},
	{},
};
static const struct operation on_status[] = {
	{"get", "get", "readStatus", 0, NOTHING, OBJECT},
	{"put", "put", "replaceStatus", FOR_WRITE, OBJECT, OBJECT},
	{"patch", "patch", "patchStatus", FOR_PATCH, PATCH, OBJECT},
	{},
};
static const struct operation on_binding[] = {
	{"post", "connect", "bind", FOR_WRITE, BINDING, STATUS},
	{},
};

static const char *const patch_types[] = {
	"application/apply-patch+yaml",
	"application/json-patch+json",
	"application/merge-patch+json",
	"application/strategic-merge-patch+json",
};

char *bl_openapi_root(const char *group, const char *version)
{
	return *group ? bl_asprintf("/apis/%s/%s", group, version)
		      : bl_asprintf("/api/%s", version);
}

static json_t *part_ref(enum bl_openapi_version v, const struct bl_kind *kind, enum part part)
{
	BL_FREE char *list = bl_asprintf("%sList", kind->schema->name);
	const char *const names[] = {
		[OBJECT] = kind->schema->name,	  [LIST] = list,
		[PATCH] = BL_OPENAPI_PATCH,	  [DELETE_OPTIONS] = bl_schema_delete_options.name,
		[STATUS] = bl_schema_status.name, [BINDING] = bl_schema_binding.name,
	};

	return bl_openapi_ref(v, names[part]);
}

static json_t *parameter(enum bl_openapi_version v, const char *name, const char *in,
			 const char *type, const char *doc)
{
	json_t *p = json_pack("{s:s, s:s, s:s}", "name", name, "in", in, "description", doc);

	if (bl_streq(in, "path"))
		json_object_set_new(p, "required", json_true());
	if (v == BL_OPENAPI_V2) {
		json_object_set_new(p, "type", json_string(type));
		json_object_set_new(p, "uniqueItems", json_true());
	} else {
		json_object_set_new(p, "schema",
				    json_pack("{s:s, s:b}", "type", type, "uniqueItems", 1));
	}
	return p;
}

static json_t *media(json_t *schema, const char *const *types, size_t n)
{
	json_t *content = json_object();

	for (size_t i = 0; i < n; i++)
		json_object_set_new(content, types[i], json_pack("{s:O}", "schema", schema));
	json_decref(schema);
	return content;
}

static json_t *answers(enum bl_openapi_version v, const struct bl_kind *kind,
		       const struct operation *op)
{
	static const char *const json_type[] = {"application/json"};
	json_t *ok = json_pack("{s:s}", "description", "OK");
	json_t *ref = part_ref(v, kind, op->answer), *out;

	if (v == BL_OPENAPI_V2)
		json_object_set_new(ok, "schema", ref);
	else
		json_object_set_new(ok, "content", media(ref, json_type, 1));
	out = json_pack("{s:o, s:{s:s}}", "200", ok, "401", "description", "Unauthorized");
	if (bl_streq(op->action, "post"))
		json_object_set(out, "201", ok);
	return out;
}

static void add_body(enum bl_openapi_version v, const struct bl_kind *kind,
		     const struct operation *op, json_t *parameters, json_t *out)
{
	static const char *const any[] = {"*/*"};
	bool patch = op->body == PATCH;
	json_t *ref = part_ref(v, kind, op->body);
	bool required = op->body != DELETE_OPTIONS;

	if (v == BL_OPENAPI_V2) {
		json_t *body =
			json_pack("{s:s, s:s, s:o}", "in", "body", "name", "body", "schema", ref);

		if (required)
			json_object_set_new(body, "required", json_true());
		json_array_append_new(parameters, body);
		return;
	}
	json_t *content = media(ref, patch ? patch_types : any,
				patch ? BL_ARRAY_SIZE(patch_types) : BL_ARRAY_SIZE(any));

	json_object_set_new(out, "requestBody",
			    json_pack("{s:o, s:b}", "content", content, "required", required));
}

/* "createCoreV1NamespacedPod": unique in the document. */
static char *operation_id(const struct bl_kind *kind, const struct operation *op)
{
	BL_FREE char *group = bl_strdup(*kind->group ? kind->group : "core");
	BL_FREE char *version = bl_strdup(kind->version);

	group[strcspn(group, ".")] = '\0';
	group[0] = (char)toupper((unsigned char)group[0]);
	version[0] = (char)toupper((unsigned char)version[0]);
	return bl_asprintf("%s%s%s%s%s", op->word, group, version,
			   kind->namespaced ? "Namespaced" : "", kind->kind);
}

static json_t *make_operation(enum bl_openapi_version v, const struct bl_kind *kind,
			      const struct operation *op)
{
	BL_FREE char *id = operation_id(kind, op);
	json_t *parameters = json_array();
	json_t *out = json_pack("{s:s, s:o}", "operationId", id, "parameters", parameters);

	if (op->body)
		add_body(v, kind, op, parameters, out);
	for (size_t i = 0; i < BL_ARRAY_SIZE(queries); i++)
		if (queries[i].where & op->parameters)
			json_array_append_new(parameters,
					      parameter(v, queries[i].name, "query",
							queries[i].type, queries[i].doc));
	json_object_set_new(out, "responses", answers(v, kind, op));
	json_object_set_new(out, "x-kubernetes-action", json_string(op->action));
	json_object_set_new(out, "x-kubernetes-group-version-kind", bl_openapi_gvk(kind, ""));
	if (v == BL_OPENAPI_V2 && op->body) {
		json_t *consumes = json_array();

		for (size_t i = 0; op->body == PATCH && i < BL_ARRAY_SIZE(patch_types); i++)
			json_array_append_new(consumes, json_string(patch_types[i]));
		if (op->body != PATCH)
			json_array_append_new(consumes, json_string("*/*"));
		json_object_set_new(out, "consumes", consumes);
	}
	return out;
}

/* Adds one path; takes it. */
static void add_path(enum bl_openapi_version v, const struct bl_kind *kind, char *path,
		     const struct operation *ops, json_t *paths)
{
	json_t *item = json_object(), *parameters = json_array();

	for (; ops->method; ops++)
		if (!bl_streq(ops->action, "deletecollection") ||
		    !bl_streq(kind->kind, "Namespace"))
			json_object_set_new(item, ops->method, make_operation(v, kind, ops));
	if (strstr(path, "{name}"))
		json_array_append_new(
			parameters, parameter(v, "name", "path", "string", "Name of the object."));
	if (strstr(path, "{namespace}"))
		json_array_append_new(parameters, parameter(v, "namespace", "path", "string",
							    "Namespace of the object."));
	json_object_set_new(item, "parameters", parameters);
	json_object_set_new(paths, path, item);
	free(path);
}

void bl_openapi_add_paths(enum bl_openapi_version v, const struct bl_kind *kind, json_t *paths)
{
	BL_FREE char *root = bl_openapi_root(kind->group, kind->version);
	BL_FREE char *base = bl_asprintf(
		"%s%s/%s", root, kind->namespaced ? "/namespaces/{namespace}" : "", kind->plural);

	add_path(v, kind, bl_strdup(base), on_collection, paths);
	add_path(v, kind, bl_asprintf("%s/{name}", base), on_object, paths);
	if (kind->has_status)
		add_path(v, kind, bl_asprintf("%s/{name}/status", base), on_status, paths);
	if (kind->namespaced)
		add_path(v, kind, bl_asprintf("%s/%s", root, kind->plural), on_all, paths);
	if (bl_streq(kind->kind, "Pod") && !*kind->group)
		add_path(v, kind, bl_asprintf("%s/{name}/binding", base), on_binding, paths);
}
