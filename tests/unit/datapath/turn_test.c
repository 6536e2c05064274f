// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Many Services in one call: few writes, each with its own fate, and the result of one after the other.
 */

#include "agent/datapath/services.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/wish.h"
#include "base/mem.h"

#define MANY 10

struct call {
	struct world *w;
	struct bl_desired_service *wants[64];
	size_t n;
	unsigned int answers[64];
	int codes[64];
	char *texts[64];
};

static struct call *call_new(struct world *w)
{
	struct call *c = bl_arena_new0(w->arena, struct call);

	c->w = w;
	return c;
}

static void add(struct call *c, const char *name, const char *wish)
{
	c->wants[c->n++] = wish_make(c->w, name, "u1", wish);
}

/* Services s0, s1, ... of a frontend 10.0.0.I:80 and two backends each. */
static void add_many(struct call *c, int n)
{
	for (int i = 0; i < n; i++)
		add(c, bl_arena_printf(c->w->arena, "s%d", i),
		    bl_arena_printf(c->w->arena, "10.0.0.%d:80>10.1.%d.1:1,10.1.%d.2:1", i, i, i));
}

static void note(void *arg, size_t index, const struct bl_err *err)
{
	struct call *c = arg;

	c->answers[index]++;
	c->codes[index] = err ? err->code : 0;
	c->texts[index] = bl_arena_strdup(c->w->arena, err ? err->text : "");
}

/* Sets them all; returns how many failed. */
static unsigned int run(struct call *c)
{
	unsigned int failed = 0;

	memset(c->answers, 0, sizeof(c->answers));
	c->w->maps.calls = 0;
	bl_services_set_many(c->w->s, c->wants, c->n, note, c);
	for (size_t i = 0; i < c->n; i++) {
		assert_int_equal(c->answers[i], 1);
		failed += c->codes[i] != 0;
	}
	assert_int_equal(c->w->maps.astray, 0);
	return failed;
}

static const char *leads_to(struct call *c, int i)
{
	return wish_follow(c->w, bl_arena_printf(c->w->arena, "10.0.0.%d:80", i));
}

static const char *whole(struct call *c, int i)
{
	return bl_arena_printf(c->w->arena, "s%d>10.1.%d.1:1,10.1.%d.2:1", i, i, i);
}

/* All lead where they shall, but for `missing`, which leads nowhere. */
static void assert_all_but(struct call *c, int n, int missing)
{
	for (int i = 0; i < n; i++)
		assert_string_equal(leads_to(c, i), i == missing ? "" : whole(c, i));
}

static void many_services_are_a_write_a_map(void **state)
{
	struct call *c = call_new(*state);

	add_many(c, MANY);
	assert_int_equal(run(c), 0);
	assert_int_equal(c->w->maps.calls, 4); /* backends, slots, names, frontends */
	assert_all_but(c, MANY, -1);
	assert_int_equal(run(c), 0);
	assert_int_equal(c->w->maps.calls, 0);
}

static void without_batches_the_result_is_the_same(void **state)
{
	struct call *c = call_new(*state);

	c->w->maps.no_batch = true;
	add_many(c, MANY);
	assert_int_equal(run(c), 0);
	assert_int_equal(c->w->maps.calls, MANY * (2 + 2 + 1 + 1));
	assert_all_but(c, MANY, -1);
}

/* One entry of one map is refused: its Service fails and leaves nothing behind, the others go on. */
static void fail_one(struct world *w, enum bl_map map, const void *key, const char *text)
{
	struct bl_services_count count;
	struct call *c = call_new(w);

	add_many(c, MANY);
	w->maps.refuse_map = map;
	w->maps.refuse_key = key;
	assert_int_equal(run(c), 1);
	assert_int_equal(c->codes[4], -EIO);
	assert_string_equal(c->texts[4], text);
	assert_all_but(c, MANY, 4);
	bl_services_count(w->s, &count);
	assert_int_equal(count.services, MANY - 1);
	assert_int_equal(count.frontends, MANY - 1);
	assert_int_equal(count.backends, 2 * (MANY - 1));
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_service_meta), MANY - 1);
	w->maps.refuse_key = NULL;
	assert_int_equal(run(c), 0);
	assert_all_but(c, MANY, -1);
}

