// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Direct return: what is sent to another node's backend in a tunnel, and what comes in one.
 *
 *	WORLD -- BALANCER:80 --> NODE == NODE to CAROL ==>            sending: CAROL's node is another
 *	                         OTHER == OTHER to ALICE ==> NODE     receiving: ALICE's node is this one
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "../lib/talk.h"

#define BALANCED 80 /* the service's id, which the rig takes from the port */

static uint32_t outer_size(int family)
{
	return family == 4 ? 20 : 40;
}

/* The service's flags at one of its frontends. */
static void set_flags(struct rig *r, int family, enum who vip, uint16_t port, uint8_t proto,
		      uint8_t scope, uint8_t flags)
{
	struct bl_service4_key key4 = {.port = htons(port), .proto = proto, .scope = scope};
	struct bl_service6_key key6 = {.port = htons(port), .proto = proto, .scope = scope};
	void *key = family == 4 ? (void *)&key4 : (void *)&key6;
	const char *map = family == 4 ? "service4" : "service6";
	struct bl_service svc;
	uint8_t addr[16] = {};

	if (vip != WHO_COUNT)
		rig_addr(family, vip, addr);
	memcpy(&key4.addr, addr, 4);
	memcpy(&key6.addr, addr, 16);
	rig_get(r, map, key, &svc);
	svc.flags = flags;
	rig_put(r, map, key, &svc);
}

static void know_node(struct rig *r, int family, enum who node)
{
	struct bl_prefix4_key key4 = {.len = 32};
	struct bl_prefix6_key key6 = {.len = 128};
	struct bl_prefix value = {.flags = BL_PREFIX_CLUSTER | BL_PREFIX_NODE};
	uint8_t addr[16];

	rig_addr(family, node, addr);
	memcpy(&key4.addr, addr, 4);
	memcpy(&key6.addr, addr, 16);
	rig_put(r, family == 4 ? "prefix4" : "prefix6", family == 4 ? (void *)&key4 : (void *)&key6,
		&value);
}

/* BALANCER's port 80 with direct return; its one backend is the pod's port 8080. */
static void serve(struct rig *r, int family, enum who pod, uint8_t proto)
{
	struct bl_member_key member = {.service = BALANCED};
	uint32_t seven = 7;
	uint8_t addr[16];

	rig_reset(r);
	know_node(r, family, NODE);
	know_node(r, family, OTHER);
	rig_backend(r, 7, family, pod, 8080, proto, 1);
	rig_balancer(r, family, BALANCER, 80, proto, 1, (const uint32_t[]){7});
	set_flags(r, family, BALANCER, 80, proto, BL_SCOPE_EXTERNAL,
		  BL_SERVICE_MAGLEV | BL_SERVICE_DSR);
	if (pod != ALICE)
		return;
	rig_addr(family, pod, addr);
	memcpy(&member.addr, addr, family == 4 ? 4 : 16);
	rig_put(r, "member", &member, &seven);
}

/* Runs `in` inside of a tunnel from one to another, as it comes over the uplink. */
static struct outcome run_tunnelled(struct rig *r, const struct frame *in, enum who from,
				    enum who to)
{
	struct frame outer = rig_frame(in->family, OTHER, NODE, IPPROTO_UDP, 0, 0);
	uint32_t size = outer_size(in->family), len;
	uint8_t buf[FRAME_MAX], head[FRAME_MAX];
	struct outcome o;
	uint8_t *ip = buf + 14;

	(void)frame_build(&outer, head);
	len = (uint32_t)frame_build(in, buf);
	memmove(buf + 14 + size, buf + 14, len - 14);
	memcpy(buf, head, 14 + size);
	len += size;
	if (in->family == 4) {
		uint32_t sum = 0;

		ip[2] = (uint8_t)((len - 14) >> 8);
		ip[3] = (uint8_t)(len - 14);
		ip[9] = IPPROTO_IPIP;
		ip[10] = ip[11] = 0;
		rig_addr(4, from, head);
		memcpy(ip + 12, head, 4);
		rig_addr(4, to, head);
		memcpy(ip + 16, head, 4);
		for (int i = 0; i < 20; i += 2)
			sum += (uint32_t)ip[i] << 8 | ip[i + 1];
		sum = (sum & 0xffff) + (sum >> 16);
		ip[10] = (uint8_t)(~sum >> 8);
		ip[11] = (uint8_t)~sum;
	} else {
		ip[4] = (uint8_t)((len - 54) >> 8);
		ip[5] = (uint8_t)(len - 54);
		ip[6] = IPPROTO_IPV6;
		rig_addr(6, from, ip + 8);
		rig_addr(6, to, ip + 24);
	}
	o = rig_run_bytes(r, OTHER, buf, len, 0);
	if (o.verdict != DROPPED && o.len == len - size)
		frame_read(o.bytes, o.len, &o.out, in->quoted ? &o.quoted : NULL);
	return o;
}

