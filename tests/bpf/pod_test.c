// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What a pod may send, and which way it goes, without any service.
 *
 * Both families in each test. A frame that comes back from the program has been checked in full by the rig.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "../lib/talk.h"

static void local_pod_gets_the_packet_as_it_was_sent(void **state)
{
	FAMILIES(family)
	{
		struct frame f = rig_frame(family, ALICE, BOB, IPPROTO_TCP, 40000, 80);
		struct outcome o = rig_run(*state, ALICE, &f);

		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_POD);
		talk_is(o.out.saddr, family, ALICE);
		talk_is(o.out.daddr, family, BOB);
		assert_int_equal(o.out.sport, 40000);
		assert_int_equal(o.out.dport, 80);
		assert_int_equal(o.out.ttl, 64);
		assert_memory_equal(o.out.dst_mac, rig_mac(BOB), 6);
	}
}

static void remote_pod_gets_the_packet_one_hop_older(void **state)
{
	FAMILIES(family)
	{
		struct frame f = rig_frame(family, ALICE, CAROL, IPPROTO_UDP, 40000, 53);
		struct outcome o = rig_run(*state, ALICE, &f);

		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_FIB);
		talk_is(o.out.saddr, family, ALICE);
		talk_is(o.out.daddr, family, CAROL);
		assert_int_equal(o.out.ttl, 63);
	}
}

static void node_gets_its_packets_by_the_stack(void **state)
{
	FAMILIES(family)
	{
		struct frame f = rig_frame(family, ALICE, NODE, IPPROTO_TCP, 40000, 10250);
		struct outcome o = rig_run(*state, ALICE, &f);

		assert_int_equal(o.verdict, TO_STACK);
		assert_int_equal(o.reason, BL_PASS_STACK);
	}
}

static void last_hop_is_left_to_the_stack(void **state)
{
	FAMILIES(family)
	{
		struct frame f = rig_frame(family, ALICE, CAROL, IPPROTO_UDP, 40000, 53);
		struct outcome o;

		f.ttl = 1;
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.verdict, TO_STACK);
		assert_int_equal(o.out.ttl, 1);
	}
}

static void what_does_not_fit_is_left_to_the_stack(void **state)
{
	FAMILIES(family)
	{
		struct frame f = rig_frame(family, ALICE, CAROL, IPPROTO_UDP, 40000, 53);
		uint8_t buf[FRAME_MAX];
		struct outcome o;
		uint32_t len, size;

		f.size = 1600;
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.verdict, TO_STACK);
		/* What segmentation will cut to fit does fit. */
		f.proto = IPPROTO_TCP;
		f.size = 2800;
		len = (uint32_t)frame_build(&f, buf);
		size = family == 4 ? 1460 : 1440;
		o = rig_run_bytes(*state, ALICE, buf, len, size);
		assert_int_equal(o.verdict, REDIRECTED);
		o = rig_run_bytes(*state, ALICE, buf, len, size + 1);
		assert_int_equal(o.verdict, TO_STACK);
	}
}

static void foreign_source_is_dropped(void **state)
{
	static const enum who sources[] = {BOB, CAROL, NODE, WORLD, SHOP};

	FAMILIES(family)
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		struct frame f = rig_frame(family, ALICE, BOB, IPPROTO_TCP, 40000, 80);
		struct outcome o;

		rig_addr(family, sources[i], f.saddr);
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.verdict, DROPPED);
		assert_int_equal(o.reason, BL_DROP_SOURCE);
	}
}

static void foreign_mac_is_dropped(void **state)
{
	FAMILIES(family)
	{
		struct frame f = rig_frame(family, ALICE, BOB, IPPROTO_TCP, 40000, 80);
		struct outcome o;

		f.src_mac[5] ^= 1;
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.verdict, DROPPED);
		assert_int_equal(o.reason, BL_DROP_SOURCE);
	}
}

