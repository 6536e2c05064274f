/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_DELIVER_H
#define BEELINE_LIB_DELIVER_H

/*
 * DOC: A packet of a translated flow: where it goes, then its new addresses, then off.
 *
 * The same for all programs. `src` is the endpoint of the pod that sent the packet, NULL for any other sender.
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
BL_INLINE int undeliverable(struct __sk_buff *skb, enum bl_hook hook, int family,
			    const struct bl_packet *p, const struct bl_flow *to,
			    const struct bl_endpoint *src, long rc, __u32 mtu)
{
	bool stack_answers = hook == BL_HOOK_POD && !(to->flags & (BL_FLOW_DNAT | BL_FLOW_REPLY));

	if (rc == BPF_FIB_LKUP_RET_FRAG_NEEDED && !stack_answers)
		return bl_reject_size(skb, hook, family, p, src, mtu);
	if (stack_answers)
		return bl_pass(skb, BL_PASS_STACK);
	return bl_drop(skb, BL_DROP_ROUTE);
}

BL_INLINE int deliver_far(struct __sk_buff *skb, enum bl_hook hook, int family,
			  const struct bl_packet *p, const struct bl_flow *to,
			  const struct bl_endpoint *src)
{
	struct bpf_fib_lookup fib;
	long rc;

	if (hook != BL_HOOK_NODE && p->ttl <= 1)
		return hook == BL_HOOK_POD ? bl_pass(skb, BL_PASS_STACK)
					   : bl_drop(skb, BL_DROP_ROUTE);
	rc = bl_forward_find(skb, family, p, &to->saddr, &to->daddr, 0, &fib);
	if (rc)
		return undeliverable(skb, hook, family, p, to, src, rc, fib.mtu_result);
	if (bl_rewrite(skb, family, p, to))
		return bl_drop(skb, BL_DROP_INTERNAL);
	return bl_forward_hop(skb, hook, family, &fib, flow_reason(to));
}

/*
 * Only a masqueraded packet on its way out keeps a destination that is known to be no pod's. What leaves the node and keeps its receiver, an
 * answer of the node's own network, goes where it was going.
 */
BL_INLINE int bl_deliver(struct __sk_buff *skb, enum bl_hook hook, int family,
			 const struct bl_packet *p, const struct bl_flow *to,
			 const struct bl_endpoint *src)
{
	bool stays = hook == BL_HOOK_NODE && bl_addr_equal(family, &to->daddr, &p->daddr);
	struct bl_endpoint *ep = NULL;

	if (!stays && to->flags & (BL_FLOW_DNAT | BL_FLOW_REPLY))
		ep = bl_endpoint_find(family, &to->daddr);
	if (!stays && !ep)
		return deliver_far(skb, hook, family, p, to, src);
	if (bl_rewrite(skb, family, p, to))
		return bl_drop(skb, BL_DROP_INTERNAL);
	barrier_var(ep); /* or `stays` is asked instead, of which the verifier knows nothing */
	if (!ep)
		return bl_pass(skb, flow_reason(to));
	if (!(ep->flags & BL_ENDPOINT_POD))
		return bl_forward_stack(skb, hook, flow_reason(to));
	bl_endpoint_mark(ep);
	return bl_forward_pod(skb, hook, ep, flow_reason(to));
}

/*
 * The entry that an ICMP error follows, made up in `buf` from the flow that it quotes; what it quotes is translated by then.
 * 0: done; 1: of no flow of ours; negative: half done, drop.
 */
BL_INLINE int translate_quoted(struct __sk_buff *skb, int family, const struct bl_packet *p,
			       struct bl_flow *buf)
{
	__builtin_memset(buf, 0, sizeof(*buf));
	return family == BL_V4 ? bl_icmp_translate4(skb, p, buf) : bl_icmp_translate6(skb, p, buf);
}

/* The entry that the packet has to follow, or NULL if it is of no flow, or of one that is over. */
BL_INLINE const struct bl_flow *known_flow(int family, const struct bl_packet *p)
{
	struct bl_flow *f = bl_flow_of(family, p);

	if (!f || bl_unlikely(!bl_flow_is_current(f)))
		return NULL;
	if (bl_unlikely(f->state & BL_FLOW_STATE_CLOSED) && bl_nat_opens(p))
		return NULL;
	bl_flow_touch(family, p, f);
	return f;
}

/*
 * What the packet has to follow, or NULL. An ICMP error follows a flow made up in `buf`; *ret_failed says that it broke on the
 * way.
 */
BL_INLINE const struct bl_flow *bl_deliver_translation(struct __sk_buff *skb, int family,
						       const struct bl_packet *p,
						       struct bl_flow *buf, bool *ret_failed)
{
	int rc;

	if (bl_likely(p->flags & BL_PACKET_PORTS))
		return known_flow(family, p);
	if (!(p->flags & BL_PACKET_ERROR))
		return NULL;
	rc = translate_quoted(skb, family, p, buf);
	*ret_failed = rc < 0;
	return rc ? NULL : buf;
}

#endif
