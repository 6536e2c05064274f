// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What the service maps hold after wishes that succeed, and how what left them is forgotten.
 */

#include "agent/datapath/services.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/wish.h"
#include "agent/datapath/grave.h"
#include "base/mem.h"

static void a_service_leads_to_its_backends(void **state)
{
	struct world *w = *state;

	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080"), 0);
	assert_string_equal(wish_follow(w, "10.0.0.1:80"), "cart>10.1.0.1:8080,10.1.0.2:8080");
	assert_int_equal(w->maps.calls, 4); /* backends, slots, name, frontend */
	assert_int_equal(w->maps.astray, 0);
}

static void a_service_without_backend_has_an_entry_without_slots(void **state)
{
	struct world *w = *state;

	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80>"), 0);
	assert_string_equal(wish_follow(w, "10.0.0.1:80"), "cart>");
}

static void a_removed_service_leaves_nothing_but_generations(void **state)
{
	struct world *w = *state;
	struct bl_services_count n;

	wish_set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080");
	assert_int_equal(wish_set(w, "cart", ""), 0);
	wish_collect(w);
	bl_services_count(w->s, &n);
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_service4), 0);
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_service_meta), 0);
	assert_null(wish_backend_of(w, "10.1.0.1:8080"));
	assert_int_equal(n.services + n.frontends + n.backends + n.slots, 0);
	assert_int_equal(w->maps.astray, 0);
}

static void a_backend_that_left_is_stale_at_once_and_gone_after_the_grace_period(void **state)
{
	struct world *w = *state;
	uint32_t generation;

	wish_set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080");
	generation = wish_backend_of(w, "10.1.0.2:8080")->generation;
	wish_set(w, "cart", "10.0.0.1:80>10.1.0.1:8080");
	assert_int_equal(wish_backend_of(w, "10.1.0.2:8080")->flags, BL_BACKEND_LIVE);
	assert_int_not_equal(wish_backend_of(w, "10.1.0.2:8080")->generation, generation);
	assert_int_equal(bl_services_collect(w->s), BL_GRACE_MS);
	assert_non_null(wish_backend_of(w, "10.1.0.2:8080"));
	wish_collect(w);
	assert_null(wish_backend_of(w, "10.1.0.2:8080"));
	assert_int_equal(bl_services_collect(w->s), -1);
}

static void a_draining_backend_keeps_its_generation_and_gets_nothing_new(void **state)
{
	struct world *w = *state;
	uint32_t generation;

	wish_set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080");
	generation = wish_backend_of(w, "10.1.0.2:8080")->generation;
	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,~10.1.0.2:8080"), 0);
	wish_collect(w);
	assert_string_equal(wish_follow(w, "10.0.0.1:80"), "cart>10.1.0.1:8080");
	assert_int_equal(wish_backend_of(w, "10.1.0.2:8080")->generation, generation);
}

static void a_backend_that_comes_back_in_time_is_the_same_entry(void **state)
{
	struct world *w = *state;

	wish_set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080");
	wish_set(w, "cart", "10.0.0.1:80>10.1.0.1:8080");
	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080"), 0);
	wish_collect(w);
	assert_string_equal(wish_follow(w, "10.0.0.1:80"), "cart>10.1.0.1:8080,10.1.0.2:8080");
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_backend), 2);
	assert_int_equal(w->maps.astray, 0);
}

static void a_backend_of_two_services_stays_while_one_wants_it(void **state)
{
	struct world *w = *state;

	wish_set(w, "one", "10.0.0.1:80>10.1.0.1:8080");
	wish_set(w, "two", "10.0.0.2:80>10.1.0.1:8080");
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_backend), 1);
	wish_set(w, "one", "");
	wish_collect(w);
	assert_string_equal(wish_follow(w, "10.0.0.2:80"), "two>10.1.0.1:8080");
	assert_int_equal(w->maps.astray, 0);
}

static void both_families_of_a_port_share_the_id(void **state)
{
	struct world *w = *state;

	wish_set(w, "dual", "10.0.0.2:80>10.1.0.1:8080 fd00::1:80>fd01::1:8080");
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_service_meta), 1);
}

static void a_new_uid_renames(void **state)
{
	struct world *w = *state;
	const struct bl_service_meta *m;
	uint32_t id = 1;

	wish_set_uid(w, "cart", "u1", "10.0.0.1:80>10.1.0.1:8080");
	w->maps.calls = 0;
	assert_int_equal(wish_set_uid(w, "cart", "u2", "10.0.0.1:80>10.1.0.1:8080"), 0);
	m = fake_maps_get(&w->maps, BL_MAP_service_meta, &id);
	assert_string_equal(m->uid, "u2");
	assert_int_equal(w->maps.calls, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, wish_setup, wish_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_service_leads_to_its_backends),
		TEST(a_service_without_backend_has_an_entry_without_slots),
		TEST(a_removed_service_leaves_nothing_but_generations),
		TEST(a_backend_that_left_is_stale_at_once_and_gone_after_the_grace_period),
		TEST(a_draining_backend_keeps_its_generation_and_gets_nothing_new),
		TEST(a_backend_that_comes_back_in_time_is_the_same_entry),
		TEST(a_backend_of_two_services_stays_while_one_wants_it),
		TEST(both_families_of_a_port_share_the_id),
		TEST(a_new_uid_renames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
