// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Services packet by packet: the way there and the way back.
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

static void service_on_this_node_there_and_back(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, ALICE, SHOP, proto, 40000, 80), back;
		struct outcome o;

		rig_reset(*state);
		talk_shop(*state, family, BOB, proto);
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		talk_is(o.out.saddr, family, ALICE);
		talk_is(o.out.daddr, family, BOB);
		assert_int_equal(o.out.dport, 8080);
		assert_in_range(o.out.sport, 61000, 65000);
		assert_int_equal(o.out.ttl, 64);
		assert_memory_equal(o.out.dst_mac, rig_mac(BOB), 6);

		back = talk_answer(&o.out, BOB);
		o = rig_run(*state, BOB, &back);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		talk_is(o.out.saddr, family, SHOP);
		talk_is(o.out.daddr, family, ALICE);
		assert_int_equal(o.out.sport, 80);
		assert_int_equal(o.out.dport, 40000);
	}
}

static void service_on_another_node_there_and_back(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, ALICE, SHOP, proto, 40000, 80), back;
		struct outcome o;

		rig_reset(*state);
		talk_shop(*state, family, CAROL, proto);
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		talk_is(o.out.saddr, family, ALICE);
		talk_is(o.out.daddr, family, CAROL);
		assert_int_equal(o.out.ttl, 63);

		back = talk_answer(&o.out, CAROL);
		o = rig_run(*state, CAROL, &back);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		talk_is(o.out.saddr, family, SHOP);
		talk_is(o.out.daddr, family, ALICE);
		assert_int_equal(o.out.sport, 80);
		assert_int_equal(o.out.dport, 40000);
		assert_memory_equal(o.out.dst_mac, rig_mac(ALICE), 6);
	}
}

static void flow_keeps_its_backend_and_port(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, ALICE, SHOP, IPPROTO_TCP, 40000, 80);
		struct outcome first, next;

		rig_reset(*state);
		rig_backend(*state, 7, family, BOB, 8080, IPPROTO_TCP, 1);
		rig_backend(*state, 8, family, CAROL, 8080, IPPROTO_TCP, 1);
		rig_service(*state, family, SHOP, 80, IPPROTO_TCP, 2, (const uint32_t[]){7, 8});
		first = rig_run(*state, ALICE, &f);
		f.tcp_flags = ACK;
		for (int i = 0; i < 20; i++) {
			next = rig_run(*state, ALICE, &f);
			assert_memory_equal(next.out.daddr, first.out.daddr, 16);
			assert_int_equal(next.out.sport, first.out.sport);
		}
		assert_int_equal(rig_flows(*state, family), 2);
	}
}

static void new_flows_spread_over_the_backends(void **state)
{
	unsigned int bob = 0;
	uint8_t addr[16];

	rig_addr(4, BOB, addr);
	rig_backend(*state, 7, 4, BOB, 8080, IPPROTO_TCP, 1);
	rig_backend(*state, 8, 4, CAROL, 8080, IPPROTO_TCP, 1);
	rig_service(*state, 4, SHOP, 80, IPPROTO_TCP, 2, (const uint32_t[]){7, 8});
	for (uint16_t port = 40000; port < 40400; port++) {
		struct frame f = talk_open(4, ALICE, SHOP, IPPROTO_TCP, port, 80);
		struct outcome o = rig_run(*state, ALICE, &f);

		bob += !memcmp(o.out.daddr, addr, 4);
	}
	assert_in_range(bob, 120, 280);
}

static void affinity_keeps_a_packets_sender_at_its_backend(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, ALICE, SHOP, IPPROTO_TCP, 40000, 80);
		struct frame other = talk_open(family, BOB, SHOP, IPPROTO_TCP, 40000, 80);
		uint8_t first[16], seen[16];
		int same = 0;

		rig_reset(*state);
		rig_backend(*state, 5, family, CAROL, 8080, IPPROTO_TCP, 1);
		rig_backend(*state, 6, family, OTHER, 8080, IPPROTO_TCP, 1);
		rig_service(*state, family, SHOP, 80, IPPROTO_TCP, 2, (const uint32_t[]){5, 6});
		rig_affinity(*state, family, SHOP, 80, IPPROTO_TCP, BL_SCOPE_CLUSTER, 3600);
		memcpy(first, rig_run(*state, ALICE, &f).out.daddr, 16);
		for (int i = 1; i < 20; i++) {
			f.sport++;
			memcpy(seen, rig_run(*state, ALICE, &f).out.daddr, 16);
			assert_memory_equal(seen, first, family == 4 ? 4 : 16);
		}
		/* its backend gone, the client moves to the other and stays */
		rig_addr(family, CAROL, seen);
		same = !memcmp(seen, first, family == 4 ? 4 : 16);
		rig_backend_gone(*state, same ? 5 : 6);
		rig_service(*state, family, SHOP, 80, IPPROTO_TCP, 1,
			    (const uint32_t[]){same ? 6 : 5});
		rig_affinity(*state, family, SHOP, 80, IPPROTO_TCP, BL_SCOPE_CLUSTER, 3600);
		for (int i = 0; i < 3; i++) {
			f.sport++;
			talk_is(rig_run(*state, ALICE, &f).out.daddr, family, same ? OTHER : CAROL);
		}
		/* another client has a choice of its own */
		talk_is(rig_run(*state, BOB, &other).out.daddr, family, same ? OTHER : CAROL);
	}
}

