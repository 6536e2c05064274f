// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: HTTPS on the loop.
 *
 * libmicrohttpd speaks HTTP/1.1 and TLS; it runs without threads of its own: its epoll descriptor is one more descriptor
 * of our loop, and MHD_run() does what is ready. All requests that are ready in one turn are read in one such call, which
 * is what makes the group commit of batch.c group anything.
 *
 * A request is a struct bl_request from the first header to the last byte sent. It is run once its body is whole. One that
 * waits for a commit suspends its connection; bl_request_wake() resumes it and the answer goes out. A watch is an answer
 * without an end: its reader suspends the connection while there is nothing to say.
 *
 * A suspended connection is out of the library's sight; so a watch has a poll handle of its own that sees the client go.
 *
 * Bounds: the body (413 behind it), header bytes (the library's pool, 431), connections, idle time.
 */
#include "apiserver/http.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "apiserver/listen.h"
#include "apiserver/server_priv.h"
#include "apiserver/status.h"
#include "apiserver/watch.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

#define HEADER_POOL	  (32 * 1024)
#define IDLE_SECONDS	  180
#define JOIN_MAX	  (64 * 1024) /* bodies up to here are sent as one buffer */
#define STREAM_BLOCK	  (16 * 1024)
#define PARAMS_MAX	  32
#define ROUNDS_MAX	  8
#define HANDSHAKE_SECONDS 15

struct bl_listener {
	struct bl_server *srv;
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	uv_timer_t timer;
	uv_idle_t again;
	int rounds; /* of `again` since the last event */
	int fd;	    /* listening */
	char address[BL_LISTEN_STRLEN];
	char *cert, *key, *ca;
	struct bl_listener *next;
};

/* What a connection remembers between requests. */
struct connection {
	struct bl_identity *id; /* of its client certificate */
	bool asked;		/* the certificate was looked at */
};

/*
 * What the library wants next. "At once" can mean that it holds bytes which are read already, or only that a handshake
 * waits for the client: so a few rounds run without sleeping, later ones a millisecond apart.
 */
static void plan(struct bl_listener *l);

static void run(struct bl_listener *l)
{
	MHD_run(l->daemon);
	plan(l);
}

static void on_timer(uv_timer_t *t)
{
	run(t->data);
}

static void on_again(uv_idle_t *i)
{
	uv_idle_stop(i);
	run(i->data);
}

static void on_readable(uv_poll_t *p, int status, int events)
{
	struct bl_listener *l = p->data;

	(void)status, (void)events;
	l->rounds = 0;
	run(l);
}

static void plan(struct bl_listener *l)
{
	MHD_UNSIGNED_LONG_LONG ms;

	uv_timer_stop(&l->timer);
	if (MHD_get_timeout(l->daemon, &ms) != MHD_YES)
		return;
	if (ms == 0 && l->rounds++ < ROUNDS_MAX)
		uv_idle_start(&l->again, on_again);
	else
		uv_timer_start(&l->timer, on_timer, ms ? ms : 1, 0);
}

/* Lets a suspended connection go on; the library looks at it in the next turn. */
static void resume(struct bl_request *rq)
{
	struct bl_listener *l = rq->listener;

	MHD_resume_connection(rq->conn);
	l->rounds = 0;
	uv_idle_start(&l->again, on_again);
}

/* --- requests ------------------------------------------------------------------------------- */

static enum MHD_Result keep_param(void *cls, enum MHD_ValueKind kind, const char *key,
				  const char *value)
{
	struct bl_request *rq = cls;

	(void)kind;
	if (rq->param_count == PARAMS_MAX)
		return MHD_NO;
	rq->params[rq->param_count++] =
		(struct bl_param){bl_strdup(key), bl_strdup(value ? value : "")};
	return MHD_YES;
}

static char *header(struct MHD_Connection *conn, const char *name)
{
	const char *v = MHD_lookup_connection_value(conn, MHD_HEADER_KIND, name);

	return v ? bl_strdup(v) : NULL;
}

static struct bl_request *new_request(struct bl_listener *l, struct MHD_Connection *conn,
				      const char *url, const char *method)
{
	struct bl_request *rq = bl_new0(struct bl_request);
	BL_FREE char *length = header(conn, MHD_HTTP_HEADER_CONTENT_LENGTH);

	rq->srv = l->srv;
	rq->conn = conn;
	rq->listener = l;
	rq->method = bl_strdup(method);
	rq->path = bl_strdup(url);
	rq->params = bl_calloc(PARAMS_MAX, sizeof(*rq->params));
	MHD_get_connection_values(conn, MHD_GET_ARGUMENT_KIND, keep_param, rq);
	rq->accept_header = header(conn, MHD_HTTP_HEADER_ACCEPT);
	rq->content_type = header(conn, MHD_HTTP_HEADER_CONTENT_TYPE);
	rq->user_agent = header(conn, MHD_HTTP_HEADER_USER_AGENT);
	rq->authorization = header(conn, MHD_HTTP_HEADER_AUTHORIZATION);
	rq->too_large = length && strtoull(length, NULL, 10) > BL_HTTP_BODY_MAX;
	return rq;
}

static void add_body(struct bl_request *rq, const char *data, size_t len)
{
	if (rq->too_large || rq->body.len + len > BL_HTTP_BODY_MAX) {
		rq->too_large = true;
		bl_buf_free(&rq->body);
		return;
	}
	bl_buf_append(&rq->body, data, len);
}

static struct connection *connection_of(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static const struct bl_identity *identify(struct bl_request *rq)
{
	struct connection *c = connection_of(rq->conn);

	if (rq->authorization)
		return bl_auth_token(rq->srv->auth, rq->authorization);
	if (c && !c->asked) {
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(rq->conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);

		c->asked = true;
		if (info)
			c->id = bl_auth_certificate(info->tls_session);
	}
	return c ? c->id : NULL;
}

/* --- answers -------------------------------------------------------------------------------- */

static ssize_t read_body(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct bl_request *rq = cls;
	size_t n = bl_body_read(&rq->out, buf, max);

	(void)pos;
	return n ? (ssize_t)n : MHD_CONTENT_READER_END_OF_STREAM;
}

struct stream {
	struct bl_request *rq;
	uv_poll_t watcher; /* sees the client go, from the first sleep on */
	bool asleep, gone, slept;
};

static void wake(struct stream *st)
{
	if (!st->asleep)
		return;
	st->asleep = false;
	resume(st->rq);
}

static void on_gone(uv_poll_t *p, int status, int events)
{
	struct stream *st = p->data;

	(void)status, (void)events;
	uv_poll_stop(p);
	st->gone = true;
	wake(st);
}

/*
 * Before a stream sleeps for the first time, what the library still holds back to fill a segment (the headers) has to
 * leave; and from now on the client's going has to be seen.
 */
static void first_sleep(struct stream *st)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(st->rq->conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	int off = 0, on = 1;

	st->slept = true;
	setsockopt(info->connect_fd, IPPROTO_TCP, TCP_CORK, &off, sizeof(off));
	setsockopt(info->connect_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	uv_poll_start(&st->watcher, UV_DISCONNECT, on_gone);
}

static ssize_t read_stream(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct stream *st = cls;
	ssize_t n = st->gone ? -1 : bl_watch_read(st->rq->watch, buf, max);

	(void)pos;
	if (st->gone)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (n < 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n == 0) {
		if (!st->slept)
			first_sleep(st);
		st->asleep = true;
		MHD_suspend_connection(st->rq->conn);
	}
	return n;
}

static void free_stream_handle(uv_handle_t *h)
{
	free(h->data);
}

static void close_stream(void *cls)
{
	struct stream *st = cls;

	uv_close((uv_handle_t *)&st->watcher, free_stream_handle);
}

static struct MHD_Response *stream_response(struct bl_request *rq)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(rq->conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct stream *st = bl_new0(struct stream);

	st->rq = rq;
	st->watcher.data = st;
	uv_poll_init(bl_loop_uv(rq->srv->loop), &st->watcher, info->connect_fd);
	bl_watch_set_waker(rq->watch, (void (*)(void *))wake, st);
	return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1024, read_stream, st,
						 close_stream);
}

static struct MHD_Response *body_response(struct bl_request *rq)
{
	char *all;

	if (rq->out.total > JOIN_MAX)
		return MHD_create_response_from_callback(rq->out.total, STREAM_BLOCK, read_body, rq,
							 NULL);
	all = bl_malloc(rq->out.total + 1);
	bl_body_read(&rq->out, all, rq->out.total);
	return MHD_create_response_from_buffer(rq->out.total, all, MHD_RESPMEM_MUST_FREE);
}

/* RFC 7234: code 299, agent "-", the text as a quoted string. */
static void add_warnings(struct MHD_Response *resp, const json_t *warnings)
{
	size_t i;
	const json_t *w;

	json_array_foreach (warnings, i, w) {
		BL_FREE char *quoted = json_dumps(w, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
		BL_FREE char *line = bl_asprintf("299 - %s", quoted);

		MHD_add_response_header(resp, "Warning", line);
	}
}

static enum MHD_Result send_answer(struct bl_request *rq)
{
	struct MHD_Response *resp;
	enum MHD_Result ret;

	if (rq->accept.yaml && rq->state == BL_REQUEST_ANSWERED)
		bl_answer_to_yaml(rq);
	resp = rq->state == BL_REQUEST_STREAMING ? stream_response(rq) : body_response(rq);
	MHD_add_response_header(resp, "Content-Type", rq->type ? rq->type : "application/json");
	MHD_add_response_header(resp, "Cache-Control", "no-cache, private");
	add_warnings(resp, rq->warnings);
	ret = MHD_queue_response(rq->conn, (unsigned int)rq->code, resp);
	MHD_destroy_response(resp);
	return ret;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *conn, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *data_len, void **con_cls)
{
	struct bl_request *rq = *con_cls;

	(void)version;
	if (!rq) {
		MHD_set_connection_option(conn, MHD_CONNECTION_OPTION_TIMEOUT,
					  (unsigned int)IDLE_SECONDS);
		*con_cls = new_request(cls, conn, url, method);
		return MHD_YES;
	}
	if (*data_len) {
		add_body(rq, data, *data_len);
		*data_len = 0;
		return MHD_YES;
	}
	if (rq->state == BL_REQUEST_READING) {
		rq->id = identify(rq);
		bl_request_run(rq);
	}
	if (rq->state != BL_REQUEST_WAITING)
		return send_answer(rq);
	rq->suspended = true;
	MHD_suspend_connection(conn);
	return MHD_YES;
}

void bl_request_wake(struct bl_request *rq)
{
	if (!rq->suspended)
		return;
	rq->suspended = false;
	resume(rq);
}

static void on_completed(void *cls, struct MHD_Connection *conn, void **con_cls,
			 enum MHD_RequestTerminationCode toe)
{
	(void)cls, (void)conn, (void)toe;
	*con_cls = bl_request_free(*con_cls);
}

static void on_connection(void *cls, struct MHD_Connection *conn, void **socket_context,
			  enum MHD_ConnectionNotificationCode toe)
{
	struct connection *c = *socket_context;

	(void)cls;
	if (toe == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = bl_new0(struct connection);
		MHD_set_connection_option(conn, MHD_CONNECTION_OPTION_TIMEOUT,
					  (unsigned int)HANDSHAKE_SECONDS);
		return;
	}
	if (c)
		bl_identity_free(c->id);
	free(c);
	*socket_context = NULL;
}

/* --- listening ------------------------------------------------------------------------------ */

static int start_daemon(struct bl_listener *l, struct bl_err *err)
{
	const union MHD_DaemonInfo *info;

	l->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request,
		l, MHD_OPTION_LISTEN_SOCKET, l->fd, MHD_OPTION_HTTPS_MEM_CERT, l->cert,
		MHD_OPTION_HTTPS_MEM_KEY, l->key, MHD_OPTION_HTTPS_MEM_TRUST, l->ca,
		MHD_OPTION_HTTPS_PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2",
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_POOL,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)BL_HTTP_CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_SECONDS, MHD_OPTION_END);
	if (!l->daemon)
		return bl_err_set(err, -EIO, "listen on %s: the HTTPS server does not start",
				  l->address);
	l->fd = -1;
	info = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	uv_poll_init(bl_loop_uv(l->srv->loop), &l->poll, info->epoll_fd);
	uv_timer_init(bl_loop_uv(l->srv->loop), &l->timer);
	uv_idle_init(bl_loop_uv(l->srv->loop), &l->again);
	l->poll.data = l->timer.data = l->again.data = l;
	uv_poll_start(&l->poll, UV_READABLE, on_readable);
	plan(l);
	return 0;
}

int bl_listener_open(struct bl_server *srv, const char *where, const char *cert_pem,
		     const char *key_pem, const char *ca_pem, struct bl_listener **ret_listener,
		     struct bl_err *err)
{
	struct bl_listener *l = bl_new0(struct bl_listener);
	int ret;

	l->srv = srv;
	l->fd = -1;
	l->cert = bl_strdup(cert_pem);
	l->key = bl_strdup(key_pem);
	l->ca = bl_strdup(ca_pem);
	ret = bl_listen_socket(where, &l->fd, l->address, err);
	if (!ret)
		ret = start_daemon(l, err);
	if (ret) {
		bl_listeners_close(l);
		return ret;
	}
	*ret_listener = l;
	return 0;
}

static void free_listener(uv_handle_t *h)
{
	struct bl_listener *l = h->data;

	free(l->cert);
	free(l->key);
	free(l->ca);
	free(l);
}

void bl_listeners_close(struct bl_listener *l)
{
	while (l) {
		struct bl_listener *next = l->next;

		if (l->fd >= 0)
			close(l->fd);
		if (l->daemon) {
			uv_poll_stop(&l->poll);
			MHD_stop_daemon(l->daemon);
			uv_close((uv_handle_t *)&l->poll, NULL);
			uv_close((uv_handle_t *)&l->again, NULL);
			uv_close((uv_handle_t *)&l->timer, free_listener);
		} else {
			uv_timer_t none = {.data = l};

			free_listener((uv_handle_t *)&none);
		}
		l = next;
	}
}

const struct bl_listener *bl_listener_next(const struct bl_listener *l)
{
	return l->next;
}

void bl_listener_chain(struct bl_listener *l, struct bl_listener *next)
{
	l->next = next;
}

void bl_listeners_run(struct bl_listener *l)
{
	for (; l; l = l->next)
		MHD_run(l->daemon);
}

const char *bl_listener_address(const struct bl_listener *l)
{
	return l->address;
}
