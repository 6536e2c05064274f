// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The blocking end of the agent's socket.
 *
 * The command line and the CNI plugin do one thing and end, so they wait in poll(2) with what is left of one deadline that
 * covers connecting, sending and receiving. Nothing is retried here: an agent that is down is reported at once, and whoever
 * called decides (a container runtime comes back after CNI code 11).
 *
 * The request's descriptor goes with the first byte. While the request is being written the agent may already answer (it
 * refuses what is too long), so a broken pipe while writing is not the end: the answer is read first.
 *
 * Messages are one line, fit to be shown to a person behind "beeline: ", and name the socket where it is the culprit.
 */

#include "ipc/client.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/time.h"
#include "ipc/frame.h"

#define READ_SIZE 65536

__attribute__((format(printf, 3, 4))) static int fail(struct bl_ipc_failure *f, int code,
						      const char *fmt, ...)
{
	va_list ap;

	*f = (struct bl_ipc_failure){};
	va_start(ap, fmt);
	(void)vsnprintf(f->msg, sizeof(f->msg), fmt, ap);
	va_end(ap);
	return code;
}

/* 0 when the socket is ready or broken (the next call tells), -ETIMEDOUT. */
static int wait_for(int sock, short events, uint64_t deadline_ns)
{
	struct pollfd p = {.fd = sock, .events = events};

	for (;;) {
		uint64_t now = bl_time_mono_ns();
		uint64_t left_ms =
			now < deadline_ns ? (deadline_ns - now) / BL_NSEC_PER_MSEC + 1 : 0;
		int n = poll(&p, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);

		if (n > 0)
			return 0;
		if (n == 0 && bl_time_mono_ns() >= deadline_ns)
			return -ETIMEDOUT;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

static int connect_to(const char *path, int *ret_sock, struct bl_ipc_failure *f)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	BL_CLOSE int sock = -1;

	if (strlen(path) >= sizeof(addr.sun_path))
		return fail(f, -ENAMETOOLONG, "socket %s: longer than %zu bytes", path,
			    sizeof(addr.sun_path) - 1);
	memcpy(addr.sun_path, path, strlen(path));
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0)
		return fail(f, -errno, "socket: %s", strerror(errno));
	if (connect(sock, (struct sockaddr *)&addr, sizeof(addr)))
		return fail(f, -errno, "no agent answers at %s: %s", path, strerror(errno));
	*ret_sock = bl_take_fd(&sock);
	return 0;
}

static int send_all(int sock, const struct bl_buf *b, int fd, uint64_t deadline_ns)
{
	for (size_t sent = 0; sent < b->len;) {
		ssize_t n = bl_ipc_send(sock, b->data + sent, b->len - sent, sent ? -1 : fd);
		int rc;

		if (n > 0) {
			sent += (size_t)n;
			continue;
		}
		if (n == -EPIPE || n == -ECONNRESET)
			return 0;
		if (n != -EAGAIN)
			return (int)n;
		rc = wait_for(sock, POLLOUT, deadline_ns);
		if (rc)
			return rc;
	}
	return 0;
}

/* Reads until a frame is whole. */
static int receive(int sock, uint64_t deadline_ns, json_t **ret_answer, struct bl_err *err)
{
	BL_BUF struct bl_buf in = {};
	size_t need;

	for (;;) {
		int rc = bl_ipc_frame_get(in.data, in.len, BL_IPC_ANSWER_MAX, ret_answer, &need,
					  err);
		BL_CLOSE int stray = -1;
		ssize_t n;

		if (rc != -EAGAIN)
			return rc;
		n = bl_ipc_recv(sock, bl_buf_reserve(&in, READ_SIZE), READ_SIZE, &stray);
		if (n > 0) {
			in.len += (size_t)n;
			continue;
		}
		if (n == 0 || n == -ECONNRESET)
			return bl_err_set(err, -ECONNRESET, "the agent went away");
		rc = n == -EAGAIN ? wait_for(sock, POLLIN, deadline_ns) : (int)n;
		if (rc)
			return bl_err_set(err, rc, "%s",
					  rc == -ETIMEDOUT ? "no answer in time" : strerror(-rc));
	}
}

int bl_ipc_call(const char *socket, const json_t *request, int fd, int timeout_ms, json_t **ret_ok,
		struct bl_ipc_failure *ret_failure)
{
	uint64_t deadline_ns = bl_time_mono_ns() + (uint64_t)timeout_ms * BL_NSEC_PER_MSEC;
	BL_BUF struct bl_buf out = {};
	BL_JSON json_t *answer = NULL;
	BL_CLOSE int sock = -1;
	struct bl_err err = {};
	int rc = bl_ipc_frame_put(&out, request, BL_IPC_REQUEST_MAX);

	if (rc)
		return fail(ret_failure, rc, "the request is longer than %u bytes",
			    BL_IPC_REQUEST_MAX);
	rc = connect_to(socket, &sock, ret_failure);
	if (rc)
		return rc;
	rc = send_all(sock, &out, fd, deadline_ns);
	if (rc)
		return fail(ret_failure, rc, "%s: %s", socket, strerror(-rc));
	rc = receive(sock, deadline_ns, &answer, &err);
	if (rc)
		return fail(ret_failure, rc, "%s: %s", socket, bl_err_text(&err));
	return bl_ipc_split(answer, ret_ok, ret_failure);
}
