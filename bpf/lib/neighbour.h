/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_NEIGHBOUR_H
#define BEELINE_LIB_NEIGHBOUR_H

/*
 * DOC: ARP and neighbour discovery of a pod.
 *
 * Pods and their links know each other by permanent entries, so none of this is needed to forward. A pod may still ask (duplicate
 * address detection, arping): what speaks for the pod's own addresses goes to the stack, all else is dropped, and so are router
 * advertisements (CVE-2020-10749), solicitations of routers, and redirects. IPv6 speaks from link-local addresses here and nowhere else;
 * the gateway's own, fe80::1, is no pod's.
 */

#include "lib/count.h"
#include "lib/ctx.h"
#include "lib/endpoint.h"
#include "lib/parse.h"

#define BL_ND_SOLICIT	135
#define BL_ND_ADVERTISE 136

/* What ARP says of IPv4 over Ethernet, as 28 bytes. */
struct bl_arp {
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_size;
	__u8 protocol_size;
	__be16 operation;
	__u8 sender_mac[6];
	__u8 sender[4];
	__u8 target_mac[6];
	__u8 target[4];
};
_Static_assert(sizeof(struct bl_arp) == 28, "ARP is 28 bytes");

BL_INLINE bool same_mac(const __u8 *a, const __u8 *b)
{
	return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) | (a[4] ^ b[4]) |
		 (a[5] ^ b[5]));
}

/* Is the endpoint the pod at this link, and the frame sent by its address? */
BL_INLINE bool bl_neighbour_owns(struct __sk_buff *skb, const struct bl_endpoint *ep)
{
	const __u8 *eth = bl_data(skb);

	if (!ep || ep->ifindex != skb->ifindex)
		return false;
	if (eth + BL_ETH_SIZE > bl_end(skb))
		return false;
	return same_mac(eth + 6, ep->mac);
}

static __noinline int bl_neighbour_arp(struct __sk_buff *skb)
{
	struct bl_addr addr = {};
	struct bl_endpoint *ep;
	struct bl_arp arp;

	if (bpf_skb_load_bytes(skb, BL_ETH_SIZE, &arp, sizeof(arp)) ||
	    bl_parse_pull(skb, BL_ETH_SIZE))
		return bl_drop(skb, BL_DROP_MALFORMED);
	if (arp.hardware != bpf_htons(1) || arp.protocol != bpf_htons(ETH_P_IP) ||
	    arp.hardware_size != 6 || arp.protocol_size != 4)
		return bl_drop(skb, BL_DROP_MALFORMED);
	__builtin_memcpy(&addr, arp.sender, 4);
	if (!addr.w[0]) /* a probe asks whether somebody else has the sender's address */
		__builtin_memcpy(&addr, arp.target, 4);
	ep = bl_endpoint_find(BL_V4, &addr);
	if (!bl_neighbour_owns(skb, ep) || !same_mac(arp.sender_mac, ep->mac))
		return bl_drop(skb, BL_DROP_NEIGHBOUR);
	return bl_pass(skb, BL_PASS_NEIGHBOUR);
}

/* May the pod at this link speak for the address? Own, or link-local but not the gateway's. */
BL_INLINE bool speaks_for(struct __sk_buff *skb, const struct bl_addr *addr)
{
	if (bl_addr_is_link_local6(addr))
		return addr->w[1] || addr->w[2] || addr->w[3] != bpf_htonl(1);
	return bl_neighbour_owns(skb, bl_endpoint_find(BL_V6, addr));
}

/* A link-layer address in the first option is the frame's own source. */
BL_INLINE bool option_is_honest(struct __sk_buff *skb, __u32 at)
{
	__u8 option[8], source[6];

	if (at >= skb->len)
		return true;
	if (bpf_skb_load_bytes(skb, at, option, sizeof(option)) ||
	    bpf_skb_load_bytes(skb, 6, source, sizeof(source)))
		return false;
	if (option[0] != 1 && option[0] != 2)
		return option[0] == 14; /* the nonce of duplicate address detection */
	return option[1] == 1 && same_mac(option + 2, source);
}

BL_INLINE bool bl_neighbour_is_nd(const struct bl_packet *p)
{
	return p->proto == IPPROTO_ICMPV6 && !(p->flags & BL_PACKET_FRAGMENT) && p->type >= 133 &&
	       p->type <= 137;
}

/* 24 bytes of ICMPv6 with the target in the last 16, then options. */
static __noinline int bl_neighbour_nd(struct __sk_buff *skb, struct bl_packet *p)
{
	struct bl_addr target;

	if (p->ttl != 255 || !(p->flags & BL_PACKET_PLAIN) ||
	    bpf_skb_load_bytes(skb, p->l4 + 8, &target, sizeof(target)))
		return bl_drop(skb, BL_DROP_MALFORMED);
	if (p->type != BL_ND_SOLICIT && p->type != BL_ND_ADVERTISE)
		return bl_drop(skb, BL_DROP_NEIGHBOUR);
	if (bl_parse_pull(skb, BL_ETH_SIZE))
		return bl_drop(skb, BL_DROP_MALFORMED);
	if (bl_addr_is_zero(BL_V6, &p->saddr) ? !speaks_for(skb, &target)
					      : !speaks_for(skb, &p->saddr))
		return bl_drop(skb, BL_DROP_NEIGHBOUR);
	if (p->type == BL_ND_ADVERTISE && !speaks_for(skb, &target))
		return bl_drop(skb, BL_DROP_NEIGHBOUR);
	if (!option_is_honest(skb, p->l4 + 24))
		return bl_drop(skb, BL_DROP_NEIGHBOUR);
	return bl_pass(skb, BL_PASS_NEIGHBOUR);
}

#endif
