// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "ipc/frame.h"

static void frame_that_was_put_is_read_back(void **state)
{
	BL_JSON json_t *in = json_pack("{s:s, s:i}", "op", "status", "n", 7);
	BL_JSON json_t *out = NULL;
	BL_BUF struct bl_buf b = {};
	size_t need;

	(void)state;
	assert_int_equal(bl_ipc_frame_put(&b, in, 1000), 0);
	assert_int_equal(bl_ipc_frame_get(b.data, b.len, 1000, &out, &need, NULL), 0);
	assert_true(json_equal(in, out));
}

static void every_shorter_part_of_a_frame_asks_for_more(void **state)
{
	BL_JSON json_t *in = json_pack("{s:s}", "op", "status");
	BL_BUF struct bl_buf b = {};
	json_t *out = NULL;
	size_t need = 0;

	(void)state;
	assert_int_equal(bl_ipc_frame_put(&b, in, 1000), 0);
	for (size_t n = 0; n < b.len; n++)
		assert_int_equal(bl_ipc_frame_get(b.data, n, 1000, &out, &need, NULL), -EAGAIN);
	assert_int_equal(need, b.len);
	assert_null(out);
}

static void length_over_the_bound_is_refused_by_its_head_alone(void **state)
{
	static const char head[] = {0, 0, 4, 1};
	struct bl_err err = {};
	json_t *out = NULL;
	size_t need;

	(void)state;
	assert_int_equal(bl_ipc_frame_get(head, 4, 1024, &out, &need, &err), -EMSGSIZE);
	assert_string_equal(err.text, "frame of 1025 bytes, 1024 are allowed");
}

static void body_longer_than_the_bound_is_not_put(void **state)
{
	BL_JSON json_t *in = json_pack("{s:s}", "op", "0123456789");
	BL_BUF struct bl_buf b = {};

	(void)state;
	assert_int_equal(bl_ipc_frame_put(&b, in, 12), -EMSGSIZE);
	assert_int_equal(b.len, 0);
}

static void body_that_is_no_object_is_refused(void **state)
{
	static const char *const bodies[] = {"",    "[]",      "1", "{", "{\"a\":1,\"a\":2}",
					     "{}x", "\"\xff\""};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		BL_BUF struct bl_buf b = {};
		char head[4] = {0, 0, 0, (char)strlen(bodies[i])};
		json_t *out = NULL;
		size_t need;

		bl_buf_append(&b, head, 4);
		bl_buf_puts(&b, bodies[i]);
		assert_int_equal(bl_ipc_frame_get(b.data, b.len, 1000, &out, &need, NULL),
				 -EBADMSG);
		assert_null(out);
	}
}

static void descriptor_rides_on_the_first_byte(void **state)
{
	int pair[2], got = -1;
	struct stat sent, received;
	char byte[8];
	BL_CLOSE int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(bl_ipc_send(pair[0], "abc", 3, fd), 3);
	assert_int_equal(bl_ipc_recv(pair[1], byte, sizeof(byte), &got), 3);
	assert_int_equal(fstat(fd, &sent), 0);
	assert_int_equal(fstat(got, &received), 0);
	assert_int_equal(received.st_rdev, sent.st_rdev);
	assert_int_equal(fcntl(got, F_GETFD), FD_CLOEXEC);
	close(got);
	close(pair[0]);
	close(pair[1]);
}

static void second_descriptor_is_closed(void **state)
{
	int pair[2], got = -1;
	char byte[8];
	BL_CLOSE int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int first;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(bl_ipc_send(pair[0], "a", 1, fd), 1);
	assert_int_equal(bl_ipc_send(pair[0], "b", 1, fd), 1);
	assert_int_equal(bl_ipc_recv(pair[1], byte, 1, &got), 1);
	first = got;
	assert_int_equal(bl_ipc_recv(pair[1], byte, 1, &got), 1);
	assert_int_equal(got, first);
	assert_int_equal(fcntl(first + 1, F_GETFD), -1);
	close(got);
	close(pair[0]);
	close(pair[1]);
}

static void reading_at_the_end_gives_nothing_and_an_empty_socket_again(void **state)
{
	int pair[2], got = -1;
	char byte[8];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(bl_ipc_recv(pair[1], byte, sizeof(byte), &got), -EAGAIN);
	close(pair[0]);
	assert_int_equal(bl_ipc_recv(pair[1], byte, sizeof(byte), &got), 0);
	assert_int_equal(bl_ipc_send(pair[1], "x", 1, -1), -EPIPE);
	assert_int_equal(got, -1);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frame_that_was_put_is_read_back),
		cmocka_unit_test(every_shorter_part_of_a_frame_asks_for_more),
		cmocka_unit_test(length_over_the_bound_is_refused_by_its_head_alone),
		cmocka_unit_test(body_longer_than_the_bound_is_not_put),
		cmocka_unit_test(body_that_is_no_object_is_refused),
		cmocka_unit_test(descriptor_rides_on_the_first_byte),
		cmocka_unit_test(second_descriptor_is_closed),
		cmocka_unit_test(reading_at_the_end_gives_nothing_and_an_empty_socket_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
