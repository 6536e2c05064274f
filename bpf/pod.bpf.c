// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * DOC: What a pod sends, at the host side of its link.
 *
 * First the pod proves itself: source address and MAC must be those that the endpoint map holds for this link. Then the
 * packet takes the shortest way: into a local pod, to the next hop, or to the node itself. Netfilter sees only what is meant for the
 * node.
 */

#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <bpf/bpf_helpers.h>

#include "lib/count.h"
#include "lib/ctx.h"
#include "lib/endpoint.h"
#include "lib/forward.h"
#include "lib/neighbour.h"
#include "lib/parse.h"

/* A source that is not the pod's own: neighbour discovery, or nothing. */
BL_INLINE int from_stranger(struct __sk_buff *skb, int family, struct bl_packet *p)
{
	if (family == BL_V6 && bl_neighbour_is_nd(p))
		return bl_neighbour_nd(skb, p);
	if (family == BL_V6 &&
	    (bl_addr_is_link_local6(&p->saddr) || bl_addr_is_zero(BL_V6, &p->saddr)))
		return bl_drop(skb, BL_DROP_LINK_LOCAL);
	return bl_drop(skb, BL_DROP_SOURCE);
}

BL_INLINE int from_pod(struct __sk_buff *skb, int family)
{
	struct bl_endpoint *src, *dst;
	struct bl_packet p;

	if (bl_parse(skb, family, &p))
		return bl_drop(skb, BL_DROP_MALFORMED);
	src = bl_endpoint_find(family, &p.saddr);
	if (!bl_neighbour_owns(skb, src))
		return from_stranger(skb, family, &p);
	if (family == BL_V6 && bl_unlikely(bl_neighbour_is_nd(&p)))
		return bl_neighbour_nd(skb, &p);
	if (bl_unlikely(bl_addr_is_multicast(family, &p.daddr)))
		return bl_drop(skb, BL_DROP_MULTICAST);
	dst = bl_endpoint_find(family, &p.daddr);
	if (dst && dst->flags & BL_ENDPOINT_POD)
		return bl_forward_pod(skb, dst, BL_PASS_POD);
	if (dst)
		return bl_pass(skb, BL_PASS_STACK);
	return bl_forward_plain(skb, family, &p);
}

SEC("tc")
int bl_pod_ingress(struct __sk_buff *skb)
{
	if (skb->vlan_present)
		return bl_drop(skb, BL_DROP_PROTOCOL);
	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		return from_pod(skb, BL_V4);
	case bpf_htons(ETH_P_IPV6):
		return from_pod(skb, BL_V6);
	case bpf_htons(ETH_P_ARP):
		return bl_neighbour_arp(skb);
	default:
		return bl_drop(skb, BL_DROP_PROTOCOL);
	}
}

char _license[] SEC("license") = "Dual BSD/GPL";
