// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: An HTTP server for tests.
 *
 * Reads requests (head, and a body by Content-Length), hands each to the test and sends the bytes that the test gives. It
 * runs on the loop of what is tested, so a test is one thread and its order of events is known. Streams are chunked,
 * one chunk a call, so that a test decides where an answer is torn.
 */

#include "http_server.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

struct test_server {
	uv_tcp_t *listener;
	struct test_conn *conns;
	char url[64];
	void (*on_request)(void *arg, struct test_conn *conn, const struct test_request *req);
	void *arg;
};

struct test_conn {
	uv_tcp_t tcp;
	struct test_server *server;
	struct test_conn *next, **prev;
	struct bl_buf in;
};

struct sending {
	uv_write_t req;
	char data[];
};

static void free_conn(uv_handle_t *h)
{
	struct test_conn *c = (struct test_conn *)h;

	bl_buf_free(&c->in);
	free(c);
}

void test_conn_close(struct test_conn *c)
{
	if (uv_is_closing((uv_handle_t *)&c->tcp))
		return;
	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
	uv_close((uv_handle_t *)&c->tcp, free_conn);
}

static void sent(uv_write_t *req, int status)
{
	(void)status;
	free(req);
}

void test_conn_send(struct test_conn *c, const char *data, size_t len)
{
	struct sending *s = bl_malloc(sizeof(*s) + len);
	uv_buf_t b = uv_buf_init(s->data, (unsigned int)len);
	int n;

	memcpy(s->data, data, len);
	n = uv_try_write((uv_stream_t *)&c->tcp, &b, 1);
	if (n == (int)len) {
		free(s);
		return;
	}
	if (n > 0)
		b = uv_buf_init(s->data + n, (unsigned int)len - (unsigned int)n);
	uv_write(&s->req, (uv_stream_t *)&c->tcp, &b, 1, sent);
}

void test_conn_answer(struct test_conn *c, int status, const char *body)
{
	char *text = bl_asprintf("HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n%s", status,
				 strlen(body), body);

	test_conn_send(c, text, strlen(text));
	free(text);
}

void test_conn_stream(struct test_conn *c)
{
	const char *head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

	test_conn_send(c, head, strlen(head));
}

void test_conn_chunk(struct test_conn *c, const char *data, size_t len)
{
	char head[16];

	(void)snprintf(head, sizeof(head), "%zx\r\n", len);
	test_conn_send(c, head, strlen(head));
	test_conn_send(c, data, len);
	test_conn_send(c, "\r\n", 2);
}

/* Takes one request from the front; false when it is not whole yet. */
static bool take_request(struct test_conn *c)
{
	char *end = c->in.data ? strstr(c->in.data, "\r\n\r\n") : NULL;
	char *length, *method, *path, *body;
	struct test_request req = {};
	size_t head, n = 0;

	if (!end)
		return false;
	head = (size_t)(end - c->in.data) + 4;
	length = strcasestr(c->in.data, "\r\nContent-Length:");
	if (length && length < end)
		n = strtoul(length + 17, NULL, 10);
	if (c->in.len < head + n)
		return false;
	method = bl_strndup(c->in.data, strcspn(c->in.data, " "));
	path = bl_strndup(c->in.data + strlen(method) + 1,
			  strcspn(c->in.data + strlen(method) + 1, " "));
	body = bl_strndup(c->in.data + head, n);
	c->in.data[head - 2] = '\0';
	req = (struct test_request){method, path, body, c->in.data};
	c->server->on_request(c->server->arg, c, &req);
	bl_buf_consume(&c->in, head + n);
	free(method);
	free(path);
	free(body);
	return true;
}

static void give_room(uv_handle_t *h, size_t size, uv_buf_t *b)
{
	struct test_conn *c = (struct test_conn *)h;

	(void)size;
	*b = uv_buf_init(bl_buf_reserve(&c->in, 4096), 4096);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
	struct test_conn *c = (struct test_conn *)s;

	(void)b;
	if (n < 0) {
		test_conn_close(c);
		return;
	}
	c->in.len += (size_t)n;
	c->in.data[c->in.len] = '\0';
	while (!uv_is_closing((uv_handle_t *)s) && take_request(c))
		;
}

static void on_connect(uv_stream_t *listener, int status)
{
	struct test_server *s = listener->data;
	struct test_conn *c = bl_new0(struct test_conn);

	(void)status;
	uv_tcp_init(listener->loop, &c->tcp);
	c->server = s;
	c->next = s->conns;
	c->prev = &s->conns;
	if (c->next)
		c->next->prev = &c->next;
	s->conns = c;
	uv_accept(listener, (uv_stream_t *)&c->tcp);
	uv_tcp_nodelay(&c->tcp, 1);
	uv_read_start((uv_stream_t *)&c->tcp, give_room, on_read);
}

struct test_server *test_server_new(struct bl_loop *loop,
				    void (*on_request)(void *arg, struct test_conn *conn,
						       const struct test_request *req),
				    void *arg)
{
	struct test_server *s = bl_new0(struct test_server);
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int len = sizeof(at);

	s->on_request = on_request;
	s->arg = arg;
	s->listener = bl_new0(uv_tcp_t);
	uv_tcp_init(bl_loop_uv(loop), s->listener);
	s->listener->data = s;
	if (uv_tcp_bind(s->listener, (struct sockaddr *)&at, 0) ||
	    uv_listen((uv_stream_t *)s->listener, 16, on_connect))
		abort();
	uv_tcp_getsockname(s->listener, (struct sockaddr *)&at, &len);
	(void)snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u", ntohs(at.sin_port));
	return s;
}

static void free_listener(uv_handle_t *h)
{
	free(h);
}

struct test_server *test_server_free(struct test_server *s)
{
	while (s->conns)
		test_conn_close(s->conns);
	uv_close((uv_handle_t *)s->listener, free_listener);
	free(s);
	return NULL;
}

const char *test_server_url(const struct test_server *s)
{
	return s->url;
}

char *test_server_kubeconfig(const struct test_server *s, const char *user)
{
	char *path = bl_strdup("/tmp/beeline-test-XXXXXX");
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");

	if (!f)
		abort();
	fprintf(f,
		"current-context: a\ncontexts:\n- name: a\n  context: {cluster: c, user: u}\n"
		"clusters:\n- name: c\n  cluster: {server: \"%s/\"}\nusers:\n- name: u\n  user: %s\n",
		s->url, user);
	if (fclose(f))
		abort();
	return path;
}
