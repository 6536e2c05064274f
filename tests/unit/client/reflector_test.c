// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: List and watch against a server that tears, lags, forgets, lies and goes away.
 *
 * Each case is a script: what the server answers to the first, second, ... request. What the reflector hands out is
 * written down as a line of words, which the case compares: "begin set:a set:b synced gone:a".
 */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "client/reflector.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/http_server.h"
#include "base/buf.h"
#include "base/mem.h"
#include "client/cutter.h"

#define LIST(version, items) \
	"{\"kind\":\"L\",\"metadata\":{\"resourceVersion\":\"" version "\"},\"items\":[" items "]}"
#define OBJ(name, version) \
	"{\"metadata\":{\"name\":\"" name "\",\"resourceVersion\":\"" version "\"}}"
#define EVENT(type, object) "{\"type\":\"" type "\",\"object\":" object "}\n"

struct step {
	const char *path; /* what the request's path must hold */
	int status;	  /* 0: a watch stream of body; -1: close */
	const char *body;
	size_t piece; /* stream: bytes a chunk; 0: all */
};

struct script {
	struct bl_loop *loop;
	struct test_server *server;
	struct bl_client *client;
	struct bl_reflector *reflector;
	const struct step *steps;
	size_t at;
	struct bl_buf words;
	const char *until; /* stop when the words end in this */
	uv_timer_t limit;
	char *config;
};

static void word(struct script *s, const char *what, const char *json, size_t len)
{
	struct bl_span meta = bl_span_of(json, len, "metadata");
	struct bl_span name = bl_span_str(meta, "name");

	bl_buf_printf(&s->words, "%s%s%s%.*s", s->words.len ? " " : "", what, json ? ":" : "",
		      (int)name.len, name.len ? name.data : "");
	if (s->words.len >= strlen(s->until) &&
	    !strcmp(s->words.data + s->words.len - strlen(s->until), s->until))
		bl_loop_stop(s->loop);
}

static void on_begin(void *arg)
{
	word(arg, "begin", NULL, 0);
}

static void on_set(void *arg, const char *json, size_t len)
{
	word(arg, "set", json, len);
}

static void on_gone(void *arg, const char *json, size_t len)
{
	word(arg, "gone", json, len);
}

static void on_synced(void *arg)
{
	word(arg, "synced", NULL, 0);
}

static void on_state(void *arg, bool connected, const char *why)
{
	if (!connected)
		word(arg, why, NULL, 0);
}

static void on_request(void *arg, struct test_conn *conn, const struct test_request *req)
{
	struct script *s = arg;
	const struct step *step = &s->steps[s->at];

	if (!step->path) /* the script is over: the request stays open */
		return;
	s->at++;
	if (!strstr(req->path, step->path))
		fail_msg("request %zu is %s, not %s", s->at, req->path, step->path);
	if (step->status < 0) {
		test_conn_close(conn);
	} else if (step->status) {
		test_conn_answer(conn, step->status, step->body);
	} else {
		size_t len = strlen(step->body), piece = step->piece ? step->piece : len;

		test_conn_stream(conn);
		for (size_t i = 0; i < len; i += piece)
			test_conn_chunk(conn, step->body + i, len - i < piece ? len - i : piece);
	}
}

static void too_long(uv_timer_t *t)
{
	struct script *s = t->data;

	bl_buf_puts(&s->words, " (time is up)");
	bl_loop_stop(s->loop);
}

static void run(const struct step *steps, const char *until, const char *want)
{
	static const struct bl_reflector_ops ops = {on_begin, on_set, on_gone, on_synced, on_state};
	struct bl_reflector_opts opts = {.path = "/api/v1/pods", .page = 2};
	struct script s = {.steps = steps, .until = until, .loop = bl_loop_new()};
	struct bl_err err = {};

	s.server = test_server_new(s.loop, on_request, &s);
	s.config = test_server_kubeconfig(s.server, "{token: t}");
	if (bl_client_new(s.loop, s.config, &s.client, &err))
		fail_msg("%s", bl_err_text(&err));
	uv_timer_init(bl_loop_uv(s.loop), &s.limit);
	s.limit.data = &s;
	uv_timer_start(&s.limit, too_long, 20000, 0);
	s.reflector = bl_reflector_new(s.client, &opts, &ops, &s);
	bl_loop_run(s.loop);
	assert_string_equal(s.words.data, want);
	bl_reflector_free(s.reflector);
	bl_client_free(s.client);
	test_server_free(s.server);
	bl_loop_free(s.loop);
	unlink(s.config);
	free(s.config);
	bl_buf_free(&s.words);
}

static void list_and_watch_hand_out_what_there_is(void **state)
{
	static const struct step steps[] = {
		{"/api/v1/pods?limit=2", 200, LIST("5", OBJ("a", "1") "," OBJ("b", "2")), 0},
		{"resourceVersion=5", 0,
		 EVENT("ADDED", OBJ("c", "6")) EVENT("MODIFIED", OBJ("a", "7"))
			 EVENT("DELETED", OBJ("b", "8")),
		 0},
		{}};

	(void)state;
	run(steps, "gone:b", "begin set:a set:b synced set:c set:a gone:b");
}

static void pages_are_one_list(void **state)
{
	static const struct step steps[] = {
		{"limit=2", 200,
		 "{\"metadata\":{\"resourceVersion\":\"5\",\"continue\":\"x/y=\"},\"items\":[" OBJ(
			 "a", "1") "]}",
		 0},
		{"continue=x%2Fy%3D", 200, LIST("5", OBJ("b", "2")), 0},
		{}};

	(void)state;
	run(steps, "synced", "begin set:a set:b synced");
}

