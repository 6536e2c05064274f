// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Maglev tables: even, the same for every node, and steady when backends come and go.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "agent/state/maglev.h"

#define SIZE 16381
#define MANY 100

static struct bl_maglev_backend backend(int family, uint8_t n)
{
	struct bl_maglev_backend b = {
		.ip = {.family = (uint8_t)family, .b = {10, 1, 0, n}},
		.port = 8080,
		.weight = 1,
	};

	if (family == 6)
		b.ip.b[15] = n;
	return b;
}

static void backends_of(int family, struct bl_maglev_backend *list, uint8_t n)
{
	for (uint8_t i = 0; i < n; i++)
		list[i] = backend(family, i);
}

static void count(const uint32_t *table, uint32_t *ret_counts, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		ret_counts[i] = 0;
	for (uint32_t i = 0; i < SIZE; i++) {
		assert_true(table[i] < n);
		ret_counts[table[i]]++;
	}
}

static void slots_are_shared_evenly(void **state)
{
	struct bl_maglev_backend list[MANY];
	uint32_t table[SIZE], counts[MANY];

	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		backends_of(family, list, MANY);
		assert_int_equal(bl_maglev_fill(list, MANY, SIZE, table), 0);
		count(table, counts, MANY);
		for (int i = 0; i < MANY; i++)
			assert_in_range(counts[i], SIZE / MANY, SIZE / MANY + 1);
	}
}

static void order_of_the_backends_does_not_matter(void **state)
{
	struct bl_maglev_backend list[MANY], turned[MANY];
	uint32_t a[SIZE], b[SIZE];

	(void)state;
	backends_of(4, list, MANY);
	for (int i = 0; i < MANY; i++)
		turned[i] = list[MANY - 1 - i];
	assert_int_equal(bl_maglev_fill(list, MANY, SIZE, a), 0);
	assert_int_equal(bl_maglev_fill(turned, MANY, SIZE, b), 0);
	for (int i = 0; i < SIZE; i++)
		assert_int_equal(a[i], MANY - 1 - b[i]);
}

static void few_slots_move_when_a_backend_leaves(void **state)
{
	struct bl_maglev_backend list[MANY];
	uint32_t a[SIZE], b[SIZE], moved = 0;

	(void)state;
	backends_of(4, list, MANY);
	assert_int_equal(bl_maglev_fill(list, MANY, SIZE, a), 0);
	assert_int_equal(bl_maglev_fill(list, MANY - 1, SIZE, b), 0);
	for (int i = 0; i < SIZE; i++)
		moved += a[i] != MANY - 1 && a[i] != b[i];
	/* 1.3 percent were published for this size; two are the bound here. */
	assert_in_range(moved, 0, SIZE / 50);
}

static void port_and_family_make_another_backend(void **state)
{
	struct bl_maglev_backend list[2] = {backend(4, 1), backend(4, 1)};
	uint32_t table[SIZE], counts[2];

	(void)state;
	list[1].port = 8081;
	assert_int_equal(bl_maglev_fill(list, 2, SIZE, table), 0);
	count(table, counts, 2);
	assert_in_range(counts[0], SIZE / 2, SIZE / 2 + 1);
}

static void weights_are_kept(void **state)
{
	struct bl_maglev_backend list[4];
	uint32_t table[SIZE], counts[4];

	(void)state;
	backends_of(4, list, 4);
	list[1].weight = 2;
	list[2].weight = 5;
	list[3].weight = 0;
	assert_int_equal(bl_maglev_fill(list, 4, SIZE, table), 0);
	count(table, counts, 4);
	assert_in_range(counts[0], SIZE / 8 - 4, SIZE / 8 + 4);
	assert_in_range(counts[1], SIZE / 4 - 4, SIZE / 4 + 4);
	assert_in_range(counts[2], SIZE * 5 / 8 - 4, SIZE * 5 / 8 + 4);
	assert_int_equal(counts[3], 0);
}

static void one_backend_has_all_slots(void **state)
{
	struct bl_maglev_backend one = backend(6, 1);
	uint32_t table[SIZE], counts[1];

	(void)state;
	assert_int_equal(bl_maglev_fill(&one, 1, SIZE, table), 0);
	count(table, counts, 1);
	assert_int_equal(counts[0], SIZE);
}

static void what_makes_no_table_is_refused(void **state)
{
	struct bl_maglev_backend list[8];
	uint32_t table[SIZE];

	(void)state;
	backends_of(4, list, 8);
	assert_int_equal(bl_maglev_fill(list, 0, SIZE, table), -EINVAL);
	assert_int_equal(bl_maglev_fill(list, 8, 7, table), -EINVAL);
	assert_int_equal(bl_maglev_fill(list, 7, 7, table), 0);
	assert_int_equal(bl_maglev_fill(list, 2, 0, table), -EINVAL);
	assert_int_equal(bl_maglev_fill(list, 2, 16380, table), -EINVAL);
	assert_int_equal(bl_maglev_fill(list, 2, 1000003, table), -EINVAL);
	for (int i = 0; i < 8; i++)
		list[i].weight = 0;
	assert_int_equal(bl_maglev_fill(list, 8, SIZE, table), -EINVAL);
}

static void sizes_are_raised_to_primes(void **state)
{
	(void)state;
	assert_int_equal(bl_maglev_prime(BL_MAGLEV_SIZE_DEFAULT), BL_MAGLEV_SIZE_DEFAULT);
	assert_int_equal(bl_maglev_prime(BL_MAGLEV_SIZE_MAX), BL_MAGLEV_SIZE_MAX);
	assert_int_equal(bl_maglev_prime(1), 2);
	assert_int_equal(bl_maglev_prime(250), 251);
	assert_int_equal(bl_maglev_prime(16382), 16411);
	assert_int_equal(bl_maglev_prime(0), 0);
	assert_int_equal(bl_maglev_prime(BL_MAGLEV_SIZE_MAX + 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_are_shared_evenly),
		cmocka_unit_test(order_of_the_backends_does_not_matter),
		cmocka_unit_test(few_slots_move_when_a_backend_leaves),
		cmocka_unit_test(port_and_family_make_another_backend),
		cmocka_unit_test(weights_are_kept),
		cmocka_unit_test(one_backend_has_all_slots),
		cmocka_unit_test(what_makes_no_table_is_refused),
		cmocka_unit_test(sizes_are_raised_to_primes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
