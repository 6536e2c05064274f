// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: From path and method to a handler.
 *
 * /api/v1 holds the core group, /apis/GROUP/VERSION the others; behind either stands RESOURCE, RESOURCE/NAME or
 * RESOURCE/NAME/SUBRESOURCE, for namespaced kinds behind namespaces/NAMESPACE/. What the table of kinds does not have is
 * 404: as plain text where no such group is served, as a Status inside one. A known path with a method that it does not
 * take is 405.
 *
 * Everything but the version and the health of the server needs an identity; the check comes before any other, so that a
 * stranger learns nothing about what exists.
 *
 * A request may run more than once: one that has to wait for another write of the same object starts over here.
 */
#include <stdio.h>
#include <string.h>

#include "apiserver/handlers.h"
#include "apiserver/http.h"
#include "apiserver/negotiate.h"
#include "apiserver/server_priv.h"
#include "apiserver/status.h"
#include "apiserver/watch.h"
#include "base/mem.h"
#include "base/str.h"

#define PARTS_MAX 10

struct path {
	char *text;
	const char *part[PARTS_MAX];
	size_t count;
};

static bool split_path(const char *path, struct path *p)
{
	char *save, *part;

	p->count = 0;
	p->text = bl_strdup(path);
	for (part = strtok_r(p->text, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		if (p->count == PARTS_MAX)
			return false;
		p->part[p->count++] = part;
	}
	return true;
}

static bool open_to_all(const char *path)
{
	static const char *const open[] = {"/version", "/healthz", "/livez", "/readyz"};

	for (size_t i = 0; i < BL_ARRAY_SIZE(open); i++) {
		size_t n = strlen(open[i]);

		if (strncmp(path, open[i], n) == 0 && (!path[n] || path[n] == '/'))
			return true;
	}
	return false;
}

static void no_page(struct bl_request *rq)
{
	bl_answer_text(rq, 404, "text/plain; charset=utf-8", bl_strdup("404 page not found\n"));
}

static const struct bl_kind *find_kind(const struct bl_request *rq, const char *group,
				       const char *version, const char *plural)
{
	for (const struct bl_kind *const *k = rq->srv->kinds; *k; k++) {
		if (bl_streq((*k)->group, group) && bl_streq((*k)->version, version) &&
		    (!plural || bl_streq((*k)->plural, plural)))
			return *k;
	}
	return NULL;
}

/* Fills kind, ns, name and sub from what stands behind the group's version; false: no such resource. */
static bool read_resource(struct bl_request *rq, const char *group, const char *version,
			  const char *const *part, size_t count)
{
	const char *ns = "";
	const struct bl_kind *k;
	size_t at = 0;

	if (count >= 3 && bl_streq(part[0], "namespaces") &&
	    find_kind(rq, group, version, part[2])) {
		ns = part[1];
		at = 2;
	}
	k = find_kind(rq, group, version, part[at]);
	if (!k || (*ns && !k->namespaced) || count - at > 3)
		return false;
	if (k->namespaced && !*ns && count - at > 1)
		return false;
	rq->kind = k;
	rq->st = bl_cache_store(rq->srv->cache, k);
	rq->ns = bl_strdup(ns);
	rq->name = count - at > 1 ? bl_strdup(part[at + 1]) : NULL;
	rq->sub = count - at > 2 ? bl_strdup(part[at + 2]) : NULL;
	return true;
}

typedef void (*handler)(struct bl_request *rq);

static handler collection_handler(const struct bl_request *rq)
{
	bool everywhere = rq->kind->namespaced && !*rq->ns;

	if (bl_streq(rq->method, "GET"))
		return bl_request_flag(rq, "watch") ? bl_watch_start : bl_handle_list;
	if (bl_streq(rq->method, "POST") && !everywhere)
		return bl_handle_create;
	if (bl_streq(rq->method, "DELETE") && !everywhere && !rq->kind->no_delete_collection)
		return bl_handle_delete_collection;
	return NULL;
}

static handler item_handler(const struct bl_request *rq)
{
	static const struct {
		const char *method;
		handler fn;
	} table[] = {
		{"GET", bl_handle_get},
		{"PUT", bl_handle_update},
		{"PATCH", bl_handle_patch},
		{"DELETE", bl_handle_delete},
	};

	for (size_t i = 0; i < BL_ARRAY_SIZE(table); i++) {
		if (bl_streq(rq->method, table[i].method))
			return table[i].fn;
	}
	return NULL;
}

/* *ret_known: the subresource exists at all. */
static handler sub_handler(const struct bl_request *rq, bool *ret_known)
{
	bool pod = bl_streq(rq->kind->kind, "Pod");
	bool post = bl_streq(rq->method, "POST");

	*ret_known = true;
	if (rq->kind->has_status && bl_streq(rq->sub, "status"))
		return bl_streq(rq->method, "DELETE") ? NULL : item_handler(rq);
	if (bl_streq(rq->kind->kind, "Namespace") && bl_streq(rq->sub, "finalize"))
		return bl_streq(rq->method, "PUT") ? bl_handle_update : NULL;
	if (pod && bl_streq(rq->sub, "binding"))
		return post ? bl_handle_binding : NULL;
	if (pod && bl_streq(rq->sub, "eviction"))
		return post ? bl_handle_eviction : NULL;
	*ret_known = false;
	return NULL;
}

static void run_resource(struct bl_request *rq)
{
	bool known = true;
	handler fn = rq->sub	? sub_handler(rq, &known)
		     : rq->name ? item_handler(rq)
				: collection_handler(rq);

	if (!fn) {
		bl_answer_status(rq, known ? bl_status_method() : bl_status_no_route());
		return;
	}
	if (bl_negotiate(rq->accept_header, &rq->accept)) {
		bl_answer_status(rq, bl_status_new(406, "NotAcceptable",
						   "only the following media types are accepted: "
						   "application/json, application/yaml"));
		return;
	}
	if (rq->kind->deprecation)
		bl_request_warn(rq, rq->kind->deprecation);
	fn(rq);
}

static void run_path(struct bl_request *rq, const struct path *p)
{
	bool core = p->count > 2 && bl_streq(p->part[0], "api") && bl_streq(p->part[1], "v1");
	bool named = p->count > 3 && bl_streq(p->part[0], "apis");
	const char *group = core ? "" : p->part[1];
	const char *version = core ? "v1" : p->part[2];
	size_t skip = core ? 2 : 3;

	if (bl_handle_discovery(rq))
		return;
	if (!core && !(named && find_kind(rq, group, version, NULL)))
		no_page(rq);
	else if (!read_resource(rq, group, version, p->part + skip, p->count - skip))
		bl_answer_status(rq, bl_status_no_route());
	else
		run_resource(rq);
}

static void reset_route(struct bl_request *rq)
{
	free(rq->ns);
	free(rq->name);
	free(rq->sub);
	rq->ns = rq->name = rq->sub = NULL;
	rq->kind = NULL;
}

void bl_request_run(struct bl_request *rq)
{
	struct path p;

	reset_route(rq);
	rq->state = BL_REQUEST_READING;
	if (!rq->id && !open_to_all(rq->path)) {
		bl_answer_status(rq, bl_status_new(401, "Unauthorized", "Unauthorized"));
		return;
	}
	if (rq->too_large) {
		bl_answer_status(rq, bl_status_new(413, "RequestEntityTooLarge",
						   "Request entity too large: limit is %d",
						   BL_HTTP_BODY_MAX));
		return;
	}
	if (split_path(rq->path, &p))
		run_path(rq, &p);
	else
		no_page(rq);
	free(p.text);
}
