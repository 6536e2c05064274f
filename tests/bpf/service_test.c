// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Services and masquerade packet by packet: the way there, the way back, and refusals.
 *
 * The whole file runs twice: with checksums changed in place (where the kernel allows it) and by helpers. A flow is played as its
 * packets would come: what a program lets out is turned into the answer that its receiver would send, and given to the hook where that
 * answer arrives.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>

#include "../lib/rig.h"

#define FAMILIES(f) for (int f = 4; f <= 6; f += 2)

#define SYN 0x02
#define RST 0x04
#define ACK 0x10
#define FIN 0x01

static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};
#define PROTOS(p) for (size_t p##_i = 0, p; p##_i < 3 && ((p = protos[p##_i]), 1); p##_i++)

static int make_in_place(void **state)
{
	*state = rig_new_with(true);
	return 0;
}

static int make_by_helpers(void **state)
{
	*state = rig_new_with(false);
	return 0;
}

static int end(void **state)
{
	rig_free(*state);
	return 0;
}

static int reset(void **state)
{
	rig_reset(*state);
	return 0;
}

static void assert_addr(const uint8_t *addr, int family, enum who who)
{
	uint8_t want[16];

	rig_addr(family, who, want);
	assert_memory_equal(addr, want, 16);
}

/* The first packet of a flow. */
static struct frame opening(int family, enum who from, enum who to, uint8_t proto, uint16_t sport,
			    uint16_t dport)
{
	struct frame f = rig_frame(family, from, to, proto, sport, dport);

	f.tcp_flags = SYN;
	f.type = 1; /* INIT */
	f.seq = 1000;
	return f;
}

/* What the receiver of `out` would send back, as it arrives over the link of `from`. */
static struct frame answer(const struct frame *out, enum who from)
{
	struct frame f = rig_frame(out->family, from, from, out->proto, out->dport, out->sport);

	memcpy(f.saddr, out->daddr, 16);
	memcpy(f.daddr, out->saddr, 16);
	f.tcp_flags = SYN | ACK;
	f.type = 2;
	return f;
}

static void use_shop(struct rig *r, int family, enum who pod, uint8_t proto)
{
	rig_backend(r, 7, family, pod, 8080, proto, 1);
	rig_service(r, family, SHOP, 80, proto, 1, (const uint32_t[]){7});
	rig_own(r, family, SHOP);
}

static void service_on_this_node_there_and_back(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = opening(family, ALICE, SHOP, (uint8_t)proto, 40000, 80), back;
		struct outcome o;

		rig_reset(*state);
		use_shop(*state, family, BOB, (uint8_t)proto);
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		assert_addr(o.out.saddr, family, ALICE);
		assert_addr(o.out.daddr, family, BOB);
		assert_int_equal(o.out.dport, 8080);
		assert_in_range(o.out.sport, 61000, 65000);
		assert_int_equal(o.out.ttl, 64);
		assert_memory_equal(o.out.dst_mac, rig_mac(BOB), 6);

		back = answer(&o.out, BOB);
		o = rig_run(*state, BOB, &back);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		assert_addr(o.out.saddr, family, SHOP);
		assert_addr(o.out.daddr, family, ALICE);
		assert_int_equal(o.out.sport, 80);
		assert_int_equal(o.out.dport, 40000);
	}
}

static void service_on_another_node_there_and_back(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = opening(family, ALICE, SHOP, (uint8_t)proto, 40000, 80), back;
		struct outcome o;

		rig_reset(*state);
		use_shop(*state, family, CAROL, (uint8_t)proto);
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		assert_addr(o.out.saddr, family, ALICE);
		assert_addr(o.out.daddr, family, CAROL);
		assert_int_equal(o.out.ttl, 63);

		back = answer(&o.out, CAROL);
		o = rig_run(*state, CAROL, &back);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		assert_addr(o.out.saddr, family, SHOP);
		assert_addr(o.out.daddr, family, ALICE);
		assert_int_equal(o.out.sport, 80);
		assert_int_equal(o.out.dport, 40000);
		assert_memory_equal(o.out.dst_mac, rig_mac(ALICE), 6);
	}
}

static void flow_keeps_its_backend_and_port(void **state)
{
	FAMILIES(family)
	{
		struct frame f = opening(family, ALICE, SHOP, IPPROTO_TCP, 40000, 80);
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
		struct frame f = opening(4, ALICE, SHOP, IPPROTO_TCP, port, 80);
		struct outcome o = rig_run(*state, ALICE, &f);

		bob += !memcmp(o.out.daddr, addr, 4);
	}
	assert_in_range(bob, 120, 280);
}

