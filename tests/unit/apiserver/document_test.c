// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: OpenAPI documents
 *
 * What clients take for granted of them: every reference leads somewhere, every kind is found by its group, version and
 * kind, patch operations name the parameters by which clients detect abilities, and the protobuf form says the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "apiserver/kind.h"
#include "apiserver/openapi.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

static json_t *read_doc(const struct bl_buf *b)
{
	json_t *doc = json_loadb(b->data, b->len, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(doc);
	return doc;
}

static json_t *v2(void)
{
	BL_BUF struct bl_buf b = {};

	bl_openapi_v2_json(&b);
	return read_doc(&b);
}

static json_t *v3(const char *group, const char *version)
{
	BL_BUF struct bl_buf b = {};

	assert_int_equal(bl_openapi_v3_group(group, version, &b), 0);
	return read_doc(&b);
}

/* Every "$ref" below v is prefix + a key of defs. */
static void check_refs(const json_t *v, const char *prefix, const json_t *defs)
{
	const char *key;
	size_t i;
	json_t *child;

	json_object_foreach ((json_t *)v, key, child) {
		if (bl_streq(key, "$ref")) {
			const char *ref = json_string_value(child);

			assert_true(bl_str_starts(ref, prefix));
			if (!json_object_get(defs, ref + strlen(prefix)))
				fail_msg("%s leads nowhere", ref);
		}
		check_refs(child, prefix, defs);
	}
	json_array_foreach (v, i, child)
		check_refs(child, prefix, defs);
}

static void references_of_version_2_lead_somewhere(void **state)
{
	BL_JSON json_t *doc = v2();

	(void)state;
	assert_string_equal(bl_json_str_at(doc, "swagger", NULL), "2.0");
	check_refs(doc, "#/definitions/", json_object_get(doc, "definitions"));
}

static void references_of_version_3_stay_in_their_group(void **state)
{
	(void)state;
	for (const struct bl_kind *const *k = bl_kinds; *k; k++) {
		BL_JSON json_t *doc = v3((*k)->group, (*k)->version);

		check_refs(doc, "#/components/schemas/",
			   bl_json_at(doc, "components", "schemas", NULL));
	}
}

static bool names_kind(const json_t *gvk, const struct bl_kind *kind)
{
	return bl_streq(bl_json_str_at(gvk, "kind", NULL), kind->kind) &&
	       bl_streq(bl_json_str_at(gvk, "group", NULL), kind->group) &&
	       bl_streq(bl_json_str_at(gvk, "version", NULL), kind->version);
}

static bool has_parameter(const json_t *operation, const char *name)
{
	size_t i;
	json_t *p;

	json_array_foreach (json_object_get(operation, "parameters"), i, p)
		if (bl_streq(bl_json_str_at(p, "name", NULL), name) &&
		    bl_streq(bl_json_str_at(p, "in", NULL), "query"))
			return true;
	return false;
}

static void check_kind(const struct bl_kind *kind, const json_t *paths, const json_t *defs)
{
	BL_FREE char *base =
		bl_asprintf("%s%s/%s%s", *kind->group ? "/apis/" : "/api", kind->group,
			    kind->version, kind->namespaced ? "/namespaces/{namespace}" : "");
	BL_FREE char *collection = bl_asprintf("%s/%s", base, kind->plural);
	BL_FREE char *object = bl_asprintf("%s/%s/{name}", base, kind->plural);
	const json_t *create = bl_json_at(paths, collection, "post", NULL);
	const json_t *patch = bl_json_at(paths, object, "patch", NULL);
	const json_t *def = json_object_get(defs, kind->schema->name);
	const json_t *gvks = json_object_get(def, "x-kubernetes-group-version-kind");

	assert_true(names_kind(json_object_get(create, "x-kubernetes-group-version-kind"), kind));
	assert_true(names_kind(json_object_get(patch, "x-kubernetes-group-version-kind"), kind));
	assert_true(names_kind(json_array_get(gvks, 0), kind));
	assert_true(has_parameter(patch, "dryRun"));
	assert_true(has_parameter(patch, "fieldValidation"));
	assert_true(has_parameter(patch, "force"));
	assert_true(has_parameter(create, "fieldManager"));
	assert_int_equal(bl_json_at(paths, collection, "delete", NULL) == NULL,
			 kind->no_delete_collection);
}

static void kinds_are_found_by_group_version_and_kind(void **state)
{
	BL_JSON json_t *doc = v2();

	(void)state;
	for (const struct bl_kind *const *k = bl_kinds; *k; k++) {
		BL_JSON json_t *group = v3((*k)->group, (*k)->version);

		check_kind(*k, json_object_get(doc, "paths"), json_object_get(doc, "definitions"));
		check_kind(*k, json_object_get(group, "paths"),
			   bl_json_at(group, "components", "schemas", NULL));
	}
}

static void lists_say_how_they_merge(void **state)
{
	BL_JSON json_t *doc = v2();
	const json_t *ports = bl_json_at(doc, "definitions", "io.k8s.api.core.v1.ServiceSpec",
					 "properties", "ports", NULL);
	const json_t *volumes = bl_json_at(doc, "definitions", "io.k8s.api.core.v1.PodSpec",
					   "properties", "volumes", NULL);
	BL_JSON json_t *keys = json_pack("[s, s]", "port", "protocol");

	(void)state;
	assert_string_equal(bl_json_str_at(ports, "x-kubernetes-list-type", NULL), "map");
	assert_true(json_equal(json_object_get(ports, "x-kubernetes-list-map-keys"), keys));
	assert_string_equal(bl_json_str_at(ports, "x-kubernetes-patch-merge-key", NULL), "port");
	assert_string_equal(bl_json_str_at(ports, "x-kubernetes-patch-strategy", NULL), "merge");
	assert_string_equal(bl_json_str_at(volumes, "x-kubernetes-patch-strategy", NULL),
			    "merge,retainKeys");
}

static void index_leads_to_every_group_with_its_hash(void **state)
{
	BL_BUF struct bl_buf b = {};

	(void)state;
	bl_openapi_v3_index(&b);
	BL_JSON json_t *index = read_doc(&b);

	for (const struct bl_kind *const *k = bl_kinds; *k; k++) {
		BL_BUF struct bl_buf doc = {};
		BL_FREE char *name = bl_asprintf("%s%s/%s", *(*k)->group ? "apis/" : "api",
						 (*k)->group, (*k)->version);
		char hash[33];

		assert_int_equal(bl_openapi_v3_group((*k)->group, (*k)->version, &doc), 0);
		bl_openapi_hash(&doc, hash);
		BL_FREE char *url = bl_asprintf("/openapi/v3/%s?hash=%s", name, hash);

		assert_string_equal(bl_json_str_at(index, "paths", name, "serverRelativeURL", NULL),
				    url);
	}
}

static void unserved_group_has_no_document(void **state)
{
	BL_BUF struct bl_buf b = {};

	(void)state;
	assert_int_equal(bl_openapi_v3_group("apps", "v1", &b), -ENOENT);
	assert_int_equal(bl_openapi_v3_group("", "v2", &b), -ENOENT);
	assert_int_equal(b.len, 0);
}

struct reader {
	const uint8_t *p, *end;
};

static uint64_t varint(struct reader *r)
{
	uint64_t v = 0;

	for (int shift = 0; shift < 64; shift += 7) {
		assert_true(r->p < r->end);
		v |= (uint64_t)(*r->p & 0x7f) << shift;
		if (!(*r->p++ & 0x80))
			break;
	}
	return v;
}

/* The next field of a message: its number, and its bytes where it is length-delimited. */
static unsigned next_field(struct reader *r, struct reader *ret_value)
{
	uint64_t key = varint(r);

	if ((key & 7) == 2) {
		uint64_t len = varint(r);

		assert_true(len <= (uint64_t)(r->end - r->p));
		*ret_value = (struct reader){r->p, r->p + len};
		r->p += len;
	} else {
		assert_int_equal(key & 7, 0);
		(void)varint(r);
	}
	return (unsigned)(key >> 3);
}

/* How often a field of the document's message `outer` stands in it. */
static size_t count_fields(struct reader doc, unsigned outer, unsigned inner)
{
	struct reader message, value;
	size_t n = 0;

	while (doc.p < doc.end) {
		if (next_field(&doc, &message) != outer)
			continue;
		while (message.p < message.end)
			n += next_field(&message, &value) == inner;
	}
	return n;
}

static void protobuf_has_every_path_and_definition(void **state)
{
	BL_BUF struct bl_buf b = {};
	BL_JSON json_t *doc = v2();

	(void)state;
	bl_openapi_v2_proto(&b);
	struct reader r = {(const uint8_t *)b.data, (const uint8_t *)b.data + b.len};

	assert_int_equal(count_fields(r, 8, 2), json_object_size(json_object_get(doc, "paths")));
	assert_int_equal(count_fields(r, 9, 1),
			 json_object_size(json_object_get(doc, "definitions")));
	assert_memory_equal(b.data,
			    "\x0a\x03"
			    "2.0",
			    5);
}

static void documents_stay_small(void **state)
{
	BL_BUF struct bl_buf json = {}, proto = {}, core = {};

	(void)state;
	bl_openapi_v2_json(&json);
	bl_openapi_v2_proto(&proto);
	(void)bl_openapi_v3_group("", "v1", &core);
	assert_in_range(json.len, 50000, 700000);
	assert_in_range(proto.len, 50000, 700000);
	assert_in_range(core.len, 50000, 700000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(references_of_version_2_lead_somewhere),
		cmocka_unit_test(references_of_version_3_stay_in_their_group),
		cmocka_unit_test(kinds_are_found_by_group_version_and_kind),
		cmocka_unit_test(lists_say_how_they_merge),
		cmocka_unit_test(index_leads_to_every_group_with_its_hash),
		cmocka_unit_test(unserved_group_has_no_document),
		cmocka_unit_test(protobuf_has_every_path_and_definition),
		cmocka_unit_test(documents_stay_small),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
