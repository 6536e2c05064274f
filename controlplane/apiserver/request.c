// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Answers.
 *
 * A handler ends by giving its request exactly one answer: a Status, an object, a value or a stream. Objects go out as the
 * bytes that they are stored as when the client wants plain JSON; a Table or metadata alone is made from the decoded
 * object. For a client that accepts only YAML the finished answer is rewritten before it is sent.
 */
#include "apiserver/request.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "apiserver/status.h"
#include "apiserver/table.h"
#include "apiserver/watch.h"
#include "apiserver/yaml_out.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

const char *bl_request_param(const struct bl_request *rq, const char *name)
{
	for (size_t i = 0; i < rq->param_count; i++) {
		if (bl_streq(rq->params[i].name, name))
			return rq->params[i].value;
	}
	return NULL;
}

bool bl_request_flag(const struct bl_request *rq, const char *name)
{
	const char *v = bl_request_param(rq, name);

	return v && !bl_streq(v, "false") && !bl_streq(v, "0") && !bl_streq(v, "False");
}

void bl_request_warn(struct bl_request *rq, const char *text)
{
	size_t i;
	const json_t *w;

	if (!rq->warnings)
		rq->warnings = json_array();
	json_array_foreach (rq->warnings, i, w) {
		if (bl_streq(json_string_value(w), text))
			return;
	}
	json_array_append_new(rq->warnings, json_string(text));
}

static void answered(struct bl_request *rq, int code)
{
	rq->code = code;
	rq->state = BL_REQUEST_ANSWERED;
	rq->type = rq->accept.yaml ? "application/yaml" : "application/json";
}

void bl_answer_json(struct bl_request *rq, int code, json_t *value)
{
	bl_body_free(&rq->out);
	bl_body_text(&rq->out, bl_json_dump(value));
	json_decref(value);
	answered(rq, code);
}

void bl_answer_status(struct bl_request *rq, json_t *status)
{
	bl_answer_json(rq, bl_status_code(status), status);
}

void bl_answer_text(struct bl_request *rq, int code, const char *type, char *text)
{
	bl_body_free(&rq->out);
	bl_body_text(&rq->out, text);
	answered(rq, code);
	rq->type = type;
}

enum bl_include bl_request_include(const struct bl_request *rq)
{
	const char *v = bl_request_param(rq, "includeObject");

	if (v && bl_streq(v, "None"))
		return BL_INCLUDE_NONE;
	return v && bl_streq(v, "Object") ? BL_INCLUDE_OBJECT : BL_INCLUDE_METADATA;
}

/* Lends obj. */
static void answer_formed(struct bl_request *rq, int code, json_t *obj)
{
	json_t *table;

	if (rq->accept.form == BL_FORM_PARTIAL) {
		bl_answer_json(rq, code, bl_partial(obj));
		return;
	}
	table = bl_table_new(rq->kind, bl_json_str_at(obj, "metadata", "resourceVersion", NULL),
			     true);
	bl_table_add(table, rq->kind, obj, bl_request_include(rq));
	bl_answer_json(rq, code, table);
}

void bl_answer_object(struct bl_request *rq, int code, struct bl_object *obj)
{
	if (rq->accept.form == BL_FORM_OBJECT) {
		bl_body_free(&rq->out);
		bl_body_object(&rq->out, obj);
		answered(rq, code);
		return;
	}
	BL_JSON json_t *value = bl_object_decode(obj);

	answer_formed(rq, code, value);
}

void bl_answer_value(struct bl_request *rq, int code, json_t *obj)
{
	if (rq->accept.form == BL_FORM_OBJECT) {
		bl_answer_json(rq, code, obj);
		return;
	}
	answer_formed(rq, code, obj);
	json_decref(obj);
}

void bl_answer_to_yaml(struct bl_request *rq)
{
	BL_FREE char *text = bl_malloc(rq->out.total + 1);
	size_t len = bl_body_read(&rq->out, text, rq->out.total);
	BL_JSON json_t *value = json_loadb(text, len, JSON_DECODE_ANY, NULL);
	struct bl_buf b = {};

	bl_yaml_write(&b, value);
	bl_body_free(&rq->out);
	bl_body_bytes(&rq->out, bl_take_ptr(b.data), b.len);
}

static void free_writes(struct bl_request *rq)
{
	while (rq->writes) {
		struct bl_write *w = rq->writes;

		rq->writes = w->next;
		bl_object_unref(w->obj);
		bl_object_unref(w->old);
		bl_object_unref(w->result);
		free(w->key);
		free(w->alloc.taken);
		free(w->alloc.released);
		free(w);
	}
}

struct bl_request *bl_request_free(struct bl_request *rq)
{
	if (!rq)
		return NULL;
	for (size_t i = 0; i < rq->param_count; i++) {
		free(rq->params[i].name);
		free(rq->params[i].value);
	}
	free(rq->params);
	free_writes(rq);
	bl_watch_free(rq->watch);
	free(rq->method);
	free(rq->path);
	free(rq->accept_header);
	free(rq->content_type);
	free(rq->user_agent);
	free(rq->authorization);
	free(rq->ns);
	free(rq->name);
	free(rq->sub);
	bl_buf_free(&rq->body);
	bl_body_free(&rq->out);
	json_decref(rq->warnings);
	free(rq);
	return NULL;
}
