// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../lib/caller.h"
#include "agent/server.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"

struct fixture {
	char dir[32], path[64];
	struct bl_loop *loop;
	struct bl_server *server;
	struct bl_call *late; /* of the operation "late" */
	int cancelled;
	ino_t fd_inode;
};

static void echo(void *arg, const json_t *request, int fd, struct bl_call *call)
{
	struct fixture *f = arg;
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st))
		f->fd_inode = st.st_ino;
	bl_server_reply(call, json_incref(json_object_get(request, "value")));
}

static void refuse(void *arg, const json_t *request, int fd, struct bl_call *call)
{
	(void)arg;
	(void)request;
	(void)fd;
	bl_server_fail(call, BL_CNI_TRY_AGAIN, "come back in %d", 5);
}

static void on_cancelled(void *arg, struct bl_call *call)
{
	struct fixture *f = arg;

	assert_ptr_equal(f->late, call);
	f->late = NULL;
	f->cancelled++;
}

static void late(void *arg, const json_t *request, int fd, struct bl_call *call)
{
	struct fixture *f = arg;

	(void)request;
	(void)fd;
	f->late = call;
	bl_server_defer(call, on_cancelled, f);
}

static const struct bl_server_op ops[] = {{"echo", echo}, {"refuse", refuse}, {"late", late}};

