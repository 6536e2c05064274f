// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Whole requests: credentials sent, bodies bounded, ends told, calls given up.
 */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "client/client.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/http_server.h"
#include "base/file.h"
#include "base/mem.h"

struct world {
	struct bl_loop *loop;
	struct test_server *server;
	struct bl_client *client;
	char *config;
	char seen[2000]; /* of the last request: head, blank line, body */
	const char *answer;
	int status, answers;
	size_t len;
	char error[200];
	struct bl_client_call *victim;
};

static void on_request(void *arg, struct test_conn *conn, const struct test_request *req)
{
	struct world *w = arg;

	(void)snprintf(w->seen, sizeof(w->seen), "%s\n%s", req->head, req->body);
	if (strstr(req->path, "cut"))
		test_conn_close(conn);
	else if (!strstr(req->path, "never"))
		test_conn_answer(conn, 200, w->answer);
}

static void on_done(void *arg, const struct bl_client_response *resp)
{
	struct world *w = arg;

	w->answers++;
	w->status = resp->status;
	w->len = resp->len;
	(void)snprintf(w->error, sizeof(w->error), "%s", resp->error ? resp->error : "");
	bl_client_cancel(w->victim);
	w->victim = NULL;
	bl_loop_stop(w->loop);
}

static int set_up(void **state)
{
	struct world *w = bl_new0(struct world);
	struct bl_err err = {};

	w->answer = "{}";
	w->loop = bl_loop_new();
	w->server = test_server_new(w->loop, on_request, w);
	w->config = test_server_kubeconfig(w->server, "{token: hush}");
	if (bl_client_new(w->loop, w->config, &w->client, &err))
		fail_msg("%s", bl_err_text(&err));
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	bl_client_free(w->client);
	test_server_free(w->server);
	bl_loop_free(w->loop);
	unlink(w->config);
	free(w->config);
	free(w);
	return 0;
}

static void request_carries_token_type_and_body(void **state)
{
	struct world *w = *state;
	struct bl_client_request req = {"POST", "/api/v1/x", NULL, "{\"a\":1}", 7, 0, 0};

	bl_client_send(w->client, &req, on_done, w);
	assert_int_equal(w->answers, 0);
	bl_loop_run(w->loop);
	assert_int_equal(w->status, 200);
	assert_int_equal(w->len, 2);
	assert_non_null(strstr(w->seen, "POST /api/v1/x HTTP/1.1"));
	assert_non_null(strstr(w->seen, "Authorization: Bearer hush"));
	assert_non_null(strstr(w->seen, "Content-Type: application/json"));
	assert_non_null(strstr(w->seen, "{\"a\":1}"));
}

static void body_above_the_bound_is_an_error(void **state)
{
	struct world *w = *state;
	struct bl_client_request req = {.method = "GET", .path = "/x", .max_body = 3};

	w->answer = "1234";
	bl_client_send(w->client, &req, on_done, w);
	bl_loop_run(w->loop);
	assert_int_equal(w->status, 0);
	assert_string_equal(w->error, "answer is larger than 3 bytes");
}

static void cut_connection_and_silence_are_errors(void **state)
{
	struct world *w = *state;
	struct bl_client_request cut = {.method = "GET", .path = "/cut"};
	struct bl_client_request never = {.method = "GET", .path = "/never", .timeout_ms = 30};

	bl_client_send(w->client, &cut, on_done, w);
	bl_loop_run(w->loop);
	assert_int_equal(w->status, 0);
	assert_string_not_equal(w->error, "");
	bl_client_send(w->client, &never, on_done, w);
	bl_loop_run(w->loop);
	assert_int_equal(w->status, 0);
	assert_int_equal(w->answers, 2);
}

static void call_given_up_inside_another_ones_answer_is_silent(void **state)
{
	struct world *w = *state;
	struct bl_client_request req = {.method = "GET", .path = "/x"};
	struct bl_client_request never = {.method = "GET", .path = "/never"};

	w->victim = bl_client_send(w->client, &never, on_done, w);
	bl_client_send(w->client, &req, on_done, w);
	bl_loop_run(w->loop);
	assert_int_equal(w->answers, 1);
}

static void new_token_is_used_after_the_file_changed(void **state)
{
	struct world *w = *state;
	struct bl_client_request req = {.method = "GET", .path = "/x"};
	char *fresh = test_server_kubeconfig(w->server, "{token: fresh}");

	assert_int_equal(rename(fresh, w->config), 0);
	free(fresh);
	/* files are looked at once a second: ask until it was */
	while (!strstr(w->seen, "Bearer fresh") && w->answers < 100000) {
		bl_client_send(w->client, &req, on_done, w);
		bl_loop_run(w->loop);
	}
	assert_non_null(strstr(w->seen, "Bearer fresh"));
}

static void server_name_is_verified_while_the_server_is_connected(void **state)
{
	struct world *w = *state;
	struct bl_client_request req = {.method = "GET", .path = "/x"};
	const char *url = test_server_url(w->server);
	char *text =
		bl_asprintf("current-context: a\ncontexts:\n- name: a\n  context: {cluster: c}\n"
			    "clusters:\n- name: c\n  cluster: {server: \"%s\", "
			    "tls-server-name: api.invalid}\n",
			    url);
	struct bl_client *client = NULL;
	struct bl_err err = {};

	if (bl_file_write(w->config, text, strlen(text), 0600, &err) ||
	    bl_client_new(w->loop, w->config, &client, &err))
		fail_msg("%s", bl_err_text(&err));
	bl_client_send(client, &req, on_done, w);
	bl_loop_run(w->loop);
	assert_string_equal(w->error, "");
	assert_int_equal(w->status, 200);
	assert_non_null(strstr(w->seen, url + strlen("http://"))); /* the Host header */
	assert_null(strstr(w->seen, "api.invalid"));
	bl_client_free(client);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(request_carries_token_type_and_body, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(body_above_the_bound_is_an_error, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(cut_connection_and_silence_are_errors, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(call_given_up_inside_another_ones_answer_is_silent,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			server_name_is_verified_while_the_server_is_connected, set_up, tear_down),
		cmocka_unit_test_setup_teardown(new_token_is_used_after_the_file_changed, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
