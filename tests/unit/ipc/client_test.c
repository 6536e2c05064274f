// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "ipc/client.h"

/* A socket in a folder of its own, and a thread that answers one connection with fixed bytes and closes it. */
struct peer {
	char dir[32], path[64];
	int listener;
	const char *bytes;
	size_t len;
	int hold; /* not closed until the test ends */
	int sock;
	pthread_t thread;
};

static void *serve(void *arg)
{
	struct peer *p = arg;
	char request[4096];

	p->sock = accept(p->listener, NULL, NULL);
	(void)!read(p->sock, request, sizeof(request));
	(void)!write(p->sock, p->bytes, p->len);
	if (!p->hold)
		close(p->sock);
	return NULL;
}

static void peer_start(struct peer *p, const char *bytes, size_t len, int hold)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	*p = (struct peer){
		.dir = "/tmp/bl_client_XXXXXX", .bytes = bytes, .len = len, .hold = hold};
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/s", p->dir);
	strcpy(addr.sun_path, p->path);
	p->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(p->listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(p->listener, 1), 0);
	pthread_create(&p->thread, NULL, serve, p);
}

static void peer_stop(struct peer *p)
{
	pthread_join(p->thread, NULL);
	if (p->hold)
		close(p->sock);
	close(p->listener);
	unlink(p->path);
	rmdir(p->dir);
}

static int ask(const char *path, int timeout_ms, struct bl_ipc_failure *failure)
{
	BL_JSON json_t *request = bl_ipc_request("status");
	BL_JSON json_t *ok = NULL;

	return bl_ipc_call(path, request, -1, timeout_ms, &ok, failure);
}

static void absent_socket_is_named(void **state)
{
	struct bl_ipc_failure failure = {};

	(void)state;
	assert_int_equal(ask("/nowhere/beelined.sock", 1000, &failure), -ENOENT);
	assert_string_equal(failure.msg, "no agent answers at /nowhere/beelined.sock: "
					 "No such file or directory");
}

static void path_that_no_socket_can_have_is_refused(void **state)
{
	struct bl_ipc_failure failure = {};
	char path[200];

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(ask(path, 1000, &failure), -ENAMETOOLONG);
}

static void value_is_returned(void **state)
{
	static const char answer[] = "\0\0\0\x09{\"ok\":42}";
	BL_JSON json_t *request = bl_ipc_request("status");
	BL_JSON json_t *ok = NULL;
	struct bl_ipc_failure failure = {};
	struct peer p;

	(void)state;
	peer_start(&p, answer, sizeof(answer) - 1, 0);
	assert_int_equal(bl_ipc_call(p.path, request, -1, 5000, &ok, &failure), 0);
	assert_int_equal(json_integer_value(ok), 42);
	peer_stop(&p);
}

static void agent_that_goes_away_is_told_from_one_that_is_silent(void **state)
{
	struct bl_ipc_failure failure = {};
	struct peer p;

	(void)state;
	peer_start(&p, "\0\0", 2, 0);
	assert_int_equal(ask(p.path, 5000, &failure), -ECONNRESET);
	peer_stop(&p);
	peer_start(&p, "\0\0", 2, 1);
	assert_int_equal(ask(p.path, 30, &failure), -ETIMEDOUT);
	assert_true(bl_str_ends(failure.msg, ": no answer in time"));
	peer_stop(&p);
}

static void answer_that_is_none_is_refused(void **state)
{
	struct bl_ipc_failure failure = {};
	struct peer p;

	(void)state;
	peer_start(&p, "\0\0\0\2{x", 6, 0);
	assert_int_equal(ask(p.path, 5000, &failure), -EBADMSG);
	peer_stop(&p);
	peer_start(&p, "\x7f\0\0\0", 4, 0);
	assert_int_equal(ask(p.path, 5000, &failure), -EMSGSIZE);
	peer_stop(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_socket_is_named),
		cmocka_unit_test(path_that_no_socket_can_have_is_refused),
		cmocka_unit_test(value_is_returned),
		cmocka_unit_test(agent_that_goes_away_is_told_from_one_that_is_silent),
		cmocka_unit_test(answer_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
