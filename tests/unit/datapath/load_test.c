// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Reading the service maps back: restarts, claims, sweeps, and maps that contradict themselves.
 */

#include "agent/datapath/services.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/wish.h"
#include "agent/datapath/grave.h"
#include "base/mem.h"

static void a_restart_writes_nothing(void **state)
{
	struct world *w = *state;

	wish_set(w, "cart", "10.0.0.1:80=a>10.1.0.1:8080,10.1.0.2:8080 10.0.0.1:81=b>");
	wish_set(w, "dual", "10.0.0.2:80>10.1.0.1:8080 fd00::1:80>fd01::1:8080");
	wish_restart(w);
	assert_int_equal(
		wish_set(w, "cart", "10.0.0.1:80=a>10.1.0.1:8080,10.1.0.2:8080 10.0.0.1:81=b>"), 0);
	assert_int_equal(wish_set(w, "dual", "10.0.0.2:80>10.1.0.1:8080 fd00::1:80>fd01::1:8080"),
			 0);
	assert_int_equal(bl_services_sweep(w->s, &w->err), 0);
	assert_int_equal(w->maps.calls, 0);
}

static void both_views_of_a_port_survive_a_restart(void **state)
{
	static const char wish[] = "10.0.0.1:80=a>10.1.0.1:1,10.1.0.2:1 10.0.0.2:80=a!>10.1.0.1:1";
	struct world *w = *state;

	assert_int_equal(wish_set(w, "cart", wish), 0);
	wish_restart(w);
	assert_int_equal(wish_set(w, "cart", wish), 0);
	assert_int_equal(bl_services_sweep(w->s, &w->err), 0);
	assert_int_equal(w->maps.calls, 0);
	assert_string_equal(wish_follow(w, "10.0.0.1:80"), "cart>10.1.0.1:1,10.1.0.2:1");
	assert_string_equal(wish_follow(w, "10.0.0.2:80"), "cart>10.1.0.1:1");
	/* a frontend changes sides, and the view that nothing leads to goes */
	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80=a!>10.1.0.1:1 10.0.0.2:80=a>10.1.0.2:1"),
			 0);
	assert_string_equal(wish_follow(w, "10.0.0.1:80"), "cart>10.1.0.1:1");
	assert_string_equal(wish_follow(w, "10.0.0.2:80"), "cart>10.1.0.2:1");
	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80=a>10.1.0.1:1"), 0);
	assert_string_equal(wish_follow(w, "10.0.0.1:80"), "cart>10.1.0.1:1");
	assert_string_equal(wish_follow(w, "10.0.0.2:80"), "");
}

static void an_id_never_has_a_generation_twice(void **state)
{
	struct world *w = *state;
	uint32_t last = 0;

	for (int i = 0; i < 5; i++) {
		uint32_t generation;

		wish_set(w, "cart", i % 2 ? "10.0.0.1:80>10.1.0.1:1" : "10.0.0.1:80>10.1.0.2:1");
		generation = wish_backend_of(w, i % 2 ? "10.1.0.1:1" : "10.1.0.2:1")->generation;
		wish_set(w, "cart", "10.0.0.1:80>");
		wish_collect(w);
		wish_restart(w);
		assert_true(generation > last);
		last = generation;
	}
}

static void sweep_removes_what_nobody_claims(void **state)
{
	struct world *w = *state;

	wish_set(w, "one", "10.0.0.1:80>10.1.0.1:8080");
	wish_set(w, "two", "10.0.0.2:80>10.1.0.2:8080");
	wish_restart(w);
	assert_int_equal(wish_set(w, "two", "10.0.0.2:80>10.1.0.2:8080"), 0);
	assert_string_equal(wish_follow(w, "10.0.0.1:80"), "one>10.1.0.1:8080");
	assert_int_equal(bl_services_sweep(w->s, &w->err), 0);
	assert_string_equal(wish_follow(w, "10.0.0.1:80"), "");
	wish_collect(w);
	assert_null(wish_backend_of(w, "10.1.0.1:8080"));
	assert_string_equal(wish_follow(w, "10.0.0.2:80"), "two>10.1.0.2:8080");
}

static void an_unclaimed_owner_gives_way(void **state)
{
	struct world *w = *state;

	wish_set(w, "old", "10.0.0.1:80>10.1.0.1:8080");
	wish_restart(w);
	assert_int_equal(wish_set(w, "new", "10.0.0.1:80>10.1.0.2:8080"), 0);
	assert_string_equal(wish_follow(w, "10.0.0.1:80"), "new>10.1.0.2:8080");
	assert_int_equal(bl_services_sweep(w->s, &w->err), 0);
	wish_collect(w);
	assert_string_equal(wish_follow(w, "10.0.0.1:80"), "new>10.1.0.2:8080");
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_service_meta), 1);
}

static void garbage_is_repaired_by_claims_and_swept_otherwise(void **state)
{
	struct bl_service bad[] = {
		{.id = 60, .first_slot = 250, .slot_count = 100}, /* behind the end */
		{.id = 1, .first_slot = 0, .slot_count = 7},	  /* another range than its set's */
		{.id = 0},
	};
	struct world *w = *state;

	wish_set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080");
	for (uint32_t i = 0; i < BL_ARRAY_SIZE(bad); i++) {
		struct bl_service4_key key = {.port = htons((uint16_t)(i + 1)),
					      .proto = IPPROTO_TCP};

		fake_maps_put(&w->maps, BL_MAP_service4, &key, &bad[i]);
	}
	wish_restart(w);
	assert_int_equal(wish_set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080"), 0);
	assert_int_equal(wish_set(w, "other", "0.0.0.0:1>10.1.0.1:8080"), 0);
	assert_int_equal(bl_services_sweep(w->s, &w->err), 0);
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_service4), 2);
	assert_string_equal(wish_follow(w, "0.0.0.0:1"), "other>10.1.0.1:8080");
	assert_string_equal(wish_follow(w, "10.0.0.1:80"), "cart>10.1.0.1:8080,10.1.0.2:8080");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, wish_setup, wish_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_restart_writes_nothing),
		TEST(both_views_of_a_port_survive_a_restart),
		TEST(an_id_never_has_a_generation_twice),
		TEST(sweep_removes_what_nobody_claims),
		TEST(an_unclaimed_owner_gives_way),
		TEST(garbage_is_repaired_by_claims_and_swept_otherwise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
