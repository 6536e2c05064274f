// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The packets of a flow, for tests that play whole conversations.
 *
 * A flow is played as its packets would come: what a program lets out is turned into the answer that its receiver would send, and given
 * to the hook where that answer arrives.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>

#include "talk.h"

const uint8_t talk_protos[3] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};

int talk_setup(void **state)
{
	*state = rig_new_with(true);
	return 0;
}

int talk_setup_by_helpers(void **state)
{
	*state = rig_new_with(false);
	return 0;
}

int talk_teardown(void **state)
{
	rig_free(*state);
	return 0;
}

int talk_reset(void **state)
{
	rig_reset(*state);
	return 0;
}

void talk_is(const uint8_t *addr, int family, enum who who)
{
	uint8_t want[16];

	rig_addr(family, who, want);
	assert_memory_equal(addr, want, 16);
}

struct frame talk_open(int family, enum who from, enum who to, uint8_t proto, uint16_t sport,
		       uint16_t dport)
{
	struct frame f = rig_frame(family, from, to, proto, sport, dport);

	f.tcp_flags = SYN;
	f.type = 1; /* INIT */
	f.seq = 1000;
	return f;
}

struct frame talk_answer(const struct frame *out, enum who from)
{
	struct frame f = rig_frame(out->family, from, from, out->proto, out->dport, out->sport);

	memcpy(f.saddr, out->daddr, 16);
	memcpy(f.daddr, out->saddr, 16);
	f.tcp_flags = SYN | ACK;
	f.type = 2;
	return f;
}

void talk_shop(struct rig *r, int family, enum who pod, uint8_t proto)
{
	rig_backend(r, 7, family, pod, 8080, proto, 1);
	rig_service(r, family, SHOP, 80, proto, 1, (const uint32_t[]){7});
}

void talk_refused(const struct outcome *o, const struct frame *f, enum bl_reason reason)
{
	assert_int_equal(o->verdict, REDIRECTED);
	assert_int_equal(o->reason, reason);
	assert_memory_equal(o->out.saddr, f->daddr, 16);
	assert_memory_equal(o->out.daddr, f->saddr, 16);
	assert_memory_equal(o->out.dst_mac, f->src_mac, 6);
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

struct frame talk_error(const struct frame *inner, enum who from)
{
	struct frame f = rig_frame(inner->family, from, from, inner->family == 4 ? 1 : 58, 0, 0);

	memcpy(f.daddr, inner->saddr, 16);
	f.type = inner->family == 4 ? 3 : 1;
	f.code = inner->family == 4 ? 3 : 4;
	f.quoted = inner;
	return f;
}
