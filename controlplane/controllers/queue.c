// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The work queue.
 *
 *      add                    before the loop sleeps              all answered
 *     ─────► waiting ────────────────────────────► running ─────────────────────► gone
 *               ▲                                     │  added meanwhile, or failed
 *               └─────────────────────────────────────┘  (at once, or after a back-off)
 *
 * Events only add keys, so a burst of events on one object is one piece of work, done in the same turn of the loop as the
 * last of them. One key has at most one piece of work under way, so two writes never race each other.
 *
 * Work is level-triggered: it looks at what is now, not at what happened. A failed request therefore needs no
 * memory beyond its key. A conflict means that the caches are a moment behind, so the first back-off is short.
 *
 * The number of requests under way is bounded: a controller that starts with ten thousand keys must not bury the server.
 */

#include "controllers/queue.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "client/backoff.h"

#define MAX_REQUESTS 16

struct request {
	struct request *next;
	struct bl_queue_item *item;
	struct bl_client_call *call;
	bl_queue_answered answered;
	void *arg;
	bool is_delete;
	char path[160]; /* for the log */
};

struct bl_queue_item {
	UT_hash_handle hh;
	struct bl_queue *queue;
	char *key;
	struct bl_queue_item *next; /* in waiting */
	bool waiting, running, again, failed;
	struct request *requests; /* under way */
	struct bl_backoff backoff;
	uv_timer_t *timer; /* NULL unless it counts down */
};

struct bl_queue {
	struct bl_loop *loop;
	struct bl_client *client;
	void (*work)(void *arg, struct bl_queue_item *item, const char *key);
	void *arg;
	bool started;
	struct bl_queue_item *items; /* by key */
	struct bl_queue_item *first, **last;
	struct bl_defer defer;
	unsigned int n_requests;
};

static void free_timer(uv_handle_t *h)
{
	free(h);
}

static void stop_timer(struct bl_queue_item *item)
{
	if (item->timer)
		uv_close((uv_handle_t *)item->timer, free_timer);
	item->timer = NULL;
}

static void wait_in_line(struct bl_queue_item *item)
{
	struct bl_queue *q = item->queue;

	stop_timer(item);
	if (item->running) {
		item->again = true;
		return;
	}
	if (item->waiting)
		return;
	item->waiting = true;
	item->next = NULL;
	*q->last = item;
	q->last = &item->next;
	if (q->started)
		bl_defer_mark(&q->defer);
}

static void on_timer(uv_timer_t *t)
{
	wait_in_line(t->data);
}

static void wait_for(struct bl_queue_item *item, uint32_t ms)
{
	if (!item->timer) {
		item->timer = bl_new0(uv_timer_t);
		uv_timer_init(bl_loop_uv(item->queue->loop), item->timer);
		item->timer->data = item;
	}
	uv_timer_start(item->timer, on_timer, ms, 0);
}

static struct bl_queue_item *item_of(struct bl_queue *q, const char *key)
{
	struct bl_queue_item *item;

	HASH_FIND_STR(q->items, key, item);
	if (item)
		return item;
	item = bl_new0(struct bl_queue_item);
	item->queue = q;
	item->key = bl_strdup(key);
	item->backoff = (struct bl_backoff){.first_ms = 20, .cap_ms = 30000};
	HASH_ADD_KEYPTR(hh, q->items, item->key, strlen(item->key), item);
	return item;
}

static void free_item(struct bl_queue_item *item)
{
	stop_timer(item);
	while (item->requests) {
		struct request *r = item->requests;

		item->requests = r->next;
		bl_client_cancel(r->call);
		free(r);
	}
	HASH_DEL(item->queue->items, item);
	free(item->key);
	free(item);
}

/* The work has returned and nothing is under way any more. */
static void finish(struct bl_queue_item *item)
{
	bool again = item->again, failed = item->failed;

	item->running = item->again = item->failed = false;
	if (failed) {
		wait_for(item, bl_backoff_next(&item->backoff));
		return;
	}
	bl_backoff_reset(&item->backoff);
	if (again)
		wait_in_line(item);
	else if (!item->timer)
		free_item(item);
}

static void run_waiting(void *arg)
{
	struct bl_queue *q = arg;

	while (q->first && q->n_requests < MAX_REQUESTS) {
		struct bl_queue_item *item = q->first;

		q->first = item->next;
		if (!q->first)
			q->last = &q->first;
		item->waiting = false;
		item->running = true;
		q->work(q->arg, item, item->key);
		if (!item->requests)
			finish(item);
	}
}

static bool default_answered(const struct request *r, const struct bl_client_response *resp)
{
	return (resp->status >= 200 && resp->status < 300) || (r->is_delete && resp->status == 404);
}

static void on_answer(void *arg, const struct bl_client_response *resp)
{
	struct request *r = arg;
	struct bl_queue_item *item = r->item;
	struct bl_queue *q = item->queue;
	bool ok = r->answered ? r->answered(r->arg, item, resp) : default_answered(r, resp);

	for (struct request **p = &item->requests; *p; p = &(*p)->next) {
		if (*p != r)
			continue;
		*p = r->next;
		break;
	}
	q->n_requests--;
	if (!ok) {
		item->failed = true;
		if (resp->status != 409)
			bl_log_warn("request failed, trying again path=%s status=%d error=\"%s\"",
				    r->path, resp->status, resp->error ? resp->error : resp->body);
	}
	free(r);
	if (!item->requests)
		finish(item);
	if (q->first)
		bl_defer_mark(&q->defer);
}

void bl_queue_send(struct bl_queue_item *item, const struct bl_client_request *req,
		   bl_queue_answered answered, void *arg)
{
	struct request *r = bl_new0(struct request);

	r->item = item;
	r->answered = answered;
	r->arg = arg;
	r->is_delete = bl_streq(req->method, "DELETE");
	(void)snprintf(r->path, sizeof(r->path), "%s", req->path);
	r->next = item->requests;
	item->requests = r;
	item->queue->n_requests++;
	r->call = bl_client_send(item->queue->client, req, on_answer, r);
}

const char *bl_queue_key(const struct bl_queue_item *item)
{
	return item->key;
}

void bl_queue_retry(struct bl_queue_item *item)
{
	item->failed = true;
}

void bl_queue_add(struct bl_queue *q, const char *key)
{
	wait_in_line(item_of(q, key));
}

void bl_queue_add_after(struct bl_queue *q, const char *key, uint32_t ms)
{
	struct bl_queue_item *item = item_of(q, key);

	if (!item->waiting && !item->timer)
		wait_for(item, ms);
}

void bl_queue_start(struct bl_queue *q)
{
	q->started = true;
	bl_defer_mark(&q->defer);
}

struct bl_queue *bl_queue_new(struct bl_loop *loop, struct bl_client *client,
			      void (*work)(void *arg, struct bl_queue_item *item, const char *key),
			      void *arg)
{
	struct bl_queue *q = bl_new0(struct bl_queue);

	q->loop = loop;
	q->client = client;
	q->work = work;
	q->arg = arg;
	q->last = &q->first;
	bl_defer_init(&q->defer, loop, run_waiting, q);
	return q;
}

struct bl_queue *bl_queue_free(struct bl_queue *q)
{
	struct bl_queue_item *item, *tmp;

	if (!q)
		return NULL;
	bl_defer_cancel(&q->defer);
	HASH_ITER (hh, q->items, item, tmp) {
		free_item(item);
	}
	free(q);
	return NULL;
}
