/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_FORWARD_H
#define BEELINE_LIB_FORWARD_H

/*
 * DOC: The last step: into a pod of this node, or to the next hop.
 *
 * A local pod gets the packet by bpf_redirect_peer(), which puts it into the pod's namespace without a queue or a turn of the
 * stack between; hop limits are not touched, since no router was passed. Anything else takes the FIB's next hop by bpf_redirect_neigh(). What a
 * router would answer by ICMP (no hop left, too big, no route) is left to the stack, which does that well.
 *
 * At an egress hook, where the node's own packets leave, there is no bpf_redirect_peer(): they are sent out of the host side of the
 * pod's link. The node is their sender and no router on their way, so they lose no hop. What the node's own stack has to get there, an answer or
 * a refusal, comes in again by the same link, as if it had been sent from outside.
 *
 * The route is asked for before anything is rewritten, with the addresses that the packet will have: so that a packet which the stack has to
 * answer reaches it as its sender wrote it.
 */

#include <bpf/bpf_core_read.h>

#include "lib/count.h"
#include "lib/ctx.h"
#include "lib/parse.h"

#ifndef AF_INET
#define AF_INET 2
#endif
#ifndef AF_INET6
#define AF_INET6 10
#endif

/* Where the program hangs that handles the packet; a constant in each. */
enum bl_hook {
	BL_HOOK_POD,	/* ingress, host side of a pod's link */
	BL_HOOK_UPLINK, /* ingress of an uplink */
	BL_HOOK_NODE,	/* egress of either: what the node sends */
};

/* Kernels from 6.3 on can leave the neighbour out, which bpf_redirect_neigh() looks up anyway; `tbid` came just after. */
#define BL_FIB_SKIP_NEIGH (1U << 2)

struct bpf_fib_lookup___tbid {
	__u32 tbid;
} __attribute__((preserve_access_index));

BL_INLINE __u32 fib_flags(void)
{
	return bpf_core_field_exists(struct bpf_fib_lookup___tbid, tbid) ? BL_FIB_SKIP_NEIGH : 0;
}

BL_INLINE void write_macs(struct __sk_buff *skb, const struct bl_endpoint *ep)
{
	__u8 *eth = bl_data(skb);

	if (eth + BL_ETH_SIZE > bl_end(skb))
		return;
	__builtin_memcpy(eth, ep->mac, 6);
	__builtin_memcpy(eth + 6, ep->host_mac, 6);
}

BL_INLINE int bl_forward_pod(struct __sk_buff *skb, enum bl_hook hook, const struct bl_endpoint *ep,
			     enum bl_reason reason)
{
	write_macs(skb, ep);
	if (hook == BL_HOOK_NODE)
		return bl_redirected(skb, reason, bpf_redirect(ep->ifindex, 0));
	return bl_redirected(skb, reason, bpf_redirect_peer(ep->ifindex, 0));
}

/* By the link that the packet has come by, the other way; `flags` are bpf_redirect()'s. */
BL_INLINE int turn_round(struct __sk_buff *skb, enum bl_reason reason, __u64 flags)
{
	__u8 *eth = bl_data(skb), mac[6];

	if (eth + BL_ETH_SIZE > bl_end(skb))
		return bl_drop(skb, reason);
	__builtin_memcpy(mac, eth, 6);
	__builtin_memcpy(eth, eth + 6, 6);
	__builtin_memcpy(eth + 6, mac, 6);
	return bl_redirected(skb, reason, bpf_redirect(skb->ifindex, flags));
}

/* To the node's own stack. */
BL_INLINE int bl_forward_stack(struct __sk_buff *skb, enum bl_hook hook, enum bl_reason reason)
{
	return hook == BL_HOOK_NODE ? turn_round(skb, reason, BPF_F_INGRESS) : bl_pass(skb, reason);
}

/* An answer in the packet's own buffer, to its sender; `src` is a pod's endpoint. */
BL_INLINE int bl_forward_back(struct __sk_buff *skb, enum bl_hook hook,
			      const struct bl_endpoint *src, enum bl_reason reason)
{
	if (hook == BL_HOOK_POD)
		return bl_forward_pod(skb, hook, src, reason);
	return turn_round(skb, reason, hook == BL_HOOK_NODE ? BPF_F_INGRESS : 0);
}

