// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The one loop.
 *
 * libuv does the work; this adds what every program of beeline needs in the same way. SIGTERM and SIGINT end the loop
 * between two events, so that destructors run. Deferred work is a list of marked pieces: however many events of one turn
 * ask for it, it runs once, in a prepare handle, that is after the turn's events and before the loop sleeps. Work that
 * marks work runs in the same turn; a check handle is not needed, because marking from a timer or a watcher always comes
 * before the next prepare phase.
 */

#include "base/loop.h"

#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"

struct bl_loop {
	uv_loop_t uv;
	uv_prepare_t before_sleep;
	uv_signal_t signals[2];
	struct bl_defer *marked, **tail;
};

static void run_marked(uv_prepare_t *handle)
{
	struct bl_loop *l = handle->data;

	while (l->marked) {
		struct bl_defer *d = l->marked;

		l->marked = d->next;
		if (!l->marked)
			l->tail = &l->marked;
		d->marked = 0;
		d->fn(d->arg);
	}
}

static void on_signal(uv_signal_t *handle, int signum)
{
	(void)signum;
	uv_stop(handle->loop);
}

struct bl_loop *bl_loop_new(void)
{
	static const int numbers[] = {SIGTERM, SIGINT};
	struct bl_loop *l = bl_new0(struct bl_loop);

	if (uv_loop_init(&l->uv))
		abort();
	l->tail = &l->marked;
	uv_prepare_init(&l->uv, &l->before_sleep);
	l->before_sleep.data = l;
	uv_prepare_start(&l->before_sleep, run_marked);
	for (size_t i = 0; i < BL_ARRAY_SIZE(numbers); i++) {
		uv_signal_init(&l->uv, &l->signals[i]);
		uv_signal_start(&l->signals[i], on_signal, numbers[i]);
	}
	signal(SIGPIPE, SIG_IGN);
	return l;
}

static void close_left(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

struct bl_loop *bl_loop_free(struct bl_loop *l)
{
	if (!l)
		return NULL;
	uv_walk(&l->uv, close_left, NULL);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	(void)uv_loop_close(&l->uv);
	free(l);
	return NULL;
}

uv_loop_t *bl_loop_uv(struct bl_loop *l)
{
	return &l->uv;
}

void bl_loop_run(struct bl_loop *l)
{
	uv_run(&l->uv, UV_RUN_DEFAULT);
}

void bl_loop_stop(struct bl_loop *l)
{
	uv_stop(&l->uv);
}

void bl_defer_init(struct bl_defer *d, struct bl_loop *l, void (*fn)(void *arg), void *arg)
{
	*d = (struct bl_defer){.fn = fn, .arg = arg, .loop = l};
}

void bl_defer_mark(struct bl_defer *d)
{
	if (d->marked)
		return;
	d->marked = 1;
	d->next = NULL;
	*d->loop->tail = d;
	d->loop->tail = &d->next;
}

void bl_defer_cancel(struct bl_defer *d)
{
	struct bl_loop *l = d->loop;

	if (!d->marked)
		return;
	for (struct bl_defer **p = &l->marked; *p; p = &(*p)->next) {
		if (*p != d)
			continue;
		*p = d->next;
		if (!*p)
			l->tail = p;
		break;
	}
	d->marked = 0;
}

struct bl_timer {
	uv_timer_t uv;
	void (*fn)(void *arg);
	void *arg;
};

static void on_timer(uv_timer_t *handle)
{
	struct bl_timer *t = handle->data;

	t->fn(t->arg);
}

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

struct bl_timer *bl_timer_new(struct bl_loop *l, void (*fn)(void *arg), void *arg)
{
	struct bl_timer *t = bl_new0(struct bl_timer);

	t->fn = fn;
	t->arg = arg;
	t->uv.data = t;
	uv_timer_init(&l->uv, &t->uv);
	return t;
}

struct bl_timer *bl_timer_free(struct bl_timer *t)
{
	if (t)
		uv_close((uv_handle_t *)&t->uv, on_timer_closed);
	return NULL;
}

void bl_timer_start(struct bl_timer *t, uint64_t ms)
{
	uv_timer_start(&t->uv, on_timer, ms, 0);
}

void bl_timer_stop(struct bl_timer *t)
{
	uv_timer_stop(&t->uv);
}

bool bl_timer_pending(const struct bl_timer *t)
{
	return uv_is_active((const uv_handle_t *)&t->uv);
}
