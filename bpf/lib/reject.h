/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_REJECT_H
#define BEELINE_LIB_REJECT_H

/*
 * DOC: A packet of a pod or of the node itself that goes nowhere becomes its own answer.
 *
 * A service that cannot be reached is refused at once: TCP by a reset, everything else by ICMP's port unreachable, from the address that the
 * sender has named. The answer is built in the packet's own buffer and goes back to the sender, so that nothing of it depends on the
 * stack's routes. What must not be answered is dropped: resets, ICMP but for echo requests, and fragments.
 *
 * The answer's checksum is whole. A buffer that came with CHECKSUM_PARTIAL keeps that mark; the receiving stack takes it for verified.
 */

#include "lib/count.h"
#include "lib/csum.h"
#include "lib/ctx.h"
#include "lib/forward.h"
#include "lib/parse.h"

#define BL_ICMP4_UNREACHABLE 3
#define BL_ICMP4_PORT	     3
#define BL_ICMP4_TOO_BIG     4
#define BL_ICMP6_UNREACHABLE 1
#define BL_ICMP6_PORT	     4
#define BL_ICMP6_TOO_BIG     2

struct ip4_tcp {
	struct iphdr ip;
	struct tcphdr tcp;
};

struct ip6_tcp {
	struct ipv6hdr ip;
	struct tcphdr tcp;
};

struct icmp_head {
	__u8 type;
	__u8 code;
	__be16 check;
	__be32 mtu; /* in its last two bytes for IPv4 */
};

struct ip4_icmp {
	struct iphdr ip;
	struct icmp_head icmp;
};

struct ip6_icmp {
	struct ipv6hdr ip;
	struct icmp_head icmp;
};

BL_INLINE void fill_ip4(struct iphdr *ip, const struct bl_packet *p, __u8 proto, __u16 size)
{
	*ip = (struct iphdr){
		.version = 4,
		.ihl = 5,
		.tot_len = bpf_htons(size),
		.frag_off = bpf_htons(0x4000),
		.ttl = 64,
		.protocol = proto,
		.saddr = p->daddr.w[0],
		.daddr = p->saddr.w[0],
	};
	ip->check = ~bl_csum_fold(bpf_csum_diff(NULL, 0, (void *)ip, sizeof(*ip), 0));
}

BL_INLINE void fill_ip6(struct ipv6hdr *ip, const struct bl_packet *p, __u8 proto, __u16 size)
{
	__builtin_memset(ip, 0, sizeof(*ip));
	ip->version = 6;
	ip->payload_len = bpf_htons(size);
	ip->nexthdr = proto;
	ip->hop_limit = 64;
	__builtin_memcpy(&ip->saddr, &p->daddr, 16);
	__builtin_memcpy(&ip->daddr, &p->saddr, 16);
}

/* The sum of the pseudo-header of an answer to the packet. */
BL_INLINE __u64 pseudo_sum(int family, const struct bl_packet *p, __u8 proto, __u16 size)
{
	__u64 sum = (__u64)bpf_htons(proto) + bpf_htons(size);

	sum += (__u64)p->saddr.w[0] + p->daddr.w[0];
	if (family == BL_V6) {
		sum += (__u64)p->saddr.w[1] + p->saddr.w[2] + p->saddr.w[3];
		sum += (__u64)p->daddr.w[1] + p->daddr.w[2] + p->daddr.w[3];
	}
	return sum;
}

/* RFC 9293, 3.10.7.1: a reset that the sender of this segment takes for valid. */
BL_INLINE int fill_reset(struct __sk_buff *skb, int family, const struct bl_packet *p,
			 struct tcphdr *tcp)
{
	struct tcphdr old;
	__u32 data;

