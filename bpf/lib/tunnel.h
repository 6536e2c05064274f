/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_TUNNEL_H
#define BEELINE_LIB_TUNNEL_H

/*
 * DOC: Direct return: a service's packet goes to the backend's node as it is, in a tunnel, and the backend answers the client itself.
 *
 * The outer destination is the backend pod's own address, which every node can reach, and says by itself which backend was
 * chosen; which of the pod's ports it is, that node knows (member). It takes tunnels from the cluster's nodes only, and only what a
 * client may have sent to a service with direct return. There the flow is remembered, as for a client of that node; the node that sent it remembers
 * nothing. A packet of a connection that its new node does not know gets a flow nevertheless: either the flow was forgotten, then it finds its old
 * port again, or the pod itself resets it.
 *
 * What does not fit is told to the client, with the size that does.
 *
 * Between a program's functions the outer destination travels in the socket buffer's control block, as the stack is short.
 */

#include "lib/count.h"
#include "lib/ctx.h"
#include "lib/encap.h"
#include "lib/endpoint.h"
#include "lib/forward.h"
#include "lib/hop.h"
#include "lib/icmp.h"
#include "lib/lb.h"
#include "lib/nat.h"
#include "lib/parse.h"
#include "lib/reject.h"
#include "lib/service.h"

/* --- sending ---------------------------------------------------------------------------------------------------------- */

BL_INLINE long push(struct __sk_buff *skb, int family, const struct bl_addr *saddr,
		    const struct bl_addr *daddr)
{
	__u32 size = skb->len - BL_ETH_SIZE;
	__u8 *l3 = bl_data(skb) + BL_ETH_SIZE;
	__u8 tos;

	if (l3 + 2 > bl_end(skb) || size + bl_encap_size(family) > 65535)
		return -1;
	tos = family == BL_V4 ? l3[1] : bpf_ntohs(*(const __be16 *)l3) >> 4;
	if (bpf_skb_adjust_room(skb, (int)bl_encap_size(family), BPF_ADJ_ROOM_MAC,
				(family == BL_V4 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV4
						 : BPF_F_ADJ_ROOM_ENCAP_L3_IPV6) |
					BPF_F_ADJ_ROOM_FIXED_GSO))
		return -1;
	l3 = bl_data(skb) + BL_ETH_SIZE;
	if (l3 + bl_encap_size(family) > bl_end(skb))
		return -1;
	if (family == BL_V4)
		bl_encap_head4(l3, saddr->w[0], daddr->w[0], size, tos);
	else
		bl_encap_head6(l3, saddr, daddr, size, tos);
	return 0;
}

/* A lookup of its own: the one before leaves the neighbour to bpf_redirect_neigh(). */
static __noinline void learn(struct __sk_buff *skb, int family, const struct bl_addr *from,
			     const struct bl_backend *b, __u32 id)
{
	struct bpf_fib_lookup fib = {
		.family = family == BL_V4 ? AF_INET : AF_INET6,
		.ifindex = skb->ifindex,
		.tot_len = 1, /* the answer is the way's MTU */
	};

	if (family == BL_V4) {
		fib.ipv4_src = from->w[0];
		fib.ipv4_dst = b->addr.w[0];
	} else {
		__builtin_memcpy(fib.ipv6_src, from, 16);
		__builtin_memcpy(fib.ipv6_dst, &b->addr, 16);
	}
	if (bpf_fib_lookup(skb, &fib, sizeof(fib), 0) == BPF_FIB_LKUP_RET_SUCCESS)
		bl_hop_learn(id, b->generation, &fib);
}

