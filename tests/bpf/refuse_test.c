// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What cannot be served is refused at once, and never twice.
 *
 * The answers' checksums are verified in full by the rig, as those of every frame that a program lets out.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>

#include "../lib/talk.h"

static void what_nobody_serves_is_refused_at_once(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, ALICE, SHOP, proto, 40000, 80);
		struct outcome o;

		rig_reset(*state);
		rig_service(*state, family, SHOP, 80, proto, 0, NULL);
		o = rig_run(*state, ALICE, &f);
		talk_refused(&o, &f, BL_DROP_NO_BACKEND);
		f.dport = 81;
		o = rig_run(*state, ALICE, &f);
		talk_refused(&o, &f, BL_DROP_NO_SERVICE);
		f = talk_open(family, ALICE, LOST, proto, 40000, 80);
		o = rig_run(*state, ALICE, &f);
		talk_refused(&o, &f, BL_DROP_NO_SERVICE);
		f.size = 1200;
		o = rig_run(*state, ALICE, &f);
		talk_refused(&o, &f, BL_DROP_NO_SERVICE);
	}
}

static void owned_address_outside_the_service_ranges_is_refused(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, ALICE, WORLD, proto, 40000, 81);
		struct outcome o;

		rig_reset(*state);
		o = rig_run(*state, ALICE, &f);
		assert_int_not_equal(o.reason, BL_DROP_NO_SERVICE);
		rig_reset(*state); /* the flow to the world */
		rig_own(*state, family, WORLD);
		o = rig_run(*state, ALICE, &f);
		talk_refused(&o, &f, BL_DROP_NO_SERVICE);
	}
}

static void refusal_acknowledges_what_it_refuses(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, ALICE, LOST, IPPROTO_TCP, 40000, 80);
		struct outcome o;

		f.size = 0;
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.out.tcp_flags, RST | ACK);
		assert_int_equal(o.out.ack, 1001);
		f.tcp_flags = ACK;
		f.ack = 5555;
		f.size = 10;
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.out.tcp_flags, RST);
		assert_int_equal(o.out.seq, 5555);
	}
}

static void refusals_are_not_refused(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, ALICE, LOST, IPPROTO_TCP, 40000, 80), inner, g;

		f.tcp_flags = RST;
		assert_int_equal(rig_run(*state, ALICE, &f).verdict, DROPPED);
		inner = rig_frame(family, LOST, ALICE, IPPROTO_UDP, 80, 40000);
		g = rig_frame(family, ALICE, LOST, family == 4 ? 1 : 58, 0, 0);
		g.type = family == 4 ? 3 : 1;
		g.quoted = &inner;
		assert_int_equal(rig_run(*state, ALICE, &g).verdict, DROPPED);
		f.tcp_flags = SYN;
		f.fragment = f.fragment_more = true;
		assert_int_equal(rig_run(*state, ALICE, &f).verdict, DROPPED);
	}
}

static void gone_backend_resets_tcp_and_moves_udp(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, ALICE, SHOP, IPPROTO_TCP, 40000, 80);
		struct frame u = talk_open(family, ALICE, SHOP, IPPROTO_UDP, 40000, 80);
		struct outcome o;

		rig_reset(*state);
		talk_shop(*state, family, BOB, IPPROTO_TCP);
		talk_shop(*state, family, BOB, IPPROTO_UDP);
		rig_run(*state, ALICE, &f);
		rig_run(*state, ALICE, &u);
		rig_backend_gone(*state, 7);
		rig_backend(*state, 8, family, CAROL, 8080, IPPROTO_TCP, 1);
		rig_service(*state, family, SHOP, 80, IPPROTO_TCP, 1, (const uint32_t[]){8});
		rig_service(*state, family, SHOP, 80, IPPROTO_UDP, 1, (const uint32_t[]){8});
		o = rig_run(*state, ALICE, &u);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		talk_is(o.out.daddr, family, CAROL);
		f.tcp_flags = ACK;
		o = rig_run(*state, ALICE, &f);
		talk_refused(&o, &f, BL_DROP_STALE);
		f.tcp_flags = SYN;
		o = rig_run(*state, ALICE, &f);
		talk_is(o.out.daddr, family, CAROL);
	}
}

static void service_without_backend_refuses_known_flows_too(void **state)
{
	struct frame u = talk_open(4, ALICE, SHOP, IPPROTO_UDP, 40000, 80);
	struct outcome o;

	talk_shop(*state, 4, BOB, IPPROTO_UDP);
	assert_int_equal(rig_run(*state, ALICE, &u).reason, BL_PASS_SERVICE);
	rig_backend_gone(*state, 7);
	rig_service(*state, 4, SHOP, 80, IPPROTO_UDP, 0, NULL);
	o = rig_run(*state, ALICE, &u);
	talk_refused(&o, &u, BL_DROP_NO_BACKEND);
	talk_shop(*state, 4, CAROL, IPPROTO_UDP);
	assert_int_equal(rig_run(*state, ALICE, &u).reason, BL_PASS_SERVICE);
}

static void unknown_connection_is_reset(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, ALICE, SHOP, IPPROTO_TCP, 40000, 80);
		struct outcome o;

		rig_reset(*state);
		talk_shop(*state, family, BOB, IPPROTO_TCP);
		f.tcp_flags = ACK;
		o = rig_run(*state, ALICE, &f);
		talk_refused(&o, &f, BL_DROP_STALE);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, talk_reset)
	const struct CMUnitTest tests[] = {
		TEST(what_nobody_serves_is_refused_at_once),
		TEST(owned_address_outside_the_service_ranges_is_refused),
		TEST(refusal_acknowledges_what_it_refuses),
		TEST(refusals_are_not_refused),
		TEST(gone_backend_resets_tcp_and_moves_udp),
		TEST(service_without_backend_refuses_known_flows_too),
		TEST(unknown_connection_is_reset),
	};
	int failed;

	failed = cmocka_run_group_tests_name("in place", tests, talk_setup, talk_teardown);
	return failed + cmocka_run_group_tests_name("by helpers", tests, talk_setup_by_helpers,
						    talk_teardown);
}
