/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_LIB_HTTP_SERVER_H
#define TESTS_LIB_HTTP_SERVER_H

#include <stddef.h>

#include "base/loop.h"

/*
 * An HTTP/1.1 server on loopback, on the test's own loop, that answers with whatever bytes the test says: whole, torn,
 * late, wrong, or not at all.
 */
struct test_server;
struct test_conn;

struct test_request {
	const char *method, *path, *body;
	const char *head; /* request line and headers */
};

struct test_server *test_server_new(struct bl_loop *loop,
				    void (*on_request)(void *arg, struct test_conn *conn,
						       const struct test_request *req),
				    void *arg);
struct test_server *test_server_free(struct test_server *s);
const char *test_server_url(const struct test_server *s);

void test_conn_send(struct test_conn *conn, const char *data, size_t len);
void test_conn_close(struct test_conn *conn); /* after what was sent */
/* A whole answer. */
void test_conn_answer(struct test_conn *conn, int status, const char *body);
/* The head of an answer that ends when the connection does; pieces follow by test_conn_chunk(). */
void test_conn_stream(struct test_conn *conn);
void test_conn_chunk(struct test_conn *conn, const char *data, size_t len);

/* A kubeconfig for the server in a new file; the caller frees the name and unlinks the file. */
char *test_server_kubeconfig(const struct test_server *s, const char *user);

#endif
