// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * DOC: What arrives at the node's uplinks.
 *
 * A pod's packet goes straight into the pod. A NodePort's packet gets a backend: one of this node, pod or not, keeps seeing the client's
 * address and answers through its own link, or where the node's packets leave; to one of another node the packet is sent on in the
 * node's name, so that the answer comes back here to be translated. Answers to masqueraded pods and to forwarded NodePorts are known by
 * their port, which lies in the range that the node reserves for translation. All else is the node's own and left to its stack after one
 * hash lookup.
 *
 * A service with direct return (tunnel.h) has its packets sent on as they are, in a tunnel to the other node's backend, and what comes in
 * such a tunnel is served as if the client had come here.
 *
 * The stack also refuses: a NodePort without a backend, or a packet of a connection that nobody knows, has no socket there. The address of
 * a load balancer, and an external one, are served like NodePorts, whether the node has the address or a router sends it here. A
 * ClusterIP is not served: it is refused here, since the stack would send it back to the gateway that it came from.
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
#include "lib/lb.h"
#include "lib/nat.h"
#include "lib/parse.h"
#include "lib/reject.h"
#include "lib/service.h"
#include "lib/tunnel.h"

/*
 * The decisions below return BL_PASS_SERVICE for a packet that has a flow now, BL_PASS_TUNNEL for one that goes to another node's backend as it
 * is, any other reason for what becomes of it.
 */

#define CB_BACKEND \
	4 /* where in the control block the id of the backend stands that a tunnel shall lead to */

BL_INLINE const struct bl_backend *backend_for(int family, const struct bl_packet *p,
					       const struct bl_service *svc, __u32 *ret_id)
{
	if (svc->flags & BL_SERVICE_MAGLEV)
		return bl_lb_choose(
			svc, bl_lb_hash(family, &p->saddr, p->sport, p->dport, p->proto), ret_id);
	return bl_backend_for(family, &p->saddr, svc, ret_id);
}

/* Functions of their own, for the sake of the stack frames. */
static __noinline bool is_nodes4(const struct bl_addr *a)
{
	return bl_prefix_find(BL_V4, a) & BL_PREFIX_NODE;
}

static __noinline bool is_nodes6(const struct bl_addr *a)
{
	return bl_prefix_find(BL_V6, a) & BL_PREFIX_NODE;
}

BL_INLINE bool is_nodes(int family, const struct bl_addr *a)
{
	return family == BL_V4 ? is_nodes4(a) : is_nodes6(a);
}

/* The first packet of a flow to a NodePort. */
BL_INLINE enum bl_reason to_backend(int family, const struct bl_packet *p,
				    const struct bl_service *svc, const struct bl_config *cfg,
				    struct __sk_buff *skb, struct bl_flow *to)
{
	const struct bl_addr *node = family == BL_V4 ? &cfg->snat4 : &cfg->snat6;
	bool direct = svc->flags & BL_SERVICE_DSR && !bl_addr_is_zero(family, node);
	const struct bl_endpoint *local;
	const struct bl_backend *b;

	__builtin_memset(to, 0, sizeof(*to));
	to->saddr = p->saddr;
	to->flags = BL_FLOW_DNAT;
	b = direct || bl_nat_opens(p) ? backend_for(family, p, svc, &to->backend) : NULL;
	local = b ? bl_endpoint_find(family, &b->addr) : NULL;
	if (b && direct && !local && !is_nodes(family, &b->addr)) {
		skb->cb[CB_BACKEND] = to->backend;
		return BL_PASS_TUNNEL;
	}
	if (p->flags & BL_PACKET_LATER)
		return BL_DROP_FRAGMENT;
	if (!b || !bl_nat_opens(p))
		return BL_PASS_REFUSE;
	to->daddr = b->addr;
	to->dport = b->port;
	to->generation = b->generation;
	if (!local) {
		to->saddr = bl_addr_is_zero(family, node) ? p->daddr : *node;
		to->flags |= BL_FLOW_SNAT;
	}
	return bl_nat_create(family, p, to);
}

/* What the packet's destination may be a frontend of. */
#define TO_NODEPORT 0x01
#define TO_ADDRESS  0x02 /* an address of a load balancer, or an external one */

/* Pods and nodes of the cluster are inside, wherever the traffic policy keeps others to this node's backends. */
BL_INLINE enum bl_reason to_frontend(int family, const struct bl_packet *p,
				     const struct bl_config *cfg, __u32 to, struct __sk_buff *skb,
				     struct bl_flow *made)
{
	bool inside = bl_prefix_find(family, &p->saddr) & BL_PREFIX_CLUSTER;
	const struct bl_service *svc = NULL;

	if (to & TO_ADDRESS)
		svc = bl_service_find(family, &p->daddr, p->dport, p->proto,
				      inside ? BL_SCOPE_CLUSTER : BL_SCOPE_EXTERNAL);
	if (!svc && to & TO_NODEPORT)
		svc = bl_service_find_nodeport(family, p->dport, p->proto,
					       inside ? BL_SCOPE_NODEPORT
						      : BL_SCOPE_NODEPORT_EXTERNAL);
	return svc ? to_backend(family, p, svc, cfg, skb, made) : BL_PASS_STACK;
}