static void a_refused_frontend_fails_its_service_alone(void **state)
{
	struct bl_service4_key key = {.port = htons(80), .proto = IPPROTO_TCP};

	inet_pton(AF_INET, "10.0.0.4", &key.addr);
	fail_one(*state, BL_MAP_service4, &key,
		 "frontend 10.0.0.4 port 80 TCP: map 'service4': write: Input/output error");
}

static void a_refused_name_fails_its_service_alone(void **state)
{
	uint32_t id = 5;

	fail_one(*state, BL_MAP_service_meta, &id, "map 'service_meta': write: Input/output error");
}

static void a_refused_slot_fails_its_service_alone(void **state)
{
	uint32_t index = 9;

	fail_one(*state, BL_MAP_slot, &index, "map 'slot': write: Input/output error");
}

static void a_refused_backend_fails_its_service_alone(void **state)
{
	uint32_t id = 10;

	fail_one(*state, BL_MAP_backend, &id, "map 'backend': write: Input/output error");
}

static void without_batches_a_refused_frontend_fails_its_service_alone(void **state)
{
	struct world *w = *state;

	w->maps.no_batch = true;
	a_refused_frontend_fails_its_service_alone(state);
}

static void a_map_full_in_the_middle_keeps_what_fits(void **state)
{
	struct call *c = call_new(*state);

	c->w->maps.maps[BL_MAP_service4].size = 7;
	add_many(c, MANY);
	assert_int_equal(run(c), 3);
	for (int i = 0; i < MANY; i++) {
		assert_string_equal(leads_to(c, i), i < 7 ? whole(c, i) : "");
		assert_int_equal(c->codes[i], i < 7 ? 0 : -ENOSPC);
	}
	assert_string_equal(c->texts[7],
			    "frontend 10.0.0.7 port 80 TCP: map 'service4' is full: 7 entries");
	assert_int_equal(fake_maps_count(&c->w->maps, BL_MAP_service_meta), 7);
}

static void what_is_there_changes_although_the_map_is_full(void **state)
{
	struct call *c = call_new(*state);

	c->w->maps.maps[BL_MAP_service4].size = 2;
	add(c, "a", "10.0.0.1:80>10.1.0.1:1");
	add(c, "b", "10.0.0.2:80>10.1.0.2:1");
	assert_int_equal(run(c), 0);
	c->n = 0;
	add(c, "c", "10.0.0.3:80>10.1.0.3:1");
	add(c, "b", "10.0.0.2:80>10.1.0.4:1");
	assert_int_equal(run(c), 1);
	assert_string_equal(wish_follow(c->w, "10.0.0.2:80"), "b>10.1.0.4:1");
	assert_string_equal(wish_follow(c->w, "10.0.0.3:80"), "");
}

static void a_service_that_comes_twice_ends_as_the_last_says(void **state)
{
	struct call *c = call_new(*state);

	add(c, "a", "10.0.0.1:80>10.1.0.1:1");
	add(c, "a", "10.0.0.1:80>10.1.0.2:1 10.0.0.2:80=x>10.1.0.3:1");
	add(c, "b", "10.0.0.3:80>10.1.0.1:1");
	add(c, "b", "");
	assert_int_equal(run(c), 0);
	assert_string_equal(wish_follow(c->w, "10.0.0.1:80"), "a>10.1.0.2:1");
	assert_string_equal(wish_follow(c->w, "10.0.0.2:80"), "a>10.1.0.3:1");
	assert_string_equal(wish_follow(c->w, "10.0.0.3:80"), "");
}

