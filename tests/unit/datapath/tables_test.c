// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Endpoints, prefixes and the config entry on maps in memory.
 */

#include "agent/datapath/dp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/fake_maps.h"
#include "base/mem.h"

struct world {
	struct fake_maps maps;
	struct bl_map_io io;
	struct bl_tables t;
	struct bl_err err;
};

static int setup(void **state)
{
	struct world *w = bl_new0(struct world);

	fake_maps_init(&w->maps);
	fake_maps_io(&w->maps, &w->io);
	w->t.io = &w->io;
	*state = w;
	return bl_tables_load(&w->t, &w->err);
}

static int teardown(void **state)
{
	struct world *w = *state;

	bl_tables_free(&w->t);
	fake_maps_free(&w->maps);
	free(w);
	return 0;
}

static struct bl_desired_endpoint pod(const char *ip, uint32_t ifindex)
{
	struct bl_desired_endpoint e = {.flags = BL_ENDPOINT_POD, .ifindex = ifindex, .mac = {2}};

	assert_int_equal(bl_ip_parse(ip, &e.ip), 0);
	return e;
}

static const struct bl_endpoint *get(struct world *w, const struct bl_desired_endpoint *e)
{
	return fake_maps_get(&w->maps, e->ip.family == 4 ? BL_MAP_endpoint4 : BL_MAP_endpoint6,
			     e->ip.b);
}

static void put_near4(struct world *w, uint32_t place, const char *ip, const struct bl_endpoint *ep)
{
	struct bl_near4 near = {.ep = *ep};
	struct bl_ip addr;

	assert_int_equal(bl_ip_parse(ip, &addr), 0);
	memcpy(&near.addr, addr.b, 4);
	fake_maps_put(&w->maps, BL_MAP_near4, &place, &near);
}

/* The address that has the place, 0: nobody. */
static uint32_t near4_at(struct world *w, uint32_t place)
{
	const struct bl_near4 *near = fake_maps_get(&w->maps, BL_MAP_near4, &place);

	return near && near->ep.flags ? ntohl(near->addr.w[0]) : 0;
}

static void both_families_get_their_entries(void **state)
{
	struct bl_desired_endpoint list[] = {pod("10.1.0.1", 5), pod("fd00::1", 5)};
	struct world *w = *state;

	assert_int_equal(bl_tables_set_endpoints(&w->t, list, 2, &w->err), 0);
	assert_int_equal(get(w, &list[0])->ifindex, 5);
	assert_int_equal(get(w, &list[1])->mac[0], 2);
	assert_int_equal(bl_tables_set_endpoints(&w->t, list, 2, &w->err), 0);
	assert_int_equal(w->maps.calls, 4); /* each entry and its place */
	assert_int_equal(bl_tables_set_endpoints(&w->t, list + 1, 1, &w->err), 0);
	assert_null(get(w, &list[0]));
	assert_non_null(get(w, &list[1]));
}

static void what_the_programs_write_is_no_difference(void **state)
{
	struct bl_desired_endpoint e = pod("10.1.0.1", 5);
	struct bl_endpoint value = {
		.ifindex = 5, .flags = BL_ENDPOINT_POD, .mac = {2}, .translated = 1};
	struct world *w = *state;

	fake_maps_put(&w->maps, BL_MAP_endpoint4, e.ip.b, &value);
	put_near4(w, 1, "10.1.0.1", &value);
	assert_int_equal(bl_tables_load(&w->t, &w->err), 0);
	assert_int_equal(bl_tables_set_endpoints(&w->t, &e, 1, &w->err), 0);
	assert_int_equal(w->maps.calls, 0);
}

static void a_pod_that_lives_on_keeps_its_flows_and_a_new_one_has_none(void **state)
{
	struct bl_desired_endpoint e = pod("10.1.0.1", 5);
	struct world *w = *state;

	assert_int_equal(bl_tables_set_endpoints(&w->t, &e, 1, &w->err), 0);
	assert_int_equal(get(w, &e)->translated, 0);
	e.ifindex = 6;
	assert_int_equal(bl_tables_set_endpoints(&w->t, &e, 1, &w->err), 0);
	assert_int_equal(get(w, &e)->translated, 1);
	e.flags = BL_ENDPOINT_HOST;
	assert_int_equal(bl_tables_set_endpoints(&w->t, &e, 1, &w->err), 0);
	assert_int_equal(get(w, &e)->translated, 0);
}