static __noinline enum bl_reason to_frontend4(const struct bl_packet *p,
					      const struct bl_config *cfg, __u32 to,
					      struct __sk_buff *skb, struct bl_flow *made)
{
	return to_frontend(BL_V4, p, cfg, to, skb, made);
}

static __noinline enum bl_reason to_frontend6(const struct bl_packet *p,
					      const struct bl_config *cfg, __u32 to,
					      struct __sk_buff *skb, struct bl_flow *made)
{
	return to_frontend(BL_V6, p, cfg, to, skb, made);
}

/*
 * A datagram from outside that goes to a pod by its own address: the pod's answer must leave with that address too, although it
 * looks like any first datagram to the outside. TCP, SCTP and ICMP tell the two apart by themselves.
 */
BL_INLINE void note_datagram(int family, const struct bl_packet *p, struct bl_endpoint *dst)
{
	const struct bl_config *cfg = bl_ctx_config();
	struct bl_flow same = {
		.saddr = p->daddr,
		.daddr = p->saddr,
		.sport = p->dport,
		.dport = p->sport,
		.flags = BL_FLOW_SAME,
	};
	struct bl_flow *f;

	if (!cfg || !(cfg->flags & BL_CONFIG_MASQUERADE) || bl_prefix_find(family, &p->saddr))
		return;
	f = bl_flow_find(family, &p->daddr, &p->saddr, p->dport, p->sport, p->proto);
	if (f) {
		bl_flow_touch(family, p, f);
		return;
	}
	same.seen_ns = bpf_ktime_get_coarse_ns();
	flow_put(family, &p->daddr, &p->saddr, p->dport, p->sport, p->proto, &same, BPF_NOEXIST);
	bl_endpoint_mark(dst);
}

static __noinline void note_datagram4(const struct bl_packet *p, struct bl_endpoint *dst)
{
	note_datagram(BL_V4, p, dst);
}

static __noinline void note_datagram6(const struct bl_packet *p, struct bl_endpoint *dst)
{
	note_datagram(BL_V6, p, dst);
}

BL_INLINE void to_pod_plainly(int family, const struct bl_packet *p, struct bl_endpoint *dst)
{
	if (p->proto != IPPROTO_UDP || !(p->flags & BL_PACKET_PORTS))
		return;
	if (family == BL_V4)
		note_datagram4(p, dst);
	else
		note_datagram6(p, dst);
}

/* What a packet's destination may be a frontend of: the node's address, with the endpoint's flags, or one that it does not know (0). */
BL_INLINE __u32 frontends(const struct bl_packet *p, __u32 flags, const struct bl_config *cfg)
{
	if (!flags)
		return TO_ADDRESS;
	return (flags & BL_ENDPOINT_SERVICE ? TO_ADDRESS : 0) |
	       (flags & BL_ENDPOINT_NODEPORT && bl_service_in_nodeports(cfg, p->dport) ? TO_NODEPORT
										       : 0);
}

/* May a packet to such an address be of a translated flow? */
BL_INLINE bool may_be_translated(const struct bl_packet *p, __u32 flags,
				 const struct bl_config *cfg)
{
	__u16 port = bpf_ntohs(p->dport);

	if (p->flags & BL_PACKET_ERROR)
		return true;
	if (!(p->flags & BL_PACKET_PORTS))
		return false;
	return (port >= cfg->snat_port_first && port <= cfg->snat_port_last) ||
	       frontends(p, flags, cfg);
}

BL_INLINE int to_nowhere(struct __sk_buff *skb, int family, const struct bl_packet *p)
{
	if (bl_addr_is_multicast(family, &p->daddr) ||
	    !(bl_prefix_find(family, &p->daddr) & BL_PREFIX_SERVICE))
		return bl_pass(skb, BL_PASS_STACK);
	return bl_reject(skb, BL_HOOK_UPLINK, family, p, NULL, BL_DROP_NO_SERVICE);
}

/* A packet of no flow that gets none. The stack answers for the node's own addresses only. */
BL_INLINE int settle(struct __sk_buff *skb, int family, const struct bl_packet *p, bool own,
		     enum bl_reason reason)
{
	if (reason == BL_PASS_STACK && !own)
		return to_nowhere(skb, family, p);
	if (reason == BL_PASS_REFUSE && !own)
		return bl_reject(skb, BL_HOOK_UPLINK, family, p, NULL, BL_DROP_NO_BACKEND);
	if (reason == BL_PASS_STACK || reason == BL_PASS_REFUSE)
		return bl_pass(skb, reason);
	return bl_drop(skb, reason);
}

