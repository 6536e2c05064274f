// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Addresses and prefixes: one form each, both families.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/ip.h"

static struct bl_ip ip(const char *s)
{
	struct bl_ip v;

	assert_int_equal(bl_ip_parse(s, &v), 0);
	return v;
}

static struct bl_cidr cidr(const char *s)
{
	struct bl_cidr v;

	assert_int_equal(bl_cidr_parse(s, false, &v), 0);
	return v;
}

static void addresses_read_and_print_canonically(void **state)
{
	static const char *const pairs[][2] = {
		{"10.0.0.1", "10.0.0.1"},	{"0.0.0.0", "0.0.0.0"}, {"fd00:0:0::1", "fd00::1"},
		{"2001:DB8::A", "2001:db8::a"}, {"::", "::"},
	};
	char buf[BL_IP_STRLEN];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct bl_ip v = ip(pairs[i][0]);

		assert_string_equal(bl_ip_format(&v, buf), pairs[i][1]);
	}
}

static void ambiguous_addresses_are_refused(void **state)
{
	static const char *const bad[] = {
		"",	     "010.0.0.1",      "10.1",	       "10.0.0.256",
		"10.0.0.1 ", "::ffff:1.2.3.4", "fe80::1%eth0", "0x7f.1.1.1",
		"1.2.3.4.5"};
	struct bl_ip v = {.family = 9};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(bl_ip_parse(bad[i], &v), -EINVAL);
	assert_int_equal(v.family, 9);
}

static void prefixes_with_host_bits_are_refused_unless_allowed(void **state)
{
	struct bl_cidr v;
	char buf[BL_CIDR_STRLEN];

	(void)state;
	assert_int_equal(bl_cidr_parse("10.0.0.1/24", false, &v), -EINVAL);
	assert_int_equal(bl_cidr_parse("10.0.0.1/24", true, &v), 0);
	assert_string_equal(bl_cidr_format(&v, buf), "10.0.0.0/24");
	assert_int_equal(bl_cidr_parse("fd00::ff/121", true, &v), 0);
	assert_string_equal(bl_cidr_format(&v, buf), "fd00::80/121");
	assert_int_equal(bl_cidr_parse("10.0.0.0/33", true, &v), -EINVAL);
	assert_int_equal(bl_cidr_parse("10.0.0.0/08", true, &v), -EINVAL);
	assert_int_equal(bl_cidr_parse("10.0.0.0", true, &v), -EINVAL);
}

static void prefixes_contain_and_overlap(void **state)
{
	struct bl_cidr a = cidr("10.244.0.0/16"), b = cidr("10.244.3.0/24"),
		       all = cidr("0.0.0.0/0");
	struct bl_cidr six = cidr("::/0"), p20 = cidr("10.0.16.0/20");
	struct bl_ip in = ip("10.244.3.9"), out = ip("10.245.0.1"), v6 = ip("fd00::1");
	struct bl_ip edge = ip("10.0.31.255"), past = ip("10.0.32.0");

	(void)state;
	assert_true(bl_cidr_contains(&a, &in));
	assert_false(bl_cidr_contains(&a, &out));
	assert_true(bl_cidr_contains(&all, &out));
	assert_false(bl_cidr_contains(&all, &v6));
	assert_true(bl_cidr_contains(&six, &v6));
	assert_true(bl_cidr_contains(&p20, &edge));
	assert_false(bl_cidr_contains(&p20, &past));
	assert_true(bl_cidr_overlaps(&a, &b));
	assert_true(bl_cidr_overlaps(&b, &a));
	assert_false(bl_cidr_overlaps(&b, &p20));
}

static void nth_address_stays_inside(void **state)
{
	struct bl_cidr a = cidr("10.0.0.0/24"), b = cidr("fd00::/64");
	char buf[BL_IP_STRLEN];
	struct bl_ip v;

	(void)state;
	assert_int_equal(bl_cidr_nth(&a, 255, &v), 0);
	assert_string_equal(bl_ip_format(&v, buf), "10.0.0.255");
	assert_int_equal(bl_cidr_nth(&a, 256, &v), -ERANGE);
	assert_int_equal(bl_cidr_nth(&b, 0x10002, &v), 0);
	assert_string_equal(bl_ip_format(&v, buf), "fd00::1:2");
	assert_int_equal(bl_cidr_size(&a), 256);
	assert_true(bl_cidr_size(&b) == UINT64_MAX);
}

static void classes_of_addresses(void **state)
{
	struct bl_ip lo4 = ip("127.8.0.1"), lo6 = ip("::1"), ll4 = ip("169.254.0.9"),
		     ll6 = ip("febf::1"), mc4 = ip("239.1.1.1"), mc6 = ip("ff02::1"),
		     any = ip("::"), pod = ip("10.0.0.1");

	(void)state;
	assert_true(bl_ip_is_loopback(&lo4) && bl_ip_is_loopback(&lo6));
	assert_true(bl_ip_is_link_local(&ll4) && bl_ip_is_link_local(&ll6));
	assert_true(bl_ip_is_multicast(&mc4) && bl_ip_is_multicast(&mc6));
	assert_true(bl_ip_is_unspecified(&any));
	assert_false(bl_ip_is_loopback(&pod) || bl_ip_is_link_local(&pod) ||
		     bl_ip_is_multicast(&pod) || bl_ip_is_unspecified(&pod));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_read_and_print_canonically),
		cmocka_unit_test(ambiguous_addresses_are_refused),
		cmocka_unit_test(prefixes_with_host_bits_are_refused_unless_allowed),
		cmocka_unit_test(prefixes_contain_and_overlap),
		cmocka_unit_test(nth_address_stays_inside),
		cmocka_unit_test(classes_of_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