BL_INLINE int tunnel_send(struct __sk_buff *skb, int family, const struct bl_packet *p, __u32 id)
{
	const struct bl_backend *b = bl_backend_find(id);
	const struct bl_config *cfg = bl_ctx_config();
	__u32 grows = bl_encap_size(family);
	struct bpf_fib_lookup fib;
	const struct bl_addr *from;
	long rc;

	if (!b || !cfg)
		return bl_drop(skb, BL_DROP_INTERNAL);
	if (p->ttl <= 1)
		return bl_drop(skb, BL_DROP_ROUTE);
	from = family == BL_V4 ? &cfg->snat4 : &cfg->snat6;
	rc = bl_forward_find(skb, family, p, from, &b->addr, grows, &fib);
	if (rc == BPF_FIB_LKUP_RET_FRAG_NEEDED && fib.mtu_result > grows)
		return bl_reject_size(skb, BL_HOOK_UPLINK, family, p, NULL, fib.mtu_result - grows);
	if (rc)
		return bl_drop(skb, BL_DROP_ROUTE);
	if (bl_hop_is_due(id, b->generation))
		learn(skb, family, from, b, id);
	if (push(skb, family, from, &b->addr))
		return bl_drop(skb, BL_DROP_INTERNAL);
	return bl_forward_hop(skb, BL_HOOK_UPLINK, family, &fib, BL_PASS_TUNNEL);
}

/* Functions of their own, for the sake of the stack frames. */
static __noinline int bl_tunnel_send4(struct __sk_buff *skb, const struct bl_packet *p, __u32 id)
{
	return tunnel_send(skb, BL_V4, p, id);
}

static __noinline int bl_tunnel_send6(struct __sk_buff *skb, const struct bl_packet *p, __u32 id)
{
	return tunnel_send(skb, BL_V6, p, id);
}

/* The service with direct return that clients outside reach at the packet's destination, an address of whichever node included. */
BL_INLINE const struct bl_service *service_of(int family, const struct bl_packet *p)
{
	const struct bl_service *svc =
		bl_service_find(family, &p->daddr, p->dport, p->proto, BL_SCOPE_EXTERNAL);
	const struct bl_config *cfg = bl_ctx_config();

	if (!svc && cfg && bl_service_in_nodeports(cfg, p->dport) &&
	    bl_prefix_find(family, &p->daddr) & BL_PREFIX_NODE)
		svc = bl_service_find_nodeport(family, p->dport, p->proto,
					       BL_SCOPE_NODEPORT_EXTERNAL);
	return svc && svc->flags & BL_SERVICE_DSR ? svc : NULL;
}

/* The backend that has sent the packet which an ICMP error to a service's address quotes, if it is another node's; 0: none such. */
BL_INLINE __u32 quoted_sender(struct __sk_buff *skb, int family, const struct bl_packet *p)
{
	const struct bl_service *svc;
	const struct bl_backend *b;
	struct bl_packet in;
	__be16 port;
	__u32 id;

	if (bl_icmp_quoted(skb, family, p, &in) || !bl_addr_equal(family, &in.saddr, &p->daddr))
		return 0;
	in.saddr = in.daddr; /* as its client would have asked */
	in.daddr = p->daddr;
	port = in.sport;
	in.sport = in.dport;
	in.dport = port;
	svc = service_of(family, &in);
	b = svc ? bl_lb_choose(svc, bl_lb_hash(family, &in.saddr, in.sport, in.dport, in.proto),
			       &id)
		: NULL;
	return b && !bl_endpoint_find(family, &b->addr) ? id : 0;
}

static __noinline __u32 bl_tunnel_quoted4(struct __sk_buff *skb, const struct bl_packet *p)
{
	return quoted_sender(skb, BL_V4, p);
}

static __noinline __u32 bl_tunnel_quoted6(struct __sk_buff *skb, const struct bl_packet *p)
{
	return quoted_sender(skb, BL_V6, p);
}

/* --- receiving -------------------------------------------------------------------------------------------------------- */

BL_INLINE bool bl_tunnel_is(int family, const struct bl_packet *p)
{
	return p->proto == (family == BL_V4 ? IPPROTO_IPIP : IPPROTO_IPV6);
}

