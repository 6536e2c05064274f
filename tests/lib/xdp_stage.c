// SPDX-License-Identifier: Apache-2.0
/* DOC: The XDP program on a rig: services, known hops, runs, and what must have become of a packet. */

#include "xdp_stage.h"

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

#include "bpf/xdp.skel.h"

#define ROUTER_MAC                 \
	{                          \
		2, 0, 0, 0, 0, 0xf \
	}
#define NODE_MAC                 \
	{                        \
		2, 0, 0, 0, 0, 1 \
	}

static int load_ticker(void)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_jiffies64},
		{.code = BPF_ALU64 | BPF_RSH | BPF_K, .dst_reg = 0, .imm = 8},
		{.code = BPF_ALU64 | BPF_AND | BPF_K, .dst_reg = 0, .imm = 0xffff},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "ticker", "GPL", insns,
			     sizeof(insns) / sizeof(*insns), NULL);
}

uint16_t xdp_tick(const struct xdp_stage *s)
{
	uint8_t buf[64] = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = buf, .data_size_in = sizeof(buf),
		    .repeat = 1);

	assert_int_equal(bpf_prog_test_run_opts(s->ticker, &opts), 0);
	return (uint16_t)opts.retval;
}

int xdp_setup(void **state)
{
	struct xdp_stage *s = calloc(1, sizeof(*s));
	struct bpf_map *map;

	assert_non_null(s);
	s->rig = rig_new();
	s->xdp = xdp_bpf__open();
	assert_non_null(s->xdp);
	bpf_object__for_each_map(map, s->xdp->obj)
	{
		if (!bpf_map__is_internal(map))
			assert_int_equal(
				bpf_map__reuse_fd(map, rig_map(s->rig, bpf_map__name(map))), 0);
	}
	assert_int_equal(xdp_bpf__load(s->xdp), 0);
	s->ticker = load_ticker();
	assert_true(s->ticker >= 0);
	*state = s;
	return 0;
}

int xdp_teardown(void **state)
{
	struct xdp_stage *s = *state;

	xdp_bpf__destroy(s->xdp);
	rig_free(s->rig);
	free(s);
	return 0;
}

int xdp_reset(void **state)
{
	rig_reset(((struct xdp_stage *)*state)->rig);
	return 0;
}

struct xdp_answer xdp_run_bytes(struct xdp_stage *s, const uint8_t *buf, uint32_t len)
{
	struct xdp_answer a = {.sent_len = len};
	struct xdp_md ctx = {.data_end = len, .ingress_ifindex = rig_link(s->rig, WORLD)};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = buf, .data_size_in = len,
		    .data_out = a.bytes, .data_size_out = sizeof(a.bytes), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = 1);

	memcpy(a.sent, buf, len);
	assert_int_equal(
		bpf_prog_test_run_opts(bpf_program__fd(s->xdp->progs.bl_xdp_ingress), &opts), 0);
	a.verdict = (int)opts.retval;
	a.len = opts.data_size_out;
	return a;
}

struct xdp_answer xdp_run(struct xdp_stage *s, const struct frame *f)
{
	uint8_t buf[FRAME_MAX];

	return xdp_run_bytes(s, buf, (uint32_t)frame_build(f, buf));
}

