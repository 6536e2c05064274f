/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_BASE_LOOP_H
#define BL_BASE_LOOP_H

/*
 * DOC: The one loop.
 *
 * A program has one libuv loop and no threads of its own. Rooms that speak to descriptors, timers
 * or child processes use libuv's own API on bl_loop_uv(); this header adds the two things that
 * every program needs: clean ends by signal, and work that runs once before the loop sleeps,
 * however many events asked for it.
 */

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"

struct bl_loop;

struct bl_loop *bl_loop_new(void);
struct bl_loop *bl_loop_free(struct bl_loop *l); /* closes what is still open and frees */
uv_loop_t *bl_loop_uv(struct bl_loop *l);

/* Runs until bl_loop_stop(), or until SIGTERM or SIGINT arrive (SIGPIPE is ignored). */
void bl_loop_run(struct bl_loop *l);
void bl_loop_stop(struct bl_loop *l);

/* A piece of work that runs before the loop sleeps, once, after bl_defer_mark(). The owner embeds
 * it. */
struct bl_defer {
	void (*fn)(void *arg);
	void *arg;
	struct bl_loop *loop;
	struct bl_defer *next;
	int marked;
};

void bl_defer_init(struct bl_defer *d, struct bl_loop *l, void (*fn)(void *arg), void *arg);
void bl_defer_mark(struct bl_defer *d);
void bl_defer_cancel(struct bl_defer *d);

/* A timer with a life of its own: its owner may be freed in the same turn as the timer. */
struct bl_timer;

struct bl_timer *bl_timer_new(struct bl_loop *l, void (*fn)(void *arg), void *arg);
struct bl_timer *bl_timer_free(struct bl_timer *t);
/* Runs fn once, `ms` from now; a start that is still pending is replaced. */
void bl_timer_start(struct bl_timer *t, uint64_t ms);
void bl_timer_stop(struct bl_timer *t);
bool bl_timer_pending(const struct bl_timer *t);

#endif
