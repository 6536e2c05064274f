// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: North-south at the driver: what XDP sends into a tunnel itself, and what it leaves to tc untouched.
 *
 * SHOP is a load balancer's address here, CAROL's node serves it; WORLD asks.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/xdp_stage.h"

static void packet_of_a_known_hop_leaves_in_a_tunnel(void **state)
{
	struct xdp_stage *s = *state;

	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, WORLD, SHOP, proto, 40000, 80);
		uint64_t before = rig_counted(s->rig, BL_PASS_TUNNEL);
		struct xdp_answer a;

		xdp_serve(s, family, CAROL, proto, BL_SERVICE_MAGLEV | BL_SERVICE_DSR);
		a = xdp_run_known(s, &f);
		xdp_tunnelled(&a, family, CAROL);
		assert_true(rig_counted(s->rig, BL_PASS_TUNNEL) > before);
	}
}

static void nodeport_is_served_on_the_nodes_address_alone(void **state)
{
	struct xdp_stage *s = *state;

	FAMILIES(family)
	{
		struct frame f = talk_open(family, WORLD, NODE, IPPROTO_TCP, 40000, 30080);
		struct xdp_answer a;

		xdp_serve(s, family, CAROL, IPPROTO_TCP, BL_SERVICE_MAGLEV | BL_SERVICE_DSR);
		a = xdp_run_known(s, &f);
		xdp_tunnelled(&a, family, CAROL);
		f = talk_open(family, WORLD, OTHER, IPPROTO_TCP, 40000, 30080);
		a = xdp_run_known(s, &f);
		xdp_left_to_tc(&a);
	}
}

static void first_packet_of_a_tick_asks_tc_again(void **state)
{
	struct xdp_stage *s = *state;
	struct frame f = talk_open(4, WORLD, SHOP, IPPROTO_TCP, 40000, 80);
	struct xdp_answer first, next;
	uint16_t now;

	xdp_serve(s, 4, CAROL, IPPROTO_TCP, BL_SERVICE_MAGLEV | BL_SERVICE_DSR);
	do {
		now = xdp_tick(s);
		xdp_know_hop(s, 1, (uint16_t)(now - 1), (uint16_t)(now - 1));
		first = xdp_run(s, &f);
		next = xdp_run(s, &f);
	} while (xdp_tick(s) != now);
	xdp_left_to_tc(&first);
	xdp_tunnelled(&next, 4, CAROL);
}

static void hop_that_is_old_or_anothers_is_not_used(void **state)
{
	struct xdp_stage *s = *state;
	struct frame f = talk_open(4, WORLD, SHOP, IPPROTO_TCP, 40000, 80);
	struct bl_next_hop none = {};
	uint32_t seven = 7;
	struct xdp_answer a;

	xdp_serve(s, 4, CAROL, IPPROTO_TCP, BL_SERVICE_MAGLEV | BL_SERVICE_DSR);
	rig_put(s->rig, "next_hop", &seven, &none);
	a = xdp_run(s, &f);
	xdp_left_to_tc(&a);
	xdp_know_hop(s, 2, xdp_tick(s), xdp_tick(s));
	a = xdp_run(s, &f);
	xdp_left_to_tc(&a);
	xdp_know_hop(s, 1, (uint16_t)(xdp_tick(s) - 20), xdp_tick(s));
	a = xdp_run(s, &f);
	xdp_left_to_tc(&a);
}

static void what_tc_does_better_is_left_to_it(void **state)
{
	struct xdp_stage *s = *state;

	FAMILIES(family)
	{
		struct frame f = talk_open(family, WORLD, SHOP, IPPROTO_UDP, 40000, 80), odd;
		struct xdp_answer a;

		xdp_serve(s, family, CAROL, IPPROTO_UDP, BL_SERVICE_MAGLEV | BL_SERVICE_DSR);
		a = xdp_run_known(s, &f);
		xdp_tunnelled(&a, family, CAROL);
		odd = f;
		odd.options = 1;
		a = xdp_run_known(s, &odd);
		xdp_left_to_tc(&a);
		odd = f;
		odd.fragment = true;
		odd.fragment_more = true;
		a = xdp_run_known(s, &odd);
		xdp_left_to_tc(&a);
		odd = f;
		odd.ttl = 1;
		a = xdp_run_known(s, &odd);
		xdp_left_to_tc(&a);
		odd = f;
		odd.size = family == 4 ? 1453 : 1413; /* a byte too much */
		a = xdp_run_known(s, &odd);
		xdp_left_to_tc(&a);
		odd = talk_open(family, WORLD, SHOP, IPPROTO_UDP, 40000, 81);
		a = xdp_run_known(s, &odd);
		xdp_left_to_tc(&a);
		odd = talk_open(family, WORLD, SHOP, IPPROTO_TCP, 40000, 80);
		a = xdp_run_known(s, &odd);
		xdp_left_to_tc(&a);
	}
}

