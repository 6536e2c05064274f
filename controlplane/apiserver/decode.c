// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: From a body to an object.
 *
 * A body is JSON or YAML. Its bounds (size, depth, no key twice) are those of the parser. Then it must be an object of the
 * kind that the path names, every field of the type that the kind's schema says; fields that the schema does not know are
 * dropped, reported or refused, as fieldValidation asks (Ignore, Warn, Strict). Last come the kind's defaults.
 *
 * Go clients with typed interfaces send protobuf for some kinds; what they create is read too (apiserver/protobuf.h).
 */
#include <errno.h>
#include <string.h>

#include "apiserver/negotiate.h"
#include "apiserver/protobuf.h"
#include "apiserver/server_priv.h"
#include "apiserver/status.h"
#include "apiserver/write.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

static json_t *unsupported_media(void)
{
	return bl_status_new(415, "UnsupportedMediaType",
			     "the body of the request was in an unknown format - accepted media "
			     "types include: application/json, application/yaml");
}

static int parse(enum bl_media media, const char *data, size_t len, json_t **ret_value,
		 struct bl_err *err)
{
	switch (media) {
	case BL_MEDIA_PROTOBUF:
		return bl_protobuf_decode(data, len, ret_value, err);
	case BL_MEDIA_YAML:
	case BL_MEDIA_APPLY_PATCH:
		return bl_json_parse_yaml(data, len, ret_value, err);
	default:
		return bl_json_parse(data, len, ret_value, err);
	}
}

json_t *bl_read_body(struct bl_request *rq, json_t **ret_value)
{
	enum bl_media media = bl_media_type(rq->content_type);
	const char *data = rq->body.data ? rq->body.data : "";
	struct bl_err err = {};
	int ret;

	if (media == BL_MEDIA_OTHER)
		return unsupported_media();
	ret = parse(media, data, rq->body.len, ret_value, &err);
	if (ret == -ENOTSUP)
		return unsupported_media();
	if (ret)
		return bl_status_bad_request(
			"the object provided is unrecognized: couldn't read the "
			"body: %s",
			bl_err_text(&err));
	return NULL;
}

static json_t *check_type(const struct bl_request *rq, json_t *obj)
{
	const struct bl_kind *k = rq->kind;
	const char *version = bl_json_str_at(obj, "apiVersion", NULL);
	const char *kind = bl_json_str_at(obj, "kind", NULL);
	BL_FREE char *want = bl_asprintf("%s%s%s", k->group, *k->group ? "/" : "", k->version);

	if (kind && *kind && !bl_streq(kind, k->kind))
		return bl_status_bad_request("%s in version \"%s\" cannot be handled as a %s: "
					     "the kinds differ",
					     kind, version ? version : want, k->kind);
	if (version && *version && !bl_streq(version, want))
		return bl_status_bad_request("the API version in the data (%s) does not match the "
					     "expected API version (%s)",
					     version, want);
	json_object_set_new(obj, "apiVersion", json_string(want));
	json_object_set_new(obj, "kind", json_string(k->kind));
	return NULL;
}

static json_t *report_unknown(struct bl_request *rq, const json_t *unknown)
{
	BL_BUF struct bl_buf b = {};
	const json_t *path;
	size_t i;

	json_array_foreach (unknown, i, path) {
		BL_FREE char *text = bl_asprintf("unknown field \"%s\"", json_string_value(path));

		if (rq->opts.warn)
			bl_request_warn(rq, text);
		bl_buf_printf(&b, "%s%s", i ? ", " : "", text);
	}
	if (rq->opts.strict && b.len)
		return bl_status_bad_request(
			"%s in version \"%s\" cannot be handled as a %s: strict "
			"decoding error: %s",
			rq->kind->kind, rq->kind->version, rq->kind->kind, b.data);
	return NULL;
}

json_t *bl_decode_object(struct bl_request *rq, json_t *obj)
{
	const struct bl_kind *k = rq->kind;
	BL_JSON json_t *unknown = json_array();
	struct bl_err err = {};
	json_t *s;

	if (!json_is_object(obj))
		return bl_status_bad_request("the object provided is unrecognized: the body is no "
					     "JSON object");
	s = check_type(rq, obj);
	if (!s && bl_schema_decode(k->schema, obj, unknown, &err))
		s = bl_status_bad_request("%s in version \"%s\" cannot be handled as a %s: %s",
					  k->kind, k->version, k->kind, bl_err_text(&err));
	if (!s)
		s = report_unknown(rq, unknown);
	if (!s && k->set_defaults)
		k->set_defaults(obj);
	return s;
}
