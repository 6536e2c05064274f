// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "agent/datapath/cover.h"
#include "base/mem.h"

static struct bl_cidr cidr(const char *text)
{
	struct bl_cidr c;

	assert_int_equal(bl_cidr_parse(text, false, &c), 0);
	return c;
}

static void check4(const struct bl_cidr *list, size_t n, const uint8_t want[8])
{
	uint32_t words[2] = {7, 7};

	bl_cover(list, n, 4, words);
	assert_memory_equal(words, want, sizeof(words));
}

static void one_range_is_covered_by_itself(void **state)
{
	const struct bl_cidr list[] = {cidr("10.96.0.0/12"), cidr("fd00:96::/108")};
	uint8_t want6[32] = {0xfd, 0, 0, 0x96};
	uint32_t words[8];

	(void)state;
	memset(want6 + 16, 0xff, 13);
	want6[29] = 0xf0;
	check4(list, 2, (uint8_t[8]){10, 96, 0, 0, 255, 240, 0, 0});
	bl_cover(list, 2, 6, words);
	assert_memory_equal(words, want6, sizeof(words));
}

static void several_ranges_are_covered_by_what_they_share(void **state)
{
	const struct bl_cidr list[] = {cidr("10.96.0.0/16"), cidr("10.99.0.0/24"),
				       cidr("192.168.0.0/16")};

	(void)state;
	check4(list, 2, (uint8_t[8]){10, 96, 0, 0, 255, 252, 0, 0});
	check4(list + 1, 1, (uint8_t[8]){10, 99, 0, 0, 255, 255, 255, 0});
	check4(list, 3, (uint8_t[8]){});
}

static void a_wider_range_covers_the_narrower_one(void **state)
{
	const struct bl_cidr list[] = {cidr("10.96.1.0/24"), cidr("10.96.0.0/12")};

	(void)state;
	check4(list, 2, (uint8_t[8]){10, 96, 0, 0, 255, 240, 0, 0});
}

static void without_any_range_every_address_is_covered(void **state)
{
	(void)state;
	check4(NULL, 0, (uint8_t[8]){});
}

static void a_family_without_range_covers_nobody(void **state)
{
	const struct bl_cidr list[] = {cidr("fd00:96::/108")};

	(void)state;
	check4(list, 1, (uint8_t[8]){255, 255, 255, 255, 255, 255, 255, 255});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_range_is_covered_by_itself),
		cmocka_unit_test(several_ranges_are_covered_by_what_they_share),
		cmocka_unit_test(a_wider_range_covers_the_narrower_one),
		cmocka_unit_test(without_any_range_every_address_is_covered),
		cmocka_unit_test(a_family_without_range_covers_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