/* Port 80 of SHOP and NodePort 30080, one backend, 7, in every slot. */
void xdp_serve(struct xdp_stage *s, int family, enum who pod, uint8_t proto, uint32_t flags)
{
	struct bl_service svc = {.id = 80, .first_slot = 0, .slot_count = 13, .flags = flags};
	struct bl_service4_key key4 = {
		.port = htons(80), .proto = proto, .scope = BL_SCOPE_EXTERNAL};
	struct bl_service6_key key6 = {
		.port = htons(80), .proto = proto, .scope = BL_SCOPE_EXTERNAL};
	uint32_t seven = 7;

	rig_backend(s->rig, 7, family, pod, 8080, proto, 1);
	for (uint32_t i = 0; i < svc.slot_count; i++)
		rig_put(s->rig, "slot", &i, &seven);
	for (int nodeport = 0; nodeport < 2; nodeport++) {
		uint8_t addr[16] = {};

		if (!nodeport)
			rig_addr(family, SHOP, addr);
		memcpy(&key4.addr, addr, 4);
		memcpy(&key6.addr, addr, 16);
		if (nodeport) {
			key4.port = key6.port = htons(30080);
			key4.scope = key6.scope = BL_SCOPE_NODEPORT_EXTERNAL;
		}
		rig_put(s->rig, family == 4 ? "service4" : "service6",
			family == 4 ? (void *)&key4 : (void *)&key6, &svc);
	}
}

void xdp_know_hop(struct xdp_stage *s, uint32_t generation, uint16_t found, uint16_t asked)
{
	struct bl_next_hop h = {
		.generation = generation,
		.ifindex = rig_link(s->rig, WORLD),
		.dmac = ROUTER_MAC,
		.smac = NODE_MAC,
		.mtu = 1500,
		.found = found,
		.asked = asked,
	};
	uint32_t seven = 7;

	rig_put(s->rig, "next_hop", &seven, &h);
}

/* Runs the frame with a hop that is known now, again if the tick ended meanwhile. */
struct xdp_answer xdp_run_known(struct xdp_stage *s, const struct frame *f)
{
	struct xdp_answer a;
	uint16_t now;

	do {
		now = xdp_tick(s);
		xdp_know_hop(s, 1, now, now);
		a = xdp_run(s, f);
	} while (xdp_tick(s) != now);
	return a;
}

void xdp_left_to_tc(const struct xdp_answer *a)
{
	assert_int_equal(a->verdict, XDP_PASS);
	assert_int_equal(a->len, a->sent_len);
	assert_memory_equal(a->bytes, a->sent, a->len);
}

static uint32_t words_sum(const uint8_t *b, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i += 2)
		sum += (uint32_t)b[i] << 8 | b[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void is_addr(const uint8_t *at, int family, enum who who)
{
	uint8_t want[16];

	rig_addr(family, who, want);
	assert_memory_equal(at, want, family == 4 ? 4 : 16);
}

/* From NODE to `pod`, with the packet behind it as it came. */
void xdp_tunnelled(const struct xdp_answer *a, int family, enum who pod)
{
	static const uint8_t router[] = ROUTER_MAC, node[] = NODE_MAC;
	const uint8_t *ip = a->bytes + 14;
	uint32_t grown = family == 4 ? 20 : 40, inner = a->sent_len - 14;

	assert_int_equal(a->verdict, XDP_TX);
	assert_int_equal(a->len, a->sent_len + grown);
	assert_memory_equal(a->bytes, router, 6);
	assert_memory_equal(a->bytes + 6, node, 6);
	assert_memory_equal(a->bytes + 12, a->sent + 12, 2);
	assert_memory_equal(ip + grown, a->sent + 14, inner);
	if (family == 4) {
		assert_int_equal(ip[0], 0x45);
		assert_int_equal(ip[1], a->sent[15]);
		assert_int_equal(ip[2] << 8 | ip[3], inner + 20);
		assert_int_equal(ip[6] << 8 | ip[7], 0x4000);
		assert_int_equal(ip[9], IPPROTO_IPIP);
		assert_int_equal(words_sum(ip, 20), 0xffff);
		is_addr(ip + 12, 4, NODE);
		is_addr(ip + 16, 4, pod);
	} else {
		assert_int_equal(ip[0] << 8 | ip[1],
				 0x6000 | (a->sent[14] & 0xf) << 8 | (a->sent[15] & 0xf0));
		assert_int_equal(ip[4] << 8 | ip[5], inner);
		assert_int_equal(ip[6], IPPROTO_IPV6);
		is_addr(ip + 8, 6, NODE);
		is_addr(ip + 24, 6, pod);
	}
}
