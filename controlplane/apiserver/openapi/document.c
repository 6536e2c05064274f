// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: OpenAPI documents
 *
 * Version 2 is one document for all kinds, version 3 one for each group and version behind an index. Both are made from
 * bl_kinds when somebody asks, as a JSON tree that is printed and dropped: a document costs a few hundred kilobytes while
 * it is made and milliseconds of time, and clients cache it by its hash.
 *
 * The index of version 3 needs the hash of every document, so it makes each of them. The hashes cannot change while the
 * program runs.
 */
#include "apiserver/openapi.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <xxhash.h>

#include "apiserver/openapi/build.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

static json_t *info(void)
{
	return json_pack("{s:s, s:s}", "title", "Kubernetes", "version", "v1.36.0");
}

static json_t *make_v2(void)
{
	json_t *defs = json_object(), *paths = json_object();

	for (const struct bl_kind *const *k = bl_kinds; *k; k++) {
		bl_openapi_define_kind(BL_OPENAPI_V2, *k, defs);
		bl_openapi_add_paths(BL_OPENAPI_V2, *k, paths);
	}
	return json_pack("{s:s, s:o, s:o, s:o}", "swagger", "2.0", "info", info(), "paths", paths,
			 "definitions", defs);
}

static bool same_group(const struct bl_kind *kind, const char *group, const char *version)
{
	return bl_streq(kind->group, group) && bl_streq(kind->version, version);
}

static json_t *make_v3(const char *group, const char *version)
{
	json_t *defs = json_object(), *paths = json_object();

	for (const struct bl_kind *const *k = bl_kinds; *k; k++) {
		if (!same_group(*k, group, version))
			continue;
		bl_openapi_define_kind(BL_OPENAPI_V3, *k, defs);
		bl_openapi_add_paths(BL_OPENAPI_V3, *k, paths);
	}
	return json_pack("{s:s, s:o, s:o, s:{s:o}}", "openapi", "3.0.0", "info", info(), "paths",
			 paths, "components", "schemas", defs);
}

static int append(const char *data, size_t len, void *arg)
{
	bl_buf_append(arg, data, len);
	return 0;
}

static void print(const json_t *doc, struct bl_buf *ret)
{
	json_dump_callback(doc, append, ret, JSON_COMPACT);
}

void bl_openapi_v2_json(struct bl_buf *ret_doc)
{
	BL_JSON json_t *doc = make_v2();

	print(doc, ret_doc);
}

void bl_openapi_v2_proto(struct bl_buf *ret_doc)
{
	BL_JSON json_t *doc = make_v2();

	bl_openapi_encode_proto(doc, ret_doc);
}

int bl_openapi_v3_group(const char *group, const char *version, struct bl_buf *ret_doc)
{
	for (const struct bl_kind *const *k = bl_kinds; *k; k++) {
		if (!same_group(*k, group, version))
			continue;
		BL_JSON json_t *doc = make_v3(group, version);

		print(doc, ret_doc);
		return 0;
	}
	return -ENOENT;
}

void bl_openapi_hash(const struct bl_buf *doc, char ret_hash[33])
{
	XXH128_hash_t h = XXH3_128bits(doc->data, doc->len);

	(void)snprintf(ret_hash, 33, "%016llx%016llx", (unsigned long long)h.high64,
		       (unsigned long long)h.low64);
}

static void add_to_index(const struct bl_kind *kind, json_t *paths)
{
	BL_FREE char *root = bl_openapi_root(kind->group, kind->version);
	BL_BUF struct bl_buf doc = {};
	char hash[33];

	if (json_object_get(paths, root + 1))
		return;
	(void)bl_openapi_v3_group(kind->group, kind->version, &doc);
	bl_openapi_hash(&doc, hash);
	BL_FREE char *url = bl_asprintf("/openapi/v3%s?hash=%s", root, hash);

	json_object_set_new(paths, root + 1, json_pack("{s:s}", "serverRelativeURL", url));
}

void bl_openapi_v3_index(struct bl_buf *ret_doc)
{
	json_t *paths = json_object();
	BL_JSON json_t *doc = json_pack("{s:o}", "paths", paths);

	for (const struct bl_kind *const *k = bl_kinds; *k; k++)
		add_to_index(*k, paths);
	print(doc, ret_doc);
}
