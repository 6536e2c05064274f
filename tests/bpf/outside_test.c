// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Between pods and the world outside: masquerade, NodePorts, direct callers.
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

static void world_sees_the_node_and_the_answer_finds_the_pod(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, ALICE, WORLD, proto, 40000, 443), back;
		struct outcome o;

		rig_reset(*state);
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_MASQUERADE);
		talk_is(o.out.saddr, family, NODE);
		talk_is(o.out.daddr, family, WORLD);
		assert_in_range(o.out.sport, 61000, 65000);
		assert_int_equal(o.out.dport, 443);
		assert_int_equal(o.out.ttl, 63);

		back = talk_answer(&o.out, WORLD);
		o = rig_run(*state, WORLD, &back);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		talk_is(o.out.saddr, family, WORLD);
		talk_is(o.out.daddr, family, ALICE);
		assert_int_equal(o.out.sport, 443);
		assert_int_equal(o.out.dport, 40000);
		assert_memory_equal(o.out.dst_mac, rig_mac(ALICE), 6);
	}
}

static void fragments_are_masqueraded_there_and_back(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, ALICE, WORLD, IPPROTO_UDP, 40000, 53), back;
		struct outcome o;

		rig_reset(*state);
		f.fragment = f.fragment_more = true;
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.reason, BL_PASS_MASQUERADE);
		back = talk_answer(&o.out, WORLD);
		f.fragment_offset = 1240;
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.reason, BL_PASS_MASQUERADE);
		talk_is(o.out.saddr, family, NODE);
		back.fragment = back.fragment_more = true;
		assert_int_equal(rig_run(*state, WORLD, &back).reason, BL_PASS_REPLY);
		back.fragment_offset = 1240;
		o = rig_run(*state, WORLD, &back);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		talk_is(o.out.daddr, family, ALICE);
	}
}

static void echo_is_masqueraded_by_its_identifier(void **state)
{
	FAMILIES(family)
	{
		uint8_t icmp = family == 4 ? 1 : 58;
		struct frame f = rig_frame(family, ALICE, WORLD, icmp, 77, 0), back;
		struct outcome o;

		rig_reset(*state);
		f.type = family == 4 ? 8 : 128;
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.reason, BL_PASS_MASQUERADE);
		talk_is(o.out.saddr, family, NODE);
		assert_in_range(o.out.sport, 61000, 65000);
		back = talk_answer(&o.out, WORLD);
		back.sport = o.out.sport;
		back.type = family == 4 ? 0 : 129;
		o = rig_run(*state, WORLD, &back);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		talk_is(o.out.daddr, family, ALICE);
		assert_int_equal(o.out.sport, 77);
	}
}

static void errors_about_masqueraded_packets_find_the_pod(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, ALICE, WORLD, proto, 40000, 443), e;
		struct outcome o;

		rig_reset(*state);
		o = rig_run(*state, ALICE, &f);
		e = talk_error(&o.out, OTHER);
		o = rig_run(*state, OTHER, &e);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		talk_is(o.out.saddr, family, OTHER);
		talk_is(o.out.daddr, family, ALICE);
		talk_is(o.quoted.saddr, family, ALICE);
		talk_is(o.quoted.daddr, family, WORLD);
		assert_int_equal(o.quoted.sport, 40000);
		assert_int_equal(o.quoted.dport, 443);
	}
}

static void answers_to_direct_callers_keep_the_pods_address(void **state)
{
	FAMILIES(family)
	{
		struct frame in = talk_open(family, WORLD, ALICE, IPPROTO_UDP, 5000, 53), back;
		struct outcome o;

		rig_reset(*state);
		assert_int_equal(rig_run(*state, WORLD, &in).reason, BL_PASS_POD);
		back = rig_frame(family, ALICE, WORLD, IPPROTO_UDP, 53, 5000);
		o = rig_run(*state, ALICE, &back);
		assert_int_equal(o.reason, BL_PASS_FIB);
		talk_is(o.out.saddr, family, ALICE);
		back = rig_frame(family, ALICE, WORLD, IPPROTO_TCP, 80, 5000);
		back.tcp_flags = SYN | ACK;
		o = rig_run(*state, ALICE, &back);
		talk_is(o.out.saddr, family, ALICE);
		back = rig_frame(family, ALICE, WORLD, family == 4 ? 1 : 58, 9, 0);
		back.type = family == 4 ? 0 : 129;
		o = rig_run(*state, ALICE, &back);
		talk_is(o.out.saddr, family, ALICE);
	}
}

