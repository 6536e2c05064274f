// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The work queue against a server that answers as the case says.
 */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "controllers/queue.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/http_server.h"
#include "base/buf.h"
#include "base/mem.h"

struct world {
	struct bl_loop *loop;
	struct test_server *server;
	struct bl_client *client;
	struct bl_queue *queue;
	char *config;
	struct bl_buf words;
	int status;	   /* of the next answer; then 200 */
	size_t stop_after; /* pieces of work */
	size_t works;
	bool sends, adds_itself;
};

static void on_request(void *arg, struct test_conn *conn, const struct test_request *req)
{
	struct world *w = arg;
	int status = w->status;

	bl_buf_printf(&w->words, " %s%d", req->method, status);
	w->status = 200;
	test_conn_answer(conn, status, "{}");
}

static void work(void *arg, struct bl_queue_item *item, const char *key)
{
	struct world *w = arg;
	struct bl_client_request req = {.method = "GET", .path = "/x"};

	bl_buf_printf(&w->words, " %s", key);
	if (++w->works == w->stop_after)
		bl_loop_stop(w->loop);
	else if (w->sends)
		bl_queue_send(item, &req, NULL, NULL);
	if (w->adds_itself && w->works == 1)
		bl_queue_add(w->queue, key);
}

static int set_up(void **state)
{
	struct world *w = bl_new0(struct world);
	struct bl_err err = {};

	w->status = 200;
	w->loop = bl_loop_new();
	w->server = test_server_new(w->loop, on_request, w);
	w->config = test_server_kubeconfig(w->server, "{}");
	if (bl_client_new(w->loop, w->config, &w->client, &err))
		fail_msg("%s", bl_err_text(&err));
	w->queue = bl_queue_new(w->loop, w->client, work, w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	bl_queue_free(w->queue);
	bl_client_free(w->client);
	test_server_free(w->server);
	bl_loop_free(w->loop);
	unlink(w->config);
	free(w->config);
	bl_buf_free(&w->words);
	free(w);
	return 0;
}

static void keys_added_often_are_worked_on_once_after_the_start(void **state)
{
	struct world *w = *state;

	w->stop_after = 2;
	bl_queue_add(w->queue, "a");
	bl_queue_add(w->queue, "b");
	bl_queue_add(w->queue, "a");
	bl_queue_start(w->queue);
	bl_loop_run(w->loop);
	assert_string_equal(w->words.data, " a b");
}

static void failed_request_brings_the_key_again(void **state)
{
	struct world *w = *state;

	w->sends = true;
	w->status = 409;
	w->stop_after = 2;
	bl_queue_start(w->queue);
	bl_queue_add(w->queue, "a");
	bl_loop_run(w->loop);
	assert_string_equal(w->words.data, " a GET409 a");
}

static void key_added_while_it_is_worked_on_comes_again_afterwards(void **state)
{
	struct world *w = *state;

	w->sends = w->adds_itself = true;
	w->stop_after = 2;
	bl_queue_start(w->queue);
	bl_queue_add(w->queue, "a");
	bl_loop_run(w->loop);
	assert_string_equal(w->words.data, " a GET200 a");
}

static void later_is_later(void **state)
{
	struct world *w = *state;

	w->stop_after = 2;
	bl_queue_start(w->queue);
	bl_queue_add_after(w->queue, "late", 20);
	bl_queue_add(w->queue, "now");
	bl_loop_run(w->loop);
	assert_string_equal(w->words.data, " now late");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keys_added_often_are_worked_on_once_after_the_start),
		TEST(failed_request_brings_the_key_again),
		TEST(key_added_while_it_is_worked_on_comes_again_afterwards),
		TEST(later_is_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
