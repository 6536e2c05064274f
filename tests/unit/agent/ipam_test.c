// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "agent/ipam.h"

static struct bl_ipam *pool(const char *prefix)
{
	struct bl_cidr cidr;

	assert_int_equal(bl_cidr_parse(prefix, false, &cidr), 0);
	return bl_ipam_new(&cidr);
}

static void expect_next(struct bl_ipam *p, const char *want)
{
	char text[BL_IP_STRLEN];
	struct bl_ip ip;

	assert_int_equal(bl_ipam_take(p, &ip), 0);
	assert_string_equal(bl_ip_format(&ip, text), want);
}

static struct bl_ip ip_of(const char *s)
{
	struct bl_ip ip = {};

	assert_int_equal(bl_ip_parse(s, &ip), 0);
	return ip;
}

static int take_this(struct bl_ipam *p, const char *s, bool known)
{
	struct bl_ip ip = ip_of(s);

	return bl_ipam_take_this(p, &ip, known, NULL);
}

static void give(struct bl_ipam *p, const char *s)
{
	struct bl_ip ip = ip_of(s);

	bl_ipam_give(p, &ip);
}

static void edges_and_the_nodes_own_are_never_given(void **state)
{
	struct bl_ipam *p = pool("10.0.0.0/29");
	struct bl_ip ip;

	(void)state;
	for (const char *const *s = (const char *const[]){"10.0.0.2", "10.0.0.3", "10.0.0.4",
							  "10.0.0.5", "10.0.0.6", NULL};
	     *s; s++)
		expect_next(p, *s);
	assert_int_equal(bl_ipam_take(p, &ip), -ENOSPC);
	assert_int_equal(take_this(p, "10.0.0.0", false), -EINVAL);
	assert_int_equal(take_this(p, "10.0.0.1", false), -EINVAL);
	assert_int_equal(take_this(p, "10.0.0.7", false), -EINVAL);
	assert_int_equal(bl_ipam_used(p), 5);
	bl_ipam_free(p);
}

static void ipv6_has_no_broadcast_address(void **state)
{
	struct bl_ipam *p = pool("fd00::/126");
	struct bl_ip ip;

	(void)state;
	expect_next(p, "fd00::2");
	expect_next(p, "fd00::3");
	assert_int_equal(bl_ipam_take(p, &ip), -ENOSPC);
	bl_ipam_free(p);
}

static void prefix_without_room_gives_nothing(void **state)
{
	static const char *const prefixes[] = {"10.0.0.0/31", "10.0.0.1/32", "fd00::1/128",
					       "fd00::/127", "10.0.0.0/30"};
	static const int want[] = {-ENOSPC, -ENOSPC, -ENOSPC, -ENOSPC, 0};

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct bl_ipam *p = pool(prefixes[i]);
		struct bl_ip ip;

		assert_int_equal(bl_ipam_full(p), want[i] != 0);
		assert_int_equal(bl_ipam_take(p, &ip), want[i]);
		assert_int_equal(bl_ipam_full(p), 1);
		bl_ipam_free(p);
	}
}

static void freed_address_comes_back_last_and_the_longest_free_first(void **state)
{
	struct bl_ipam *p = pool("10.0.0.0/29");

	(void)state;
	expect_next(p, "10.0.0.2");
	expect_next(p, "10.0.0.3");
	expect_next(p, "10.0.0.4");
	give(p, "10.0.0.3");
	give(p, "10.0.0.2");
	expect_next(p, "10.0.0.5");
	expect_next(p, "10.0.0.6");
	expect_next(p, "10.0.0.3");
	expect_next(p, "10.0.0.2");
	bl_ipam_free(p);
}

static void requested_address_is_given_once(void **state)
{
	struct bl_ipam *p = pool("10.0.0.0/24");

	(void)state;
	assert_int_equal(take_this(p, "10.0.0.3", false), 0);
	assert_int_equal(take_this(p, "10.0.0.3", false), -EADDRINUSE);
	assert_int_equal(take_this(p, "10.0.1.3", false), -ERANGE);
	expect_next(p, "10.0.0.2");
	expect_next(p, "10.0.0.4");
	give(p, "10.0.0.3");
	assert_int_equal(take_this(p, "10.0.0.3", false), 0);
	bl_ipam_free(p);
}

static void addresses_on_record_are_passed_at_the_start(void **state)
{
	struct bl_ipam *p = pool("fd00:1::/64");

	(void)state;
	assert_int_equal(take_this(p, "fd00:1::9", true), 0);
	assert_int_equal(take_this(p, "fd00:1::5", true), 0);
	assert_int_equal(take_this(p, "fd00:1::1", true), 0);
	expect_next(p, "fd00:1::a");
	give(p, "fd00:1::5");
	expect_next(p, "fd00:1::b");
	bl_ipam_free(p);
}

static void search_goes_around_to_what_lies_before_the_records(void **state)
{
	struct bl_ipam *p = pool("10.0.0.0/29");

	(void)state;
	assert_int_equal(take_this(p, "10.0.0.5", true), 0);
	expect_next(p, "10.0.0.6");
	expect_next(p, "10.0.0.2");
	bl_ipam_free(p);
}

static void resting_addresses_do_not_pile_up_in_an_endless_prefix(void **state)
{
	struct bl_ipam *p = pool("fd00:1::/64");
	struct bl_ip first, ip;

	(void)state;
	assert_int_equal(bl_ipam_take(p, &first), 0);
	bl_ipam_give(p, &first);
	for (int i = 0; i < 1023; i++) {
		assert_int_equal(bl_ipam_take(p, &ip), 0);
		bl_ipam_give(p, &ip);
	}
	assert_int_equal(bl_ipam_take(p, &ip), 0);
	assert_int_equal(bl_ip_cmp(&ip, &first), 0);
	bl_ipam_free(p);
}

static void giving_back_what_nobody_has_is_nothing(void **state)
{
	struct bl_ipam *p = pool("10.0.0.0/30");
	struct bl_ip ip;

	(void)state;
	give(p, "10.0.0.2");
	give(p, "10.0.0.99");
	expect_next(p, "10.0.0.2");
	give(p, "10.0.0.2");
	give(p, "10.0.0.2");
	assert_int_equal(bl_ipam_used(p), 0);
	expect_next(p, "10.0.0.2");
	assert_int_equal(bl_ipam_take(p, &ip), -ENOSPC);
	bl_ipam_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges_and_the_nodes_own_are_never_given),
		cmocka_unit_test(ipv6_has_no_broadcast_address),
		cmocka_unit_test(prefix_without_room_gives_nothing),
		cmocka_unit_test(freed_address_comes_back_last_and_the_longest_free_first),
		cmocka_unit_test(requested_address_is_given_once),
		cmocka_unit_test(addresses_on_record_are_passed_at_the_start),
		cmocka_unit_test(search_goes_around_to_what_lies_before_the_records),
		cmocka_unit_test(resting_addresses_do_not_pile_up_in_an_endless_prefix),
		cmocka_unit_test(giving_back_what_nobody_has_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