static void nodeport_keeps_the_client_for_a_pod_of_this_node(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, WORLD, NODE, proto, 5000, 30080), back;
		struct outcome o;

		rig_reset(*state);
		rig_backend(*state, 7, family, ALICE, 8080, proto, 1);
		rig_nodeport(*state, family, 30080, proto, 1, (const uint32_t[]){7});
		o = rig_run(*state, WORLD, &f);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		talk_is(o.out.saddr, family, WORLD);
		talk_is(o.out.daddr, family, ALICE);
		assert_int_equal(o.out.dport, 8080);
		back = talk_answer(&o.out, ALICE);
		o = rig_run(*state, ALICE, &back);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		talk_is(o.out.saddr, family, NODE);
		talk_is(o.out.daddr, family, WORLD);
		assert_int_equal(o.out.sport, 30080);
		assert_int_equal(o.out.dport, 5000);
	}
}

static void nodeport_speaks_for_itself_to_a_pod_elsewhere(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, WORLD, NODE, proto, 5000, 30080), back;
		struct outcome o;

		rig_reset(*state);
		rig_backend(*state, 7, family, CAROL, 8080, proto, 1);
		rig_nodeport(*state, family, 30080, proto, 1, (const uint32_t[]){7});
		o = rig_run(*state, WORLD, &f);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		talk_is(o.out.saddr, family, NODE);
		talk_is(o.out.daddr, family, CAROL);
		back = talk_answer(&o.out, CAROL);
		o = rig_run(*state, CAROL, &back);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		talk_is(o.out.saddr, family, NODE);
		talk_is(o.out.daddr, family, WORLD);
		assert_int_equal(o.out.sport, 30080);
		assert_int_equal(o.out.dport, 5000);
		f.tcp_flags = ACK;
		f.type = 0;
		assert_int_equal(rig_run(*state, WORLD, &f).reason, BL_PASS_SERVICE);
	}
}

static void nodeport_that_cannot_be_served_is_the_stacks(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, WORLD, NODE, IPPROTO_TCP, 5000, 30080);
		struct outcome o;

		rig_nodeport(*state, family, 30080, IPPROTO_TCP, 0, NULL);
		o = rig_run(*state, WORLD, &f);
		assert_int_equal(o.verdict, TO_STACK);
		assert_int_equal(o.reason, BL_PASS_REFUSE);
		f.dport = 30081;
		assert_int_equal(rig_run(*state, WORLD, &f).reason, BL_PASS_STACK);
		f.dport = 22;
		assert_int_equal(rig_run(*state, WORLD, &f).reason, BL_PASS_STACK);
	}
}

static void a_client_outside_has_a_nodeport_view_of_its_own(void **state)
{
	FAMILIES(family)
	{
		struct frame in = talk_open(family, ALICE, NODE, IPPROTO_TCP, 40000, 30080);
		struct frame out = talk_open(family, WORLD, NODE, IPPROTO_TCP, 5000, 30080);
		struct frame far = talk_open(family, OTHER, NODE, IPPROTO_TCP, 5000, 30080);
		struct outcome o;

		rig_reset(*state);
		rig_backend(*state, 7, family, CAROL, 8080, IPPROTO_TCP, 1);
		rig_backend(*state, 8, family, BOB, 8080, IPPROTO_TCP, 1);
		rig_nodeport(*state, family, 30080, IPPROTO_TCP, 1, (const uint32_t[]){7});
		rig_nodeport_outside(*state, family, 30080, IPPROTO_TCP, 1, (const uint32_t[]){8});
		o = rig_run(*state, WORLD, &out);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		talk_is(o.out.daddr, family, BOB);
		talk_is(o.out.saddr, family, WORLD);
		talk_is(rig_run(*state, ALICE, &in).out.daddr, family, CAROL);
		rig_nodeport_outside(*state, family, 30080, IPPROTO_TCP, 0, NULL);
		out.sport++;
		in.sport++;
		talk_is(rig_run(*state, OTHER, &far).out.daddr, family, CAROL);
		assert_int_equal(rig_run(*state, WORLD, &out).reason, BL_PASS_REFUSE);
		talk_is(rig_run(*state, ALICE, &in).out.daddr, family, CAROL);
	}
}