static void two_services_of_one_backend_do_not_collide(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = opening(family, ALICE, SHOP, (uint8_t)proto, 40000, 80);
		struct frame g = opening(family, ALICE, MARKET, (uint8_t)proto, 40000, 81);
		struct frame direct = opening(family, ALICE, BOB, (uint8_t)proto, 40000, 8080);
		struct outcome a, b, c;
		struct frame back;

		rig_reset(*state);
		use_shop(*state, family, BOB, (uint8_t)proto);
		rig_service(*state, family, MARKET, 81, (uint8_t)proto, 1, (const uint32_t[]){7});
		a = rig_run(*state, ALICE, &f);
		b = rig_run(*state, ALICE, &g);
		c = rig_run(*state, ALICE, &direct);
		assert_int_not_equal(a.out.sport, b.out.sport);
		assert_int_equal(c.out.sport, 40000);
		back = answer(&a.out, BOB);
		assert_addr(rig_run(*state, BOB, &back).out.saddr, family, SHOP);
		back = answer(&b.out, BOB);
		assert_addr(rig_run(*state, BOB, &back).out.saddr, family, MARKET);
		back = answer(&c.out, BOB);
		assert_addr(rig_run(*state, BOB, &back).out.saddr, family, BOB);
	}
}

static void ports_that_are_taken_are_not_taken_again(void **state)
{
	FAMILIES(family)
	{
		struct frame f = opening(family, ALICE, SHOP, IPPROTO_TCP, 40000, 80);
		uint8_t seen[4] = {};
		struct outcome o;

		rig_reset(*state);
		use_shop(*state, family, BOB, IPPROTO_TCP);
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
		struct frame f = opening(family, ALICE, SHOP, (uint8_t)proto, 40000, 80), back;
		struct outcome o;

		rig_reset(*state);
		use_shop(*state, family, ALICE, (uint8_t)proto);
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		assert_addr(o.out.saddr, family, SHOP);
		assert_addr(o.out.daddr, family, ALICE);
		back = answer(&o.out, ALICE);
		o = rig_run(*state, ALICE, &back);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		assert_addr(o.out.saddr, family, SHOP);
		assert_addr(o.out.daddr, family, ALICE);
		assert_int_equal(o.out.sport, 80);
		assert_int_equal(o.out.dport, 40000);
	}
}

/* The packet comes back to its sender as a refusal of the service. */
static void assert_refused(const struct outcome *o, const struct frame *f, enum bl_reason reason)
{
	assert_int_equal(o->verdict, REDIRECTED);
	assert_int_equal(o->reason, reason);
	assert_memory_equal(o->out.saddr, f->daddr, 16);
	assert_memory_equal(o->out.daddr, f->saddr, 16);
	assert_memory_equal(o->out.dst_mac, rig_mac(ALICE), 6);
	if (f->proto == IPPROTO_TCP) {
		assert_int_equal(o->out.proto, IPPROTO_TCP);
		assert_int_equal(o->out.sport, f->dport);
		assert_int_equal(o->out.dport, f->sport);
		assert_int_equal(o->out.tcp_flags & RST, RST);
		return;
	}
	assert_int_equal(o->out.type, f->family == 4 ? 3 : 1);
	assert_int_equal(o->out.code, f->family == 4 ? 3 : 4);
	assert_memory_equal(o->quoted.saddr, f->saddr, 16);
	assert_memory_equal(o->quoted.daddr, f->daddr, 16);
	assert_int_equal(o->quoted.sport, f->sport);
	assert_int_equal(o->quoted.dport, f->dport);
}

static void what_nobody_serves_is_refused_at_once(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = opening(family, ALICE, SHOP, (uint8_t)proto, 40000, 80);
		struct outcome o;

		rig_reset(*state);
		rig_service(*state, family, SHOP, 80, (uint8_t)proto, 0, NULL);
		o = rig_run(*state, ALICE, &f);
		assert_refused(&o, &f, BL_DROP_NO_BACKEND);
		f.dport = 81;
		o = rig_run(*state, ALICE, &f);
		assert_refused(&o, &f, BL_DROP_NO_SERVICE);
		f = opening(family, ALICE, LOST, (uint8_t)proto, 40000, 80);
		o = rig_run(*state, ALICE, &f);
		assert_refused(&o, &f, BL_DROP_NO_SERVICE);
		f.size = 1200;
		o = rig_run(*state, ALICE, &f);
		assert_refused(&o, &f, BL_DROP_NO_SERVICE);
	}
}