/*
 * Takes the outer header off a packet to a pod of this node; `p` becomes the inner one: BL_PASS_TUNNEL. BL_PASS_STACK: it is none of
 * ours, but the cluster's own or no pod's. BL_DROP_TUNNEL: nobody may send such.
 */
BL_INLINE enum bl_reason tunnel_open(struct __sk_buff *skb, int family, struct bl_packet *p)
{
	const struct bl_endpoint *pod = bl_endpoint_find(family, &p->daddr);
	__u32 prefix;

	if (!pod || !(pod->flags & BL_ENDPOINT_POD))
		return BL_PASS_STACK;
	prefix = bl_prefix_find(family, &p->saddr);
	if (!(prefix & BL_PREFIX_NODE))
		return prefix & BL_PREFIX_CLUSTER ? BL_PASS_STACK : BL_DROP_TUNNEL;
	if (p->flags & BL_PACKET_FRAGMENT)
		return BL_DROP_TUNNEL;
	for (int i = 0; i < (family == BL_V4 ? 1 : 4); i++)
		skb->cb[i] = p->daddr.w[i];
	if (bpf_skb_adjust_room(skb, -(int)(p->l4 - BL_ETH_SIZE), BPF_ADJ_ROOM_MAC,
				BPF_F_ADJ_ROOM_FIXED_GSO) ||
	    bl_parse(skb, family, p))
		return BL_DROP_TUNNEL;
	return BL_PASS_TUNNEL;
}

static __noinline enum bl_reason bl_tunnel_open4(struct __sk_buff *skb, struct bl_packet *p)
{
	return tunnel_open(skb, BL_V4, p);
}

static __noinline enum bl_reason bl_tunnel_open6(struct __sk_buff *skb, struct bl_packet *p)
{
	return tunnel_open(skb, BL_V6, p);
}

/* The backend that the tunnel was addressed to. */
BL_INLINE const struct bl_backend *member_of(const struct __sk_buff *skb, int family,
					     const struct bl_service *svc, __u32 *ret_id)
{
	struct bl_member_key key = {.service = svc->id};
	const struct bl_backend *b;
	const __u32 *id;

	for (int i = 0; i < (family == BL_V4 ? 1 : 4); i++)
		key.addr.w[i] = skb->cb[i];
	id = bl_map_find(&member, &key);
	b = id ? bl_backend_find(*id) : NULL;
	if (!b || !(b->flags & BL_BACKEND_LIVE) || !bl_addr_equal(family, &b->addr, &key.addr))
		return NULL;
	*ret_id = *id;
	return b;
}

/* A flow for a packet that came in a tunnel; BL_PASS_SERVICE: it has one. */
BL_INLINE enum bl_reason member_flow(const struct __sk_buff *skb, int family,
				     const struct bl_packet *p)
{
	const struct bl_service *svc = p->flags & BL_PACKET_PORTS ? service_of(family, p) : NULL;
	struct bl_flow to = {.saddr = p->saddr, .flags = BL_FLOW_DNAT};
	const struct bl_backend *b = svc ? member_of(skb, family, svc, &to.backend) : NULL;

	if (!b)
		return BL_DROP_TUNNEL;
	if (p->flags & BL_PACKET_LATER)
		return BL_DROP_FRAGMENT;
	if (p->proto == IPPROTO_TCP && p->tcp_flags & BL_TCP_RST)
		return BL_DROP_STALE;
	to.daddr = b->addr;
	to.dport = b->port;
	to.generation = b->generation;
	return bl_nat_create(family, p, &to);
}

static __noinline enum bl_reason bl_tunnel_flow4(const struct __sk_buff *skb,
						 const struct bl_packet *p)
{
	return member_flow(skb, BL_V4, p);
}

static __noinline enum bl_reason bl_tunnel_flow6(const struct __sk_buff *skb,
						 const struct bl_packet *p)
{
	return member_flow(skb, BL_V6, p);
}

#endif