static void a_failed_write_is_made_up_for_by_the_next_wish(void **state)
{
	struct bl_desired_endpoint list[] = {pod("10.1.0.1", 5), pod("10.1.0.2", 6)};
	struct world *w = *state;

	w->maps.fail_at = 1;
	assert_int_equal(bl_tables_set_endpoints(&w->t, list, 2, &w->err), -EIO);
	assert_null(get(w, &list[0]));
	assert_non_null(get(w, &list[1]));
	assert_int_equal(bl_tables_set_endpoints(&w->t, list, 2, &w->err), 0);
	assert_non_null(get(w, &list[0]));
	assert_int_equal(w->maps.calls, 5); /* one failed, two entries, two places */
}

static void an_endpoint_has_a_place_until_it_goes(void **state)
{
	struct bl_desired_endpoint e = pod("10.1.0.1", 5), e6 = pod("fd00::7", 5);
	struct world *w = *state;
	const struct bl_near6 *near6;
	uint32_t seven = 7;

	assert_int_equal(bl_tables_set_endpoints(&w->t, &e, 1, &w->err), 0);
	assert_int_equal(near4_at(w, 1), 0x0a010001);
	assert_int_equal(bl_tables_set_endpoints(&w->t, &e6, 1, &w->err), 0);
	assert_int_equal(near4_at(w, 1), 0);
	near6 = fake_maps_get(&w->maps, BL_MAP_near6, &seven);
	assert_non_null(near6);
	assert_int_equal(near6->ep.ifindex, 5);
	assert_memory_equal(&near6->addr, e6.ip.b, 16);
}

static void who_was_first_keeps_the_place(void **state)
{
	/* The same last twelve bits. */
	struct bl_desired_endpoint list[] = {pod("10.1.0.1", 5), pod("10.1.16.1", 6)};
	struct world *w = *state;

	assert_int_equal(bl_tables_set_endpoints(&w->t, list + 1, 1, &w->err), 0);
	assert_int_equal(bl_tables_set_endpoints(&w->t, list, 2, &w->err), 0);
	assert_int_equal(near4_at(w, 1), 0x0a011001);
	assert_int_equal(bl_tables_set_endpoints(&w->t, list + 1, 1, &w->err), 0);
	assert_int_equal(near4_at(w, 1), 0x0a011001);
	assert_non_null(get(w, &list[1]));
}

static void places_that_are_wrong_are_put_right_at_the_start(void **state)
{
	struct bl_endpoint value = {.ifindex = 5, .flags = BL_ENDPOINT_POD, .mac = {2}};
	struct bl_endpoint stale = {.ifindex = 4, .flags = BL_ENDPOINT_POD, .mac = {2}};
	struct bl_desired_endpoint e = pod("10.1.0.1", 5);
	struct world *w = *state;
	const struct bl_near4 *near;
	uint32_t place = 1;

	fake_maps_put(&w->maps, BL_MAP_endpoint4, e.ip.b, &value);
	put_near4(w, 1, "10.1.0.1", &stale);
	put_near4(w, 9, "10.1.0.9", &stale);
	assert_int_equal(bl_tables_load(&w->t, &w->err), 0);
	near = fake_maps_get(&w->maps, BL_MAP_near4, &place);
	assert_int_equal(near->ep.ifindex, 5);
	assert_int_equal(near->ep.translated, 1); /* nobody knows */
	assert_int_equal(near4_at(w, 9), 0);
}

static void places_of_sets_are_written_and_read_back(void **state)
{
	struct bl_desired_endpoint e = pod("10.1.0.1", 5);
	struct world *w = *state;

	e.policy = 7;
	assert_int_equal(bl_tables_set_endpoints(&w->t, &e, 1, &w->err), 0);
	assert_int_equal(get(w, &e)->policy, 7);
	assert_int_equal(bl_tables_load(&w->t, &w->err), 0);
	assert_int_equal(bl_tables_set_endpoints(&w->t, &e, 1, &w->err), 0);
	assert_int_equal(w->maps.calls, 2);
	e.policy = 8;
	assert_int_equal(bl_tables_set_endpoints(&w->t, &e, 1, &w->err), 0);
	assert_int_equal(get(w, &e)->policy, 8);
}