static void refusal_acknowledges_what_it_refuses(void **state)
{
	FAMILIES(family)
	{
		struct frame f = opening(family, ALICE, LOST, IPPROTO_TCP, 40000, 80);
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
		struct frame f = opening(family, ALICE, LOST, IPPROTO_TCP, 40000, 80), inner, g;

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
		struct frame f = opening(family, ALICE, SHOP, IPPROTO_TCP, 40000, 80);
		struct frame u = opening(family, ALICE, SHOP, IPPROTO_UDP, 40000, 80);
		struct outcome o;

		rig_reset(*state);
		use_shop(*state, family, BOB, IPPROTO_TCP);
		use_shop(*state, family, BOB, IPPROTO_UDP);
		rig_run(*state, ALICE, &f);
		rig_run(*state, ALICE, &u);
		rig_backend_gone(*state, 7);
		rig_backend(*state, 8, family, CAROL, 8080, IPPROTO_TCP, 1);
		rig_service(*state, family, SHOP, 80, IPPROTO_TCP, 1, (const uint32_t[]){8});
		rig_service(*state, family, SHOP, 80, IPPROTO_UDP, 1, (const uint32_t[]){8});
		o = rig_run(*state, ALICE, &u);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		assert_addr(o.out.daddr, family, CAROL);
		f.tcp_flags = ACK;
		o = rig_run(*state, ALICE, &f);
		assert_refused(&o, &f, BL_DROP_STALE);
		f.tcp_flags = SYN;
		o = rig_run(*state, ALICE, &f);
		assert_addr(o.out.daddr, family, CAROL);
	}
}

static void service_without_backend_refuses_known_flows_too(void **state)
{
	struct frame u = opening(4, ALICE, SHOP, IPPROTO_UDP, 40000, 80);
	struct outcome o;

	use_shop(*state, 4, BOB, IPPROTO_UDP);
	assert_int_equal(rig_run(*state, ALICE, &u).reason, BL_PASS_SERVICE);
	rig_backend_gone(*state, 7);
	rig_service(*state, 4, SHOP, 80, IPPROTO_UDP, 0, NULL);
	o = rig_run(*state, ALICE, &u);
	assert_refused(&o, &u, BL_DROP_NO_BACKEND);
	use_shop(*state, 4, CAROL, IPPROTO_UDP);
	assert_int_equal(rig_run(*state, ALICE, &u).reason, BL_PASS_SERVICE);
}

static void unknown_connection_is_reset(void **state)
{
	FAMILIES(family)
	{
		struct frame f = opening(family, ALICE, SHOP, IPPROTO_TCP, 40000, 80);
		struct outcome o;

		rig_reset(*state);
		use_shop(*state, family, BOB, IPPROTO_TCP);
		f.tcp_flags = ACK;
		o = rig_run(*state, ALICE, &f);
		assert_refused(&o, &f, BL_DROP_STALE);
	}
}

static void closed_connection_may_be_opened_again(void **state)
{
	struct frame f = opening(4, ALICE, SHOP, IPPROTO_TCP, 40000, 80);
	struct outcome o;

	use_shop(*state, 4, BOB, IPPROTO_TCP);
	rig_run(*state, ALICE, &f);
	f.tcp_flags = FIN | ACK;
	assert_int_equal(rig_run(*state, ALICE, &f).reason, BL_PASS_SERVICE);
	f.tcp_flags = ACK;
	assert_int_equal(rig_run(*state, ALICE, &f).reason, BL_PASS_SERVICE);
	rig_backend(*state, 8, 4, CAROL, 8080, IPPROTO_TCP, 1);
	rig_service(*state, 4, SHOP, 80, IPPROTO_TCP, 1, (const uint32_t[]){8});
	f.tcp_flags = SYN;
	o = rig_run(*state, ALICE, &f);
	assert_addr(o.out.daddr, 4, CAROL);
}