/* The outcome is the frame, as it was, behind a header from NODE to the pod. */
static void is_tunnelled(const struct outcome *o, const struct frame *f, enum who pod)
{
	uint32_t size = outer_size(f->family), len;
	uint8_t buf[FRAME_MAX], addr[16];
	const uint8_t *ip = o->bytes + 14;

	len = (uint32_t)frame_build(f, buf);
	assert_int_equal(o->verdict, REDIRECTED);
	assert_int_equal(o->reason, BL_PASS_TUNNEL);
	assert_int_equal(o->len, len + size);
	assert_memory_equal(ip + size, buf + 14, len - 14);
	assert_int_equal(f->family == 4 ? ip[9] : ip[6],
			 f->family == 4 ? IPPROTO_IPIP : IPPROTO_IPV6);
	assert_int_equal(f->family == 4 ? ip[2] << 8 | ip[3] : (ip[4] << 8 | ip[5]) + 40,
			 o->len - 14);
	rig_addr(f->family, NODE, addr);
	assert_memory_equal(ip + (f->family == 4 ? 12 : 8), addr, f->family == 4 ? 4 : 16);
	rig_addr(f->family, pod, addr);
	assert_memory_equal(ip + (f->family == 4 ? 16 : 24), addr, f->family == 4 ? 4 : 16);
}

static struct outcome run(struct rig *r, enum who from, const struct frame *f)
{
	uint8_t buf[FRAME_MAX];

	return rig_run_bytes(r, from, buf, (uint32_t)frame_build(f, buf), 0);
}

static void backend_elsewhere_gets_the_packet_as_it_is(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, WORLD, BALANCER, proto, 5000, 80);
		struct outcome o;

		serve(*state, family, CAROL, proto);
		o = run(*state, WORLD, &f);
		is_tunnelled(&o, &f, CAROL);
		f.tcp_flags = ACK; /* in the middle of a connection that nobody has seen here */
		f.type = 0;
		f.size = 100;
		o = run(*state, WORLD, &f);
		is_tunnelled(&o, &f, CAROL);
		assert_int_equal(rig_flows(*state, family), 0);
	}
}

static void way_to_a_backend_is_noted_for_the_driver(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, WORLD, BALANCER, IPPROTO_UDP, 5000, 80);
		uint32_t seven = 7;
		struct bl_next_hop h = {};

		serve(*state, family, CAROL, IPPROTO_UDP);
		rig_put(*state, "next_hop", &seven, &h);
		(void)run(*state, WORLD, &f);
		rig_get(*state, "next_hop", &seven, &h);
		assert_int_equal(h.generation, 1);
		assert_int_equal(h.ifindex, rig_link(*state, WORLD));
		assert_int_equal(h.mtu, 1500);
	}
}

static void backend_here_needs_no_tunnel(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, WORLD, BALANCER, IPPROTO_TCP, 5000, 80);
		struct outcome o;

		serve(*state, family, ALICE, IPPROTO_TCP);
		o = rig_run(*state, WORLD, &f);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		talk_is(o.out.saddr, family, WORLD);
		talk_is(o.out.daddr, family, ALICE);
		/* Nobody knows this connection. */
		f.sport = 5001;
		f.tcp_flags = ACK;
		assert_int_equal(rig_run(*state, WORLD, &f).reason, BL_DROP_NO_BACKEND);
	}
}

/* The other node's own network has no pod's address that a tunnel could go to. */
static void backend_in_a_nodes_network_is_translated_to(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, WORLD, BALANCER, IPPROTO_TCP, 5000, 80);
		struct outcome o;

		serve(*state, family, OTHER, IPPROTO_TCP);
		o = rig_run(*state, WORLD, &f);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		talk_is(o.out.saddr, family, NODE);
		talk_is(o.out.daddr, family, OTHER);
	}
}

