// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The policy tables change as a whole: under every single write a packet finds one version or another, never a mixture.
 *
 * Random histories (tests/lib/policy_random.c) are compiled, and their answers put into maps in memory, with calls that fail now and then, some
 * of them after having written. Behind every call the verdicts of a fixed list of probes are asked from the maps by the programs' own
 * function and held against those of every version so far: all of them must be of one version, and never of one older than the last. A packet
 * that has read the epoch before a flip must find its own version until the change settles.
 */

#include "policy_stage.h"

#include <arpa/inet.h>

/* --- tests --------------------------------------------------------------------------------------------------------------- */

static void packets_find_one_version_or_the_next(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++)
		run(seed, 0);
}

static void failing_calls_leave_the_version_in_force_whole(void **state)
{
	(void)state;
	for (uint64_t seed = 101; seed <= 120; seed++)
		run(seed, 4);
	for (uint64_t seed = 201; seed <= 220; seed++)
		run(seed, 30);
}

static void everything_settled_holds_nothing_but_what_is_wanted(void **state)
{
	struct stage *s = stage_new(7);
	struct policy_world_size want;
	struct bl_err err = {};

	(void)state;
	for (int i = 0; i < 30; i++) {
		new_version(s, i == 0);
		finish(s, bl_policy_tables_set(s->tables, s->answer, &err));
	}
	while (bl_policy_tables_next(s->tables) >= 0) {
		s->maps.now_ms += BL_POLICY_GRACE_MS;
		(void)bl_policy_tables_go(s->tables, &err);
	}
	want = policy_world_size(s->world);
	assert_int_equal(fake_maps_count(&s->maps, BL_MAP_class4) +
				 fake_maps_count(&s->maps, BL_MAP_class6),
			 want.classes);
	assert_int_equal(fake_maps_count(&s->maps, BL_MAP_block4) +
				 fake_maps_count(&s->maps, BL_MAP_block6),
			 want.blocks);
	assert_int_equal(fake_maps_count(&s->maps, BL_MAP_cell), want.cells);
	stage_free(s);
}

/* What the agent does for the endpoints: each has its place. */
static void write_endpoints(struct stage *s)
{
	static const enum bl_map maps[] = {BL_MAP_endpoint4, BL_MAP_endpoint6};

	for (size_t i = 0; i < BL_ARRAY_SIZE(maps); i++) {
		bl_buf_clear(&s->maps.maps[maps[i]].keys);
		bl_buf_clear(&s->maps.maps[maps[i]].values);
		s->maps.maps[maps[i]].n = 0;
	}
	for (size_t i = 0; i < s->answer->n_pods; i++) {
		const struct bl_ip *ip = &s->answer->pods[i].ip;
		struct bl_endpoint e = {.policy = bl_policy_tables_place(s->tables, ip)};

		assert_int_not_equal(e.policy, 0);
		fake_maps_put(&s->maps, ip->family == 4 ? BL_MAP_endpoint4 : BL_MAP_endpoint6,
			      ip->b, &e);
	}
}

static void restart(struct stage *s)
{
	struct bl_err err = {};

	s->opened = false;
	write_endpoints(s);
	bl_policy_tables_free(s->tables);
	policy_world_free(s->world);
	assert_int_equal(bl_policy_tables_new(&s->io, &s->tables, &err), 0);
	s->world = policy_world_new(bl_policy_tables_first_id(s->tables));
	policy_world_watch(s->world, on_answer, s);
	s->epoch = epoch_of(s);
	s->flipped_ms = 0;
	s->opened = true;
	observe(s);
	tell_all(s);
	policy_world_compile(s->world);
	s->answer->whole = true;
	finish(s, bl_policy_tables_set(s->tables, s->answer, &err));
}

static void restarted_agent_replaces_what_it_finds_by_one_write(void **state)
{
	(void)state;
	for (uint64_t seed = 301; seed <= 315; seed++) {
		struct stage *s = stage_new(seed);
		struct bl_err err = {};

		s->fail_percent = seed % 3 * 5;
		for (int i = 0; i < 12; i++) {
			new_version(s, i == 0);
			finish(s, bl_policy_tables_set(s->tables, s->answer, &err));
			if (i % 4 == 3)
				restart(s);
		}
		stage_free(s);
	}
}

/* The class of 10.1.0.77 in the epoch in force, behind every write of `list`, which goes into force at the end. */
static void put_blocks(struct stage *s, struct bl_desired_block *list, size_t n, uint32_t before,
		       uint32_t behind)
{
	struct bl_desired_policy want = {.blocks = list, .n_blocks = n};
	struct bl_addr addr = {.w = {htonl(0x0a01004d)}};
	uint32_t epoch = epoch_of(s);
	struct bl_err err = {};

	s->maps.now_ms += BL_POLICY_GRACE_MS;
	assert_int_equal(bl_policy_class(&s->maps, 4, &addr, epoch), before);
	assert_int_equal(bl_policy_tables_set(s->tables, &want, &err), 0);
	assert_int_equal(bl_policy_class(&s->maps, 4, &addr, epoch), before);
	assert_int_equal(bl_policy_class(&s->maps, 4, &addr, !epoch), behind);
	assert_int_equal(epoch_of(s), !epoch);
	s->maps.now_ms += BL_POLICY_GRACE_MS;
	assert_int_equal(bl_policy_tables_go(s->tables, &err), 0);
	assert_int_equal(bl_policy_class(&s->maps, 4, &addr, !epoch), behind);
}

