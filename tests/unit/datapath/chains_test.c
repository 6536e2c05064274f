// SPDX-License-Identifier: Apache-2.0
/* DOC: Chains hold what was added, whatever hashes collide. */

#include "agent/datapath/chains.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ITEMS 1000

struct item {
	struct bl_chain chain;
	uint32_t key;
	bool seen;
};

static struct item items[ITEMS];

/* Every seventh hash only, so that each has some items. */
static uint32_t hash_of(uint32_t key)
{
	return key / 7 * 2654435761u;
}

static struct item *find(const struct bl_chains *c, uint32_t key)
{
	struct bl_chain *at = bl_chains_find(c, hash_of(key));

	while (at && ((struct item *)at)->key != key)
		at = bl_chains_more(at);
	return (struct item *)at;
}

static void fill(struct bl_chains *c)
{
	for (uint32_t i = 0; i < ITEMS; i++) {
		items[i] = (struct item){.key = i};
		assert_null(find(c, i));
		bl_chains_add(c, &items[i].chain, hash_of(i));
	}
}

static void each_item_is_found_by_its_key(void **state)
{
	struct bl_chains c = {};

	(void)state;
	fill(&c);
	assert_int_equal(c.count, ITEMS);
	for (uint32_t i = 0; i < ITEMS; i++)
		assert_ptr_equal(find(&c, i), &items[i]);
	assert_null(find(&c, ITEMS));
	bl_chains_free(&c);
}

static void what_was_removed_is_not_found_and_the_others_are(void **state)
{
	struct bl_chains c = {};

	(void)state;
	fill(&c);
	for (uint32_t i = 0; i < ITEMS; i += 3)
		bl_chains_remove(&c, &items[i].chain);
	for (uint32_t i = 0; i < ITEMS; i++)
		assert_ptr_equal(find(&c, i), i % 3 ? &items[i] : NULL);
	assert_int_equal(c.count, ITEMS - (ITEMS + 2) / 3);
	bl_chains_free(&c);
}

static void a_walk_sees_each_once_though_it_removes_them(void **state)
{
	struct bl_chain *at, *next;
	struct bl_chains c = {};
	uint32_t n = 0;

	(void)state;
	assert_null(bl_chains_next(&c, NULL));
	fill(&c);
	for (at = bl_chains_next(&c, NULL); at; at = next, n++) {
		struct item *item = (struct item *)at;

		next = bl_chains_next(&c, at);
		assert_false(item->seen);
		item->seen = true;
		bl_chains_remove(&c, at);
	}
	assert_int_equal(n, ITEMS);
	assert_int_equal(c.count, 0);
	assert_null(bl_chains_next(&c, NULL));
	bl_chains_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_item_is_found_by_its_key),
		cmocka_unit_test(what_was_removed_is_not_found_and_the_others_are),
		cmocka_unit_test(a_walk_sees_each_once_though_it_removes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