static void client_is_told_what_fits_into_the_tunnel(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, WORLD, BALANCER, IPPROTO_UDP, 5000, 80);
		uint32_t most = 1500 - 2 * outer_size(family) - 8;
		struct outcome o;

		serve(*state, family, CAROL, IPPROTO_UDP);
		f.size = most;
		o = run(*state, WORLD, &f);
		is_tunnelled(&o, &f, CAROL);
		f.size = most + 1;
		o = rig_run(*state, WORLD, &f);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_DROP_ROUTE);
		talk_is(o.out.daddr, family, WORLD);
		talk_is(o.out.saddr, family, BALANCER);
		assert_int_equal(o.out.type, family == 4 ? 3 : 2);
		assert_int_equal(o.out.code, family == 4 ? 4 : 0);
		assert_int_equal(o.out.word, 1500 - outer_size(family));
		assert_int_equal(o.quoted.sport, 5000);
	}
}

static void fragments_go_the_same_way(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, WORLD, BALANCER, IPPROTO_UDP, 5000, 80);
		struct outcome o;

		serve(*state, family, CAROL, IPPROTO_UDP);
		f.fragment = f.fragment_more = true;
		f.size = 1232;
		o = run(*state, WORLD, &f);
		is_tunnelled(&o, &f, CAROL);
		f.fragment_offset = 1240;
		f.fragment_more = false;
		o = run(*state, WORLD, &f);
		is_tunnelled(&o, &f, CAROL);
	}
}

static void pod_sees_the_client_and_answers_it_directly(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = talk_open(family, WORLD, BALANCER, proto, 5000, 80), back;
		struct outcome o;

		serve(*state, family, ALICE, proto);
		o = run_tunnelled(*state, &f, OTHER, ALICE);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		talk_is(o.out.saddr, family, WORLD);
		talk_is(o.out.daddr, family, ALICE);
		assert_int_equal(o.out.dport, 8080);
		assert_memory_equal(o.out.dst_mac, rig_mac(ALICE), 6);
		back = talk_answer(&o.out, ALICE);
		o = rig_run(*state, ALICE, &back);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		talk_is(o.out.saddr, family, BALANCER);
		talk_is(o.out.daddr, family, WORLD);
		assert_int_equal(o.out.sport, 80);
		assert_int_equal(o.out.dport, 5000);
	}
}

static void connection_that_was_forgotten_finds_its_port_again(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, WORLD, BALANCER, IPPROTO_TCP, 5000, 80);
		struct outcome first, again;

		serve(*state, family, ALICE, IPPROTO_TCP);
		first = run_tunnelled(*state, &f, OTHER, ALICE);
		serve(*state, family, ALICE, IPPROTO_TCP);
		assert_int_equal(rig_flows(*state, family), 0);
		f.tcp_flags = ACK;
		again = run_tunnelled(*state, &f, OTHER, ALICE);
		assert_int_equal(again.reason, BL_PASS_SERVICE);
		assert_int_equal(again.out.sport, first.out.sport);
		f.sport = 5001;
		f.tcp_flags = RST;
		assert_int_equal(run_tunnelled(*state, &f, OTHER, ALICE).reason, BL_DROP_STALE);
	}
}

static void nodeport_of_another_node_comes_in_a_tunnel_too(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, WORLD, OTHER, IPPROTO_TCP, 5000, 30080);
		struct bl_member_key member = {.service = 30080};
		uint32_t seven = 7;
		struct outcome o;
		uint8_t addr[16];

		serve(*state, family, ALICE, IPPROTO_TCP);
		rig_nodeport(*state, family, 30080, IPPROTO_TCP, 1, (const uint32_t[]){7});
		set_flags(*state, family, WHO_COUNT, 30080, IPPROTO_TCP, BL_SCOPE_NODEPORT_EXTERNAL,
			  BL_SERVICE_MAGLEV | BL_SERVICE_DSR);
		rig_addr(family, ALICE, addr);
		memcpy(&member.addr, addr, family == 4 ? 4 : 16);
		rig_put(*state, "member", &member, &seven);
		o = run_tunnelled(*state, &f, OTHER, ALICE);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		talk_is(o.out.saddr, family, WORLD);
		talk_is(o.out.daddr, family, ALICE);
	}
}

