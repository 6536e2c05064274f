// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: A client beside the loop.
 *
 * The client of the agent's socket blocks, the agent's loop must not: a test that drives both runs the client in a
 * thread. The thread touches nothing of the loop but its uv_async handle, which wakes the loop when the answer is there.
 */

#include "caller.h"

#include <stdlib.h>

static void *call(void *arg)
{
	struct caller *c = arg;

	c->rc = bl_ipc_call(c->socket, c->request, c->fd, c->timeout_ms, &c->ok, &c->failure);
	uv_async_send(&c->done);
	return NULL;
}

static void on_done(uv_async_t *async)
{
	struct caller *c = async->data;

	c->finished = 1;
	pthread_join(c->thread, NULL);
	uv_close((uv_handle_t *)async, NULL);
}

void caller_start(struct caller *c, struct bl_loop *loop, const char *socket, json_t *request,
		  int fd)
{
	*c = (struct caller){.socket = socket, .request = request, .fd = fd, .timeout_ms = 5000};
	uv_async_init(bl_loop_uv(loop), &c->done, on_done);
	c->done.data = c;
	if (pthread_create(&c->thread, NULL, call, c))
		abort();
}

void caller_wait(struct caller *c, struct bl_loop *loop)
{
	while (!c->finished)
		uv_run(bl_loop_uv(loop), UV_RUN_ONCE);
	uv_run(bl_loop_uv(loop), UV_RUN_NOWAIT);
}

void caller_free(struct caller *c)
{
	json_decref(c->request);
	json_decref(c->ok);
	c->request = c->ok = NULL;
}