/* An ICMP error that nobody here has caused may be about what another node's backend has sent. */
BL_INLINE enum bl_reason about_another(struct __sk_buff *skb, int family, const struct bl_packet *p)
{
	skb->cb[CB_BACKEND] =
		family == BL_V4 ? bl_tunnel_quoted4(skb, p) : bl_tunnel_quoted6(skb, p);
	return skb->cb[CB_BACKEND] ? BL_PASS_TUNNEL : BL_PASS_STACK;
}

/* A flow for the packet of a new one, or why there is none. */
BL_INLINE enum bl_reason open_flow(struct __sk_buff *skb, int family, const struct bl_packet *p,
				   __u32 flags, const struct bl_config *cfg, struct bl_flow *made)
{
	__u32 to = p->flags & BL_PACKET_PORTS ? frontends(p, flags, cfg) : 0;

	if (p->flags & BL_PACKET_ERROR)
		return about_another(skb, family, p);
	if (!to)
		return BL_PASS_STACK;
	return family == BL_V4 ? to_frontend4(p, cfg, to, skb, made)
			       : to_frontend6(p, cfg, to, skb, made);
}

/* A flow for the packet that came in a tunnel. */
BL_INLINE enum bl_reason from_tunnel(struct __sk_buff *skb, int family, const struct bl_packet *p)
{
	return family == BL_V4 ? bl_tunnel_flow4(skb, p) : bl_tunnel_flow6(skb, p);
}

/* `tunnelled`: a tunnel led to a pod of this node. */
BL_INLINE int route(struct __sk_buff *skb, int family, struct bl_packet *p, bool tunnelled)
{
	struct bl_endpoint *pod = tunnelled ? NULL : bl_endpoint_find(family, &p->daddr);
	const struct bl_config *cfg = bl_ctx_config();
	__u32 flags = pod ? pod->flags : 0;
	const struct bl_flow *f = NULL;
	enum bl_reason reason;
	struct bl_flow
		made; /* from what an ICMP error quotes, or of a flow that opens: room that callees need not have */
	bool failed = false;

	if (!cfg)
		return bl_pass(skb, BL_PASS_STACK);
	if (bl_unlikely(p->flags & BL_PACKET_FRAGMENT))
		bl_fragment(family, p);
	if (!(flags & BL_ENDPOINT_POD))
		pod = NULL;
	if (pod ? !!pod->translated : tunnelled || may_be_translated(p, flags, cfg))
		f = bl_deliver_translation(skb, family, p, &made, &failed);
	if (bl_unlikely(failed))
		return bl_drop(skb, BL_DROP_INTERNAL);
	if (!f && pod) {
		to_pod_plainly(family, p, pod);
		return bl_forward_pod(skb, BL_HOOK_UPLINK, pod, BL_PASS_POD);
	}
	if (!f) {
		reason = tunnelled ? from_tunnel(skb, family, p)
				   : open_flow(skb, family, p, flags, cfg, &made);
		if (reason == BL_PASS_TUNNEL)
			return family == BL_V4 ? bl_tunnel_send4(skb, p, skb->cb[CB_BACKEND])
					       : bl_tunnel_send6(skb, p, skb->cb[CB_BACKEND]);
		if (reason != BL_PASS_SERVICE)
			return settle(skb, family, p, flags, reason);
		f = bl_flow_of(family, p);
	}
	if (!f)
		return bl_drop(skb, BL_DROP_INTERNAL);
	barrier_var(f); /* or its fields' addresses are computed before the check */
	if (bl_unlikely(f->flags & BL_FLOW_SAME))
		return bl_pass(skb, BL_PASS_STACK);
	return bl_deliver(skb, BL_HOOK_UPLINK, family, p, f, NULL);
}

BL_INLINE int from_uplink(struct __sk_buff *skb, int family)
{
	enum bl_reason reason = BL_PASS_STACK;
	struct bl_packet p;

	/* What is malformed is the stack's to count. */
	if (bl_parse(skb, family, &p))
		return bl_pass(skb, BL_PASS_STACK);
	if (bl_unlikely(bl_tunnel_is(family, &p)))
		reason = family == BL_V4 ? bl_tunnel_open4(skb, &p) : bl_tunnel_open6(skb, &p);
	if (bl_unlikely(reason == BL_DROP_TUNNEL))
		return bl_drop(skb, reason);
	return route(skb, family, &p, reason == BL_PASS_TUNNEL);
}

/* Functions of their own, so that the families' stack frames are not added up. */
static __noinline int from_uplink4(struct __sk_buff *skb)
{
	return from_uplink(skb, BL_V4);
}

static __noinline int from_uplink6(struct __sk_buff *skb)
{
	return from_uplink(skb, BL_V6);
}

SEC("tc")
int bl_host_ingress(struct __sk_buff *skb)
{
	if (skb->vlan_present)
		return bl_pass(skb, BL_PASS_STACK);
	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		return from_uplink4(skb);
	case bpf_htons(ETH_P_IPV6):
		return from_uplink6(skb);
	default:
		return bl_pass(skb, BL_PASS_STACK);
	}
}

char _license[] SEC("license") = "Dual BSD/GPL";
