// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: libcurl on the loop.
 *
 * libcurl tells which sockets it wants watched and when it wants to be woken; the loop does both, with one uv_poll a socket
 * and one timer. An arriving byte therefore goes from poll() through libcurl into the owner's callback without a
 * queue in between.
 *
 *     uv_poll, uv_timer ──► curl_multi_socket_action ──► write callback of the transfer ──► its owner
 *                                      │
 *                                      └─► messages: transfers that ended ──► done
 *
 * Inside these callbacks an owner may well start a request or give one up, which libcurl's own calls do not allow. Both
 * only put the transfer on a list and mark a piece of deferred work, which hands the lists to libcurl before the loop
 * sleeps. A dropped transfer hears nothing more from the moment it is dropped.
 */

#include "client/multi.h"

#include <stdlib.h>

#include "base/mem.h"

struct bl_multi {
	CURLM *curl;
	struct bl_loop *loop;
	uv_timer_t *timer;
	struct bl_defer defer;
	struct bl_multi_entry *to_add, *to_drop;
};

/* One socket that libcurl wants watched. */
struct watch {
	uv_poll_t poll;
	struct bl_multi *multi;
	curl_socket_t fd;
};

static void take_messages(struct bl_multi *m)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(m->curl, &left))) {
		struct bl_multi_entry *e;
		CURLcode result = msg->data.result;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&e);
		if (e->dead)
			continue; /* the deferred work removes it */
		curl_multi_remove_handle(m->curl, e->easy);
		e->running = false;
		e->done(e, result);
	}
}

static void on_socket(uv_poll_t *poll, int status, int events)
{
	struct watch *w = poll->data;
	struct bl_multi *m = w->multi;
	int flags = 0, running;

	if (status < 0)
		flags = CURL_CSELECT_ERR;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	curl_multi_socket_action(m->curl, w->fd, flags, &running);
	take_messages(m);
}

static void on_timer(uv_timer_t *timer)
{
	struct bl_multi *m = timer->data;
	int running;

	curl_multi_socket_action(m->curl, CURL_SOCKET_TIMEOUT, 0, &running);
	take_messages(m);
}

static void free_watch(uv_handle_t *h)
{
	free(h->data);
}

static void free_timer(uv_handle_t *h)
{
	free(h);
}

static int want_timer(CURLM *curl, long ms, void *arg)
{
	struct bl_multi *m = arg;

	(void)curl;
	if (ms < 0)
		uv_timer_stop(m->timer);
	else
		uv_timer_start(m->timer, on_timer, (uint64_t)ms, 0);
	return 0;
}

static int want_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct bl_multi *m = arg;
	struct watch *w = socket_arg;
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		curl_multi_assign(m->curl, fd, NULL);
		if (w)
			uv_close((uv_handle_t *)&w->poll, free_watch);
		return 0;
	}
	if (!w) {
		w = bl_new0(struct watch);
		w->multi = m;
		w->fd = fd;
		if (uv_poll_init_socket(bl_loop_uv(m->loop), &w->poll, fd)) {
			free(w);
			return -1;
		}
		w->poll.data = w;
		curl_multi_assign(m->curl, fd, w);
	}
	if (what & CURL_POLL_IN)
		events |= UV_READABLE;
	if (what & CURL_POLL_OUT)
		events |= UV_WRITABLE;
	uv_poll_start(&w->poll, events, on_socket);
	return 0;
}

/* Gives the lists to libcurl: what was dropped first, so that its connections can be used again. */
static void work(void *arg)
{
	struct bl_multi *m = arg;

	while (m->to_drop) {
		struct bl_multi_entry *e = m->to_drop;

		m->to_drop = e->next;
		if (e->running)
			curl_multi_remove_handle(m->curl, e->easy);
		e->dropped(e);
	}
	while (m->to_add) {
		struct bl_multi_entry *e = m->to_add;

		m->to_add = e->next;
		e->running = true;
		curl_easy_setopt(e->easy, CURLOPT_PRIVATE, e);
		if (curl_multi_add_handle(m->curl, e->easy)) {
			e->running = false;
			e->done(e, CURLE_FAILED_INIT);
		}
	}
}

void bl_multi_add(struct bl_multi *m, struct bl_multi_entry *e)
{
	struct bl_multi_entry **p = &m->to_add;

	while (*p)
		p = &(*p)->next;
	e->multi = m;
	e->next = NULL;
	*p = e;
	bl_defer_mark(&m->defer);
}

void bl_multi_drop(struct bl_multi_entry *e)
{
	struct bl_multi *m = e->multi;

	if (e->dead)
		return;
	for (struct bl_multi_entry **p = &m->to_add; *p; p = &(*p)->next) {
		if (*p != e)
			continue;
		*p = e->next;
		break;
	}
	e->dead = true;
	e->next = m->to_drop;
	m->to_drop = e;
	bl_defer_mark(&m->defer);
}

struct bl_multi *bl_multi_new(struct bl_loop *loop)
{
	struct bl_multi *m = bl_new0(struct bl_multi);

	m->loop = loop;
	m->timer = bl_new0(uv_timer_t);
	uv_timer_init(bl_loop_uv(loop), m->timer);
	m->timer->data = m;
	bl_defer_init(&m->defer, loop, work, m);
	m->curl = curl_multi_init();
	if (!m->curl)
		abort();
	curl_multi_setopt(m->curl, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl_multi_setopt(m->curl, CURLMOPT_SOCKETDATA, m);
	curl_multi_setopt(m->curl, CURLMOPT_TIMERFUNCTION, want_timer);
	curl_multi_setopt(m->curl, CURLMOPT_TIMERDATA, m);
	curl_multi_setopt(m->curl, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	return m;
}

struct bl_multi *bl_multi_free(struct bl_multi *m)
{
	if (!m)
		return NULL;
	work(m);
	bl_defer_cancel(&m->defer);
	curl_multi_cleanup(m->curl);
	uv_close((uv_handle_t *)m->timer, free_timer);
	free(m);
	return NULL;
}