/* The size that has to fit into the next link: a packet's, or that of the largest segment it will be cut into. */
BL_INLINE __u16 wire_size(const struct __sk_buff *skb, const struct bl_packet *p, __u32 grows)
{
	__u32 size = skb->len - BL_ETH_SIZE;

	if (skb->gso_size)
		size = p->l4 - BL_ETH_SIZE + (p->proto == IPPROTO_TCP ? p->type * 4 : 8) +
		       skb->gso_size;
	size += grows;
	return size > 65535 ? 65535 : size;
}

/* Where a packet of these addresses, which `grows` on the way, goes from here. BPF_FIB_LKUP_RET_*; NO_NEIGH is success. */
BL_INLINE long bl_forward_find(struct __sk_buff *skb, int family, const struct bl_packet *p,
			       const struct bl_addr *saddr, const struct bl_addr *daddr,
			       __u32 grows, struct bpf_fib_lookup *ret_fib)
{
	long rc;

	__builtin_memset(ret_fib, 0, sizeof(*ret_fib));
	ret_fib->family = family == BL_V4 ? AF_INET : AF_INET6;
	ret_fib->ifindex = skb->ifindex;
	ret_fib->l4_protocol = p->proto;
	ret_fib->tot_len = wire_size(skb, p, grows);
	if (family == BL_V4) {
		ret_fib->ipv4_src = saddr->w[0];
		ret_fib->ipv4_dst = daddr->w[0];
	} else {
		__builtin_memcpy(ret_fib->ipv6_src, saddr, 16);
		__builtin_memcpy(ret_fib->ipv6_dst, daddr, 16);
	}
	rc = bpf_fib_lookup(skb, ret_fib, sizeof(*ret_fib), fib_flags());
	return rc == BPF_FIB_LKUP_RET_NO_NEIGH ? BPF_FIB_LKUP_RET_SUCCESS : rc;
}

/* One hop less; the caller has seen that one is left. */
BL_INLINE void age(struct __sk_buff *skb, int family)
{
	__u8 *l3 = bl_data(skb) + BL_ETH_SIZE;
	__u8 *end = bl_end(skb);

	if (family == BL_V4) {
		struct iphdr *ip = (void *)l3;
		__u32 sum;

		if ((__u8 *)(ip + 1) > end)
			return;
		sum = ip->check + bpf_htons(0x0100);
		ip->check = sum + (sum >= 0xffff);
		ip->ttl--;
	} else {
		struct ipv6hdr *ip = (void *)l3;

		if ((__u8 *)(ip + 1) > end)
			return;
		ip->hop_limit--;
	}
}

BL_INLINE int bl_forward_hop(struct __sk_buff *skb, enum bl_hook hook, int family,
			     const struct bpf_fib_lookup *fib, enum bl_reason reason)
{
	struct bpf_redir_neigh hop = {.nh_family = fib->family};

	if (hook != BL_HOOK_NODE)
		age(skb, family);
	if (fib->family == AF_INET)
		hop.ipv4_nh = fib->ipv4_dst;
	else
		__builtin_memcpy(hop.ipv6_nh, fib->ipv6_dst, 16);
	return bl_redirected(skb, reason, bpf_redirect_neigh(fib->ifindex, &hop, sizeof(hop), 0));
}

/* A pod's packet that keeps its addresses. */
BL_INLINE int bl_forward_plain(struct __sk_buff *skb, int family, const struct bl_packet *p)
{
	struct bpf_fib_lookup fib;

	if (p->ttl <= 1)
		return bl_pass(skb, BL_PASS_STACK);
	if (bl_forward_find(skb, family, p, &p->saddr, &p->daddr, 0, &fib))
		return bl_pass(skb, BL_PASS_STACK);
	return bl_forward_hop(skb, BL_HOOK_POD, family, &fib, BL_PASS_FIB);
}

#endif
