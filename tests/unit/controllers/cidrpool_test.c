// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Pieces of both families: given, kept, given back, used up.
 */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "controllers/cidrpool.h"

#include <errno.h>
#include <string.h>

static struct bl_cidr cidr(const char *text)
{
	struct bl_cidr c;

	assert_int_equal(bl_cidr_parse(text, false, &c), 0);
	return c;
}

static struct bl_cidrpool pool(const char *range, uint8_t bits)
{
	struct bl_cidr r = cidr(range);
	struct bl_cidrpool p;

	assert_int_equal(bl_cidrpool_init(&p, &r, bits, NULL), 0);
	return p;
}

static void take(struct bl_cidrpool *p, const char *owner, const char *want)
{
	char text[BL_CIDR_STRLEN];
	struct bl_cidr c;

	assert_int_equal(bl_cidrpool_take(p, owner, &c), 0);
	assert_string_equal(bl_cidr_format(&c, text), want);
}

static void pieces_are_given_in_order_and_reused_late(void **state)
{
	struct bl_cidrpool p = pool("10.244.0.0/22", 24);
	struct bl_cidr c;

	(void)state;
	take(&p, "a", "10.244.0.0/24");
	take(&p, "b", "10.244.1.0/24");
	assert_int_equal(bl_cidrpool_release(&p, "a", NULL), 1);
	take(&p, "c", "10.244.2.0/24");
	take(&p, "d", "10.244.3.0/24");
	take(&p, "e", "10.244.0.0/24");
	assert_int_equal(bl_cidrpool_take(&p, "f", &c), -ENOSPC);
	bl_cidrpool_free(&p);
}

static void ipv6_pieces_are_64_bits(void **state)
{
	struct bl_cidrpool p = pool("fd00:10:244::/56", 64);

	(void)state;
	take(&p, "a", "fd00:10:244::/64");
	for (int i = 1; i < 255; i++) {
		struct bl_cidr c;

		assert_int_equal(bl_cidrpool_take(&p, "x", &c), 0);
	}
	take(&p, "z", "fd00:10:244:ff::/64");
	bl_cidrpool_free(&p);
}

static void pieces_in_use_are_adopted_once(void **state)
{
	struct bl_cidrpool p = pool("10.244.0.0/16", 24);
	struct bl_cidr one = cidr("10.244.0.0/24"), outside = cidr("10.245.0.0/24"),
		       wide = cidr("10.244.0.0/20");

	(void)state;
	assert_int_equal(bl_cidrpool_adopt(&p, &one, "a"), 0);
	assert_int_equal(bl_cidrpool_adopt(&p, &one, "a"), 0);
	assert_int_equal(bl_cidrpool_adopt(&p, &one, "b"), -EEXIST);
	assert_int_equal(bl_cidrpool_adopt(&p, &outside, "a"), -ENOENT);
	assert_int_equal(bl_cidrpool_adopt(&p, &wide, "a"), -ENOENT);
	take(&p, "b", "10.244.1.0/24");
	bl_cidrpool_free(&p);
}

static void release_can_keep_the_one_in_use(void **state)
{
	struct bl_cidrpool p = pool("10.244.0.0/16", 24);
	struct bl_cidr second = cidr("10.244.1.0/24");

	(void)state;
	take(&p, "a", "10.244.0.0/24");
	take(&p, "a", "10.244.1.0/24");
	assert_int_equal(bl_cidrpool_release(&p, "a", &second), 1);
	assert_int_equal(bl_cidrpool_adopt(&p, &second, "b"), -EEXIST);
	bl_cidrpool_free(&p);
}

static void range_smaller_than_a_piece_is_refused(void **state)
{
	struct bl_cidr r = cidr("10.244.0.0/26");
	struct bl_cidrpool p = {};
	struct bl_err err = {};

	(void)state;
	assert_int_equal(bl_cidrpool_init(&p, &r, 24, &err), -EINVAL);
	assert_string_equal(err.text, "cluster CIDR 10.244.0.0/26 holds no /24 for a node");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_given_in_order_and_reused_late),
		cmocka_unit_test(ipv6_pieces_are_64_bits),
		cmocka_unit_test(pieces_in_use_are_adopted_once),
		cmocka_unit_test(release_can_keep_the_one_in_use),
		cmocka_unit_test(range_smaller_than_a_piece_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