static void udp_without_checksum_stays_without(void **state)
{
	struct frame f = opening(4, ALICE, SHOP, IPPROTO_UDP, 40000, 80);
	struct outcome o;

	f.no_check = true;
	use_shop(*state, 4, BOB, IPPROTO_UDP);
	o = rig_run(*state, ALICE, &f);
	assert_int_equal(o.reason, BL_PASS_SERVICE);
	assert_true(o.out.no_check);
}

static void options_do_not_hide_the_ports(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = opening(family, ALICE, SHOP, (uint8_t)proto, 40000, 80);
		struct outcome o;

		rig_reset(*state);
		use_shop(*state, family, BOB, (uint8_t)proto);
		f.options = 2;
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		assert_addr(o.out.daddr, family, BOB);
		assert_int_equal(o.out.dport, 8080);
	}
}

static void fragments_are_not_translated_by_halves(void **state)
{
	FAMILIES(family)
	{
		struct frame f = opening(family, ALICE, SHOP, IPPROTO_UDP, 40000, 80);

		rig_reset(*state);
		use_shop(*state, family, BOB, IPPROTO_UDP);
		f.fragment = f.fragment_more = true;
		assert_int_equal(rig_run(*state, ALICE, &f).verdict, DROPPED);
		f.fragment_offset = 64;
		assert_int_equal(rig_run(*state, ALICE, &f).verdict, DROPPED);
	}
}

/* An ICMP error about `inner`, from whoever, to the sender of inner. */
static struct frame error_about(const struct frame *inner, enum who from)
{
	struct frame f = rig_frame(inner->family, from, from, inner->family == 4 ? 1 : 58, 0, 0);

	memcpy(f.daddr, inner->saddr, 16);
	f.type = inner->family == 4 ? 3 : 1;
	f.code = inner->family == 4 ? 3 : 4;
	f.quoted = inner;
	return f;
}

static void errors_reach_the_client_in_its_own_words(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = opening(family, ALICE, SHOP, (uint8_t)proto, 40000, 80), e;
		struct outcome o;

		rig_reset(*state);
		use_shop(*state, family, BOB, (uint8_t)proto);
		o = rig_run(*state, ALICE, &f);
		e = error_about(&o.out, BOB);
		o = rig_run(*state, BOB, &e);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		assert_addr(o.out.saddr, family, SHOP);
		assert_addr(o.out.daddr, family, ALICE);
		assert_addr(o.quoted.saddr, family, ALICE);
		assert_addr(o.quoted.daddr, family, SHOP);
		assert_int_equal(o.quoted.sport, 40000);
		assert_int_equal(o.quoted.dport, 80);
	}
}

static void routers_errors_reach_the_client_too(void **state)
{
	FAMILIES(family)
	{
		struct frame f = opening(family, ALICE, SHOP, IPPROTO_TCP, 40000, 80), e;
		struct outcome o;

		rig_reset(*state);
		use_shop(*state, family, CAROL, IPPROTO_TCP);
		o = rig_run(*state, ALICE, &f);
		e = error_about(&o.out, OTHER);
		e.word = 1400;
		o = rig_run(*state, OTHER, &e);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		assert_addr(o.out.saddr, family, OTHER);
		assert_addr(o.out.daddr, family, ALICE);
		assert_addr(o.quoted.daddr, family, SHOP);
		assert_int_equal(o.quoted.sport, 40000);
		assert_int_equal(o.out.word, 1400);
	}
}

static void world_sees_the_node_and_the_answer_finds_the_pod(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = opening(family, ALICE, WORLD, (uint8_t)proto, 40000, 443), back;
		struct outcome o;

		rig_reset(*state);
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_MASQUERADE);
		assert_addr(o.out.saddr, family, NODE);
		assert_addr(o.out.daddr, family, WORLD);
		assert_in_range(o.out.sport, 61000, 65000);
		assert_int_equal(o.out.dport, 443);
		assert_int_equal(o.out.ttl, 63);

		back = answer(&o.out, WORLD);
		o = rig_run(*state, WORLD, &back);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		assert_addr(o.out.saddr, family, WORLD);
		assert_addr(o.out.daddr, family, ALICE);
		assert_int_equal(o.out.sport, 443);
		assert_int_equal(o.out.dport, 40000);
		assert_memory_equal(o.out.dst_mac, rig_mac(ALICE), 6);
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
		assert_addr(o.out.saddr, family, NODE);
		assert_in_range(o.out.sport, 61000, 65000);
		back = answer(&o.out, WORLD);
		back.sport = o.out.sport;
		back.type = family == 4 ? 0 : 129;
		o = rig_run(*state, WORLD, &back);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		assert_addr(o.out.daddr, family, ALICE);
		assert_int_equal(o.out.sport, 77);
	}
}