	if (bpf_skb_load_bytes(skb, p->l4, &old, sizeof(old)))
		return -1;
	data = skb->len - p->l4 - old.doff * 4 + old.syn + old.fin;
	*tcp = (struct tcphdr){
		.source = p->dport,
		.dest = p->sport,
		.doff = 5,
		.rst = 1,
	};
	if (old.ack) {
		tcp->seq = old.ack_seq;
	} else {
		tcp->ack = 1;
		tcp->ack_seq = bpf_htonl(bpf_ntohl(old.seq) + data);
	}
	tcp->check = ~bl_csum_fold(pseudo_sum(family, p, IPPROTO_TCP, sizeof(*tcp)) +
				   bpf_csum_diff(NULL, 0, (void *)tcp, sizeof(*tcp), 0));
	return 0;
}

static __noinline int reset4(struct __sk_buff *skb, const struct bl_packet *p)
{
	struct ip4_tcp h;

	if (fill_reset(skb, BL_V4, p, &h.tcp) ||
	    bpf_skb_change_tail(skb, BL_ETH_SIZE + sizeof(h), 0))
		return -1;
	fill_ip4(&h.ip, p, IPPROTO_TCP, sizeof(h));
	return bpf_skb_store_bytes(skb, BL_ETH_SIZE, &h, sizeof(h), BPF_F_RECOMPUTE_CSUM);
}

static __noinline int reset6(struct __sk_buff *skb, const struct bl_packet *p)
{
	struct ip6_tcp h;

	if (fill_reset(skb, BL_V6, p, &h.tcp) ||
	    bpf_skb_change_tail(skb, BL_ETH_SIZE + sizeof(h), 0))
		return -1;
	fill_ip6(&h.ip, p, IPPROTO_TCP, sizeof(h.tcp));
	return bpf_skb_store_bytes(skb, BL_ETH_SIZE, &h, sizeof(h), BPF_F_RECOMPUTE_CSUM);
}

/* How much of the packet an error quotes: the IP header, and what names the flow. */
BL_INLINE __u32 quote_size(__u32 ip_size, const struct bl_packet *p)
{
	return ip_size + (p->proto == IPPROTO_TCP ? 20 : p->proto == IPPROTO_SCTP ? 16 : 8);
}

/* The sum over the quoted bytes, which follow the frame's header. */
BL_INLINE __s64 quote_sum(struct __sk_buff *skb, __u32 size)
{
	__u8 *start, *end;

	if (bl_parse_pull(skb, BL_ETH_SIZE + 60))
		(void)0; /* shorter quotes are linear all the same: the packet was cut to them */
	start = bl_data(skb) + BL_ETH_SIZE;
	end = bl_end(skb);
	if (size == 28)
		return start + 28 <= end ? bpf_csum_diff(NULL, 0, (void *)start, 28, 0) : -1;
	if (size == 36)
		return start + 36 <= end ? bpf_csum_diff(NULL, 0, (void *)start, 36, 0) : -1;
	if (size == 40)
		return start + 40 <= end ? bpf_csum_diff(NULL, 0, (void *)start, 40, 0) : -1;
	if (size == 48)
		return start + 48 <= end ? bpf_csum_diff(NULL, 0, (void *)start, 48, 0) : -1;
	if (size == 56)
		return start + 56 <= end ? bpf_csum_diff(NULL, 0, (void *)start, 56, 0) : -1;
	return start + 60 <= end ? bpf_csum_diff(NULL, 0, (void *)start, 60, 0) : -1;
}

static __noinline int error4(struct __sk_buff *skb, const struct bl_packet *p, __u32 mtu)
{
	__u32 quote = quote_size(20, p);
	struct ip4_icmp h;
	__s64 sum;

	if (skb->len < BL_ETH_SIZE + quote || bpf_skb_change_tail(skb, BL_ETH_SIZE + quote, 0))
		return -1;
	sum = quote_sum(skb, quote);
	if (sum < 0 || bpf_skb_adjust_room(skb, sizeof(h), BPF_ADJ_ROOM_MAC, 0))
		return -1;
	h.icmp = (struct icmp_head){
		.type = BL_ICMP4_UNREACHABLE,
		.code = mtu ? BL_ICMP4_TOO_BIG : BL_ICMP4_PORT,
		.mtu = bpf_htonl(mtu & 0xffff),
	};
	h.icmp.check = ~bl_csum_fold(sum + (__u32)bpf_csum_diff(NULL, 0, (void *)&h.icmp, 8, 0));
	fill_ip4(&h.ip, p, IPPROTO_ICMP, sizeof(h) + quote);
	return bpf_skb_store_bytes(skb, BL_ETH_SIZE, &h, sizeof(h), BPF_F_RECOMPUTE_CSUM);
}