static void two_services_of_one_backend_do_not_collide(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, ALICE, SHOP, proto, 40000, 80);
		struct frame g = talk_open(family, ALICE, MARKET, proto, 40000, 81);
		struct frame direct = talk_open(family, ALICE, BOB, proto, 40000, 8080);
		struct outcome a, b, c;
		struct frame back;

		rig_reset(*state);
		talk_shop(*state, family, BOB, proto);
		rig_service(*state, family, MARKET, 81, proto, 1, (const uint32_t[]){7});
		a = rig_run(*state, ALICE, &f);
		b = rig_run(*state, ALICE, &g);
		c = rig_run(*state, ALICE, &direct);
		assert_int_not_equal(a.out.sport, b.out.sport);
		assert_int_equal(c.out.sport, 40000);
		back = talk_answer(&a.out, BOB);
		talk_is(rig_run(*state, BOB, &back).out.saddr, family, SHOP);
		back = talk_answer(&b.out, BOB);
		talk_is(rig_run(*state, BOB, &back).out.saddr, family, MARKET);
		back = talk_answer(&c.out, BOB);
		talk_is(rig_run(*state, BOB, &back).out.saddr, family, BOB);
	}
}

static void ports_that_are_taken_are_not_taken_again(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, ALICE, SHOP, IPPROTO_TCP, 40000, 80);
		uint8_t seen[4] = {};
		struct outcome o;

		rig_reset(*state);
		talk_shop(*state, family, BOB, IPPROTO_TCP);
		rig_ports(*state, 61000, 61003);
		for (int i = 0; i < 4; i++) {
			/* Sixteen tries find one of four by chance, if not at once: ask until it does. */
			do {
				f.sport++;
				o = rig_run(*state, ALICE, &f);
			} while (o.verdict == DROPPED);
			assert_false(seen[o.out.sport - 61000]);
			seen[o.out.sport - 61000] = 1;
		}
		f.sport++;
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.verdict, DROPPED);
		assert_int_equal(o.reason, BL_DROP_SNAT_FULL);
		/* Silence for longer than a connection may be silent frees them. */
		rig_age_flows(*state, family, 7300);
		assert_int_equal(rig_run(*state, ALICE, &f).reason, BL_PASS_SERVICE);
	}
}

static void hairpin_shows_the_service_as_the_client(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, ALICE, SHOP, proto, 40000, 80), back;
		struct outcome o;

		rig_reset(*state);
		talk_shop(*state, family, ALICE, proto);
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		talk_is(o.out.saddr, family, SHOP);
		talk_is(o.out.daddr, family, ALICE);
		back = talk_answer(&o.out, ALICE);
		o = rig_run(*state, ALICE, &back);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		talk_is(o.out.saddr, family, SHOP);
		talk_is(o.out.daddr, family, ALICE);
		assert_int_equal(o.out.sport, 80);
		assert_int_equal(o.out.dport, 40000);
	}
}

static void closed_connection_may_be_opened_again(void **state)
{
	struct frame f = talk_open(4, ALICE, SHOP, IPPROTO_TCP, 40000, 80);
	struct outcome o;

	talk_shop(*state, 4, BOB, IPPROTO_TCP);
	rig_run(*state, ALICE, &f);
	f.tcp_flags = FIN | ACK;
	assert_int_equal(rig_run(*state, ALICE, &f).reason, BL_PASS_SERVICE);
	f.tcp_flags = ACK;
	assert_int_equal(rig_run(*state, ALICE, &f).reason, BL_PASS_SERVICE);
	rig_backend(*state, 8, 4, CAROL, 8080, IPPROTO_TCP, 1);
	rig_service(*state, 4, SHOP, 80, IPPROTO_TCP, 1, (const uint32_t[]){8});
	f.tcp_flags = SYN;
	o = rig_run(*state, ALICE, &f);
	talk_is(o.out.daddr, 4, CAROL);
}

static void udp_without_checksum_stays_without(void **state)
{
	struct frame f = talk_open(4, ALICE, SHOP, IPPROTO_UDP, 40000, 80);
	struct outcome o;

	f.no_check = true;
	talk_shop(*state, 4, BOB, IPPROTO_UDP);
	o = rig_run(*state, ALICE, &f);
	assert_int_equal(o.reason, BL_PASS_SERVICE);
	assert_true(o.out.no_check);
}