static void errors_about_masqueraded_packets_find_the_pod(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = opening(family, ALICE, WORLD, (uint8_t)proto, 40000, 443), e;
		struct outcome o;

		rig_reset(*state);
		o = rig_run(*state, ALICE, &f);
		e = error_about(&o.out, OTHER);
		o = rig_run(*state, OTHER, &e);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		assert_addr(o.out.saddr, family, OTHER);
		assert_addr(o.out.daddr, family, ALICE);
		assert_addr(o.quoted.saddr, family, ALICE);
		assert_addr(o.quoted.daddr, family, WORLD);
		assert_int_equal(o.quoted.sport, 40000);
		assert_int_equal(o.quoted.dport, 443);
	}
}

static void answers_to_direct_callers_keep_the_pods_address(void **state)
{
	FAMILIES(family)
	{
		struct frame in = opening(family, WORLD, ALICE, IPPROTO_UDP, 5000, 53), back;
		struct outcome o;

		rig_reset(*state);
		assert_int_equal(rig_run(*state, WORLD, &in).reason, BL_PASS_POD);
		back = rig_frame(family, ALICE, WORLD, IPPROTO_UDP, 53, 5000);
		o = rig_run(*state, ALICE, &back);
		assert_int_equal(o.reason, BL_PASS_FIB);
		assert_addr(o.out.saddr, family, ALICE);
		back = rig_frame(family, ALICE, WORLD, IPPROTO_TCP, 80, 5000);
		back.tcp_flags = SYN | ACK;
		o = rig_run(*state, ALICE, &back);
		assert_addr(o.out.saddr, family, ALICE);
		back = rig_frame(family, ALICE, WORLD, family == 4 ? 1 : 58, 9, 0);
		back.type = family == 4 ? 0 : 129;
		o = rig_run(*state, ALICE, &back);
		assert_addr(o.out.saddr, family, ALICE);
	}
}

static void nodeport_keeps_the_client_for_a_pod_of_this_node(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = opening(family, WORLD, NODE, (uint8_t)proto, 5000, 30080), back;
		struct outcome o;

		rig_reset(*state);
		rig_backend(*state, 7, family, ALICE, 8080, (uint8_t)proto, 1);
		rig_nodeport(*state, family, 30080, (uint8_t)proto, 1, (const uint32_t[]){7});
		o = rig_run(*state, WORLD, &f);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		assert_addr(o.out.saddr, family, WORLD);
		assert_addr(o.out.daddr, family, ALICE);
		assert_int_equal(o.out.dport, 8080);
		back = answer(&o.out, ALICE);
		o = rig_run(*state, ALICE, &back);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		assert_addr(o.out.saddr, family, NODE);
		assert_addr(o.out.daddr, family, WORLD);
		assert_int_equal(o.out.sport, 30080);
		assert_int_equal(o.out.dport, 5000);
	}
}

