// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What all kinds share.
 *
 * Decoding an object: its metadata here, its own fields in the file of its kind. Both run twice. The first run
 * measures, into an arena that is thrown away; the second fills an arena whose only chunk has exactly the size that was
 * measured: the struct, its lists, and one piece with all strings. A failed decode leaves nothing behind.
 *
 * The name is checked first, against the API's own grammar, so that every later error and every log line can carry
 * it, and so that what goes on to file names, configuration and logs holds no byte but letters, digits, dots and dashes.
 *
 * Annotations are mostly other people's (kubectl keeps a whole copy of the object in one), so only those that beeline
 * reads are kept.
 */

#include "api/object.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/read.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"

#define SCRATCH		     (16 * 1024)
#define MAX_UID		     128
#define MAX_VERSION	     64
#define MAX_ANNOTATION_VALUE (256 * 1024)

static const struct bl_api_type *const types[BL_API_KIND_COUNT] = {
	[BL_API_NAMESPACE] = &bl_api_type_namespace,
	[BL_API_NODE] = &bl_api_type_node,
	[BL_API_POD] = &bl_api_type_pod,
	[BL_API_SERVICE] = &bl_api_type_service,
	[BL_API_ENDPOINTSLICE] = &bl_api_type_endpointslice,
	[BL_API_NETWORKPOLICY] = &bl_api_type_networkpolicy,
};

const struct bl_api_type *bl_api_type(enum bl_api_kind kind)
{
	return types[kind];
}

const char *bl_api_pairs_get(const struct bl_api_pairs *pairs, const char *key)
{
	size_t low = 0, high = pairs->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int cmp = strcmp(key, pairs->list[mid].key);

		if (!cmp)
			return pairs->list[mid].value;
		if (cmp < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

static bool keeps_annotation(const char *key)
{
	return bl_str_starts(key, "beeline.io/") || bl_str_starts(key, "service.kubernetes.io/");
}

static int decode_names(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *json,
			struct bl_api_meta *m)
{
	int rc = bl_api_read_str(r, at, json, "name", BL_API_MAX_NAME, &m->name);

	if (!rc)
		rc = bl_api_read_str(r, at, json, "namespace", BL_API_MAX_NAME, &m->namespace);
	if (rc)
		return rc;
	if (!bl_str_is_dns_subdomain(m->name))
		return bl_api_fail(r, at, "name", "'%.60s' is not a DNS subdomain", m->name);
	if (*m->namespace && !bl_str_is_dns_label(m->namespace))
		return bl_api_fail(r, at, "namespace", "'%.60s' is not a DNS label", m->namespace);
	return 0;
}

static int decode_times(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *json,
			struct bl_api_meta *m)
{
	const char *created = "", *deleted = "";
	int rc = bl_json_get_str(json, "creationTimestamp", &created, &r->err);

	if (!rc)
		rc = bl_json_get_str(json, "deletionTimestamp", &deleted, &r->err);
	if (rc)
		return bl_api_fail(r, at, "creationTimestamp", "times must be strings");
	if (*created && bl_time_parse(created, &m->created_ns))
		return bl_api_fail(r, at, "creationTimestamp", "'%.40s' is not a time", created);
	m->deleting = *deleted != '\0';
	return 0;
}

/* The names are already there. */
static int decode_meta(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *json,
		       struct bl_api_meta *m)
{
	int rc = bl_api_read_str(r, at, json, "uid", MAX_UID, &m->uid);

	if (!rc)
		rc = bl_api_read_str(r, at, json, "resourceVersion", MAX_VERSION,
				     &m->resource_version);
	if (!rc)
		rc = bl_api_read_pairs(r, at, json, "labels", BL_API_MAX_VALUE, NULL, &m->labels);
	if (!rc)
		rc = bl_api_read_pairs(r, at, json, "annotations", MAX_ANNOTATION_VALUE,
				       keeps_annotation, &m->annotations);
	return rc ? rc : decode_times(r, at, json, m);
}

/* Puts "service 'shop/cart': " before the error. */
static void name_error(struct bl_api_reader *r, const struct bl_api_type *type,
		       const struct bl_api_meta *m)
{
	char kind[32];
	size_t i;

	for (i = 0; type->name[i] && i < sizeof(kind) - 1; i++)
		kind[i] = (char)tolower((unsigned char)type->name[i]);
	kind[i] = '\0';
	(void)bl_err_wrap(&r->err, "%s '%s%s%s'", kind, m->namespace, *m->namespace ? "/" : "",
			  m->name);
}

static int decode_once(struct bl_api_reader *r, const struct bl_api_type *type, const json_t *json,
		       struct bl_api_object **ret_obj)
{
	const struct bl_api_at *at = BL_API_AT(NULL, "metadata");
	struct bl_api_object *obj = bl_api_alloc(r, 1, type->size);
	const json_t *meta = NULL;
	int rc;

	obj->kind = type->kind;
	obj->arena = r->arena;
	rc = bl_api_read_obj(r, NULL, json, "metadata", &meta);
	if (!rc)
		rc = decode_names(r, at, meta, &obj->meta);
	if (rc) {
		(void)bl_err_wrap(&r->err, "%s", type->name);
		return rc;
	}
	rc = decode_meta(r, at, meta, &obj->meta);
	if (!rc)
		rc = type->decode(r, obj, json);
	if (rc) {
		name_error(r, type, &obj->meta);
		return rc;
	}
	*ret_obj = obj;
	return 0;
}

int bl_api_decode(enum bl_api_kind kind, const json_t *json, struct bl_api_object **ret_obj,
		  struct bl_err *err)
{
	const struct bl_api_type *type = types[kind];
	BL_ARENA struct bl_arena *scratch = bl_arena_new(SCRATCH);
	struct bl_api_reader measure = {.arena = scratch}, fill = {};
	struct bl_api_object *obj;
	int rc;

	if (!json_is_object(json))
		return bl_err_set(err, -EINVAL, "%s: must be an object", type->name);
	rc = decode_once(&measure, type, json, &obj);
	if (rc)
		return bl_err_set(err, rc, "%s", measure.err.text);
	fill.arena = bl_arena_new(measure.arena_bytes + measure.string_bytes + 16);
	fill.strings = bl_arena_alloc(fill.arena, measure.string_bytes + 1);
	(void)decode_once(&fill, type, json, &obj);
	*ret_obj = obj;
	return 0;
}

struct bl_api_object *bl_api_free(struct bl_api_object *obj)
{
	if (obj)
		bl_arena_free(obj->arena);
	return NULL;
}
