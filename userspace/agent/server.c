// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The agent's unix socket.
 *
 * One connection carries one request and one answer, then it is closed: no state between requests, nothing to resume, and a
 * peer that goes away takes with it exactly what it asked for. An answer may be late; the connection waits for it and is
 * watched for the peer's end, which cancels the call.
 *
 * libuv's pipes cannot carry descriptors of namespaces, so the sockets are watched by uv_poll and read through ipc/frame.h.
 * Every read and write is what the kernel takes at once; the loop never waits.
 *
 * Bounds: so many connections, so long until a request is whole, so many bytes of a request. A connection beyond them is told
 * BL_IPC_BUSY or dropped. Only root and the agent's own user get further than accept(2): the socket is 0600 in a folder that
 * nobody else may enter, and the peer's credentials are looked at all the same, since modes can be changed behind our back.
 *
 * At start a socket file that nobody answers on is a leftover of a killed agent and is replaced; one that somebody answers on
 * is another agent, and starting is refused.
 */

#include "agent/server.h"

#include <errno.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "ipc/frame.h"
#include "ipc/messages.h"

#define CONNECTIONS_MAX	   512
#define TABLES_MAX	   8
#define REQUEST_TIMEOUT_MS 5000
#define READ_SIZE	   16384

struct op_table {
	const struct bl_server_op *ops;
	size_t n;
	void *arg;
};

enum call_state { READING, ASKED, WRITING };

struct bl_call {
	struct bl_server *server;
	struct bl_call *prev, *next;
	enum call_state state;
	int sock, fd;
	uv_poll_t poll;
	uv_timer_t timer;
	unsigned int open_handles;
	struct bl_buf in, out;
	size_t sent;
	void (*cancelled)(void *arg, struct bl_call *call);
	void *cancelled_arg;
};

struct bl_server {
	struct bl_loop *loop;
	char *path;
	int sock;
	uv_poll_t *poll;
	struct op_table tables[TABLES_MAX];
	size_t n_tables;
	struct bl_call *calls;
	size_t n_calls;
};

static void call_closed(uv_handle_t *handle)
{
	struct bl_call *call = handle->data;

	if (--call->open_handles)
		return;
	close(call->sock);
	bl_buf_free(&call->in);
	bl_buf_free(&call->out);
	free(call);
}

/* The end of a call, whatever became of it. */
static void call_close(struct bl_call *call)
{
	struct bl_server *s = call->server;

	if (call->state == ASKED && call->cancelled)
		call->cancelled(call->cancelled_arg, call);
	if (call->fd >= 0)
		close(call->fd);
	if (call->prev)
		call->prev->next = call->next;
	else
		s->calls = call->next;
	if (call->next)
		call->next->prev = call->prev;
	s->n_calls--;
	uv_close((uv_handle_t *)&call->poll, call_closed);
	uv_close((uv_handle_t *)&call->timer, call_closed);
}

static void on_late(uv_timer_t *timer)
{
	call_close(timer->data);
}

/* Writes what the kernel takes; the rest when the socket is writable again. */
static void call_write(struct bl_call *call);

static void on_writable(uv_poll_t *poll, int status, int events)
{
	struct bl_call *call = poll->data;

	(void)events;
	if (status)
		call_close(call);
	else
		call_write(call);
}

static void call_write(struct bl_call *call)
{
	while (call->sent < call->out.len) {
		ssize_t n = bl_ipc_send(call->sock, call->out.data + call->sent,
					call->out.len - call->sent, -1);

		if (n == -EAGAIN) {
			uv_poll_start(&call->poll, UV_WRITABLE, on_writable);
			return;
		}
		if (n <= 0)
			break;
		call->sent += (size_t)n;
	}
	call_close(call);
}

/* Takes `answer`. */
static void call_answer(struct bl_call *call, json_t *answer)
{
	BL_JSON json_t *body = answer;

	call->state = WRITING;
	if (bl_ipc_frame_put(&call->out, body, BL_IPC_ANSWER_MAX)) {
		BL_JSON json_t *too_long =
			bl_ipc_error(BL_IPC_INTERNAL, "the answer does not fit into a frame", "");

		(void)bl_ipc_frame_put(&call->out, too_long, BL_IPC_ANSWER_MAX);
	}
	uv_timer_start(&call->timer, on_late, REQUEST_TIMEOUT_MS, 0);
	call_write(call);
}

void bl_server_reply(struct bl_call *call, json_t *ok)
{
	call_answer(call, bl_ipc_ok(ok));
}

void bl_server_fail(struct bl_call *call, int code, const char *fmt, ...)
{
	char msg[1000];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	call_answer(call, bl_ipc_error(code, msg, ""));
}

void bl_server_defer(struct bl_call *call, void (*cancelled)(void *arg, struct bl_call *call),
		     void *arg)
{
	call->cancelled = cancelled;
	call->cancelled_arg = arg;
}

/* While an answer is awaited the peer has nothing to say: bytes or its end give the request up. */
static void on_peer_gone(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	call_close(poll->data);
}

static void dispatch(struct bl_call *call, const json_t *request)
{
	struct bl_server *s = call->server;
	const char *op = bl_json_str_at(request, "op", NULL);
	BL_CLOSE int fd = bl_take_fd(&call->fd);

	call->state = ASKED;
	uv_timer_stop(&call->timer);
	uv_poll_start(&call->poll, UV_READABLE | UV_DISCONNECT, on_peer_gone);
	for (size_t t = 0; op && t < s->n_tables; t++) {
		for (size_t i = 0; i < s->tables[t].n; i++) {
			if (!bl_streq(s->tables[t].ops[i].op, op))
				continue;
			s->tables[t].ops[i].fn(s->tables[t].arg, request, fd, call);
			return;
		}
	}
	bl_server_fail(call, BL_IPC_BAD_REQUEST, "unknown operation '%.64s'", op ? op : "");
}