static void nodeport_speaks_for_itself_to_a_pod_elsewhere(void **state)
{
	FAMILIES(family)
	PROTOS(proto)
	{
		struct frame f = opening(family, WORLD, NODE, (uint8_t)proto, 5000, 30080), back;
		struct outcome o;

		rig_reset(*state);
		rig_backend(*state, 7, family, CAROL, 8080, (uint8_t)proto, 1);
		rig_nodeport(*state, family, 30080, (uint8_t)proto, 1, (const uint32_t[]){7});
		o = rig_run(*state, WORLD, &f);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_SERVICE);
		assert_addr(o.out.saddr, family, NODE);
		assert_addr(o.out.daddr, family, CAROL);
		back = answer(&o.out, CAROL);
		o = rig_run(*state, CAROL, &back);
		assert_int_equal(o.reason, BL_PASS_REPLY);
		assert_addr(o.out.saddr, family, NODE);
		assert_addr(o.out.daddr, family, WORLD);
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
		struct frame f = opening(family, WORLD, NODE, IPPROTO_TCP, 5000, 30080);
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

static void pod_reaches_a_nodeport_past_the_socket_hooks(void **state)
{
	FAMILIES(family)
	{
		struct frame f = opening(family, ALICE, NODE, IPPROTO_TCP, 40000, 30080), back;
		struct outcome o;

		rig_reset(*state);
		rig_backend(*state, 7, family, BOB, 8080, IPPROTO_TCP, 1);
		rig_nodeport(*state, family, 30080, IPPROTO_TCP, 1, (const uint32_t[]){7});
		o = rig_run(*state, ALICE, &f);
		assert_addr(o.out.daddr, family, BOB);
		back = answer(&o.out, BOB);
		o = rig_run(*state, BOB, &back);
		assert_addr(o.out.saddr, family, NODE);
		assert_int_equal(o.out.sport, 30080);
	}
}

static void service_addresses_are_not_served_to_the_outside(void **state)
{
	FAMILIES(family)
	{
		struct frame f = opening(family, WORLD, SHOP, IPPROTO_TCP, 5000, 80);
		struct outcome o;

		use_shop(*state, family, BOB, IPPROTO_TCP);
		o = rig_run(*state, WORLD, &f);
		assert_int_equal(o.verdict, DROPPED);
		assert_int_equal(o.reason, BL_DROP_NO_SERVICE);
	}
}

static void uplink_hands_pods_their_packets(void **state)
{
	FAMILIES(family)
	{
		struct frame f = opening(family, CAROL, ALICE, IPPROTO_TCP, 5000, 80);
		struct outcome o = rig_run(*state, CAROL, &f);

		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_PASS_POD);
		assert_int_equal(o.out.ttl, 64);
		assert_memory_equal(o.out.dst_mac, rig_mac(ALICE), 6);
		assert_int_equal(rig_translated(*state, family, ALICE), 0);
	}
}

static void too_big_for_the_backends_link_is_told_to_the_client(void **state)
{
	FAMILIES(family)
	{
		struct frame f = opening(family, ALICE, SHOP, IPPROTO_UDP, 40000, 80);
		struct outcome o;

		rig_reset(*state);
		use_shop(*state, family, CAROL, IPPROTO_UDP);
		f.size = 1600;
		o = rig_run(*state, ALICE, &f);
		assert_int_equal(o.verdict, REDIRECTED);
		assert_int_equal(o.reason, BL_DROP_ROUTE);
		assert_int_equal(o.out.type, family == 4 ? 3 : 2);
		assert_int_equal(o.out.word, 1500);
		assert_addr(o.quoted.daddr, family, SHOP);
		assert_int_equal(o.quoted.sport, 40000);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
		TEST(service_on_this_node_there_and_back),
		TEST(service_on_another_node_there_and_back),
		TEST(flow_keeps_its_backend_and_port),
		TEST(new_flows_spread_over_the_backends),
		TEST(two_services_of_one_backend_do_not_collide),
		TEST(ports_that_are_taken_are_not_taken_again),
		TEST(hairpin_shows_the_service_as_the_client),
		TEST(what_nobody_serves_is_refused_at_once),
		TEST(refusal_acknowledges_what_it_refuses),
		TEST(refusals_are_not_refused),
		TEST(gone_backend_resets_tcp_and_moves_udp),
		TEST(service_without_backend_refuses_known_flows_too),
		TEST(unknown_connection_is_reset),
		TEST(closed_connection_may_be_opened_again),
		TEST(udp_without_checksum_stays_without),
		TEST(options_do_not_hide_the_ports),
		TEST(fragments_are_not_translated_by_halves),
		TEST(errors_reach_the_client_in_its_own_words),
		TEST(routers_errors_reach_the_client_too),
		TEST(world_sees_the_node_and_the_answer_finds_the_pod),
		TEST(echo_is_masqueraded_by_its_identifier),
		TEST(errors_about_masqueraded_packets_find_the_pod),
		TEST(answers_to_direct_callers_keep_the_pods_address),
		TEST(nodeport_keeps_the_client_for_a_pod_of_this_node),
		TEST(nodeport_speaks_for_itself_to_a_pod_elsewhere),
		TEST(nodeport_that_cannot_be_served_is_the_stacks),
		TEST(pod_reaches_a_nodeport_past_the_socket_hooks),
		TEST(service_addresses_are_not_served_to_the_outside),
		TEST(uplink_hands_pods_their_packets),
		TEST(too_big_for_the_backends_link_is_told_to_the_client),
	};
	int failed = cmocka_run_group_tests_name("in place", tests, make_in_place, end);

	return failed + cmocka_run_group_tests_name("by helpers", tests, make_by_helpers, end);
}
