/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_AGENT_SERVER_H
#define BL_AGENT_SERVER_H

#include <jansson.h>

#include "base/err.h"
#include "base/loop.h"

/*
 * The agent's unix socket (ipc/messages.h). Root only: 0600 in a 0700 folder, and the peer's credentials are checked. One
 * connection, one request, one answer.
 */
struct bl_server;

/* A request that waits for its answer. It is the server's: valid until it is answered, or until `cancelled` ran. */
struct bl_call;

struct bl_server_op {
	const char *op; /* static */
	/*
	 * Lends the request and the descriptor (-1: none came) until it returns. Answers now or later, with exactly one of
	 * bl_server_reply() and bl_server_fail().
	 */
	void (*fn)(void *arg, const json_t *request, int fd, struct bl_call *call);
};

/* Makes the folder where it is missing and listens. -EADDRINUSE: another agent answers there. */
int bl_server_new(struct bl_loop *loop, const char *path, struct bl_server **ret_server,
		  struct bl_err *err);
/* Cancels what waits, closes, and removes the socket. */
struct bl_server *bl_server_free(struct bl_server *s);

/* Adds operations; the table is lent until the server is freed. */
void bl_server_add(struct bl_server *s, const struct bl_server_op *ops, size_t n, void *arg);

/* Takes `ok`. */
void bl_server_reply(struct bl_call *call, json_t *ok);
/* `code` is of enum bl_ipc_code. */
void bl_server_fail(struct bl_call *call, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A late answer's owner hears that the peer went away: the call is gone when `cancelled` returns. */
void bl_server_defer(struct bl_call *call, void (*cancelled)(void *arg, struct bl_call *call),
		     void *arg);

#endif
