// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The node as a client of services past the socket hooks, and as a server in its own network.
 *
 * The file runs twice: with checksums changed in place (where the kernel allows it) and by helpers.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>

#include "../lib/talk.h"

/* The addresses and ports that a packet has got; port 0: one of the reserved range. */
static void goes(const struct outcome *o, int family, enum who from, uint16_t sport, enum who to,
		 uint16_t dport)
{
	talk_is(o->out.saddr, family, from);
	talk_is(o->out.daddr, family, to);
	if (sport)
		assert_int_equal(o->out.sport, sport);
	else
		assert_in_range(o->out.sport, 61000, 65000);
	assert_int_equal(o->out.dport, dport);
}

static struct outcome runs(struct rig *r, enum who from, const struct frame *f, int verdict,
			   enum bl_reason reason)
{
	struct outcome o = rig_run(r, from, f);

	assert_int_equal(o.verdict, verdict);
	assert_int_equal(o.reason, reason);
	return o;
}

static void node_is_served_by_a_pod_here(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, NODE, SHOP, proto, 40000, 80), back;
		struct outcome o;

		rig_reset(*state);
		talk_shop(*state, family, BOB, proto);
		o = runs(*state, NODE, &f, REDIRECTED, BL_PASS_SERVICE);
		goes(&o, family, NODE, 0, BOB, 8080);
		assert_memory_equal(o.out.dst_mac, rig_mac(BOB), 6);
		assert_int_equal(o.out.ttl, 64);
		back = talk_answer(&o.out, BOB);
		o = runs(*state, BOB, &back, TO_STACK, BL_PASS_REPLY);
		goes(&o, family, SHOP, 80, NODE, 40000);
	}
}

static void node_is_served_by_a_pod_elsewhere(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, NODE, SHOP, proto, 40000, 80), back;
		struct outcome o;

		rig_reset(*state);
		talk_shop(*state, family, CAROL, proto);
		o = runs(*state, NODE, &f, REDIRECTED, BL_PASS_SERVICE);
		goes(&o, family, NODE, 0, CAROL, 8080);
		assert_int_equal(o.out.ttl, 64);
		/* It passes the hook again, on its way out. */
		runs(*state, NODE, &o.out, TO_STACK, UNCOUNTED);
		back = talk_answer(&o.out, CAROL);
		o = runs(*state, CAROL, &back, TO_STACK, BL_PASS_REPLY);
		goes(&o, family, SHOP, 80, NODE, 40000);
	}
}

static void node_serves_itself_in_the_services_name(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, NODE, SHOP, proto, 40000, 80), back;
		struct outcome o;

		rig_reset(*state);
		talk_shop(*state, family, NODE, proto);
		o = runs(*state, NODE, &f, REDIRECTED, BL_PASS_SERVICE);
		goes(&o, family, SHOP, 0, NODE, 8080);
		assert_memory_equal(o.out.dst_mac, f.src_mac, 6);
		back = talk_answer(&o.out, NODE);
		o = runs(*state, NODE, &back, REDIRECTED, BL_PASS_REPLY);
		goes(&o, family, SHOP, 80, NODE, 40000);
		assert_memory_equal(o.out.dst_mac, back.src_mac, 6);
	}
}

static void pod_is_served_by_its_node(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, ALICE, SHOP, proto, 40000, 80), back;
		struct outcome o;

		rig_reset(*state);
		talk_shop(*state, family, NODE, proto);
		o = runs(*state, ALICE, &f, TO_STACK, BL_PASS_SERVICE);
		goes(&o, family, ALICE, 0, NODE, 8080);
		back = talk_answer(&o.out, NODE);
		o = runs(*state, NODE, &back, TO_STACK, BL_PASS_REPLY);
		goes(&o, family, SHOP, 80, ALICE, 40000);
	}
}

static void nodeport_is_served_by_its_node(void **state)
{
	static const enum who clients[] = {WORLD, ALICE};

	FAMILIES(family)
	PROTOS(proto)
	for (int i = 0; i < 2; i++) {
		struct frame f = talk_open(family, clients[i], NODE, proto, 5000, 30080), back;
		struct outcome o;

		rig_reset(*state);
		rig_backend(*state, 7, family, NODE, 8080, proto, 1);
		rig_nodeport(*state, family, 30080, proto, 1, (const uint32_t[]){7});
		o = runs(*state, clients[i], &f, TO_STACK, BL_PASS_SERVICE);
		goes(&o, family, clients[i], 0, NODE, 8080);
		back = talk_answer(&o.out, NODE);
		o = runs(*state, NODE, &back, TO_STACK, BL_PASS_REPLY);
		goes(&o, family, NODE, 30080, clients[i], 5000);
	}
}

