// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Listening sockets
 *
 * Where to listen is read strictly, and the port that was got is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "apiserver/listen.h"

static void port_zero_gets_a_port_and_says_which(void **state)
{
	char address[BL_LISTEN_STRLEN];
	int fd = -1;

	(void)state;
	assert_int_equal(bl_listen_socket("127.0.0.1:0", &fd, address, NULL), 0);
	assert_memory_equal(address, "127.0.0.1:", 10);
	assert_string_not_equal(address + 10, "0");
	close(fd);
}

static void a_taken_port_is_named(void **state)
{
	char address[BL_LISTEN_STRLEN], other[BL_LISTEN_STRLEN];
	struct bl_err err = {};
	int fd = -1, second = -1;

	(void)state;
	assert_int_equal(bl_listen_socket("127.0.0.1:0", &fd, address, NULL), 0);
	assert_int_equal(bl_listen_socket(address, &second, other, &err), -EADDRINUSE);
	assert_non_null(strstr(err.text, address));
	assert_int_equal(second, -1);
	close(fd);
}

static void what_is_no_address_and_port_is_refused(void **state)
{
	static const char *const bad[] = {
		"",	  "127.0.0.1",	  "localhost:1",  "127.0.0.1:x", "127.0.0.1:70000",
		"::1:80", "127.0.0.1:-1", "[127.0.0.1:1", ":80"};
	char address[BL_LISTEN_STRLEN];
	int fd = -1;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(bl_listen_socket(bad[i], &fd, address, NULL), -EINVAL);
	assert_int_equal(fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(port_zero_gets_a_port_and_says_which),
		cmocka_unit_test(a_taken_port_is_named),
		cmocka_unit_test(what_is_no_address_and_port_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