static __noinline int error6(struct __sk_buff *skb, const struct bl_packet *p, __u32 mtu)
{
	__u32 quote = quote_size(40, p);
	struct ip6_icmp h;
	__s64 sum;

	if (skb->len < BL_ETH_SIZE + quote || bpf_skb_change_tail(skb, BL_ETH_SIZE + quote, 0))
		return -1;
	sum = quote_sum(skb, quote);
	if (sum < 0 || bpf_skb_adjust_room(skb, sizeof(h), BPF_ADJ_ROOM_MAC, 0))
		return -1;
	h.icmp = (struct icmp_head){
		.type = mtu ? BL_ICMP6_TOO_BIG : BL_ICMP6_UNREACHABLE,
		.code = mtu ? 0 : BL_ICMP6_PORT,
		.mtu = bpf_htonl(mtu),
	};
	sum += pseudo_sum(BL_V6, p, IPPROTO_ICMPV6, sizeof(h.icmp) + quote);
	h.icmp.check = ~bl_csum_fold(sum + (__u32)bpf_csum_diff(NULL, 0, (void *)&h.icmp, 8, 0));
	fill_ip6(&h.ip, p, IPPROTO_ICMPV6, sizeof(h.icmp) + quote);
	return bpf_skb_store_bytes(skb, BL_ETH_SIZE, &h, sizeof(h), BPF_F_RECOMPUTE_CSUM);
}

/* May this packet be answered, and do we know how? */
BL_INLINE bool may_answer(int family, const struct bl_packet *p)
{
	if (!(p->flags & BL_PACKET_PLAIN) || p->flags & BL_PACKET_FRAGMENT)
		return false;
	if (p->proto == (family == BL_V4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return p->flags & BL_PACKET_ECHO;
	return !(p->proto == IPPROTO_TCP && p->tcp_flags & BL_TCP_RST) &&
	       !(p->proto == IPPROTO_SCTP && p->type == BL_SCTP_ABORT);
}

/* Refuses the packet, a pod's (`src`) or the node's; counted under `reason`, however it ends. */
BL_INLINE int bl_reject(struct __sk_buff *skb, enum bl_hook hook, int family,
			const struct bl_packet *p, const struct bl_endpoint *src,
			enum bl_reason reason)
{
	int rc;

	if (!may_answer(family, p))
		return bl_drop(skb, reason);
	if (p->proto == IPPROTO_TCP)
		rc = family == BL_V4 ? reset4(skb, p) : reset6(skb, p);
	else
		rc = family == BL_V4 ? error4(skb, p, 0) : error6(skb, p, 0);
	return rc ? bl_drop(skb, reason) : bl_forward_back(skb, hook, src, reason);
}

/* Tells the sender that the packet does not fit into a link of this size. */
BL_INLINE int bl_reject_size(struct __sk_buff *skb, enum bl_hook hook, int family,
			     const struct bl_packet *p, const struct bl_endpoint *src, __u32 mtu)
{
	int rc;

	if (!mtu || !may_answer(family, p))
		return bl_drop(skb, BL_DROP_ROUTE);
	rc = family == BL_V4 ? error4(skb, p, mtu) : error6(skb, p, mtu);
	if (rc)
		return bl_drop(skb, BL_DROP_ROUTE);
	return bl_forward_back(skb, hook, src, BL_DROP_ROUTE);
}

#endif
