// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: get and list.
 *
 * Both give out stored bytes. A list is a snapshot of references, taken at once and sent at the client's pace, so a slow
 * reader sees one consistent state and nobody waits for it. A paged list names the revision of its first page in the
 * continue token; later pages show the state of that revision, rebuilt from the history, or end with 410 when the history
 * does not reach so far.
 *
 * Rows of a Table and partial metadata are made object by object, so that only one is ever decoded.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "apiserver/handlers.h"
#include "apiserver/listopts.h"
#include "apiserver/server_priv.h"
#include "apiserver/status.h"
#include "apiserver/table.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

void bl_handle_get(struct bl_request *rq)
{
	struct bl_object *obj = bl_store_get(rq->st, rq->ns, rq->name);

	if (obj)
		bl_answer_object(rq, 200, obj);
	else
		bl_answer_status(rq, bl_status_not_found(rq->kind, rq->name));
}

/* A list being made. */
struct page {
	struct bl_request *rq;
	struct bl_list_opts *o;
	int64_t rev;
	struct bl_object **all; /* the snapshot */
	size_t count;
	struct bl_object **hit; /* what is sent, lent by the snapshot */
	size_t hits, more;	/* how many match behind the page */
};

/* Whether the object lies behind the last one of the page before. */
static bool behind(const struct bl_list_opts *o, const struct bl_object *obj)
{
	int d;

	if (!o->start_name)
		return true;
	d = strcmp(bl_object_ns(obj), o->start_ns);
	return (d ? d : strcmp(bl_object_name(obj), o->start_name)) > 0;
}

static void select_hits(struct page *p)
{
	p->hit = bl_calloc(p->count + 1, sizeof(*p->hit));
	for (size_t i = 0; i < p->count; i++) {
		if (!behind(p->o, p->all[i]) || !bl_selector_matches(p->o->sel, p->all[i]))
			continue;
		if (p->o->limit && p->hits == (size_t)p->o->limit)
			p->more++;
		else
			p->hit[p->hits++] = p->all[i];
	}
}

static json_t *list_metadata(const struct page *p)
{
	json_t *meta = json_object();
	char rev[24];

	snprintf(rev, sizeof(rev), "%" PRId64, p->rev);
	json_object_set_new(meta, "resourceVersion", json_string(rev));
	if (p->more) {
		const struct bl_object *last = p->hit[p->hits - 1];
		BL_FREE char *token =
			bl_continue_token(p->rev, bl_object_ns(last), bl_object_name(last));

		json_object_set_new(meta, "continue", json_string(token));
		if (!bl_request_param(p->rq, "labelSelector") &&
		    !bl_request_param(p->rq, "fieldSelector"))
			json_object_set_new(meta, "remainingItemCount",
					    json_integer((json_int_t)p->more));
	}
	return meta;
}

static void add_objects(struct page *p, json_t *meta)
{
	const struct bl_kind *k = p->rq->kind;
	BL_FREE char *m = bl_json_dump(meta);

	bl_body_text(&p->rq->out,
		     bl_asprintf("{\"kind\":\"%sList\",\"apiVersion\":\"%s%s%s\",\"metadata\":%s,"
				 "\"items\":[",
				 k->kind, k->group, *k->group ? "/" : "", k->version, m));
	for (size_t i = 0; i < p->hits; i++)
		bl_body_item(&p->rq->out, p->hit[i], i == 0);
}

static void add_partials(struct page *p, json_t *meta)
{
	BL_FREE char *m = bl_json_dump(meta);

	bl_body_text(&p->rq->out,
		     bl_asprintf("{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":"
				 "\"meta.k8s.io/v1\",\"metadata\":%s,\"items\":[",
				 m));
	for (size_t i = 0; i < p->hits; i++) {
		BL_JSON json_t *obj = bl_object_decode(p->hit[i]);
		BL_JSON json_t *part = bl_partial(obj);

		if (i)
			bl_body_puts(&p->rq->out, ",");
		bl_body_text(&p->rq->out, bl_json_dump(part));
	}
}

static char *row_text(const struct page *p, struct bl_object *o, enum bl_include include)
{
	BL_JSON json_t *one = bl_table_new(p->rq->kind, NULL, false);
	BL_JSON json_t *obj = bl_object_decode(o);

	bl_table_add(one, p->rq->kind, obj, include);
	return bl_json_dump(json_array_get(json_object_get(one, "rows"), 0));
}

static void add_rows(struct page *p, json_t *meta)
{
	enum bl_include include = bl_request_include(p->rq);
	BL_JSON json_t *table = bl_table_new(p->rq->kind, NULL, true);
	char *text;

	json_object_set(table, "metadata", meta);
	text = bl_json_dump(table);
	text[strlen(text) - 2] = 0; /* "rows" is last: what follows it is written here */
	bl_body_text(&p->rq->out, text);
	for (size_t i = 0; i < p->hits; i++) {
		if (i)
			bl_body_puts(&p->rq->out, ",");
		bl_body_text(&p->rq->out, row_text(p, p->hit[i], include));
	}
}

static void send_page(struct page *p)
{
	BL_JSON json_t *meta = list_metadata(p);

	bl_body_free(&p->rq->out);
	if (p->rq->accept.form == BL_FORM_TABLE)
		add_rows(p, meta);
	else if (p->rq->accept.form == BL_FORM_PARTIAL)
		add_partials(p, meta);
	else
		add_objects(p, meta);
	bl_body_puts(&p->rq->out, "]}\n");
	p->rq->code = 200;
	p->rq->state = BL_REQUEST_ANSWERED;
	p->rq->type = p->rq->accept.yaml ? "application/yaml" : "application/json";
}

static json_t *take_snapshot(struct page *p)
{
	p->rev = bl_storage_revision(p->rq->srv->storage);
	if (p->o->exact)
		p->rev = p->o->rev;
	if (!bl_store_snapshot(p->rq->st, p->rq->ns, p->rev, &p->all, &p->count))
		return NULL;
	if (p->o->start_name)
		return bl_status_expired(
			"The provided continue parameter is too old to display a consistent list "
			"result. You can start a new list without the continue parameter.");
	return bl_status_expired("The resourceVersion for the provided list is too old.");
}

void bl_handle_list(struct bl_request *rq)
{
	struct bl_list_opts o;
	struct page p = {.rq = rq, .o = &o};
	json_t *status = bl_list_opts_read(rq, false, &o);

	if (!status)
		status = take_snapshot(&p);
	if (status) {
		bl_answer_status(rq, status);
	} else {
		select_hits(&p);
		send_page(&p);
	}
	bl_objects_free(p.all, p.count);
	free(p.hit);
	bl_list_opts_free(&o);
}
