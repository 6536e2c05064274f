// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Watches.
 *
 * A watch is a position in its kind's history. Whenever its connection can take bytes, it reads on from there: skips what
 * its selector does not want, and gives out the rest as one JSON line an event. The lines of plain objects are not copied
 * together: a line is a few constant bytes around the object's text, which the store, the history and every other watch
 * share. There is no queue to overflow: a client that reads too slowly finds that the history has moved on, gets one ERROR
 * event with code 410, and lists again.
 *
 * A watch without a revision starts with the present state as ADDED events, taken at once like a list. With
 * sendInitialEvents (KEP-3157) a bookmark that says so ends that part.
 *
 * An object that starts or stops matching the selector is added or deleted as far as the watch is concerned; the deleted
 * one shows its last matching state with the revision of the change.
 */
#include "apiserver/watch.h"

#include <gnutls/crypto.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "apiserver/listopts.h"
#include "apiserver/server_priv.h"
#include "apiserver/status.h"
#include "apiserver/table.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define TIMEOUT_MIN_S 1800 /* where the client gives none: between one and two of these */

struct bl_watch {
	struct bl_server *srv;
	struct bl_store *st;
	struct bl_list_opts o;
	char *ns;
	enum bl_form form;
	enum bl_include include;

	struct bl_object **initial; /* the present state, being sent */
	size_t initial_count, initial_at;
	int64_t initial_rev;
	bool initial_bookmark; /* still to be sent */
	uint64_t next;	       /* event */
	struct bl_body line;   /* being sent */
	bool columns_sent, bookmark_due, ended;

	uv_timer_t timeout;
	void (*wake)(void *arg);
	void *wake_arg;
	struct bl_watch *prev_watch, *next_watch;
};

/* --- lines ------------------------------------------------------------------------------------ */

static void put_value(struct bl_watch *w, const char *type, json_t *value)
{
	BL_FREE char *text = bl_json_dump(value);

	bl_body_text(&w->line, bl_asprintf("{\"type\":\"%s\",\"object\":%s}\n", type, text));
	json_decref(value);
}

static json_t *in_form(struct bl_watch *w, const json_t *obj)
{
	json_t *table;

	if (w->form == BL_FORM_PARTIAL)
		return bl_partial(obj);
	table = bl_table_new(w->st->kind, bl_json_str_at(obj, "metadata", "resourceVersion", NULL),
			     !w->columns_sent);
	w->columns_sent = true;
	bl_table_add(table, w->st->kind, obj, w->include);
	return table;
}

static void put_object(struct bl_watch *w, const char *type, struct bl_object *obj)
{
	if (w->form == BL_FORM_OBJECT) {
		bl_body_text(&w->line, bl_asprintf("{\"type\":\"%s\",\"object\":", type));
		bl_body_object(&w->line, obj);
		bl_body_puts(&w->line, "}\n");
		return;
	}
	BL_JSON json_t *value = bl_object_decode(obj);

	put_value(w, type, in_form(w, value));
}

static void put_bookmark(struct bl_watch *w, int64_t rev, bool end_of_initial)
{
	const struct bl_kind *k = w->st->kind;
	json_t *obj = json_object(), *meta = json_object();
	BL_FREE char *version = bl_asprintf("%s%s%s", k->group, *k->group ? "/" : "", k->version);
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, rev);
	json_object_set_new(obj, "kind", json_string(k->kind));
	json_object_set_new(obj, "apiVersion", json_string(version));
	json_object_set_new(meta, "resourceVersion", json_string(text));
	json_object_set_new(meta, "creationTimestamp", json_null());
	if (end_of_initial) {
		json_t *notes = json_object();

		json_object_set_new(notes, "k8s.io/initial-events-end", json_string("true"));
		json_object_set_new(meta, "annotations", notes);
	}
	json_object_set_new(obj, "metadata", meta);
	if (w->form == BL_FORM_OBJECT) {
		put_value(w, "BOOKMARK", obj);
		return;
	}
	put_value(w, "BOOKMARK", in_form(w, obj));
	json_decref(obj);
}

/* --- what comes next ----------------------------------------------------------------------------- */

static bool wants(const struct bl_watch *w, const struct bl_object *obj)
{
	return obj && (!*w->ns || bl_streq(w->ns, bl_object_ns(obj))) &&
	       bl_selector_matches(w->o.sel, obj);
}

/* The event as this watch sees it: its type, or NULL when it is none of its business. */
static const char *type_of(const struct bl_watch *w, const struct bl_event *e)
{
	bool before = wants(w, e->old);
	bool now = !e->deleted && wants(w, e->obj);

	if (now)
		return before ? "MODIFIED" : "ADDED";
	return before ? "DELETED" : NULL;
}

static bool put_initial(struct bl_watch *w)
{
	while (w->initial_at < w->initial_count) {
		struct bl_object *obj = w->initial[w->initial_at++];

		if (!wants(w, obj))
			continue;
		put_object(w, "ADDED", obj);
		return true;
	}
	bl_objects_free(w->initial, w->initial_count);
	w->initial = NULL;
	w->initial_count = w->initial_at = 0;
	if (!w->initial_bookmark)
		return false;
	w->initial_bookmark = false;
	put_bookmark(w, w->initial_rev, true);
	return true;
}

static void put_gone(struct bl_watch *w)
{
	put_value(w, "ERROR",
		  bl_status_expired("too old resource version: the history has moved on "
				    "(%" PRId64 ")",
				    w->st->gone_rev));
	w->ended = true;
}