/* Looks whether the request is whole. */
static void call_parse(struct bl_call *call)
{
	BL_JSON json_t *request = NULL;
	struct bl_err err = {};
	size_t need;
	int rc = bl_ipc_frame_get(call->in.data, call->in.len, BL_IPC_REQUEST_MAX, &request, &need,
				  &err);

	if (rc == -EAGAIN)
		return;
	if (rc)
		bl_server_fail(call, BL_IPC_BAD_REQUEST, "request: %s", bl_err_text(&err));
	else
		dispatch(call, request);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct bl_call *call = poll->data;
	ssize_t n;

	(void)events;
	n = status ? status
		   : bl_ipc_recv(call->sock, bl_buf_reserve(&call->in, READ_SIZE), READ_SIZE,
				 &call->fd);
	if (n == -EAGAIN)
		return;
	if (n <= 0) {
		call_close(call);
		return;
	}
	call->in.len += (size_t)n;
	call_parse(call);
}

static bool peer_allowed(int sock)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t len = sizeof(peer);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return false;
	return peer.uid == 0 || peer.uid == geteuid();
}

static void call_new(struct bl_server *s, int sock)
{
	struct bl_call *call = bl_new0(struct bl_call);
	uv_loop_t *uv = bl_loop_uv(s->loop);

	*call = (struct bl_call){
		.server = s, .sock = sock, .fd = -1, .next = s->calls, .open_handles = 2};
	if (s->calls)
		s->calls->prev = call;
	s->calls = call;
	s->n_calls++;
	uv_poll_init(uv, &call->poll, sock);
	call->poll.data = call;
	uv_timer_init(uv, &call->timer);
	call->timer.data = call;
	uv_timer_start(&call->timer, on_late, REQUEST_TIMEOUT_MS, 0);
	if (s->n_calls > CONNECTIONS_MAX)
		bl_server_fail(call, BL_IPC_BUSY, "%d connections wait already", CONNECTIONS_MAX);
	else
		uv_poll_start(&call->poll, UV_READABLE, on_readable);
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
	struct bl_server *s = poll->data;

	(void)events;
	while (!status) {
		int sock = accept4(s->sock, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (sock < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (sock < 0)
			return;
		if (peer_allowed(sock)) {
			call_new(s, sock);
			continue;
		}
		bl_log_warn("socket: connection of another user refused");
		close(sock);
	}
}

/* The folder is ours and closed to everybody else, or it is not used. */
static int check_folder(const char *path, struct bl_err *err)
{
	BL_FREE char *copy = bl_strdup(path);
	const char *dir = dirname(copy);
	struct stat st;
	int rc = bl_file_mkdirs(dir, 0700, err);

	if (rc)
		return rc;
	if (stat(dir, &st))
		return bl_err_set(err, -errno, "%s: %s", dir, strerror(errno));
	if (st.st_uid != geteuid() || (st.st_mode & 0077))
		return bl_err_set(err, -EPERM, "%s: must belong to the agent's user with mode 0700",
				  dir);
	return 0;
}

static int listen_at(const char *path, int *ret_sock, struct bl_err *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	const struct sockaddr *sa = (const struct sockaddr *)&addr;
	BL_CLOSE int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	BL_CLOSE int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (strlen(path) >= sizeof(addr.sun_path))
		return bl_err_set(err, -ENAMETOOLONG, "longer than %zu bytes",
				  sizeof(addr.sun_path) - 1);
	memcpy(addr.sun_path, path, strlen(path));
	if (!connect(probe, sa, sizeof(addr)) || errno == EAGAIN)
		return bl_err_set(err, -EADDRINUSE, "another agent answers there");
	(void)unlink(path);
	if (bind(sock, sa, sizeof(addr)) || chmod(path, 0600) || listen(sock, 128))
		return bl_err_set(err, -errno, "%s", strerror(errno));
	*ret_sock = bl_take_fd(&sock);
	return 0;
}

int bl_server_new(struct bl_loop *loop, const char *path, struct bl_server **ret_server,
		  struct bl_err *err)
{
	struct bl_server *s;
	int sock = -1, rc;

	rc = check_folder(path, err);
	if (!rc)
		rc = listen_at(path, &sock, err);
	if (rc)
		return bl_err_wrap(err, "socket %s", path), rc;
	s = bl_new0(struct bl_server);
	s->loop = loop;
	s->path = bl_strdup(path);
	s->sock = sock;
	s->poll = bl_new0(uv_poll_t);
	uv_poll_init(bl_loop_uv(loop), s->poll, sock);
	s->poll->data = s;
	uv_poll_start(s->poll, UV_READABLE, on_connection);
	*ret_server = s;
	return 0;
}

static void poll_closed(uv_handle_t *handle)
{
	free(handle);
}

struct bl_server *bl_server_free(struct bl_server *s)
{
	if (!s)
		return NULL;
	while (s->calls)
		call_close(s->calls);
	uv_close((uv_handle_t *)s->poll, poll_closed);
	(void)unlink(s->path);
	close(s->sock);
	free(s->path);
	free(s);
	return NULL;
}

void bl_server_add(struct bl_server *s, const struct bl_server_op *ops, size_t n, void *arg)
{
	if (s->n_tables == TABLES_MAX)
		abort();
	s->tables[s->n_tables++] = (struct op_table){.ops = ops, .n = n, .arg = arg};
}