static void tunnel_that_no_node_sent_is_dropped(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, WORLD, BALANCER, IPPROTO_TCP, 5000, 80);
		struct outcome o;

		serve(*state, family, ALICE, IPPROTO_TCP);
		o = run_tunnelled(*state, &f, WORLD, ALICE);
		assert_int_equal(o.verdict, DROPPED);
		assert_int_equal(o.reason, BL_DROP_TUNNEL);
		/* A pod may have tunnels of its own with another. */
		o = run_tunnelled(*state, &f, CAROL, ALICE);
		assert_int_equal(o.reason, BL_PASS_POD);
		assert_int_equal(rig_flows(*state, family), 0);
	}
}

static void tunnel_for_what_is_not_served_so_is_dropped(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, WORLD, BALANCER, IPPROTO_TCP, 5000, 80);
		struct frame other = talk_open(family, WORLD, BALANCER, IPPROTO_TCP, 5000, 81);
		struct frame plain = talk_open(family, WORLD, ALICE, IPPROTO_TCP, 5000, 8080);

		serve(*state, family, ALICE, IPPROTO_TCP);
		assert_int_equal(run_tunnelled(*state, &f, OTHER, BOB).reason, BL_DROP_TUNNEL);
		assert_int_equal(run_tunnelled(*state, &other, OTHER, ALICE).reason,
				 BL_DROP_TUNNEL);
		assert_int_equal(run_tunnelled(*state, &plain, OTHER, ALICE).reason,
				 BL_DROP_TUNNEL);
		set_flags(*state, family, BALANCER, 80, IPPROTO_TCP, BL_SCOPE_EXTERNAL,
			  BL_SERVICE_MAGLEV);
		assert_int_equal(run_tunnelled(*state, &f, OTHER, ALICE).reason, BL_DROP_TUNNEL);
		serve(*state, family, ALICE, IPPROTO_TCP);
		rig_backend_gone(*state, 7);
		assert_int_equal(run_tunnelled(*state, &f, OTHER, ALICE).reason, BL_DROP_TUNNEL);
	}
}

static void error_about_an_answer_follows_to_its_backend(void **state)
{
	FAMILIES(family)
	{
		struct frame answer = talk_open(family, BALANCER, WORLD, IPPROTO_TCP, 80, 5000);
		struct frame f = talk_open(family, WORLD, BALANCER, IPPROTO_TCP, 5000, 80), e;
		struct outcome o;

		/* Some router on the way of the answer: CAROL's, then ALICE's. */
		e = talk_error(&answer, WORLD);
		serve(*state, family, CAROL, IPPROTO_TCP);
		o = run(*state, WORLD, &e);
		is_tunnelled(&o, &e, CAROL);

		serve(*state, family, ALICE, IPPROTO_TCP);
		(void)run_tunnelled(*state, &f, OTHER, ALICE);
		o = run_tunnelled(*state, &e, OTHER, ALICE);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		talk_is(o.out.daddr, family, ALICE);
		talk_is(o.quoted.saddr, family, ALICE);
		talk_is(o.quoted.daddr, family, WORLD);
		assert_int_equal(o.quoted.sport, 8080);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, talk_reset)
	const struct CMUnitTest tests[] = {
		TEST(backend_elsewhere_gets_the_packet_as_it_is),
		TEST(way_to_a_backend_is_noted_for_the_driver),
		TEST(backend_here_needs_no_tunnel),
		TEST(backend_in_a_nodes_network_is_translated_to),
		TEST(client_is_told_what_fits_into_the_tunnel),
		TEST(fragments_go_the_same_way),
		TEST(pod_sees_the_client_and_answers_it_directly),
		TEST(connection_that_was_forgotten_finds_its_port_again),
		TEST(nodeport_of_another_node_comes_in_a_tunnel_too),
		TEST(tunnel_that_no_node_sent_is_dropped),
		TEST(tunnel_for_what_is_not_served_so_is_dropped),
		TEST(error_about_an_answer_follows_to_its_backend),
	};

	return cmocka_run_group_tests(tests, talk_setup, talk_teardown);
}
