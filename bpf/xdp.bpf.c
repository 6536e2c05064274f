// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * DOC: North-south at the driver: load balancer addresses and NodePorts whose services are served by direct return.
 *
 * The packet's hash chooses a backend in the service's Maglev table; if it is another node's, the packet gets an outer header and leaves, in the driver
 * still, by the way that tc found for that backend before (hop.h), if it is the link that the packet came by: another link's driver may not take
 * what it is handed here. No flow is remembered. Everything else is passed on untouched and uncounted, for tc at the same link decides the
 * same by the same tables: backends of this node, flows that it remembers, clients inside of the cluster, whose services are other ones,
 * what has options, is a fragment, too long or out of hops, services with source translation, and the first packet to a backend.
 */

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_helpers.h>

#include "lib/count.h"
#include "lib/ctx.h"
#include "lib/encap.h"
#include "lib/endpoint.h"
#include "lib/hop.h"
#include "lib/lb.h"
#include "lib/nat.h"
#include "lib/service.h"

struct lean {
	struct bl_addr saddr;
	struct bl_addr daddr;
	__be16 sport;
	__be16 dport;
	__u16 size; /* of the IP packet */
	__u8 proto;
	__u8 tos;
};

/* The headers of a packet that may be served here; not 0: it is tc's. */
BL_INLINE int read(int family, const __u8 *l3, const __u8 *end, struct lean *ret_p)
{
	const __u8 *l4 = l3 + (family == BL_V4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));

	if (l4 + 8 > end)
		return -1;
	if (family == BL_V4) {
		const struct iphdr *ip = (const void *)l3;

		if (*l3 != 0x45 || ip->frag_off & bpf_htons(0x3fff) || ip->ttl <= 1)
			return -1;
		ret_p->saddr.w[0] = ip->saddr;
		ret_p->daddr.w[0] = ip->daddr;
		ret_p->proto = ip->protocol;
		ret_p->tos = ip->tos;
		ret_p->size = bpf_ntohs(ip->tot_len);
	} else {
		const struct ipv6hdr *ip = (const void *)l3;

		if (ip->version != 6 || ip->hop_limit <= 1)
			return -1;
		__builtin_memcpy(&ret_p->saddr, &ip->saddr, 16);
		__builtin_memcpy(&ret_p->daddr, &ip->daddr, 16);
		ret_p->proto = ip->nexthdr;
		ret_p->tos = bpf_ntohs(*(const __be16 *)l3) >> 4;
		ret_p->size = bpf_ntohs(ip->payload_len) + sizeof(*ip);
	}
	if (ret_p->proto != IPPROTO_TCP && ret_p->proto != IPPROTO_UDP &&
	    ret_p->proto != IPPROTO_SCTP)
		return -1;
	ret_p->sport = *(const __be16 *)l4;
	ret_p->dport = *(const __be16 *)(l4 + 2);
	/* Cut short or padded: what the packet says is held against what there is. */
	return l3 + ret_p->size > end ? -1 : 0;
}

BL_INLINE const struct bl_service *find(int family, const struct lean *p,
					const struct bl_config *cfg)
{
	const struct bl_service *svc =
		bl_service_find(family, &p->daddr, p->dport, p->proto, BL_SCOPE_EXTERNAL);
	const struct bl_endpoint *node;

	if (svc || !bl_service_in_nodeports(cfg, p->dport))
		return svc;
	node = bl_endpoint_find(family, &p->daddr);
	if (!node || !(node->flags & BL_ENDPOINT_NODEPORT))
		return NULL;
	return bl_service_find_nodeport(family, p->dport, p->proto, BL_SCOPE_NODEPORT_EXTERNAL);
}

/* A client inside of the cluster, or a packet of a flow that has its backend already. */
BL_INLINE bool is_known(int family, const struct lean *p)
{
	return bl_flow_find(family, &p->saddr, &p->daddr, p->sport, p->dport, p->proto) ||
	       bl_prefix_find(family, &p->saddr) & BL_PREFIX_CLUSTER;
}

BL_INLINE int tunnel(struct xdp_md *ctx, int family, const struct lean *p,
		     const struct bl_backend *b, const struct bl_next_hop *h,
		     const struct bl_config *cfg)
{
	__u8 *data, *end;

	if (bpf_xdp_adjust_head(ctx, -(int)bl_encap_size(family)))
		return XDP_PASS;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + BL_ETH_SIZE + bl_encap_size(family) > end)
		return XDP_DROP;
	__builtin_memcpy(data, h->dmac, 6);
	__builtin_memcpy(data + 6, h->smac, 6);
	if (family == BL_V4) {
		*(__be16 *)(data + 12) = bpf_htons(ETH_P_IP);
		bl_encap_head4(data + BL_ETH_SIZE, cfg->snat4.w[0], b->addr.w[0], p->size, p->tos);
	} else {
		*(__be16 *)(data + 12) = bpf_htons(ETH_P_IPV6);
		bl_encap_head6(data + BL_ETH_SIZE, &cfg->snat6, &b->addr, p->size, p->tos);
	}
	bl_count(BL_PASS_TUNNEL, p->size + BL_ETH_SIZE + bl_encap_size(family));
	return XDP_TX;
}

BL_INLINE int serve(struct xdp_md *ctx, int family)
{
	const __u8 *l3 = (const __u8 *)(long)ctx->data + BL_ETH_SIZE;
	const struct bl_config *cfg = bl_ctx_config();
	const struct bl_service *svc;
	const struct bl_backend *b;
	const struct bl_next_hop *h;
	struct lean p = {};
	__u32 id;

	if (!cfg || read(family, l3, (const void *)(long)ctx->data_end, &p))
		return XDP_PASS;
	svc = find(family, &p, cfg);
	if (!svc || (svc->flags & BL_SERVICE_XDP_MASK) != BL_SERVICE_XDP)
		return XDP_PASS;
	b = bl_lb_choose(svc, bl_lb_hash(family, &p.saddr, p.sport, p.dport, p.proto), &id);
	if (!b || b->flags & BL_BACKEND_LOCAL)
		return XDP_PASS;
	h = bl_hop_use(id, b->generation);
	if (!h || h->ifindex != ctx->ingress_ifindex || p.size + bl_encap_size(family) > h->mtu ||
	    is_known(family, &p))
		return XDP_PASS;
	return tunnel(ctx, family, &p, b, h, cfg);
}

SEC("xdp")
int bl_xdp_ingress(struct xdp_md *ctx)
{
	const __u8 *data = (const void *)(long)ctx->data;

	if (data + BL_ETH_SIZE > (const __u8 *)(long)ctx->data_end)
		return XDP_PASS;
	switch (*(const __be16 *)(data + 12)) {
	case bpf_htons(ETH_P_IP):
		return serve(ctx, BL_V4);
	case bpf_htons(ETH_P_IPV6):
		return serve(ctx, BL_V6);
	default:
		return XDP_PASS;
	}
}

char _license[] SEC("license") = "Dual BSD/GPL";