static void options_do_not_hide_the_ports(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, ALICE, SHOP, proto, 40000, 80);
		struct outcome o;

		rig_reset(*state);
		talk_shop(*state, family, BOB, proto);
		f.options = 2;
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		talk_is(o.out.daddr, family, BOB);
		assert_int_equal(o.out.dport, 8080);
	}
}

static void fragments_follow_their_first(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, ALICE, SHOP, IPPROTO_UDP, 40000, 80);
		struct outcome first, later;

		rig_reset(*state);
		talk_shop(*state, family, BOB, IPPROTO_UDP);
		f.fragment = f.fragment_more = true;
		f.size = 1232;
		first = rig_run(*state, ALICE, &f);
		assert_int_equal(first.reason, BL_PASS_SERVICE);
		talk_is(first.out.daddr, family, BOB);
		assert_int_equal(first.out.dport, 8080);
		f.fragment_offset = 1240;
		later = rig_run(*state, ALICE, &f);
		assert_int_equal(later.reason, BL_PASS_SERVICE);
		talk_is(later.out.saddr, family, ALICE);
		talk_is(later.out.daddr, family, BOB);
		/* What lies where a first fragment has its ports is data, and stays. */
		assert_memory_equal(later.bytes + later.len - f.size, "\x01\x08\x0f\x16", 4);
	}
}

static void fragment_without_its_first_is_dropped(void **state)
{
	static const enum who receivers[] = {SHOP, LOST, WORLD};

	FAMILIES(family)
	for (int i = 0; i < 3; i++) {
		struct frame f = talk_open(family, ALICE, receivers[i], IPPROTO_UDP, 40000, 80);
		struct outcome o;

		talk_shop(*state, family, BOB, IPPROTO_UDP);
		f.fragment = true;
		f.fragment_offset = 1240;
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.verdict, DROPPED);
		assert_int_equal(o.reason, BL_DROP_FRAGMENT);
	}
}

static void errors_reach_the_client_in_its_own_words(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, ALICE, SHOP, proto, 40000, 80), e;
		struct outcome o;

		rig_reset(*state);
		talk_shop(*state, family, BOB, proto);
		o = rig_run(*state, ALICE, &f);
		e = talk_error(&o.out, BOB);
		o = rig_run(*state, BOB, &e);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		talk_is(o.out.saddr, family, SHOP);
		talk_is(o.out.daddr, family, ALICE);
		talk_is(o.quoted.saddr, family, ALICE);
		talk_is(o.quoted.daddr, family, SHOP);
		assert_int_equal(o.quoted.sport, 40000);
		assert_int_equal(o.quoted.dport, 80);
	}
}

static void routers_errors_reach_the_client_too(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, ALICE, SHOP, IPPROTO_TCP, 40000, 80), e;
		struct outcome o;

		rig_reset(*state);
		talk_shop(*state, family, CAROL, IPPROTO_TCP);
		o = rig_run(*state, ALICE, &f);
		e = talk_error(&o.out, OTHER);
		e.word = 1400;
		o = rig_run(*state, OTHER, &e);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		talk_is(o.out.saddr, family, OTHER);
		talk_is(o.out.daddr, family, ALICE);
		talk_is(o.quoted.daddr, family, SHOP);
		assert_int_equal(o.quoted.sport, 40000);
		assert_int_equal(o.out.word, 1400);
	}
}

static void too_big_for_the_backends_link_is_told_to_the_client(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, ALICE, SHOP, IPPROTO_UDP, 40000, 80);
		struct outcome o;

		rig_reset(*state);
		talk_shop(*state, family, CAROL, IPPROTO_UDP);
		f.size = 1600;
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_DROP_ROUTE);
		assert_int_equal(o.out.type, family == 4 ? 3 : 2);
		assert_int_equal(o.out.word, 1500);
		talk_is(o.quoted.daddr, family, SHOP);
		assert_int_equal(o.quoted.sport, 40000);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, talk_reset)
	const struct CMUnitTest tests[] = {
		TEST(service_on_this_node_there_and_back),
		TEST(service_on_another_node_there_and_back),
		TEST(flow_keeps_its_backend_and_port),
		TEST(new_flows_spread_over_the_backends),
		TEST(affinity_keeps_a_packets_sender_at_its_backend),
		TEST(two_services_of_one_backend_do_not_collide),
		TEST(ports_that_are_taken_are_not_taken_again),
		TEST(hairpin_shows_the_service_as_the_client),
		TEST(closed_connection_may_be_opened_again),
		TEST(udp_without_checksum_stays_without),
		TEST(options_do_not_hide_the_ports),
		TEST(fragments_follow_their_first),
		TEST(fragment_without_its_first_is_dropped),
		TEST(errors_reach_the_client_in_its_own_words),
		TEST(routers_errors_reach_the_client_too),
		TEST(too_big_for_the_backends_link_is_told_to_the_client),
	};
	int failed;

	failed = cmocka_run_group_tests_name("in place", tests, talk_setup, talk_teardown);
	return failed + cmocka_run_group_tests_name("by helpers", tests, talk_setup_by_helpers,
						    talk_teardown);
}
