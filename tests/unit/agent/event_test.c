// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Events as an API server gets them.
 */

#include "agent/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../lib/http_server.h"
#include "base/json.h"
#include "base/mem.h"

struct world {
	struct bl_loop *loop;
	struct test_server *server;
	struct bl_client *client;
	struct bl_events *events;
	char *config;
	char *path, *name;
	json_t *body;
	int asked, wanted;
};

static void on_request(void *arg, struct test_conn *conn, const struct test_request *req)
{
	struct world *w = arg;

	assert_string_equal(req->method, "POST");
	free(w->path);
	json_decref(w->body);
	w->body = NULL;
	w->path = bl_strdup(req->path);
	assert_int_equal(bl_json_parse(req->body, strlen(req->body), &w->body, NULL), 0);
	test_conn_answer(conn, w->asked++ ? 409 : 201, "{}");
	if (w->asked == w->wanted)
		bl_loop_stop(w->loop);
}

static int set_up(void **state)
{
	struct world *w = bl_new0(struct world);
	struct bl_err err = {};

	w->loop = bl_loop_new();
	w->server = test_server_new(w->loop, on_request, w);
	w->config = test_server_kubeconfig(w->server, "{token: hush}");
	if (bl_client_new(w->loop, w->config, &w->client, &err))
		fail_msg("%s", bl_err_text(&err));
	w->events = bl_events_new(w->client, "n1");
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	bl_client_free(w->client);
	bl_events_free(w->events);
	test_server_free(w->server);
	bl_loop_free(w->loop);
	unlink(w->config);
	json_decref(w->body);
	free(w->config);
	free(w->path);
	free(w->name);
	free(w);
	return 0;
}

static void warn(struct world *w, const char *namespace, const char *version, const char *text)
{
	BL_JSON json_t *object = json_pack("{s{ss ss ss ss}}", "metadata", "namespace", namespace,
					   "name", "p", "uid", "u-1", "resourceVersion", version);

	bl_events_warn(w->events, BL_API_NETWORKPOLICY, object, "Closed", text);
}

/* The name of the next event. */
static char *name_of_next(struct world *w, const char *version, const char *text)
{
	w->wanted = w->asked + 1;
	warn(w, "shop", version, text);
	bl_loop_run(w->loop);
	return bl_strdup(bl_json_str_at(w->body, "metadata", "name", NULL));
}

static void event_names_the_object_the_reason_and_the_node(void **state)
{
	struct world *w = *state;
	BL_FREE char *name = name_of_next(w, "7", "spec.x: no");

	assert_string_equal(w->path, "/api/v1/namespaces/shop/events");
	assert_int_equal(strncmp(name, "p.", 2), 0);
	assert_string_equal(bl_json_str_at(w->body, "involvedObject", "kind", NULL),
			    "NetworkPolicy");
	assert_string_equal(bl_json_str_at(w->body, "involvedObject", "apiVersion", NULL),
			    "networking.k8s.io/v1");
	assert_string_equal(bl_json_str_at(w->body, "involvedObject", "uid", NULL), "u-1");
	assert_string_equal(bl_json_str_at(w->body, "type", NULL), "Warning");
	assert_string_equal(bl_json_str_at(w->body, "reason", NULL), "Closed");
	assert_string_equal(bl_json_str_at(w->body, "message", NULL), "spec.x: no");
	assert_string_equal(bl_json_str_at(w->body, "source", "host", NULL), "n1");
}

static void one_version_and_text_is_one_event(void **state)
{
	struct world *w = *state;
	BL_FREE char *first = name_of_next(w, "7", "a");
	BL_FREE char *again = name_of_next(w, "7", "a");
	BL_FREE char *version = name_of_next(w, "8", "a");
	BL_FREE char *text = name_of_next(w, "7", "b");

	assert_string_equal(first, again);
	assert_string_not_equal(first, version);
	assert_string_not_equal(first, text);
}

static void a_flood_is_bounded_and_names_that_are_none_are_left_out(void **state)
{
	struct world *w = *state;
	char text[16];

	w->wanted = 64;
	warn(w, "../x", "1", "a");
	for (int i = 0; i < 100; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		warn(w, "shop", "1", text);
	}
	bl_loop_run(w->loop);
	assert_int_equal(w->asked, 64);
	assert_string_equal(w->path, "/api/v1/namespaces/shop/events");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(event_names_the_object_the_reason_and_the_node),
		TEST(one_version_and_text_is_one_event),
		TEST(a_flood_is_bounded_and_names_that_are_none_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
