/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_IPC_CLIENT_H
#define BL_IPC_CLIENT_H

#include <jansson.h>

#include "ipc/messages.h"

/* Where the agent listens unless told otherwise. */
#define BL_IPC_SOCKET "/run/beeline/beelined.sock"

/*
 * One request and its answer, blocking, within timeout_ms. `fd` rides along, -1: none. 0 and *ret_ok (the caller's);
 * otherwise *ret_failure is filled and the value says how it failed:
 *   -EREMOTEIO     the agent answered with an error: ret_failure->code
 *   -ENOENT, -ECONNREFUSED, -EAGAIN  nobody listens there (or not for us: -EACCES)
 *   -ETIMEDOUT     no answer in time
 *   -ECONNRESET    the agent went away before it answered
 *   -EBADMSG, -EMSGSIZE  an answer that is none
 */
int bl_ipc_call(const char *socket, const json_t *request, int fd, int timeout_ms, json_t **ret_ok,
		struct bl_ipc_failure *ret_failure);

#endif