static void refusals_come_back_to_the_node(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, NODE, SHOP, proto, 40000, 80);
		struct outcome o;

		rig_reset(*state);
		rig_service(*state, family, SHOP, 80, proto, 0, NULL);
		o = rig_run(*state, NODE, &f);
		talk_refused(&o, &f, BL_DROP_NO_BACKEND);
		f.dport = 81;
		o = rig_run(*state, NODE, &f);
		talk_refused(&o, &f, BL_DROP_NO_SERVICE);
		f = talk_open(family, NODE, LOST, proto, 40000, 80);
		o = rig_run(*state, NODE, &f);
		talk_refused(&o, &f, BL_DROP_NO_SERVICE);
	}
}

static void segment_of_no_known_connection_is_reset(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, NODE, SHOP, IPPROTO_TCP, 40000, 80);
		struct outcome o;

		talk_shop(*state, family, BOB, IPPROTO_TCP);
		f.tcp_flags = ACK;
		o = rig_run(*state, NODE, &f);
		talk_refused(&o, &f, BL_DROP_STALE);
	}
}

static void strangers_are_refused(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, NODE, SHOP, IPPROTO_TCP, 40000, 80);
		struct outcome o;

		talk_shop(*state, family, BOB, IPPROTO_TCP);
		rig_addr(family, WORLD, f.saddr);
		o = rig_run(*state, NODE, &f);
		talk_refused(&o, &f, BL_DROP_NO_SERVICE);
		assert_int_equal(rig_flows(*state, family), 0);
	}
}

static void datagrams_choose_again_when_their_backend_is_gone(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, NODE, SHOP, IPPROTO_UDP, 40000, 80);
		struct outcome o;

		rig_reset(*state);
		talk_shop(*state, family, BOB, IPPROTO_UDP);
		runs(*state, NODE, &f, REDIRECTED, BL_PASS_SERVICE);
		rig_backend_gone(*state, 7);
		rig_backend(*state, 8, family, CAROL, 8080, IPPROTO_UDP, 1);
		rig_service(*state, family, SHOP, 80, IPPROTO_UDP, 1, (const uint32_t[]){8});
		o = runs(*state, NODE, &f, REDIRECTED, BL_PASS_SERVICE);
		goes(&o, family, NODE, 0, CAROL, 8080);
	}
}

static void fragments_are_served_and_answered(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, NODE, SHOP, IPPROTO_UDP, 40000, 80), back;
		struct outcome o;

		rig_reset(*state);
		talk_shop(*state, family, NODE, IPPROTO_UDP);
		f.fragment = f.fragment_more = true;
		o = runs(*state, NODE, &f, REDIRECTED, BL_PASS_SERVICE);
		back = talk_answer(&o.out, NODE);
		f.fragment_offset = 1240;
		o = runs(*state, NODE, &f, REDIRECTED, BL_PASS_SERVICE);
		talk_is(o.out.daddr, family, NODE);
		back.fragment = back.fragment_more = true;
		runs(*state, NODE, &back, REDIRECTED, BL_PASS_REPLY);
		back.fragment_offset = 1240;
		o = runs(*state, NODE, &back, REDIRECTED, BL_PASS_REPLY);
		talk_is(o.out.saddr, family, SHOP);
	}
}

static void fragment_that_overtakes_its_first_is_dropped(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, NODE, SHOP, IPPROTO_UDP, 40000, 80);

		rig_reset(*state);
		talk_shop(*state, family, BOB, IPPROTO_UDP);
		f.fragment = f.fragment_more = true;
		f.fragment_offset = 1240;
		runs(*state, NODE, &f, DROPPED, BL_DROP_FRAGMENT);
		rig_addr(family, WORLD, f.daddr);
		runs(*state, NODE, &f, TO_STACK, UNCOUNTED);
	}
}

/* The error about the translated packet `o`, sent by `from`, tells `client` about what it once wrote. */
static void error_is_about(struct rig *r, int family, const struct outcome *o, enum who from,
			   enum who client, int verdict)
{
	struct frame e = talk_error(&o->out, from);
	struct outcome back = runs(r, from, &e, verdict, BL_PASS_REPLY);

	talk_is(back.out.daddr, family, client);
	talk_is(back.quoted.saddr, family, client);
	talk_is(back.quoted.daddr, family, SHOP);
	assert_int_equal(back.quoted.sport, 40000);
	assert_int_equal(back.quoted.dport, 80);
	talk_is(back.out.saddr, family, from == OTHER ? OTHER : SHOP);
}