static void events_torn_at_every_byte_arrive_whole(void **state)
{
	static const struct step steps[] = {
		{"limit", 200, LIST("5", ""), 0},
		{"watch=1", 0, EVENT("ADDED", OBJ("a\\\"}{", "6")) EVENT("ADDED", OBJ("b", "7")),
		 1},
		{}};

	(void)state;
	run(steps, "set:b", "begin synced set: set:b");
}

static void gone_version_lists_again(void **state)
{
	static const struct step steps[] = {
		{"limit", 200, LIST("5", OBJ("a", "1")), 0},
		{"watch=1", 0, EVENT("ERROR", "{\"code\":410,\"message\":\"too old\"}"), 0},
		{"limit", 200, LIST("9", OBJ("b", "8")), 0},
		{"resourceVersion=9", 410, "{\"message\":\"too old\"}", 0},
		{"limit", 200, LIST("9", OBJ("b", "8")), 0},
		{}};

	(void)state;
	run(steps, "synced begin set:b synced begin set:b synced",
	    "begin set:a synced begin set:b synced begin set:b synced");
}

static void cut_connection_goes_on_from_the_bookmark(void **state)
{
	static const struct step steps[] = {
		{"limit", 200, LIST("5", OBJ("a", "1")), 0},
		{"resourceVersion=5", 0,
		 EVENT("BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"70\"}}")
			 EVENT("ERROR", "{\"code\":500,\"message\":\"oops\"}"),
		 0},
		{"limit", -1, NULL, 0},
		{"limit", 200, LIST("71", OBJ("a", "1")), 0},
		{"resourceVersion=71", 200, "", 0},
		{"resourceVersion=71", 0, EVENT("ADDED", OBJ("z", "72")), 0},
		{}};

	(void)state;
	run(steps, "set:z",
	    "begin set:a synced /api/v1/pods: watch: 500: oops /api/v1/pods: Empty reply from server "
	    "begin set:a synced set:z");
}

static void older_list_is_refused(void **state)
{
	static const struct step steps[] = {{"limit", 200, LIST("50", OBJ("a", "1")), 0},
					    {"watch=1", 410, "{}", 0},
					    {"limit", 200, LIST("40", OBJ("old", "1")), 0},
					    {"limit", 200, LIST("51", OBJ("new", "1")), 0},
					    {}};

	(void)state;
	run(steps, "set:new synced",
	    "begin set:a synced /api/v1/pods: the server's state (version 40) is older than what is "
	    "known (50) begin set:new synced");
}

static void older_event_is_dropped(void **state)
{
	static const struct step steps[] = {
		{"limit", 200, LIST("50", ""), 0},
		{"watch=1", 0, EVENT("MODIFIED", OBJ("a", "49")) EVENT("ADDED", OBJ("b", "51")), 0},
		{}};

	(void)state;
	run(steps, "set:b", "begin synced set:b");
}

static void empty_list_counts_only_when_confirmed(void **state)
{
	static const struct step wrong[] = {{"limit", 200, LIST("50", OBJ("a", "1")), 0},
					    {"watch=1", 410, "{}", 0},
					    {"limit", 200, LIST("51", ""), 0},
					    {"limit", 200, LIST("52", OBJ("a", "1")), 0},
					    {}};
	static const struct step right[] = {{"limit", 200, LIST("50", OBJ("a", "1")), 0},
					    {"watch=1", 410, "{}", 0},
					    {"limit", 200, LIST("51", ""), 0},
					    {"limit", 200, LIST("51", ""), 0},
					    {}};

	(void)state;
	run(wrong, "synced begin set:a synced", "begin set:a synced begin set:a synced");
	run(right, "synced begin synced", "begin set:a synced begin synced");
}

static void metadata_behind_the_items_is_found(void **state)
{
	static const struct step steps[] = {
		{"limit", 200,
		 "{\"items\":[" OBJ("a", "1") "," OBJ("b",
						      "2") "],\"metadata\":{\"resourceVersion\":"
							   "\"5\"}}",
		 0},
		{}};

	(void)state;
	run(steps, "synced", "begin set:a set:b synced");
}

static void errors_are_told_with_the_servers_words(void **state)
{
	static const struct step steps[] = {
		{"limit", 403, "{\"kind\":\"Status\",\"message\":\"pods is forbidden\"}", 0},
		{"limit", 200, "<html>", 0},
		{"limit", 200, "{\"items\":[]}", 0},
		{"limit", 200, LIST("1", "7"), 0},
		{"limit", 200, LIST("1", ""), 0},
		{}};

	(void)state;
	run(steps, "synced",
	    "/api/v1/pods: 403: pods is forbidden /api/v1/pods: answer is not JSON /api/v1/pods: list "
	    "has no metadata /api/v1/pods: an element of items is no object begin synced");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_and_watch_hand_out_what_there_is),
		cmocka_unit_test(pages_are_one_list),
		cmocka_unit_test(events_torn_at_every_byte_arrive_whole),
		cmocka_unit_test(gone_version_lists_again),
		cmocka_unit_test(cut_connection_goes_on_from_the_bookmark),
		cmocka_unit_test(older_list_is_refused),
		cmocka_unit_test(older_event_is_dropped),
		cmocka_unit_test(empty_list_counts_only_when_confirmed),
		cmocka_unit_test(metadata_behind_the_items_is_found),
		cmocka_unit_test(errors_are_told_with_the_servers_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