static void link_local_is_for_neighbours_only(void **state)
{
	struct frame f = rig_frame(6, ALICE, BOB, IPPROTO_UDP, 40000, 80);
	struct outcome o;

	memcpy(f.saddr, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x42", 16);
	o = rig_run(*state, ALICE, &f);
	assert_int_equal(o.verdict, DROPPED);
	assert_int_equal(o.reason, BL_DROP_LINK_LOCAL);
}

static void multicast_is_dropped(void **state)
{
	FAMILIES(family)
	{
		struct frame f = rig_frame(family, ALICE, BOB, IPPROTO_UDP, 5353, 5353);
		struct outcome o;

		f.daddr[0] = family == 4 ? 224 : 0xff;
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.verdict, DROPPED);
		assert_int_equal(o.reason, BL_DROP_MULTICAST);
	}
}

static void unknown_protocols_are_dropped(void **state)
{
	struct frame f = rig_frame(4, ALICE, BOB, IPPROTO_TCP, 1, 2);
	static const uint16_t types[] = {0x88cc, 0x8100, 0x8863, 0x0842};
	uint8_t buf[FRAME_MAX];
	uint32_t len = (uint32_t)frame_build(&f, buf);

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		struct outcome o;

		buf[12] = types[i] >> 8;
		buf[13] = types[i] & 0xff;
		o = rig_run_bytes(*state, ALICE, buf, len, 0);
		assert_int_equal(o.verdict, DROPPED);
		assert_int_equal(o.reason, BL_DROP_PROTOCOL);
	}
}

static void truncated_headers_are_malformed(void **state)
{
	static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};

	FAMILIES(family)
	for (size_t i = 0; i < sizeof(protos); i++) {
		struct frame f = rig_frame(family, ALICE, BOB, protos[i], 40000, 80);
		uint32_t ip = family == 4 ? 20 : 40, head = protos[i] == IPPROTO_UDP ? 8 : 16;
		uint8_t buf[FRAME_MAX];

		frame_build(&f, buf);
		for (uint32_t len = 14 + ip; len < 14 + ip + head; len++) {
			struct outcome o = rig_run_bytes(*state, ALICE, buf, len, 0);

			assert_int_equal(o.verdict, DROPPED);
			assert_int_equal(o.reason, BL_DROP_MALFORMED);
		}
	}
}

static void lying_lengths_are_malformed(void **state)
{
	struct frame f = rig_frame(4, ALICE, BOB, IPPROTO_TCP, 40000, 80);
	uint8_t buf[FRAME_MAX];
	uint32_t len;

	len = (uint32_t)frame_build(&f, buf);
	buf[14] = 0x44; /* a header of 16 bytes */
	assert_int_equal(rig_run_bytes(*state, ALICE, buf, len, 0).reason, BL_DROP_MALFORMED);
	frame_build(&f, buf);
	buf[14] = 0x65; /* not IPv4 */
	assert_int_equal(rig_run_bytes(*state, ALICE, buf, len, 0).reason, BL_DROP_MALFORMED);
	frame_build(&f, buf);
	buf[16]++; /* longer than the frame */
	assert_int_equal(rig_run_bytes(*state, ALICE, buf, len, 0).reason, BL_DROP_MALFORMED);
	f.family = 6;
	len = (uint32_t)frame_build(&f, buf);
	buf[18]++;
	assert_int_equal(rig_run_bytes(*state, ALICE, buf, len, 0).reason, BL_DROP_MALFORMED);
}

static void endless_extension_headers_are_malformed(void **state)
{
	struct frame f = rig_frame(6, ALICE, BOB, IPPROTO_TCP, 40000, 80);

	f.options = 3;
	assert_int_equal(rig_run(*state, ALICE, &f).reason, BL_PASS_POD);
	f.options = 12;
	assert_int_equal(rig_run(*state, ALICE, &f).reason, BL_DROP_MALFORMED);
}

