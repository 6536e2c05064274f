// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: A packet on the stage.
 *
 * BPF_PROG_TEST_RUN: the program runs on the packet as it would on its hook; a redirect is not carried out, its verdict is looked at. What
 * was counted in the meantime is the packet's reason, and the lookups are those that it cost.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdlib.h>

#include "rig_priv.h"

static enum hook hook_of(enum who from)
{
	if (from == NODE)
		return HOOK_NODE;
	return from == ALICE || from == BOB ? HOOK_POD : HOOK_HOST;
}

static void read_counters(const struct rig *r, uint64_t packets[BL_REASON_COUNT])
{
	int cpus = libbpf_num_possible_cpus();
	struct bl_counter *c = calloc((size_t)cpus, sizeof(*c));

	assert_non_null(c);
	for (uint32_t i = 0; i < BL_REASON_COUNT; i++) {
		assert_int_equal(bpf_map_lookup_elem(r->map[MAP_counter], &i, c), 0);
		packets[i] = 0;
		for (int cpu = 0; cpu < cpus; cpu++)
			packets[i] += c[cpu].packets;
	}
	free(c);
}

uint64_t rig_counted(const struct rig *r, enum bl_reason reason)
{
	uint64_t packets[BL_REASON_COUNT];

	read_counters(r, packets);
	return packets[reason];
}

static enum bl_reason counted(const uint64_t *before, const uint64_t *after)
{
	enum bl_reason found = BL_REASON_COUNT;
	uint64_t sum = 0;

	for (int i = 0; i < BL_REASON_COUNT; i++) {
		sum += after[i] - before[i];
		if (after[i] != before[i])
			found = (enum bl_reason)i;
	}
	assert_in_range(sum, 0, 1);
	return found;
}

struct outcome rig_run_bytes(struct rig *r, enum who from, const uint8_t *buf, uint32_t len,
			     uint32_t gso_size)
{
	struct __sk_buff ctx = {
		.ifindex = rig_link(r, from),
		.gso_size = gso_size,
	};
	uint64_t before[BL_REASON_COUNT], after[BL_REASON_COUNT];
	struct outcome o = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = buf, .data_size_in = len,
		    .data_out = o.bytes, .data_size_out = sizeof(o.bytes), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = 1);

	read_counters(r, before);
	r->pod->bss->bl_lookups = r->host->bss->bl_lookups = r->node->bss->bl_lookups = 0;
	assert_int_equal(bpf_prog_test_run_opts(rig_prog(r, hook_of(from)), &opts), 0);
	read_counters(r, after);
	o.verdict = (int)opts.retval;
	o.len = opts.data_size_out;
	o.reason = counted(before, after);
	assert_true(o.reason != UNCOUNTED || (from == NODE && o.verdict == TO_STACK));
	o.lookups = r->pod->bss->bl_lookups + r->host->bss->bl_lookups + r->node->bss->bl_lookups;
	return o;
}

struct outcome rig_run(struct rig *r, enum who from, const struct frame *f)
{
	uint8_t buf[FRAME_MAX];
	struct outcome o = rig_run_bytes(r, from, buf, (uint32_t)frame_build(f, buf), 0);
	bool error;

	if (o.verdict == DROPPED)
		return o;
	frame_read(o.bytes, o.len, &o.out, NULL);
	error = o.out.family == 4 ? o.out.proto == 1 && (o.out.type == 3 || o.out.type == 11)
				  : o.out.proto == 58 && o.out.type < 128;
	if (error)
		frame_read(o.bytes, o.len, &o.out, &o.quoted);
	return o;
}
