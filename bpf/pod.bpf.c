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
#include "lib/deliver.h"
#include "lib/endpoint.h"
#include "lib/forward.h"
#include "lib/fragment.h"
#include "lib/nat.h"
#include "lib/neighbour.h"
#include "lib/parse.h"
#include "lib/reject.h"
#include "lib/service.h"

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

/*
 * What becomes of a packet that follows no flow yet, as a reason: BL_PASS_SERVICE: it has a flow now;
 * BL_PASS_FIB: it leaves as it is; BL_PASS_STACK; else it goes no further.
 */

/* A fragment of nothing that we know. */
BL_INLINE bool lacks_ports(const struct bl_packet *p)
{
	return p->flags & BL_PACKET_LATER ||
	       (p->flags & (BL_PACKET_FRAGMENT | BL_PACKET_PORTS)) == BL_PACKET_FRAGMENT;
}

/* The first packet of a flow to a service, or one whose flow is unknown or whose backend is gone. */
BL_INLINE enum bl_reason to_service(int family, const struct bl_packet *p,
				    const struct bl_service *svc, struct bl_flow *to)
{
	const struct bl_backend *b;

	if (p->flags & BL_PACKET_LATER)
		return BL_DROP_FRAGMENT;
	if (!bl_nat_opens(p))
		return BL_DROP_STALE;
	__builtin_memset(to, 0, sizeof(*to));
	to->saddr = p->saddr;
	to->flags = BL_FLOW_DNAT;
	b = bl_backend_for(family, &p->saddr, svc, &to->backend);
	if (!b)
		return BL_DROP_NO_BACKEND;
	to->daddr = b->addr;
	to->dport = b->port;
	to->generation = b->generation;
	/* A pod that reaches itself must not see its own address as the client's: the service stands in for it. */
	if (bl_addr_equal(family, &to->daddr, &p->saddr))
		to->saddr = p->daddr;
	return bl_nat_create(family, p, to);
}

BL_INLINE enum bl_reason to_outside(int family, const struct bl_packet *p,
				    const struct bl_config *cfg, struct bl_flow *to)
{
	__builtin_memset(to, 0, sizeof(*to));
	to->saddr = family == BL_V4 ? cfg->snat4 : cfg->snat6;
	to->daddr = p->daddr;
	to->dport = p->dport;
	to->flags = BL_FLOW_SNAT;
	if (bl_addr_is_zero(family, &to->saddr))
		return BL_PASS_FIB;
	if (lacks_ports(p))
		return BL_DROP_FRAGMENT;
	/* What cannot be a flow's first packet answers somebody outside who reached the pod directly. */
	if (!(p->flags & BL_PACKET_PORTS) || !bl_nat_opens(p))
		return BL_PASS_FIB;
	return bl_nat_create(family, p, to);
}

/* No address of this node: a service, another node's pod, or the world. */
BL_INLINE enum bl_reason to_elsewhere(int family, const struct bl_packet *p, struct bl_flow *to)
{
	const struct bl_config *cfg = bl_ctx_config();
	const struct bl_service *svc = NULL;
	__u32 prefix;

	if (p->flags & BL_PACKET_PORTS)
		svc = bl_service_find(family, &p->daddr, p->dport, p->proto, BL_SCOPE_CLUSTER);
	if (svc)
		return to_service(family, p, svc, to);
	prefix = bl_prefix_find(family, &p->daddr);
	if (prefix & BL_PREFIX_CLUSTER)
		return BL_PASS_FIB;
	if (prefix & BL_PREFIX_SERVICE || bl_service_owns(family, &p->daddr))
		return lacks_ports(p) ? BL_DROP_FRAGMENT : BL_DROP_NO_SERVICE;
	if (bl_addr_is_loopback(family, &p->daddr))
		return BL_DROP_ROUTE;
	if (!cfg || !(cfg->flags & BL_CONFIG_MASQUERADE))
		return BL_PASS_FIB;
	return to_outside(family, p, cfg, to);
}