static void fragments_between_pods_pass(void **state)
{
	FAMILIES(family)
	{
		struct frame f = rig_frame(family, ALICE, BOB, IPPROTO_UDP, 40000, 80);

		f.fragment = f.fragment_more = true;
		assert_int_equal(rig_run(*state, ALICE, &f).reason, BL_PASS_POD);
		f.fragment_offset = 1480;
		assert_int_equal(rig_run(*state, ALICE, &f).reason, BL_PASS_POD);
	}
}

static uint32_t build_arp(uint8_t *buf, const uint8_t *mac, const uint8_t *sender_mac,
			  enum who sender, enum who target)
{
	uint8_t addr[16];

	memset(buf, 0, 60);
	memset(buf, 0xff, 6);
	memcpy(buf + 6, mac, 6);
	memcpy(buf + 12, "\x08\x06\0\1\x08\0\6\4\0\1", 10);
	memcpy(buf + 22, sender_mac, 6);
	if (sender != WHO_COUNT) {
		rig_addr(4, sender, addr);
		memcpy(buf + 28, addr, 4);
	}
	rig_addr(4, target, addr);
	memcpy(buf + 38, addr, 4);
	return 42;
}

static void arp_speaks_for_the_pod_only(void **state)
{
	const uint8_t *alice = rig_mac(ALICE), *bob = rig_mac(BOB);
	uint8_t b[64];

	assert_int_equal(
		rig_run_bytes(*state, ALICE, b, build_arp(b, alice, alice, ALICE, NODE), 0).reason,
		BL_PASS_NEIGHBOUR);
	assert_int_equal(
		rig_run_bytes(*state, ALICE, b, build_arp(b, alice, alice, WHO_COUNT, ALICE), 0)
			.reason,
		BL_PASS_NEIGHBOUR);
	assert_int_equal(
		rig_run_bytes(*state, ALICE, b, build_arp(b, alice, alice, BOB, NODE), 0).reason,
		BL_DROP_NEIGHBOUR);
	assert_int_equal(
		rig_run_bytes(*state, ALICE, b, build_arp(b, alice, bob, ALICE, NODE), 0).reason,
		BL_DROP_NEIGHBOUR);
	assert_int_equal(
		rig_run_bytes(*state, ALICE, b, build_arp(b, bob, bob, ALICE, NODE), 0).reason,
		BL_DROP_NEIGHBOUR);
	assert_int_equal(
		rig_run_bytes(*state, ALICE, b, build_arp(b, alice, alice, NODE, NODE), 0).reason,
		BL_DROP_NEIGHBOUR);
	build_arp(b, alice, alice, ALICE, NODE);
	assert_int_equal(rig_run_bytes(*state, ALICE, b, 41, 0).reason, BL_DROP_MALFORMED);
}

/* Neighbour discovery: 24 bytes of ICMPv6 and an option. */
static uint32_t build_nd(uint8_t *b, uint8_t type, const struct frame *from, const uint8_t *target,
			 const uint8_t *option_mac)
{
	struct frame f = *from;
	uint32_t len;

	f.proto = IPPROTO_ICMPV6;
	f.type = type;
	f.ttl = 255;
	f.size = 24;
	len = (uint32_t)frame_build(&f, b);
	memcpy(b + 62, target, 16);
	b[78] = type == 136 ? 2 : 1;
	b[79] = 1;
	memcpy(b + 80, option_mac, 6);
	return len;
}

