// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: PATCH.
 *
 * The Content-Type names one of four patches. Each is applied to what is stored and gives a whole object, which then is
 * decoded, prepared, validated and written exactly as a PUT of it would be; so a patch cannot reach a state that a PUT
 * could not. There is no retry: this server is the only writer, and a name that is being written parks the request.
 *
 * Server-side apply brings its own bookkeeping of field owners and may create the object; the other three end in an
 * ordinary update by the field manager.
 */
#include <errno.h>
#include <stdio.h>

#include "apiserver/handlers.h"
#include "apiserver/negotiate.h"
#include "apiserver/patch.h"
#include "apiserver/server_priv.h"
#include "apiserver/status.h"
#include "apiserver/write.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

static json_t *refuse_patch(int ret, const struct bl_err *err)
{
	if (ret == -EINVAL)
		return bl_status_bad_request("%s", bl_err_text(err));
	if (ret == -E2BIG)
		return bl_status_new(413, "RequestEntityTooLarge", "%s", bl_err_text(err));
	return bl_status_new(422, "Invalid",
			     "the server rejected our request due to an error in our "
			     "request: %s",
			     bl_err_text(err));
}

static json_t *apply_conflict(json_t *causes, const struct bl_err *err)
{
	json_t *s = bl_status_new(409, "Conflict", "%s", bl_err_text(err));
	json_t *details = json_object();

	json_object_set_new(details, "causes", causes);
	json_object_set_new(s, "details", details);
	return s;
}

static json_t *server_side(struct bl_request *rq, const json_t *live, const json_t *patch,
			   json_t **ret_obj)
{
	const struct bl_kind *k = rq->kind;
	char now[32], version[128];
	struct bl_apply_opts o = {
		.manager = rq->opts.manager,
		.api_version = version,
		.subresource = rq->sub && bl_streq(rq->sub, "status") ? "status" : "",
		.has_status = k->has_status,
		.force = rq->opts.force,
		.now = bl_now_text(now),
	};
	struct bl_err err = {};
	json_t *causes = NULL;
	int ret;

	snprintf(version, sizeof(version), "%s%s%s", k->group, *k->group ? "/" : "", k->version);
	ret = bl_patch_apply(k->schema, live, patch, &o, ret_obj, &causes, &err);
	if (ret == -EEXIST)
		return apply_conflict(causes, &err);
	return ret ? refuse_patch(ret, &err) : NULL;
}

static json_t *run_patch(struct bl_request *rq, enum bl_media media, const json_t *live,
			 const json_t *patch, json_t **ret_obj)
{
	struct bl_err err = {};
	int ret;

	if (media == BL_MEDIA_APPLY_PATCH)
		return server_side(rq, live, patch, ret_obj);
	if (media == BL_MEDIA_JSON_PATCH)
		ret = bl_patch_json(live, patch, ret_obj, &err);
	else if (media == BL_MEDIA_MERGE_PATCH)
		ret = bl_patch_merge(live, patch, ret_obj, &err);
	else
		ret = bl_patch_strategic(rq->kind->schema, live, patch, ret_obj, &err);
	return ret ? refuse_patch(ret, &err) : NULL;
}

/* An applied configuration says what and whose it is. */
static json_t *check_config(const struct bl_request *rq, const json_t *config)
{
	const char *name = bl_json_str_at(config, "metadata", "name", NULL);
	const char *version = bl_json_str_at(config, "apiVersion", NULL);
	const char *kind = bl_json_str_at(config, "kind", NULL);

	if (!version || !kind)
		return bl_status_bad_request(
			"invalid object type: apiVersion and kind must be set in the configuration");
	if (!bl_streq(kind, rq->kind->kind))
		return bl_status_bad_request("the configuration is a %s, the path says %s", kind,
					     rq->kind->kind);
	if (name && !bl_streq(name, rq->name))
		return bl_status_bad_request(
			"the name of the object (%s) does not match the name on "
			"the URL (%s)",
			name, rq->name);
	return NULL;
}

static json_t *unsupported_media(void)
{
	return bl_status_new(
		415, "UnsupportedMediaType",
		"the body of the request was in an unknown format - accepted media types "
		"include: application/json-patch+json, application/merge-patch+json, "
		"application/strategic-merge-patch+json, application/apply-patch+yaml");
}

/* The patched object, decoded; or a Status. */
static json_t *make_object(struct bl_request *rq, enum bl_media media, struct bl_object *stored,
			   json_t **ret_obj)
{
	BL_JSON json_t *patch = NULL;
	BL_JSON json_t *live = stored ? bl_object_decode(stored) : NULL;
	json_t *s = bl_read_body(rq, &patch);

	if (!s && media == BL_MEDIA_APPLY_PATCH)
		s = check_config(rq, patch);
	if (!s && !stored && media != BL_MEDIA_APPLY_PATCH)
		s = bl_status_not_found(rq->kind, rq->name);
	if (!s)
		s = run_patch(rq, media, live, patch, ret_obj);
	if (!s)
		s = bl_decode_object(rq, *ret_obj);
	return s;
}

void bl_handle_patch(struct bl_request *rq)
{
	enum bl_media media = bl_media_type(rq->content_type);
	bool apply = media == BL_MEDIA_APPLY_PATCH;
	BL_JSON json_t *obj = NULL;
	struct bl_object *live;
	json_t *s = bl_options_read(rq, "PatchOptions", apply);

	if (!s && (media == BL_MEDIA_JSON || media == BL_MEDIA_YAML || media == BL_MEDIA_OTHER))
		s = unsupported_media();
	if (!s && bl_parked(rq, rq->ns, rq->name))
		return;
	live = bl_store_get(rq->st, rq->ns, rq->name);
	if (!s)
		s = make_object(rq, media, live, &obj);
	if (!s && !live && rq->sub)
		s = bl_status_not_found(rq->kind, rq->name);
	if (s)
		bl_answer_status(rq, s);
	else if (live)
		bl_write_update(rq, bl_take_ptr(obj), live, apply);
	else
		bl_write_create(rq, bl_take_ptr(obj), true);
}