/* The node itself, or a NodePort on it that the socket hooks did not see. */
BL_INLINE enum bl_reason to_node(int family, const struct bl_packet *p,
				 const struct bl_endpoint *node, struct bl_flow *to)
{
	const struct bl_config *cfg = bl_ctx_config();
	const struct bl_service *svc;

	if (bl_unlikely(node->flags & BL_ENDPOINT_SERVICE) && p->flags & BL_PACKET_PORTS) {
		svc = bl_service_find(family, &p->daddr, p->dport, p->proto, BL_SCOPE_CLUSTER);
		if (svc)
			return to_service(family, p, svc, to);
	}
	if (!cfg || !(node->flags & BL_ENDPOINT_NODEPORT) || !(p->flags & BL_PACKET_PORTS) ||
	    !bl_service_in_nodeports(cfg, p->dport))
		return BL_PASS_STACK;
	svc = bl_service_find_nodeport(family, p->dport, p->proto, BL_SCOPE_NODEPORT);
	return svc ? to_service(family, p, svc, to) : BL_PASS_STACK;
}

static __noinline enum bl_reason decide4(const struct bl_packet *p, const struct bl_endpoint *node,
					 struct bl_flow *to)
{
	return node ? to_node(BL_V4, p, node, to) : to_elsewhere(BL_V4, p, to);
}

static __noinline enum bl_reason decide6(const struct bl_packet *p, const struct bl_endpoint *node,
					 struct bl_flow *to)
{
	return node ? to_node(BL_V6, p, node, to) : to_elsewhere(BL_V6, p, to);
}

/* What the decision comes to, but for packets that have a flow. */
BL_INLINE int settle(struct __sk_buff *skb, int family, const struct bl_packet *p,
		     const struct bl_endpoint *src, enum bl_reason reason)
{
	switch (reason) {
	case BL_PASS_FIB:
		return bl_forward_plain(skb, family, p);
	case BL_PASS_STACK:
		return bl_pass(skb, reason);
	case BL_DROP_NO_BACKEND:
	case BL_DROP_NO_SERVICE:
	case BL_DROP_STALE:
		return bl_reject(skb, BL_HOOK_POD, family, p, src, reason);
	default:
		return bl_drop(skb, reason);
	}
}

/* A packet that is the pod's own and goes to one receiver. */
BL_INLINE int route(struct __sk_buff *skb, int family, const struct bl_packet *p,
		    struct bl_endpoint *src)
{
	const struct bl_endpoint *dst;
	const struct bl_flow *f = NULL;
	enum bl_reason reason;
	struct bl_flow
		made; /* from what an ICMP error quotes, or of a flow that opens: room that callees need not have */
	bool failed = false;

	if (src->translated)
		f = bl_deliver_translation(skb, family, p, &made, &failed);
	if (bl_unlikely(failed))
		return bl_drop(skb, BL_DROP_INTERNAL);
	if (!f) {
		dst = bl_endpoint_find(family, &p->daddr);
		if (dst && dst->flags & BL_ENDPOINT_POD)
			return bl_forward_pod(skb, BL_HOOK_POD, dst, BL_PASS_POD);
		reason = family == BL_V4 ? decide4(p, dst, &made) : decide6(p, dst, &made);
		if (reason != BL_PASS_SERVICE)
			return settle(skb, family, p, src, reason);
		bl_endpoint_mark(src);
		f = bl_flow_of(family, p);
	}
	if (!f)
		return bl_drop(skb, BL_DROP_INTERNAL);
	barrier_var(f); /* or its fields' addresses are computed before the check */
	if (bl_unlikely(f->flags & BL_FLOW_SAME))
		return bl_forward_plain(skb, family, p);
	return bl_deliver(skb, BL_HOOK_POD, family, p, f, src);
}

BL_INLINE int from_pod(struct __sk_buff *skb, int family)
{
	struct bl_endpoint *src;
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
	if (bl_unlikely(p.flags & BL_PACKET_FRAGMENT))
		bl_fragment(family, &p);
	return route(skb, family, &p, src);
}

/* Functions of their own, so that the families' stack frames are not added up. */
static __noinline int from_pod4(struct __sk_buff *skb)
{
	return from_pod(skb, BL_V4);
}

static __noinline int from_pod6(struct __sk_buff *skb)
{
	return from_pod(skb, BL_V6);
}

SEC("tc")
int bl_pod_ingress(struct __sk_buff *skb)
{
	if (skb->vlan_present)
		return bl_drop(skb, BL_DROP_PROTOCOL);
	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		return from_pod4(skb);
	case bpf_htons(ETH_P_IPV6):
		return from_pod6(skb);
	case bpf_htons(ETH_P_ARP):
		return bl_neighbour_arp(skb);
	default:
		return bl_drop(skb, BL_DROP_PROTOCOL);
	}
}

char _license[] SEC("license") = "Dual BSD/GPL";
