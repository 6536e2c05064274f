// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What a mirror holds after lists, events and answers in any order.
 */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "controllers/mirror.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/http_server.h"
#include "base/buf.h"

struct world {
	struct bl_loop *loop;
	struct bl_mirror *mirror;
	struct bl_buf words;
	int lists;
};

#define POD(name, version)                                                                        \
	"{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"n\",\"resourceVersion\":\"" version \
	"\"}}"

static void on_request(void *arg, struct test_conn *conn, const struct test_request *req)
{
	struct world *w = arg;

	if (strstr(req->path, "watch=1") && w->lists == 1)
		test_conn_answer(conn, 410, "{}");
	else if (strstr(req->path, "watch=1"))
		bl_loop_stop(w->loop);
	else if (!w->lists++)
		test_conn_answer(conn, 200,
				 "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[" POD(
					 "a", "3") "," POD("b", "4") "]}");
	else
		test_conn_answer(
			conn, 200,
			"{\"metadata\":{\"resourceVersion\":\"9\"},\"items\":[" POD(
				"b", "4") "," POD("c",
						  "8") ",{\"metadata\":{\"name\":\"../x\"}}]}");
}

static void on_changed(void *arg, const struct bl_mirrored *old, const struct bl_mirrored *now)
{
	struct world *w = arg;

	bl_buf_printf(&w->words, "%s%s ", !old ? "+" : now ? "~" : "-", now ? now->key : old->key);
}

static void on_synced(void *arg)
{
	struct world *w = arg;

	bl_buf_puts(&w->words, "synced ");
}

static void mirror_follows_lists_and_keeps_what_is_newer(void **state)
{
	struct bl_mirror_opts opts = {.path = "/api/v1/pods", .kind = BL_API_POD};
	struct world w = {.loop = bl_loop_new()};
	struct bl_mirror_listener l = {on_changed, on_synced, &w, NULL};
	struct test_server *server = test_server_new(w.loop, on_request, &w);
	char *config = test_server_kubeconfig(server, "{}");
	const char *newer = POD("c", "20"), *older = POD("c", "19");
	struct bl_client *client;
	struct bl_err err = {};

	(void)state;
	if (bl_client_new(w.loop, config, &client, &err))
		fail_msg("%s", bl_err_text(&err));
	w.mirror = bl_mirror_new(client, &opts);
	bl_mirror_listen(w.mirror, &l);
	bl_loop_run(w.loop);
	assert_string_equal(w.words.data, "+n/a +n/b synced +n/c -n/a ");
	bl_mirror_put(w.mirror, newer, strlen(newer));
	bl_mirror_put(w.mirror, older, strlen(older));
	assert_int_equal(bl_mirror_get(w.mirror, "n/c")->version, 20);
	bl_mirror_remove(w.mirror, "n/c");
	bl_mirror_remove(w.mirror, "n/c");
	assert_string_equal(w.words.data, "+n/a +n/b synced +n/c -n/a ~n/c -n/c ");
	bl_mirror_free(w.mirror);
	bl_client_free(client);
	test_server_free(server);
	bl_loop_free(w.loop);
	unlink(config);
	free(config);
	bl_buf_free(&w.words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mirror_follows_lists_and_keeps_what_is_newer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
