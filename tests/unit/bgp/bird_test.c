// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "agent/bgp/bird.h"

static void answer_of_several_lines_ends_with_the_one_that_has_a_blank(void **state)
{
	struct bl_bird_reply r = {};

	(void)state;
	assert_int_equal(bl_bird_line(&r, "0002-Reading configuration from /etc/bird.conf"), 0);
	assert_int_equal(bl_bird_line(&r, " and more"), 0);
	assert_int_equal(bl_bird_line(&r, "+asynchronous"), 0);
	assert_int_equal(bl_bird_line(&r, "0020 Configuration OK"), 1);
	assert_int_equal(r.code, 20);
	assert_string_equal(r.lines.data, "0002 Reading configuration from /etc/bird.conf\n"
					  "0002 and more\n"
					  "0020 Configuration OK\n");
	bl_buf_free(&r.lines);
}

static void line_without_a_code_is_not_birds(void **state)
{
	static const char *const lines[] = {"",	    "0",      "00",    "000",
					    "0001", "00x1 y", "00010", "HTTP/1.1"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct bl_bird_reply r = {};

		assert_int_equal(bl_bird_line(&r, lines[i]), -EPROTO);
		bl_buf_free(&r.lines);
	}
}

static void keep_rc(void *arg, int rc, const char *version, const struct bl_bird_reply *replies,
		    size_t n)
{
	(void)version;
	(void)replies;
	assert_int_equal(n, 0);
	*(int *)arg = rc;
}

static void absent_bird_is_reported_from_the_loop(void **state)
{
	static const char *const commands[] = {"show status"};
	struct bl_loop *loop = bl_loop_new();
	char path[300];
	int rc = 1;

	(void)state;
	bl_bird_run(loop, "/nowhere/bird.ctl", commands, 1, keep_rc, &rc);
	assert_int_equal(rc, 1);
	while (rc == 1)
		uv_run(bl_loop_uv(loop), UV_RUN_ONCE);
	assert_int_equal(rc, -ENOENT);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	rc = 1;
	bl_bird_run(loop, path, commands, 1, keep_rc, &rc);
	while (rc == 1)
		uv_run(bl_loop_uv(loop), UV_RUN_ONCE);
	assert_int_equal(rc, -ENAMETOOLONG);
	bl_loop_free(loop);
}

static void cancelled_job_never_calls_back(void **state)
{
	static const char *const commands[] = {"show status"};
	struct bl_loop *loop = bl_loop_new();
	int rc = 1;

	(void)state;
	bl_bird_cancel(bl_bird_run(loop, "/nowhere/bird.ctl", commands, 1, keep_rc, &rc));
	bl_loop_free(loop);
	assert_int_equal(rc, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answer_of_several_lines_ends_with_the_one_that_has_a_blank),
		cmocka_unit_test(line_without_a_code_is_not_birds),
		cmocka_unit_test(absent_bird_is_reported_from_the_loop),
		cmocka_unit_test(cancelled_job_never_calls_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
