// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: A CPU's busy time in /proc/stat, and literal addresses.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "../../bench/lib/place.h"

static const char stat_text[] = "cpu  9 9 9 9 9 9 9 9 9 9\n"
				"cpu0 1 1 1 1 1 1 1 1 0 0\n"
				"cpu1 100 20 30 4000 500 6 7 80 90 0\n"
				"cpu11 1000 0 0 0 0 0 0 0 0 0\n"
				"cpu12 5 x\n"
				"intr 1\n";

static void busy_is_all_but_idle_waiting_and_stolen(void **state)
{
	double s = -7;

	(void)state;
	assert_int_equal(bl_place_parse_busy(stat_text, 1, 100, &s), 0);
	assert_float_equal(s, 1.63, 1e-9);
	assert_int_equal(bl_place_parse_busy(stat_text, 11, 100, &s), 0);
	assert_float_equal(s, 10, 1e-9);
}

static void a_cpu_without_a_readable_line_has_no_busy_time(void **state)
{
	double s = -7;

	(void)state;
	assert_int_equal(bl_place_parse_busy(stat_text, 2, 100, &s), -ENOENT);
	assert_int_equal(bl_place_parse_busy(stat_text, 12, 100, &s), -EINVAL);
	assert_float_equal(s, -7, 1e-9);
	assert_true(bl_place_busy(-1) < 0);
}

static void this_machine_has_a_busy_first_cpu(void **state)
{
	(void)state;
	assert_true(bl_place_busy(0) > 0);
	assert_true(bl_place_own() >= 0);
}

static void addresses_of_both_families_are_read(void **state)
{
	struct sockaddr_storage sa;
	struct sockaddr_in sa4;
	struct sockaddr_in6 sa6;
	struct in6_addr want;
	socklen_t len = 0;

	(void)state;
	assert_int_equal(bl_place_address("10.1.2.3", 80, &sa, &len, NULL), 0);
	assert_int_equal(len, sizeof(sa4));
	memcpy(&sa4, &sa, sizeof(sa4));
	assert_int_equal(sa4.sin_family, AF_INET);
	assert_int_equal(ntohl(sa4.sin_addr.s_addr), 0x0a010203);
	assert_int_equal(ntohs(sa4.sin_port), 80);
	assert_int_equal(bl_place_address("fd00::1", 8080, &sa, &len, NULL), 0);
	assert_int_equal(len, sizeof(sa6));
	memcpy(&sa6, &sa, sizeof(sa6));
	inet_pton(AF_INET6, "fd00::1", &want);
	assert_memory_equal(&sa6.sin6_addr, &want, sizeof(want));
	assert_int_equal(ntohs(sa6.sin6_port), 8080);
}

static void what_is_no_address_is_refused(void **state)
{
	struct sockaddr_storage sa;
	struct bl_err err = {};
	socklen_t len = 5;

	(void)state;
	assert_int_equal(bl_place_address("localhost", 80, &sa, &len, &err), -EINVAL);
	assert_string_equal(bl_err_text(&err), "--addr: 'localhost' is no address");
	assert_int_equal(len, 5);
}

static void a_place_that_is_not_there_is_refused_by_its_flag(void **state)
{
	struct bl_place netns = {.netns = "no-such-netns-of-a-bench", .cpu = -1};
	struct bl_place cgroup = {.cgroup = "/no/such/cgroup", .cpu = -1};
	struct bl_err err = {};

	(void)state;
	assert_int_equal(bl_place_enter(&netns, &err), -ENOENT);
	assert_memory_equal(bl_err_text(&err), "--netns: ", 9);
	assert_int_equal(bl_place_enter(&cgroup, &err), -ENOENT);
	assert_memory_equal(bl_err_text(&err), "--cgroup: ", 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(busy_is_all_but_idle_waiting_and_stolen),
		cmocka_unit_test(a_cpu_without_a_readable_line_has_no_busy_time),
		cmocka_unit_test(this_machine_has_a_busy_first_cpu),
		cmocka_unit_test(addresses_of_both_families_are_read),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(a_place_that_is_not_there_is_refused_by_its_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
