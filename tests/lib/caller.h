/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TESTS_CALLER_H
#define BL_TESTS_CALLER_H

#include <jansson.h>
#include <pthread.h>

#include "base/loop.h"
#include "ipc/client.h"

/* A client of the agent's socket beside the loop under test: bl_ipc_call() in a thread. */
struct caller {
	const char *socket;
	json_t *request;
	int fd;
	int timeout_ms;
	int rc;
	json_t *ok;
	struct bl_ipc_failure failure;
	uv_async_t done;
	pthread_t thread;
	int finished;
};

/* Takes the request; lends the socket's path and the descriptor. */
void caller_start(struct caller *c, struct bl_loop *loop, const char *socket, json_t *request,
		  int fd);
/* Runs the loop until the answer is there. */
void caller_wait(struct caller *c, struct bl_loop *loop);
void caller_free(struct caller *c);

#endif
