/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_IPC_FRAME_H
#define BL_IPC_FRAME_H

#include <jansson.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* A frame: its body's length in four bytes, big-endian, then the body, one JSON value. */
#define BL_IPC_HEAD_LEN	   4
#define BL_IPC_REQUEST_MAX (1u << 20)
#define BL_IPC_ANSWER_MAX  (16u << 20)

/* Appends a frame. -EMSGSIZE, and nothing appended, where the body would be longer than max. */
int bl_ipc_frame_put(struct bl_buf *out, const json_t *body, size_t max);

/*
 * Reads the frame at the start of the bytes. -EAGAIN: not whole yet (*ret_need: how many bytes it has in all, as far as
 * known); -EMSGSIZE: longer than max; -EBADMSG: no JSON object, the error says why.
 */
int bl_ipc_frame_get(const char *data, size_t len, size_t max, json_t **ret_body, size_t *ret_need,
		     struct bl_err *err);

/*
 * One sendmsg() or recvmsg() on a stream socket; 0 bytes sent or received is the peer's end (-EPIPE, 0). `fd` goes with
 * the first byte; -1: none. *ret_fd is set where a descriptor came (the caller's, O_CLOEXEC); further ones are closed.
 */
ssize_t bl_ipc_send(int sock, const char *data, size_t len, int fd);
ssize_t bl_ipc_recv(int sock, char *data, size_t len, int *ret_fd);

#endif
