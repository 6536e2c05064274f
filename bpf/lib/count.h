/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_COUNT_H
#define BEELINE_LIB_COUNT_H

/*
 * DOC: Exits.
 *
 * Every program leaves through one of these, so that every packet is counted under the reason for what became of it.
 */

#include <linux/pkt_cls.h>

#include "beeline/reason.h"
#include "lib/ctx.h"

BL_INLINE void bl_count(enum bl_reason reason, __u32 bytes)
{
	__u32 index = reason;
	struct bl_counter *c = bpf_map_lookup_elem(&counter, &index);

	if (!c)
		return;
	c->packets++;
	c->bytes += bytes;
}

/* Leaves the packet to whoever comes next: another program on the hook, then the stack. */
BL_INLINE int bl_pass(struct __sk_buff *skb, enum bl_reason reason)
{
	bl_count(reason, skb->len);
	return TC_ACT_UNSPEC;
}

/* `verdict` is what a redirect helper returned. */
BL_INLINE int bl_redirected(struct __sk_buff *skb, enum bl_reason reason, int verdict)
{
	bl_count(reason, skb->len);
	return verdict;
}

BL_INLINE int bl_drop(struct __sk_buff *skb, enum bl_reason reason)
{
	bl_count(reason, skb->len);
	return TC_ACT_SHOT;
}

#endif