static void service_of_another_kind_is_left_to_tc(void **state)
{
	static const uint32_t kinds[] = {0, BL_SERVICE_MAGLEV, BL_SERVICE_DSR,
					 BL_SERVICE_MAGLEV | BL_SERVICE_DSR | 0x80};
	struct xdp_stage *s = *state;
	struct frame f = talk_open(4, WORLD, SHOP, IPPROTO_TCP, 40000, 80);
	struct xdp_answer a;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		xdp_serve(s, 4, CAROL, IPPROTO_TCP, kinds[i]);
		a = xdp_run_known(s, &f);
		xdp_left_to_tc(&a);
	}
}

static void backend_that_is_here_or_gone_is_left_to_tc(void **state)
{
	struct xdp_stage *s = *state;
	struct frame f = talk_open(4, WORLD, SHOP, IPPROTO_TCP, 40000, 80);
	struct bl_backend b;
	uint32_t seven = 7;
	struct xdp_answer a;

	xdp_serve(s, 4, CAROL, IPPROTO_TCP, BL_SERVICE_MAGLEV | BL_SERVICE_DSR);
	rig_get(s->rig, "backend", &seven, &b);
	b.flags |= BL_BACKEND_LOCAL;
	rig_put(s->rig, "backend", &seven, &b);
	a = xdp_run_known(s, &f);
	xdp_left_to_tc(&a);
	rig_backend_gone(s->rig, 7);
	a = xdp_run_known(s, &f);
	xdp_left_to_tc(&a);
}

static void cut_short_packet_is_left_to_tc(void **state)
{
	struct xdp_stage *s = *state;
	uint8_t buf[FRAME_MAX];

	FAMILIES(family)
	{
		struct frame f = talk_open(family, WORLD, SHOP, IPPROTO_TCP, 40000, 80);
		uint32_t len = (uint32_t)frame_build(&f, buf);

		xdp_serve(s, family, CAROL, IPPROTO_TCP, BL_SERVICE_MAGLEV | BL_SERVICE_DSR);
		for (uint32_t n = 14; n < len; n++) {
			struct xdp_answer a;

			xdp_know_hop(s, 1, xdp_tick(s), xdp_tick(s));
			a = xdp_run_bytes(s, buf, n);
			xdp_left_to_tc(&a);
		}
	}
}

static void flows_spread_and_each_keeps_its_backend(void **state)
{
	struct xdp_stage *s = *state;
	unsigned int carol = 0;

	xdp_serve(s, 4, CAROL, IPPROTO_TCP, BL_SERVICE_MAGLEV | BL_SERVICE_DSR);
	/* Every other slot is a backend whose hop nobody knows. */
	rig_backend(s->rig, 8, 4, OTHER, 8080, IPPROTO_TCP, 1);
	for (uint32_t i = 0, eight = 8; i < 13; i += 2)
		rig_put(s->rig, "slot", &i, &eight);
	for (uint16_t port = 40000; port < 40400; port++) {
		struct frame f = talk_open(4, WORLD, SHOP, IPPROTO_TCP, port, 80);
		int verdict = xdp_run_known(s, &f).verdict;

		carol += verdict == XDP_TX;
		assert_int_equal(xdp_run_known(s, &f).verdict, verdict);
	}
	assert_in_range(carol, 400 * 6 / 13 - 60, 400 * 6 / 13 + 60);
}

static void client_inside_of_the_cluster_is_left_to_tc(void **state)
{
	struct xdp_stage *s = *state;
	struct bl_prefix inside = {.flags = BL_PREFIX_CLUSTER};

	FAMILIES(family)
	{
		struct frame f = talk_open(family, WORLD, SHOP, IPPROTO_TCP, 40000, 80);
		struct bl_prefix4_key key4 = {.len = 32};
		struct bl_prefix6_key key6 = {.len = 128};
		uint8_t addr[16] = {};
		struct xdp_answer a;

		xdp_serve(s, family, CAROL, IPPROTO_TCP, BL_SERVICE_MAGLEV | BL_SERVICE_DSR);
		a = xdp_run_known(s, &f);
		xdp_tunnelled(&a, family, CAROL);
		rig_addr(family, WORLD, addr);
		memcpy(&key4.addr, addr, 4);
		memcpy(&key6.addr, addr, 16);
		rig_put(s->rig, family == 4 ? "prefix4" : "prefix6",
			family == 4 ? (void *)&key4 : (void *)&key6, &inside);
		a = xdp_run_known(s, &f);
		xdp_left_to_tc(&a);
	}
}