static void balancers_address_leads_to_pods_here_and_elsewhere(void **state)
{
	static const enum who backends[] = {ALICE, CAROL};

	FAMILIES(family)
	PROTOS(proto)
	for (int i = 0; i < 2; i++) {
		struct frame f = talk_open(family, WORLD, BALANCER, proto, 5000, 80), back;
		struct outcome o;

		rig_reset(*state);
		rig_backend(*state, 7, family, backends[i], 8080, proto, 1);
		rig_balancer(*state, family, BALANCER, 80, proto, 1, (const uint32_t[]){7});
		o = rig_run(*state, WORLD, &f);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		talk_is(o.out.saddr, family, i ? NODE : WORLD);
		talk_is(o.out.daddr, family, backends[i]);
		assert_int_equal(o.out.dport, 8080);
		back = talk_answer(&o.out, backends[i]);
		o = rig_run(*state, backends[i], &back);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		talk_is(o.out.saddr, family, BALANCER);
		talk_is(o.out.daddr, family, WORLD);
		assert_int_equal(o.out.sport, 80);
		assert_int_equal(o.out.dport, 5000);
		f.tcp_flags = ACK;
		f.type = 0;
		assert_int_equal(rig_run(*state, WORLD, &f).reason, BL_PASS_SERVICE);
	}
}

static void affinity_keeps_a_client_outside_at_its_backend(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, WORLD, NODE, IPPROTO_UDP, 5000, 30080);
		uint8_t first[16];

		rig_reset(*state);
		rig_backend(*state, 5, family, ALICE, 8080, IPPROTO_UDP, 1);
		rig_backend(*state, 6, family, BOB, 8080, IPPROTO_UDP, 1);
		rig_nodeport(*state, family, 30080, IPPROTO_UDP, 2, (const uint32_t[]){5, 6});
		rig_affinity(*state, family, WHO_COUNT, 30080, IPPROTO_UDP,
			     BL_SCOPE_NODEPORT_EXTERNAL, 3600);
		memcpy(first, rig_run(*state, WORLD, &f).out.daddr, 16);
		for (int i = 1; i < 20; i++) {
			f.sport++;
			assert_memory_equal(rig_run(*state, WORLD, &f).out.daddr, first,
					    family == 4 ? 4 : 16);
		}
	}
}

static void balancers_address_never_bounces(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, WORLD, BALANCER, IPPROTO_TCP, 5000, 81);
		struct outcome o;

		rig_reset(*state);
		rig_balancer(*state, family, BALANCER, 80, IPPROTO_TCP, 0, NULL);
		o = rig_run(*state, WORLD, &f);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_DROP_NO_SERVICE);
		talk_is(o.out.saddr, family, BALANCER);
		talk_is(o.out.daddr, family, WORLD);
		assert_true(o.out.tcp_flags & RST);
		f.dport = 80;
		o = rig_run(*state, WORLD, &f);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_DROP_NO_BACKEND);
		assert_true(o.out.tcp_flags & RST);
	}
}

static void pod_reaches_a_balancers_address_that_is_the_nodes(void **state)
{
	FAMILIES(family)
	{
		struct frame in = talk_open(family, ALICE, NODE, IPPROTO_TCP, 40000, 80);
		struct frame out = talk_open(family, WORLD, NODE, IPPROTO_TCP, 5000, 80);
		struct bl_endpoint node = {.flags = BL_ENDPOINT_HOST | BL_ENDPOINT_SERVICE};
		uint8_t addr[16];

		rig_reset(*state);
		rig_addr(family, NODE, addr);
		rig_put(*state, family == 4 ? "endpoint4" : "endpoint6", addr, &node);
		rig_backend(*state, 7, family, BOB, 8080, IPPROTO_TCP, 1);
		rig_balancer(*state, family, NODE, 80, IPPROTO_TCP, 1, (const uint32_t[]){7});
		talk_is(rig_run(*state, ALICE, &in).out.daddr, family, BOB);
		talk_is(rig_run(*state, WORLD, &out).out.daddr, family, BOB);
		out.dport = in.dport = 22;
		assert_int_equal(rig_run(*state, ALICE, &in).reason, BL_PASS_STACK);
		assert_int_equal(rig_run(*state, WORLD, &out).reason, BL_PASS_STACK);
	}
}

static void pod_reaches_a_nodeport_past_the_socket_hooks(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, ALICE, NODE, IPPROTO_TCP, 40000, 30080), back;
		struct outcome o;

		rig_reset(*state);
		rig_backend(*state, 7, family, BOB, 8080, IPPROTO_TCP, 1);
		rig_nodeport(*state, family, 30080, IPPROTO_TCP, 1, (const uint32_t[]){7});
		o = rig_run(*state, ALICE, &f);
		talk_is(o.out.daddr, family, BOB);
		back = talk_answer(&o.out, BOB);
		o = rig_run(*state, BOB, &back);
		talk_is(o.out.saddr, family, NODE);
		assert_int_equal(o.out.sport, 30080);
	}
}

