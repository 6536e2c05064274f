// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The API server without its sockets.
 *
 * A test starts a whole server, with its storage, kinds, allocator and batches, and hands it requests as the HTTP side
 * would after reading them; a waiting request is answered by flushing the batch. So a test sees what a client sees, and
 * says in a line what it asks. Quotes in bodies are written as ' to be read by people.
 */
#include "apiworld.h"

#include <ctype.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apiserver/watch.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

static struct api_answer answer;

static void clear_answer(void)
{
	json_decref(answer.body);
	json_decref(answer.warnings);
	free(answer.text);
	answer = (struct api_answer){};
}

static void must(int failed, const struct bl_err *err)
{
	if (!failed)
		return;
	fprintf(stderr, "apiworld: %s\n", bl_err_text(err));
	abort();
}

static void open_server(struct apiworld *w)
{
	static const char *const listen[] = {"127.0.0.1:0", NULL};
	struct bl_server_opts o = {.data_dir = w->dir, .listen = listen, .kinds = bl_kinds};
	BL_FREE char *path = bl_asprintf("%s/objects.db", w->dir);
	struct bl_storage *storage;
	struct bl_err err = {};

	bl_cidr_parse("10.96.0.0/16", false, &o.alloc.service_cidrs[0]);
	bl_cidr_parse("fd00:10:96::/112", false, &o.alloc.service_cidrs[1]);
	o.alloc.service_cidr_count = 2;
	o.alloc.port_min = 30000;
	o.alloc.port_max = 32767;
	w->loop = bl_loop_new();
	must(bl_storage_open_sqlite(path, &storage, &err), &err);
	must(bl_server_start(w->loop, storage, &o, &w->srv, &err), &err);
}

struct apiworld *apiworld_new(void)
{
	struct apiworld *w = bl_new0(struct apiworld);

	bl_log_set_level(BL_LOG_WARN);
	strcpy(w->dir, "/tmp/beeline-apiworld.XXXXXX");
	if (!mkdtemp(w->dir))
		abort();
	open_server(w);
	return w;
}

static void close_server(struct apiworld *w)
{
	bl_server_stop(w->srv);
	bl_loop_free(w->loop);
}

void apiworld_restart(struct apiworld *w)
{
	close_server(w);
	open_server(w);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void apiworld_free(struct apiworld *w)
{
	clear_answer();
	close_server(w);
	nftw(w->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(w);
}

static void add_params(struct bl_request *rq, char *query)
{
	char *save, *part;

	rq->params = bl_calloc(32, sizeof(*rq->params));
	for (part = strtok_r(query, "&", &save); part; part = strtok_r(NULL, "&", &save)) {
		char *eq = strchr(part, '=');

		if (eq)
			*eq = 0;
		rq->params[rq->param_count++] =
			(struct bl_param){bl_strdup(part), bl_strdup(eq ? eq + 1 : "")};
	}
}

static struct bl_request *make(struct apiworld *w, const char *method, const char *path,
			       const char *type, const char *body)
{
	static const struct bl_identity id = {.user = (char *)"tester"};
	struct bl_request *rq = bl_new0(struct bl_request);
	char *query;

	rq->srv = w->srv;
	rq->id = &id;
	rq->method = bl_strdup(method);
	rq->path = bl_strdup(path);
	rq->user_agent = bl_strdup("test/1");
	rq->content_type = type ? bl_strdup(type) : NULL;
	rq->accept_header = w->accept ? bl_strdup(w->accept) : NULL;
	query = strchr(rq->path, '?');
	if (query) {
		*query = 0;
		add_params(rq, query + 1);
	}
	bl_buf_puts(&rq->body, body ? body : "");
	for (char *c = rq->body.data; c && *c; c++)
		*c = (char)(*c == '\'' ? '"' : *c);
	return rq;
}

static void keep_answer(struct bl_request *rq)
{
	size_t total = rq->out.total;

	clear_answer();
	answer.code = rq->code;
	answer.text = bl_malloc(total + 1);
	answer.text[bl_body_read(&rq->out, answer.text, total)] = 0;
	answer.body = json_loads(answer.text, 0, NULL);
	answer.warnings = json_incref(rq->warnings);
	bl_request_free(rq);
}

static void settle(struct apiworld *w, const struct bl_request *rq)
{
	while (rq->state == BL_REQUEST_WAITING)
		bl_batch_flush(w->srv->batch);
}

struct api_answer *api_call(struct apiworld *w, const char *method, const char *path,
			    const char *type, const char *body)
{
	struct bl_request *rq = make(w, method, path, type, body);

	bl_request_run(rq);
	settle(w, rq);
	keep_answer(rq);
	return &answer;
}

struct api_answer *api_call_as_stranger(struct apiworld *w, const char *path)
{
	struct bl_request *rq = make(w, "GET", path, NULL, NULL);

	rq->id = NULL;
	bl_request_run(rq);
	keep_answer(rq);
	return &answer;
}

struct api_answer *api_call_both(struct apiworld *w, const char *method, const char *path,
				 const char *body1, const char *body2, int *ret_first_code)
{
	struct bl_request *first = make(w, method, path, NULL, body1);
	struct bl_request *second = make(w, method, path, NULL, body2);

	bl_request_run(first);
	bl_request_run(second);
	settle(w, first);
	settle(w, second);
	*ret_first_code = first->code;
	bl_request_free(first);
	keep_answer(second);
	return &answer;
}

struct bl_request *api_watch(struct apiworld *w, const char *path)
{
	struct bl_request *rq = make(w, "GET", path, NULL, NULL);

	bl_request_run(rq);
	if (!rq->watch)
		abort();
	return rq;
}

/* Reads byte by byte, so that it stops behind the first line. */
json_t *api_watch_line(struct bl_request *watch)
{
	BL_BUF struct bl_buf b = {};
	char c = 0;

	while (c != '\n' && bl_watch_read(watch->watch, &c, 1) == 1)
		bl_buf_putc(&b, c);
	return b.len ? json_loads(b.data, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
}

const char *api_reason(const struct api_answer *a)
{
	const char *r = json_string_value(json_object_get(a->body, "reason"));

	return r ? r : "";
}

const char *api_str(const struct api_answer *a, const char *dotted)
{
	BL_FREE char *copy = bl_strdup(dotted);
	const json_t *at = a->body;
	char *save, *part;

	for (part = strtok_r(copy, ".", &save); part; part = strtok_r(NULL, ".", &save))
		at = isdigit((unsigned char)*part) ? json_array_get(at, (size_t)atoi(part))
						   : json_object_get(at, part);
	return json_is_string(at) ? json_string_value(at) : "";
}