static void flow_that_has_its_backend_is_left_to_tc(void **state)
{
	struct xdp_stage *s = *state;

	FAMILIES(family)
	{
		struct frame f = talk_open(family, WORLD, SHOP, IPPROTO_TCP, 40000, 80);
		struct bl_flow4_key key4 = {
			.sport = htons(40000), .dport = htons(80), .proto = IPPROTO_TCP};
		struct bl_flow6_key key6 = {
			.sport = htons(40000), .dport = htons(80), .proto = IPPROTO_TCP};
		struct bl_flow flow = {.flags = BL_FLOW_DNAT};
		uint8_t saddr[16] = {}, daddr[16] = {};
		struct xdp_answer a;

		xdp_serve(s, family, CAROL, IPPROTO_TCP, BL_SERVICE_MAGLEV | BL_SERVICE_DSR);
		rig_addr(family, WORLD, saddr);
		rig_addr(family, SHOP, daddr);
		memcpy(&key4.saddr, saddr, 4);
		memcpy(&key4.daddr, daddr, 4);
		memcpy(&key6.saddr, saddr, 16);
		memcpy(&key6.daddr, daddr, 16);
		rig_put(s->rig, family == 4 ? "flow4" : "flow6",
			family == 4 ? (void *)&key4 : (void *)&key6, &flow);
		a = xdp_run_known(s, &f);
		xdp_left_to_tc(&a);
		f.sport = 40001;
		a = xdp_run_known(s, &f);
		xdp_tunnelled(&a, family, CAROL);
	}
}

static void way_by_another_link_is_left_to_tc(void **state)
{
	struct xdp_stage *s = *state;
	struct frame f = talk_open(4, WORLD, SHOP, IPPROTO_TCP, 40000, 80);
	uint32_t seven = 7;
	struct xdp_answer a;
	uint16_t now;

	xdp_serve(s, 4, CAROL, IPPROTO_TCP, BL_SERVICE_MAGLEV | BL_SERVICE_DSR);
	do {
		struct bl_next_hop h;

		now = xdp_tick(s);
		xdp_know_hop(s, 1, now, now);
		rig_get(s->rig, "next_hop", &seven, &h);
		h.ifindex = rig_link(s->rig, ALICE);
		rig_put(s->rig, "next_hop", &seven, &h);
		a = xdp_run(s, &f);
	} while (xdp_tick(s) != now);
	xdp_left_to_tc(&a);
}

/* Which pod the outer header leads to. */
static const uint8_t *outer(const uint8_t *frame, int family)
{
	return frame + 14 + (family == 4 ? 16 : 24);
}

static void both_hooks_choose_the_same_backend(void **state)
{
	struct xdp_stage *s = *state;

	FAMILIES(family)
	{
		size_t size = family == 4 ? 4 : 16;
		unsigned int other = 0;
		uint32_t eight = 8;

		rig_reset(s->rig);
		xdp_serve(s, family, CAROL, IPPROTO_TCP, BL_SERVICE_MAGLEV | BL_SERVICE_DSR);
		rig_backend(s->rig, 8, family, OTHER, 8080, IPPROTO_TCP, 1);
		for (uint32_t i = 0; i < 13; i += 2)
			rig_put(s->rig, "slot", &i, &eight);
		for (uint16_t port = 40000; port < 40300; port++) {
			struct frame f = talk_open(family, WORLD, SHOP, IPPROTO_TCP, port, 80);
			struct bl_next_hop h;
			struct outcome at_tc;
			struct xdp_answer at_xdp;
			uint8_t buf[FRAME_MAX], want[16];
			uint16_t now;

			at_tc = rig_run_bytes(s->rig, WORLD, buf, (uint32_t)frame_build(&f, buf),
					      0);
			assert_int_equal(at_tc.reason, BL_PASS_TUNNEL);
			do {
				uint32_t seven = 7;

				now = xdp_tick(s);
				xdp_know_hop(s, 1, now, now);
				rig_get(s->rig, "next_hop", &seven, &h);
				rig_put(s->rig, "next_hop", &eight, &h);
				at_xdp = xdp_run(s, &f);
			} while (xdp_tick(s) != now);
			assert_int_equal(at_xdp.verdict, XDP_TX);
			assert_memory_equal(outer(at_tc.bytes, family), outer(at_xdp.bytes, family),
					    size);
			rig_addr(family, OTHER, want);
			other += !memcmp(outer(at_xdp.bytes, family), want, size);
		}
		assert_in_range(other, 60, 240);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, xdp_reset)
	const struct CMUnitTest tests[] = {
		TEST(packet_of_a_known_hop_leaves_in_a_tunnel),
		TEST(nodeport_is_served_on_the_nodes_address_alone),
		TEST(first_packet_of_a_tick_asks_tc_again),
		TEST(hop_that_is_old_or_anothers_is_not_used),
		TEST(what_tc_does_better_is_left_to_it),
		TEST(service_of_another_kind_is_left_to_tc),
		TEST(backend_that_is_here_or_gone_is_left_to_tc),
		TEST(cut_short_packet_is_left_to_tc),
		TEST(flows_spread_and_each_keeps_its_backend),
		TEST(client_inside_of_the_cluster_is_left_to_tc),
		TEST(flow_that_has_its_backend_is_left_to_tc),
		TEST(way_by_another_link_is_left_to_tc),
		TEST(both_hooks_choose_the_same_backend),
	};

	return cmocka_run_group_tests(tests, xdp_setup, xdp_teardown);
}