static void a_frontend_goes_over_within_one_call(void **state)
{
	struct call *c = call_new(*state);

	assert_int_equal(wish_set(c->w, "a", "10.0.0.1:80>10.1.0.1:1"), 0);
	assert_int_equal(wish_set(c->w, "b", "10.0.0.2:80>10.1.0.2:1"), 0);
	add(c, "a", "10.0.0.9:80>10.1.0.1:1");
	add(c, "c", "10.0.0.1:80>10.1.0.3:1");
	add(c, "b", "");
	add(c, "d", "10.0.0.2:80>10.1.0.4:1");
	assert_int_equal(run(c), 0);
	assert_string_equal(wish_follow(c->w, "10.0.0.1:80"), "c>10.1.0.3:1");
	assert_string_equal(wish_follow(c->w, "10.0.0.2:80"), "d>10.1.0.4:1");
	assert_string_equal(wish_follow(c->w, "10.0.0.9:80"), "a>10.1.0.1:1");
}

static void the_first_of_two_that_want_a_frontend_gets_it(void **state)
{
	struct call *c = call_new(*state);

	add(c, "a", "10.0.0.1:80>10.1.0.1:1");
	add(c, "b", "10.0.0.2:80>10.1.0.2:1 10.0.0.1:80=x>10.1.0.2:1");
	add(c, "c", "10.0.0.3:80>10.1.0.3:1");
	assert_int_equal(run(c), 1);
	assert_int_equal(c->codes[1], -EEXIST);
	assert_string_equal(c->texts[1],
			    "frontend 10.0.0.1 port 80 TCP belongs to service 'shop/a'");
	assert_string_equal(wish_follow(c->w, "10.0.0.1:80"), "a>10.1.0.1:1");
	assert_string_equal(wish_follow(c->w, "10.0.0.2:80"), "");
	assert_string_equal(wish_follow(c->w, "10.0.0.3:80"), "c>10.1.0.3:1");
}

static void of_two_that_want_what_nobody_asked_for_one_gets_it(void **state)
{
	struct call *c = call_new(*state);

	assert_int_equal(wish_set(c->w, "old", "10.0.0.1:80>10.1.0.1:1"), 0);
	wish_restart(c->w);
	add(c, "a", "10.0.0.1:80>10.1.0.2:1");
	add(c, "b", "10.0.0.1:80>10.1.0.3:1");
	assert_int_equal(run(c), 1);
	assert_int_equal(c->codes[1], -EEXIST);
	assert_string_equal(wish_follow(c->w, "10.0.0.1:80"), "a>10.1.0.2:1");
}

/* Whatever call fails, and for however long: who is told that it failed is as before, the others are there. */
static void every_failed_call_hits_only_who_is_told(void **state)
{
	for (unsigned int at = 1; at < 40; at++) {
		struct world *w = *state;
		struct call *c = call_new(w);

		w->maps.no_batch = true;
		for (int i = 0; i < 4; i++)
			add(c, bl_arena_printf(w->arena, "s%d", i),
			    bl_arena_printf(w->arena, "10.0.0.%d:80>10.1.%u.%d:1", i, at, i));
		w->maps.fail_at = at;
		w->maps.fail_for = 2;
		(void)run(c);
		w->maps.fail_at = 0;
		for (int i = 0; i < 4; i++) {
			if (!c->codes[i])
				assert_string_equal(
					leads_to(c, i),
					bl_arena_printf(w->arena, "s%d>10.1.%u.%d:1", i, at, i));
		}
		assert_int_equal(run(c), 0);
		wish_collect(w);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, wish_setup, wish_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(many_services_are_a_write_a_map),
		TEST(without_batches_the_result_is_the_same),
		TEST(a_refused_frontend_fails_its_service_alone),
		TEST(a_refused_name_fails_its_service_alone),
		TEST(a_refused_slot_fails_its_service_alone),
		TEST(a_refused_backend_fails_its_service_alone),
		TEST(without_batches_a_refused_frontend_fails_its_service_alone),
		TEST(a_map_full_in_the_middle_keeps_what_fits),
		TEST(what_is_there_changes_although_the_map_is_full),
		TEST(a_service_that_comes_twice_ends_as_the_last_says),
		TEST(a_frontend_goes_over_within_one_call),
		TEST(the_first_of_two_that_want_a_frontend_gets_it),
		TEST(of_two_that_want_what_nobody_asked_for_one_gets_it),
		TEST(every_failed_call_hits_only_who_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