static int setup(void **state)
{
	struct fixture *f = bl_new0(struct fixture);

	strcpy(f->dir, "/tmp/bl_server_XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/run/beelined.sock", f->dir);
	f->loop = bl_loop_new();
	assert_int_equal(bl_server_new(f->loop, f->path, &f->server, NULL), 0);
	bl_server_add(f->server, ops, BL_ARRAY_SIZE(ops), f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	bl_server_free(f->server);
	bl_loop_free(f->loop);
	snprintf(f->path, sizeof(f->path), "%s/run", f->dir);
	assert_int_equal(rmdir(f->path), 0);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static void socket_and_folder_are_closed_to_others(void **state)
{
	struct fixture *f = *state;
	char dir[64];
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(dir, sizeof(dir), "%s/run", f->dir);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

static void open_folder_is_refused(void **state)
{
	struct fixture *f = *state;
	struct bl_server *other = NULL;
	struct bl_err err = {};
	char path[64];

	assert_int_equal(chmod(f->dir, 0755), 0);
	snprintf(path, sizeof(path), "%s/x.sock", f->dir);
	assert_int_equal(bl_server_new(f->loop, path, &other, &err), -EPERM);
	assert_null(other);
	assert_non_null(strstr(err.text, "mode 0700"));
}

static void second_agent_is_refused_and_a_leftover_is_replaced(void **state)
{
	struct fixture *f = *state;
	struct bl_server *other = NULL;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char path[64];

	assert_int_equal(bl_server_new(f->loop, f->path, &other, NULL), -EADDRINUSE);
	assert_null(other);
	snprintf(path, sizeof(path), "%s/run/left.sock", f->dir);
	strcpy(addr.sun_path, path);
	assert_int_equal(bind(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(sock);
	assert_int_equal(bl_server_new(f->loop, path, &other, NULL), 0);
	bl_server_free(other);
}

static void request_is_answered_by_its_operation(void **state)
{
	struct fixture *f = *state;
	struct caller c;

	caller_start(&c, f->loop, f->path, json_pack("{s:s, s:i}", "op", "echo", "value", 9), -1);
	caller_wait(&c, f->loop);
	assert_int_equal(c.rc, 0);
	assert_int_equal(json_integer_value(c.ok), 9);
	caller_free(&c);
}

static void error_keeps_its_code(void **state)
{
	struct fixture *f = *state;
	struct caller c;

	caller_start(&c, f->loop, f->path, bl_ipc_request("refuse"), -1);
	caller_wait(&c, f->loop);
	assert_int_equal(c.rc, -EREMOTEIO);
	assert_int_equal(c.failure.code, BL_CNI_TRY_AGAIN);
	assert_string_equal(c.failure.msg, "come back in 5");
	caller_free(&c);
}

static void unknown_operation_is_a_bad_request(void **state)
{
	struct fixture *f = *state;
	struct caller c;

	caller_start(&c, f->loop, f->path, bl_ipc_request("format-disk"), -1);
	caller_wait(&c, f->loop);
	assert_int_equal(c.failure.code, BL_IPC_BAD_REQUEST);
	assert_string_equal(c.failure.msg, "unknown operation 'format-disk'");
	caller_free(&c);
}

static void descriptor_reaches_the_operation(void **state)
{
	struct fixture *f = *state;
	BL_CLOSE int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct caller c;
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	caller_start(&c, f->loop, f->path, json_pack("{s:s, s:i}", "op", "echo", "value", 1), fd);
	caller_wait(&c, f->loop);
	assert_int_equal(c.rc, 0);
	assert_int_equal(f->fd_inode, st.st_ino);
	caller_free(&c);
}

static void answer_of_megabytes_arrives_whole(void **state)
{
	struct fixture *f = *state;
	json_t *request = json_pack("{s:s}", "op", "echo");
	BL_BUF struct bl_buf big = {};
	struct caller c;

	memset(bl_buf_reserve(&big, 1000000), 'x', 1000000);
	big.len = 1000000;
	json_object_set_new(request, "value", json_stringn(big.data, big.len));
	caller_start(&c, f->loop, f->path, request, -1);
	caller_wait(&c, f->loop);
	assert_int_equal(c.rc, 0);
	assert_int_equal(json_string_length(c.ok), 1000000);
	caller_free(&c);
}

static void late_answer_does_not_hold_up_others(void **state)
{
	struct fixture *f = *state;
	struct caller waiting, other;

	caller_start(&waiting, f->loop, f->path, bl_ipc_request("late"), -1);
	while (!f->late)
		uv_run(bl_loop_uv(f->loop), UV_RUN_ONCE);
	caller_start(&other, f->loop, f->path, json_pack("{s:s, s:i}", "op", "echo", "value", 1),
		     -1);
	caller_wait(&other, f->loop);
	assert_int_equal(other.rc, 0);
	assert_int_equal(waiting.finished, 0);
	bl_server_reply(f->late, json_true());
	caller_wait(&waiting, f->loop);
	assert_int_equal(waiting.rc, 0);
	assert_int_equal(f->cancelled, 0);
	caller_free(&waiting);
	caller_free(&other);
}

static void closed_connection_cancels_what_waits(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, f->path);
	assert_int_equal(connect(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(write(sock, "\0\0\0\x0d{\"op\":\"late\"}", 17), 17);
	while (!f->late)
		uv_run(bl_loop_uv(f->loop), UV_RUN_ONCE);
	close(sock);
	while (f->late)
		uv_run(bl_loop_uv(f->loop), UV_RUN_ONCE);
	assert_int_equal(f->cancelled, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(socket_and_folder_are_closed_to_others, setup,
						teardown),
		cmocka_unit_test_setup_teardown(open_folder_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(second_agent_is_refused_and_a_leftover_is_replaced,
						setup, teardown),
		cmocka_unit_test_setup_teardown(request_is_answered_by_its_operation, setup,
						teardown),
		cmocka_unit_test_setup_teardown(error_keeps_its_code, setup, teardown),
		cmocka_unit_test_setup_teardown(unknown_operation_is_a_bad_request, setup,
						teardown),
		cmocka_unit_test_setup_teardown(descriptor_reaches_the_operation, setup, teardown),
		cmocka_unit_test_setup_teardown(answer_of_megabytes_arrives_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(late_answer_does_not_hold_up_others, setup,
						teardown),
		cmocka_unit_test_setup_teardown(closed_connection_cancels_what_waits, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