static void prefixes_in_each_other_come_and_go_in_any_order(void **state)
{
	struct bl_desired_block all = {.class = 10}, wide = {.class = 11}, narrow = {.class = 12};
	struct stage *s = stage_new(1);

	(void)state;
	s->opened = false; /* no probes */
	(void)bl_cidr_parse("0.0.0.0/0", false, &all.cidr);
	(void)bl_cidr_parse("10.0.0.0/8", false, &wide.cidr);
	(void)bl_cidr_parse("10.1.0.0/16", false, &narrow.cidr);
	put_blocks(s, &all, 1, BL_CLASS_OUTSIDER, 10);
	put_blocks(s, (struct bl_desired_block[]){narrow, wide}, 2, 10, 12);
	narrow.gone = wide.gone = true;
	put_blocks(s, (struct bl_desired_block[]){narrow, wide}, 2, 12, 10);
	assert_int_equal(fake_maps_count(&s->maps, BL_MAP_block4), 1);
	narrow.gone = wide.gone = false;
	put_blocks(s, (struct bl_desired_block[]){wide, narrow}, 2, 10, 12);
	all.gone = wide.gone = true;
	put_blocks(s, (struct bl_desired_block[]){all, wide}, 2, 12, 12);
	narrow.gone = true;
	put_blocks(s, &narrow, 1, 12, BL_CLASS_OUTSIDER);
	assert_int_equal(fake_maps_count(&s->maps, BL_MAP_block4), 0);
	stage_free(s);
}

static void a_wish_for_what_is_there_writes_nothing(void **state)
{
	struct stage *s = stage_new(1);
	struct bl_desired_isolation pod = {.ingress = 3, .egress = 4};
	struct bl_desired_class class = {.class = 5};
	struct bl_desired_policy want = {
		.pods = &pod, .n_pods = 1, .classes = &class, .n_classes = 1};
	struct bl_err err = {};
	uint64_t writes;
	uint32_t epoch;

	(void)state;
	s->opened = false; /* no probes */
	(void)bl_ip_parse("10.1.0.1", &pod.ip);
	class.ip = pod.ip;
	assert_int_equal(bl_policy_tables_set(s->tables, &want, &err), 0);
	s->maps.now_ms += BL_POLICY_GRACE_MS;
	assert_int_equal(bl_policy_tables_go(s->tables, &err), 0);
	writes = s->io.writes;
	epoch = epoch_of(s);
	assert_int_equal(bl_policy_tables_set(s->tables, &want, &err), 0);
	assert_int_equal(bl_policy_tables_next(s->tables), -1);
	assert_int_equal(s->io.writes, writes);
	assert_int_equal(epoch_of(s), epoch);
	pod.egress = 6;
	assert_int_equal(bl_policy_tables_set(s->tables, &want, &err), 0);
	assert_int_equal(epoch_of(s), !epoch);
	stage_free(s);
}

static void open_pods_come_without_a_flip(void **state)
{
	struct bl_desired_isolation pods[3] = {};
	struct bl_desired_policy want = {.pods = pods};
	struct stage *s = stage_new(1);
	struct bl_err err = {};

	(void)state;
	s->opened = false; /* no probes */
	for (size_t i = 0; i < 2; i++) {
		(void)bl_ip_parse(i ? "10.1.0.2" : "10.1.0.1", &pods[i].ip);
		want.n_pods = i + 1;
		assert_int_equal(bl_policy_tables_set(s->tables, &want, &err), 0);
		assert_int_equal(bl_policy_tables_place(s->tables, &pods[i].ip), i + 1);
		assert_int_equal(bl_policy_tables_next(s->tables), -1);
		assert_int_equal(epoch_of(s), 0);
	}
	pods[1].ingress = 7;
	assert_int_equal(bl_policy_tables_set(s->tables, &want, &err), 0);
	assert_int_equal(epoch_of(s), 1);
	s->maps.now_ms += BL_POLICY_GRACE_MS;
	assert_int_equal(bl_policy_tables_go(s->tables, &err), 0);
	pods[0] = pods[1];
	(void)bl_ip_parse("10.1.0.3", &pods[1].ip);
	pods[1].ingress = BL_SET_OPEN;
	assert_int_equal(bl_policy_tables_set(s->tables, &want, &err), 0);
	assert_int_equal(bl_policy_tables_place(s->tables, &pods[1].ip), 3); /* 1 is not free yet */
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_find_one_version_or_the_next),
		cmocka_unit_test(failing_calls_leave_the_version_in_force_whole),
		cmocka_unit_test(prefixes_in_each_other_come_and_go_in_any_order),
		cmocka_unit_test(restarted_agent_replaces_what_it_finds_by_one_write),
		cmocka_unit_test(a_wish_for_what_is_there_writes_nothing),
		cmocka_unit_test(open_pods_come_without_a_flip),
		cmocka_unit_test(everything_settled_holds_nothing_but_what_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