static void keeping_takes_those_away_that_go_or_lead_elsewhere_and_writes_none(void **state)
{
	struct bl_desired_endpoint list[] = {pod("10.1.0.1", 5), pod("10.1.0.2", 6),
					     pod("10.1.0.3", 7)};
	struct bl_desired_endpoint next[] = {list[0], list[1], pod("10.1.0.4", 8)};
	struct world *w = *state;

	list[0].policy = 9;
	assert_int_equal(bl_tables_set_endpoints(&w->t, list, 3, &w->err), 0);
	next[1].ifindex = 16;
	assert_int_equal(bl_tables_keep_endpoints(&w->t, next, 3, &w->err), 0);
	assert_int_equal(get(w, &list[0])->policy, 9);
	assert_null(get(w, &list[1]));
	assert_null(get(w, &list[2]));
	assert_null(get(w, &next[2]));
	assert_int_equal(w->maps.calls, 10);
	assert_int_equal(bl_tables_keep_endpoints(&w->t, NULL, 0, &w->err), 0);
	assert_null(get(w, &list[0]));
}

static void a_full_map_is_named(void **state)
{
	struct bl_desired_endpoint list[65];
	struct world *w = *state;

	for (uint8_t i = 0; i < 65; i++) {
		list[i] = pod("10.1.0.0", 5);
		list[i].ip.b[3] = i;
	}
	assert_int_equal(bl_tables_set_endpoints(&w->t, list, 65, &w->err), -ENOSPC);
	assert_string_equal(w->err.text, "map 'endpoint4' is full: 64 entries");
}

static void prefixes_follow_the_list(void **state)
{
	struct bl_desired_prefix list[2] = {{.flags = BL_PREFIX_CLUSTER},
					    {.flags = BL_PREFIX_SERVICE}};
	struct world *w = *state;

	assert_int_equal(bl_cidr_parse("10.1.0.0/16", false, &list[0].cidr), 0);
	assert_int_equal(bl_cidr_parse("fd00:96::/108", false, &list[1].cidr), 0);
	assert_int_equal(bl_tables_set_prefixes(&w->t, list, 2, &w->err), 0);
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_prefix4), 1);
	assert_int_equal(bl_tables_load(&w->t, &w->err), 0);
	assert_int_equal(bl_tables_set_prefixes(&w->t, list, 2, &w->err), 0);
	assert_int_equal(w->maps.calls, 2);
	list[0].flags |= BL_PREFIX_SERVICE;
	assert_int_equal(bl_tables_set_prefixes(&w->t, list, 1, &w->err), 0);
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_prefix6), 0);
	assert_int_equal(w->maps.calls, 4);
}

static void the_config_is_written_when_it_differs(void **state)
{
	struct bl_config config = {.nodeport_first = 30000, .nodeport_last = 32767};
	struct world *w = *state;

	assert_int_equal(bl_tables_set_config(&w->t, &config, &w->err), 0);
	assert_int_equal(bl_tables_load(&w->t, &w->err), 0);
	assert_int_equal(bl_tables_set_config(&w->t, &config, &w->err), 0);
	assert_int_equal(w->maps.calls, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_families_get_their_entries),
		TEST(what_the_programs_write_is_no_difference),
		TEST(a_pod_that_lives_on_keeps_its_flows_and_a_new_one_has_none),
		TEST(a_failed_write_is_made_up_for_by_the_next_wish),
		TEST(an_endpoint_has_a_place_until_it_goes),
		TEST(who_was_first_keeps_the_place),
		TEST(places_that_are_wrong_are_put_right_at_the_start),
		TEST(places_of_sets_are_written_and_read_back),
		TEST(keeping_takes_those_away_that_go_or_lead_elsewhere_and_writes_none),
		TEST(a_full_map_is_named),
		TEST(prefixes_follow_the_list),
		TEST(the_config_is_written_when_it_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