static void neighbour_discovery_speaks_for_the_pod_only(void **state)
{
	static const uint8_t gateway[16] = {0xfe, 0x80, [15] = 1};
	static const uint8_t local[16] = {0xfe, 0x80, [15] = 0x42};
	struct frame f = rig_frame(6, ALICE, NODE, 0, 0, 0);
	uint8_t b[FRAME_MAX], alice[16], bob[16];
	uint32_t len;

	rig_addr(6, ALICE, alice);
	rig_addr(6, BOB, bob);
	len = build_nd(b, 135, &f, gateway, rig_mac(ALICE));
	assert_int_equal(rig_run_bytes(*state, ALICE, b, len, 0).reason, BL_PASS_NEIGHBOUR);
	len = build_nd(b, 136, &f, alice, rig_mac(ALICE));
	assert_int_equal(rig_run_bytes(*state, ALICE, b, len, 0).reason, BL_PASS_NEIGHBOUR);
	len = build_nd(b, 136, &f, bob, rig_mac(ALICE));
	assert_int_equal(rig_run_bytes(*state, ALICE, b, len, 0).reason, BL_DROP_NEIGHBOUR);
	len = build_nd(b, 136, &f, gateway, rig_mac(ALICE));
	assert_int_equal(rig_run_bytes(*state, ALICE, b, len, 0).reason, BL_DROP_NEIGHBOUR);
	len = build_nd(b, 136, &f, alice, rig_mac(BOB));
	assert_int_equal(rig_run_bytes(*state, ALICE, b, len, 0).reason, BL_DROP_NEIGHBOUR);
	b[21] = 64; /* came over a router */
	assert_int_equal(rig_run_bytes(*state, ALICE, b, len, 0).reason, BL_DROP_MALFORMED);
	memcpy(f.saddr, local, 16);
	len = build_nd(b, 135, &f, local, rig_mac(ALICE));
	assert_int_equal(rig_run_bytes(*state, ALICE, b, len, 0).reason, BL_PASS_NEIGHBOUR);
	memset(f.saddr, 0, 16);
	len = build_nd(b, 135, &f, bob, rig_mac(ALICE));
	assert_int_equal(rig_run_bytes(*state, ALICE, b, len, 0).reason, BL_DROP_NEIGHBOUR);
}

static void routers_are_not_pods(void **state)
{
	static const uint8_t types[] = {133, 134, 137};
	static const uint8_t local[16] = {0xfe, 0x80, [15] = 0x42};
	struct frame f = rig_frame(6, ALICE, NODE, 0, 0, 0);
	uint8_t b[FRAME_MAX];

	memcpy(f.saddr, local, 16);
	for (size_t i = 0; i < sizeof(types); i++) {
		uint32_t len = build_nd(b, types[i], &f, local, rig_mac(ALICE));

		assert_int_equal(rig_run_bytes(*state, ALICE, b, len, 0).reason, BL_DROP_NEIGHBOUR);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(local_pod_gets_the_packet_as_it_was_sent, talk_reset),
		cmocka_unit_test_setup(remote_pod_gets_the_packet_one_hop_older, talk_reset),
		cmocka_unit_test_setup(node_gets_its_packets_by_the_stack, talk_reset),
		cmocka_unit_test_setup(last_hop_is_left_to_the_stack, talk_reset),
		cmocka_unit_test_setup(what_does_not_fit_is_left_to_the_stack, talk_reset),
		cmocka_unit_test_setup(foreign_source_is_dropped, talk_reset),
		cmocka_unit_test_setup(foreign_mac_is_dropped, talk_reset),
		cmocka_unit_test_setup(link_local_is_for_neighbours_only, talk_reset),
		cmocka_unit_test_setup(multicast_is_dropped, talk_reset),
		cmocka_unit_test_setup(unknown_protocols_are_dropped, talk_reset),
		cmocka_unit_test_setup(truncated_headers_are_malformed, talk_reset),
		cmocka_unit_test_setup(lying_lengths_are_malformed, talk_reset),
		cmocka_unit_test_setup(endless_extension_headers_are_malformed, talk_reset),
		cmocka_unit_test_setup(fragments_between_pods_pass, talk_reset),
		cmocka_unit_test_setup(arp_speaks_for_the_pod_only, talk_reset),
		cmocka_unit_test_setup(neighbour_discovery_speaks_for_the_pod_only, talk_reset),
		cmocka_unit_test_setup(routers_are_not_pods, talk_reset),
	};

	return cmocka_run_group_tests(tests, talk_setup, talk_teardown);
}