static void service_addresses_are_not_served_to_the_outside(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, WORLD, SHOP, IPPROTO_TCP, 5000, 80);
		struct outcome o;

		talk_shop(*state, family, BOB, IPPROTO_TCP);
		o = rig_run(*state, WORLD, &f);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_DROP_NO_SERVICE);
	}
}

static void uplink_hands_pods_their_packets(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, CAROL, ALICE, IPPROTO_TCP, 5000, 80);
		struct outcome o = rig_run(*state, CAROL, &f);

		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_POD);
		assert_int_equal(o.out.ttl, 64);
		assert_memory_equal(o.out.dst_mac, rig_mac(ALICE), 6);
		assert_int_equal(rig_translated(*state, family, ALICE), 0);
	}
}

static void make_table(struct rig *r, int family)
{
	struct bl_service4_key key4 = {
		.port = htons(80), .proto = IPPROTO_UDP, .scope = BL_SCOPE_EXTERNAL};
	struct bl_service6_key key6 = {
		.port = htons(80), .proto = IPPROTO_UDP, .scope = BL_SCOPE_EXTERNAL};
	void *key = family == 4 ? (void *)&key4 : (void *)&key6;
	const char *map = family == 4 ? "service4" : "service6";
	uint32_t backends[] = {1, 2, 1, 2, 1, 2, 2};
	struct bl_service svc;
	uint8_t addr[16];

	rig_addr(family, BALANCER, addr);
	memcpy(&key4.addr, addr, 4);
	memcpy(&key6.addr, addr, 16);
	rig_backend(r, 1, family, ALICE, 8080, IPPROTO_UDP, 1);
	rig_backend(r, 2, family, CAROL, 8080, IPPROTO_UDP, 1);
	rig_balancer(r, family, BALANCER, 80, IPPROTO_UDP, 7, backends);
	rig_get(r, map, key, &svc);
	svc.flags = BL_SERVICE_MAGLEV;
	rig_put(r, map, key, &svc);
}

static bool to_carol(struct rig *r, int family, uint16_t port)
{
	uint8_t carol[16];
	struct frame f = talk_open(family, WORLD, BALANCER, IPPROTO_UDP, port, 80);
	struct outcome o = rig_run(r, WORLD, &f);

	assert_int_equal(o.verdict, REDIRECTED);
	rig_addr(family, CAROL, carol);
	return memcmp(o.out.daddr, carol, family == 4 ? 4 : 16) == 0;
}

static void table_gives_a_flow_the_same_backend_without_memory(void **state)
{
	FAMILIES(family)
	{
		bool carols[200];
		unsigned int n = 0;

		rig_reset(*state);
		make_table(*state, family);
		for (uint16_t i = 0; i < 200; i++)
			n += carols[i] = to_carol(*state, family, (uint16_t)(40000 + i));
		assert_in_range(n, 200 * 4 / 7 - 40, 200 * 4 / 7 + 40);
		rig_reset(*state);
		make_table(*state, family);
		assert_int_equal(rig_flows(*state, family), 0);
		for (uint16_t i = 0; i < 200; i++)
			assert_int_equal(to_carol(*state, family, (uint16_t)(40000 + i)),
					 carols[i]);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, talk_reset)
	const struct CMUnitTest tests[] = {
		TEST(world_sees_the_node_and_the_answer_finds_the_pod),
		TEST(fragments_are_masqueraded_there_and_back),
		TEST(echo_is_masqueraded_by_its_identifier),
		TEST(errors_about_masqueraded_packets_find_the_pod),
		TEST(answers_to_direct_callers_keep_the_pods_address),
		TEST(nodeport_keeps_the_client_for_a_pod_of_this_node),
		TEST(nodeport_speaks_for_itself_to_a_pod_elsewhere),
		TEST(nodeport_that_cannot_be_served_is_the_stacks),
		TEST(a_client_outside_has_a_nodeport_view_of_its_own),
		TEST(balancers_address_leads_to_pods_here_and_elsewhere),
		TEST(affinity_keeps_a_client_outside_at_its_backend),
		TEST(table_gives_a_flow_the_same_backend_without_memory),
		TEST(balancers_address_never_bounces),
		TEST(pod_reaches_a_balancers_address_that_is_the_nodes),
		TEST(pod_reaches_a_nodeport_past_the_socket_hooks),
		TEST(service_addresses_are_not_served_to_the_outside),
		TEST(uplink_hands_pods_their_packets),
	};
	int failed;

	failed = cmocka_run_group_tests_name("in place", tests, talk_setup, talk_teardown);
	return failed + cmocka_run_group_tests_name("by helpers", tests, talk_setup_by_helpers,
						    talk_teardown);
}