static void errors_speak_of_the_service(void **state)
{
	struct rig *r = *state;

	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame own = talk_open(family, NODE, SHOP, proto, 40000, 80);
		struct frame pods = talk_open(family, ALICE, SHOP, proto, 40000, 80);
		struct outcome o;

		rig_reset(r);
		talk_shop(r, family, CAROL, proto);
		o = rig_run(r, NODE, &own);
		error_is_about(r, family, &o, CAROL, NODE, TO_STACK);
		error_is_about(r, family, &o, OTHER, NODE, TO_STACK);
		rig_reset(r);
		talk_shop(r, family, BOB, proto);
		o = rig_run(r, NODE, &own);
		error_is_about(r, family, &o, BOB, NODE, TO_STACK);
		rig_reset(r);
		talk_shop(r, family, NODE, proto);
		o = rig_run(r, NODE, &own);
		error_is_about(r, family, &o, NODE, NODE, REDIRECTED);
		rig_reset(r);
		talk_shop(r, family, NODE, proto);
		o = rig_run(r, ALICE, &pods);
		error_is_about(r, family, &o, NODE, ALICE, TO_STACK);
	}
}

static void what_concerns_no_service_passes_by_without_a_lookup(void **state)
{
	static const enum who to[] = {WORLD, ALICE, CAROL, OTHER};

	FAMILIES(family)
	PROTOS(proto)
	for (int i = 0; i < 4; i++) {
		struct frame f = talk_open(family, NODE, to[i], proto, 40000, 80);

		assert_int_equal(runs(*state, NODE, &f, TO_STACK, UNCOUNTED).lookups, 0);
		f.dport = 62000;
		assert_int_equal(runs(*state, NODE, &f, TO_STACK, UNCOUNTED).lookups, 1);
	}
}

static void known_flows_cost_two_lookups_and_their_answers_one(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, NODE, SHOP, IPPROTO_TCP, 40000, 80);
		struct frame g = talk_open(family, WORLD, NODE, IPPROTO_TCP, 5000, 30080), back;
		struct outcome o;

		rig_reset(*state);
		talk_shop(*state, family, CAROL, IPPROTO_TCP);
		rig_run(*state, NODE, &f);
		o = runs(*state, NODE, &f, REDIRECTED, BL_PASS_SERVICE);
		assert_int_equal(o.lookups, 2);
		rig_backend(*state, 9, family, NODE, 8080, IPPROTO_TCP, 1);
		rig_nodeport(*state, family, 30080, IPPROTO_TCP, 1, (const uint32_t[]){9});
		o = rig_run(*state, WORLD, &g);
		back = talk_answer(&o.out, NODE);
		assert_int_equal(runs(*state, NODE, &back, TO_STACK, BL_PASS_REPLY).lookups, 1);
	}
}

static void pods_datagram_to_a_direct_caller_stays_as_it_is(void **state)
{
	FAMILIES(family)
	{
		struct frame in = talk_open(family, WORLD, ALICE, IPPROTO_UDP, 62000, 53), back;

		rig_reset(*state);
		runs(*state, WORLD, &in, REDIRECTED, BL_PASS_POD);
		back = rig_frame(family, ALICE, WORLD, IPPROTO_UDP, 53, 62000);
		runs(*state, NODE, &back, TO_STACK, UNCOUNTED);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, talk_reset)
	const struct CMUnitTest tests[] = {
		TEST(node_is_served_by_a_pod_here),
		TEST(node_is_served_by_a_pod_elsewhere),
		TEST(node_serves_itself_in_the_services_name),
		TEST(pod_is_served_by_its_node),
		TEST(nodeport_is_served_by_its_node),
		TEST(refusals_come_back_to_the_node),
		TEST(segment_of_no_known_connection_is_reset),
		TEST(strangers_are_refused),
		TEST(datagrams_choose_again_when_their_backend_is_gone),
		TEST(fragments_are_served_and_answered),
		TEST(fragment_that_overtakes_its_first_is_dropped),
		TEST(errors_speak_of_the_service),
		TEST(what_concerns_no_service_passes_by_without_a_lookup),
		TEST(known_flows_cost_two_lookups_and_their_answers_one),
		TEST(pods_datagram_to_a_direct_caller_stays_as_it_is),
	};
	int failed;

	failed = cmocka_run_group_tests_name("in place", tests, talk_setup, talk_teardown);
	return failed + cmocka_run_group_tests_name("by helpers", tests, talk_setup_by_helpers,
						    talk_teardown);
}