static bool put_event(struct bl_watch *w)
{
	while (w->next < w->st->head) {
		const struct bl_event *e = bl_store_event(w->st, w->next++);
		const char *type = type_of(w, e);

		if (!type)
			continue;
		if (!e->deleted && bl_streq(type, "DELETED")) {
			BL_OBJECT struct bl_object *last = bl_object_with_rev(e->old, e->rev);

			put_object(w, type, last);
		} else {
			put_object(w, type, e->obj);
		}
		return true;
	}
	return false;
}

static bool put_next(struct bl_watch *w)
{
	if (w->ended)
		return false;
	if (w->initial || w->initial_bookmark) {
		if (put_initial(w))
			return true;
	}
	if (w->next < w->st->tail) {
		put_gone(w);
		return true;
	}
	if (put_event(w))
		return true;
	if (!w->bookmark_due)
		return false;
	w->bookmark_due = false;
	put_bookmark(w, bl_storage_revision(w->srv->storage), false);
	return true;
}

ssize_t bl_watch_read(struct bl_watch *w, char *to, size_t max)
{
	size_t got = 0;

	while (got < max) {
		size_t n = bl_body_read(&w->line, to + got, max - got);

		got += n;
		if (n)
			continue;
		bl_body_free(&w->line);
		if (!put_next(w))
			break;
	}
	return !got && w->ended ? -1 : (ssize_t)got;
}

/* --- life ------------------------------------------------------------------------------------------ */

static void wake_up(struct bl_watch *w)
{
	if (w->wake)
		w->wake(w->wake_arg);
}

void bl_watch_set_waker(struct bl_watch *w, void (*wake)(void *arg), void *arg)
{
	w->wake = wake;
	w->wake_arg = arg;
}

static void on_timeout(uv_timer_t *t)
{
	struct bl_watch *w = t->data;

	w->ended = true;
	wake_up(w);
}

void bl_watch_notify(struct bl_store *st)
{
	for (struct bl_watch *w = st->watches; w; w = w->next_watch) {
		if (w->initial || w->next < st->tail) {
			wake_up(w);
			continue;
		}
		while (w->next < st->head && !type_of(w, bl_store_event(st, w->next)))
			w->next++;
		if (w->next < st->head)
			wake_up(w);
	}
}

void bl_watch_bookmarks(struct bl_store *st)
{
	for (struct bl_watch *w = st->watches; w; w = w->next_watch) {
		if (!w->o.bookmarks)
			continue;
		w->bookmark_due = true;
		wake_up(w);
	}
}

void bl_watch_end_all(struct bl_store *st)
{
	for (struct bl_watch *w = st->watches; w; w = w->next_watch) {
		w->ended = true;
		wake_up(w);
	}
}

static void free_watch(uv_handle_t *h)
{
	free(h->data);
}

struct bl_watch *bl_watch_free(struct bl_watch *w)
{
	if (!w)
		return NULL;
	if (w->prev_watch)
		w->prev_watch->next_watch = w->next_watch;
	else
		w->st->watches = w->next_watch;
	if (w->next_watch)
		w->next_watch->prev_watch = w->prev_watch;
	bl_objects_free(w->initial, w->initial_count);
	bl_body_free(&w->line);
	bl_list_opts_free(&w->o);
	free(w->ns);
	uv_close((uv_handle_t *)&w->timeout, free_watch);
	return NULL;
}

/* Where the watch starts: at a revision, or with the present state. */
static void set_start(struct bl_watch *w)
{
	int64_t now = bl_storage_revision(w->srv->storage);
	bool from_state = w->o.initial || (w->o.rev <= 0 && !w->o.no_initial);

	if (from_state) {
		bl_store_snapshot(w->st, w->ns, now, &w->initial, &w->initial_count);
		w->initial_rev = now;
		w->initial_bookmark = w->o.initial && w->o.bookmarks;
		w->next = w->st->head;
	} else if (w->o.rev > 0 && w->o.rev < w->st->gone_rev) {
		put_gone(w);
	} else {
		w->next = bl_store_event_after(w->st, w->o.rev > 0 ? w->o.rev : now);
	}
}

static unsigned long timeout_ms(const struct bl_list_opts *o)
{
	unsigned short r = 0;

	if (o->timeout)
		return (unsigned long)o->timeout * 1000;
	gnutls_rnd(GNUTLS_RND_NONCE, &r, sizeof(r));
	return (TIMEOUT_MIN_S + r % TIMEOUT_MIN_S) * 1000UL;
}

void bl_watch_start(struct bl_request *rq)
{
	struct bl_list_opts o;
	json_t *status = bl_list_opts_read(rq, true, &o);
	struct bl_watch *w;

	if (status) {
		bl_list_opts_free(&o);
		bl_answer_status(rq, status);
		return;
	}
	w = bl_new0(struct bl_watch);
	w->srv = rq->srv;
	w->st = rq->st;
	w->o = o;
	w->ns = bl_strdup(rq->ns);
	w->form = rq->accept.form;
	w->include = bl_request_include(rq);
	w->next_watch = w->st->watches;
	if (w->next_watch)
		w->next_watch->prev_watch = w;
	w->st->watches = w;
	uv_timer_init(bl_loop_uv(rq->srv->loop), &w->timeout);
	w->timeout.data = w;
	uv_timer_start(&w->timeout, on_timeout, timeout_ms(&o), 0);
	set_start(w);
	rq->watch = w;
	rq->code = 200;
	rq->type = w->form == BL_FORM_OBJECT ? "application/json" : "application/json;stream=watch";
	rq->state = BL_REQUEST_STREAMING;
}
