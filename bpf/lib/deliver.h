/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_DELIVER_H
#define BEELINE_LIB_DELIVER_H

/*
 * DOC: A packet of a translated flow: where it goes, then its new addresses, then off.
 *
 * The same for both programs. `src` is the endpoint of the pod that sent the packet, NULL for an uplink's packet.
 */

#include "lib/count.h"
#include "lib/ctx.h"
#include "lib/endpoint.h"
#include "lib/forward.h"
#include "lib/icmp.h"
#include "lib/nat.h"
#include "lib/reject.h"
#include "lib/rewrite.h"

BL_INLINE enum bl_reason flow_reason(const struct bl_flow *f)
{
	if (f->flags & BL_FLOW_REPLY)
		return BL_PASS_REPLY;
	return f->flags & BL_FLOW_DNAT ? BL_PASS_SERVICE : BL_PASS_MASQUERADE;
}

/* The FIB has no way for it. An uplink's packet is addressed to the node, whose stack must not see it: it would reset it. */
BL_INLINE int undeliverable(struct __sk_buff *skb, int family, const struct bl_packet *p,
			    const struct bl_flow *to, const struct bl_endpoint *src, long rc,
			    __u32 mtu)
{
	bool stack_answers = src && !(to->flags & (BL_FLOW_DNAT | BL_FLOW_REPLY));

	if (rc == BPF_FIB_LKUP_RET_FRAG_NEEDED && !stack_answers)
		return bl_reject_size(skb, family, p, src, mtu);
	if (stack_answers)
		return bl_pass(skb, BL_PASS_STACK);
	return bl_drop(skb, BL_DROP_ROUTE);
}

BL_INLINE int deliver_far(struct __sk_buff *skb, int family, const struct bl_packet *p,
			  const struct bl_flow *to, const struct bl_endpoint *src)
{
	struct bpf_fib_lookup fib;
	long rc;

	if (p->ttl <= 1)
		return src ? bl_pass(skb, BL_PASS_STACK) : bl_drop(skb, BL_DROP_ROUTE);
	rc = bl_forward_find(skb, family, p, &to->saddr, &to->daddr, &fib);
	if (rc)
		return undeliverable(skb, family, p, to, src, rc, fib.mtu_result);
	if (bl_rewrite(skb, family, p, to))
		return bl_drop(skb, BL_DROP_INTERNAL);
	return bl_forward_hop(skb, family, &fib, flow_reason(to));
}

/* Only a masqueraded packet on its way out keeps a destination that is known to be no pod's. */
BL_INLINE int bl_deliver(struct __sk_buff *skb, int family, const struct bl_packet *p,
			 const struct bl_flow *to, const struct bl_endpoint *src)
{
	struct bl_endpoint *ep = NULL;

	if (to->flags & (BL_FLOW_DNAT | BL_FLOW_REPLY))
		ep = bl_endpoint_find(family, &to->daddr);
	if (!ep)
		return deliver_far(skb, family, p, to, src);
	if (bl_rewrite(skb, family, p, to))
		return bl_drop(skb, BL_DROP_INTERNAL);
	if (!(ep->flags & BL_ENDPOINT_POD))
		return bl_pass(skb, flow_reason(to));
	bl_endpoint_mark(ep);
	return bl_forward_pod(skb, ep, flow_reason(to));
}

/*
 * The entry that an ICMP error follows, made up in `buf` from the flow that it quotes; what it quotes is translated by then.
 * 0: done; 1: of no flow of ours; negative: half done, drop.
 */
BL_INLINE int bl_deliver_quoted(struct __sk_buff *skb, int family, const struct bl_packet *p,
				struct bl_flow *buf)
{
	__builtin_memset(buf, 0, sizeof(*buf));
	return family == BL_V4 ? bl_icmp_translate4(skb, p, buf) : bl_icmp_translate6(skb, p, buf);
}

#endif
