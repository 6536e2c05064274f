// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * DOC: What the node itself sends, where it leaves: egress of the uplinks and of the host side of pods' links.
 *
 * Two kinds of packets concern us. The first goes to a service: its sender bypassed the socket hooks (a raw or SCTP socket, a process
 * outside of the node's cgroup), and the default route brought it here. It gets a backend and goes on to it, into a local pod or by the FIB's
 * next hop, which need not be the one that the stack has chosen for the service's address. What no backend serves comes back to the
 * sender as a refusal; nothing that is addressed to the service range leaves the node. A backend in the node's own network sees the
 * service's address as its client's, since the stack takes no packet that comes in with an address of its own.
 *
 * The second answers a packet that was translated on its way into the node's own network: a pod's to a service, or one from outside to a
 * NodePort. It is translated back and goes on as it was going.
 *
 * Everything else passes by after two comparisons, and is not counted: it was where it came in, or is the node's own. A flow's source
 * port always lies in the reserved range, so an answer is known by its destination port; a service's packet by its address.
 */

#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <bpf/bpf_helpers.h>

#include "lib/count.h"
#include "lib/ctx.h"
#include "lib/deliver.h"
#include "lib/endpoint.h"
#include "lib/fragment.h"
#include "lib/nat.h"
#include "lib/parse.h"
#include "lib/reject.h"
#include "lib/service.h"

/* The smallest prefix that covers the service ranges of a family: its address, then its mask. As they are here: every address. */
const volatile __be32 bl_services4[2] = {};
const volatile __be32 bl_services6[8] = {};

BL_INLINE bool may_be_service(int family, const struct bl_addr *a)
{
	if (family == BL_V4)
		return !((a->w[0] ^ bl_services4[0]) & bl_services4[1]);
	return !(((a->w[0] ^ bl_services6[0]) & bl_services6[4]) |
		 ((a->w[1] ^ bl_services6[1]) & bl_services6[5]) |
		 ((a->w[2] ^ bl_services6[2]) & bl_services6[6]) |
		 ((a->w[3] ^ bl_services6[3]) & bl_services6[7]));
}

/* May the packet answer one that was translated? A later fragment has no port to tell by. */
BL_INLINE bool may_be_answer(const struct bl_packet *p, const struct bl_config *cfg)
{
	__u16 port = bpf_ntohs(p->dport);

	if (p->flags & BL_PACKET_PORTS)
		return port >= cfg->snat_port_first && port <= cfg->snat_port_last;
	return p->flags & (BL_PACKET_ERROR | BL_PACKET_FRAGMENT);
}

/* The first packet of a flow to a service, or one whose flow is unknown or whose backend is gone. */
BL_INLINE enum bl_reason to_service(int family, const struct bl_packet *p,
				    const struct bl_service *svc)
{
	struct bl_flow to = {.saddr = p->saddr, .flags = BL_FLOW_DNAT};
	const struct bl_endpoint *local;
	const struct bl_backend *b;

	if (p->flags & BL_PACKET_LATER)
		return BL_DROP_FRAGMENT;
	if (!bl_nat_opens(p))
		return BL_DROP_STALE;
	b = bl_backend_for(family, &p->saddr, svc, &to.backend);
	if (!b)
		return BL_DROP_NO_BACKEND;
	to.daddr = b->addr;
	to.dport = b->port;
	to.generation = b->generation;
	local = bl_endpoint_find(family, &to.daddr);
	if (local && local->flags & BL_ENDPOINT_HOST)
		to.saddr = p->daddr;
	return bl_nat_create(family, p, &to);
}

/*
 * What becomes of a packet without a flow: BL_PASS_SERVICE: it has one now; BL_PASS_STACK: it concerns no service. Only the node's own
 * are served: whoever else sends through it has no claim to the service range.
 */
BL_INLINE enum bl_reason decide(int family, const struct bl_packet *p)
{
	const struct bl_service *svc = NULL;
	const struct bl_endpoint *src;

	if (p->flags & BL_PACKET_PORTS)
		svc = bl_service_find(family, &p->daddr, p->dport, p->proto, BL_SCOPE_CLUSTER);
	if (!svc && !(bl_prefix_find(family, &p->daddr) & BL_PREFIX_SERVICE) &&
	    !bl_service_owns(family, &p->daddr))
		return BL_PASS_STACK;
	src = svc ? bl_endpoint_find(family, &p->saddr) : NULL;
	if (src && src->flags & BL_ENDPOINT_HOST)
		return to_service(family, p, svc);
	if ((p->flags & (BL_PACKET_FRAGMENT | BL_PACKET_PORTS)) == BL_PACKET_FRAGMENT)
		return BL_DROP_FRAGMENT;
	return BL_DROP_NO_SERVICE;
}

static __noinline enum bl_reason decide4(const struct bl_packet *p)
{
	return decide(BL_V4, p);
}

static __noinline enum bl_reason decide6(const struct bl_packet *p)
{
	return decide(BL_V6, p);
}

/* What the decision comes to, but for packets that have a flow. */
BL_INLINE int settle(struct __sk_buff *skb, int family, const struct bl_packet *p,
		     enum bl_reason reason)
{
	switch (reason) {
	case BL_PASS_STACK:
		return TC_ACT_UNSPEC;
	case BL_DROP_NO_BACKEND:
	case BL_DROP_NO_SERVICE:
	case BL_DROP_STALE:
		return bl_reject(skb, BL_HOOK_NODE, family, p, NULL, reason);
	default:
		return bl_drop(skb, reason);
	}
}

/* Functions of their own, for the sake of the stack frames. */
static __noinline int send_on4(struct __sk_buff *skb, const struct bl_packet *p,
			       const struct bl_flow *to)
{
	return bl_deliver(skb, BL_HOOK_NODE, BL_V4, p, to, NULL);
}

static __noinline int send_on6(struct __sk_buff *skb, const struct bl_packet *p,
			       const struct bl_flow *to)
{
	return bl_deliver(skb, BL_HOOK_NODE, BL_V6, p, to, NULL);
}

BL_INLINE int route(struct __sk_buff *skb, int family, struct bl_packet *p)
{
	const struct bl_config *cfg = bl_ctx_config();
	const struct bl_flow *f;
	struct bl_flow quoted;
	bool failed = false, service;

	service = may_be_service(family, &p->daddr);
	if (!cfg || (bl_likely(!service) && bl_likely(!may_be_answer(p, cfg))))
		return TC_ACT_UNSPEC;
	if (bl_unlikely(p->flags & BL_PACKET_FRAGMENT))
		bl_fragment(family, p);
	f = bl_deliver_translation(skb, family, p, &quoted, &failed);
	if (bl_unlikely(failed))
		return bl_drop(skb, BL_DROP_INTERNAL);
	if (!f) {
		enum bl_reason reason = BL_PASS_STACK;

		if (service)
			reason = family == BL_V4 ? decide4(p) : decide6(p);
		if (reason != BL_PASS_SERVICE)
			return settle(skb, family, p, reason);
		f = bl_flow_of(family, p);
	}
	if (!f)
		return bl_drop(skb, BL_DROP_INTERNAL);
	barrier_var(f); /* or its fields' addresses are computed before the check */
	/* A pod's datagram that keeps its addresses. */
	if (f->flags & BL_FLOW_SAME)
		return TC_ACT_UNSPEC;
	return family == BL_V4 ? send_on4(skb, p, f) : send_on6(skb, p, f);
}

BL_INLINE int from_node(struct __sk_buff *skb, int family)
{
	struct bl_packet p;

	if (bl_parse(skb, family, &p))
		return TC_ACT_UNSPEC;
	return route(skb, family, &p);
}

/* Functions of their own, so that the families' stack frames are not added up. */
static __noinline int from_node4(struct __sk_buff *skb)
{
	return from_node(skb, BL_V4);
}

static __noinline int from_node6(struct __sk_buff *skb)
{
	return from_node(skb, BL_V6);
}

SEC("tc")
int bl_node_egress(struct __sk_buff *skb)
{
	if (skb->vlan_present)
		return TC_ACT_UNSPEC;
	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		return from_node4(skb);
	case bpf_htons(ETH_P_IPV6):
		return from_node6(skb);
	default:
		return TC_ACT_UNSPEC;
	}
}

char _license[] SEC("license") = "Dual BSD/GPL";
