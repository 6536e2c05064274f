/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_PARSE_H
#define BEELINE_LIB_PARSE_H

/*
 * DOC: An Ethernet frame's IP and transport headers, read once.
 *
 * The common case (no options, no extension headers, headers in the linear part) is read by direct access; whatever else goes
 * through bpf_skb_load_bytes(), which also reads what is not linear. Lengths are checked against the frame: a packet that
 * claims more than there is, or less than its own headers, is malformed. A fragment has ports only if it is the first one; a later one
 * is BL_PACKET_NO_PORTS, and nothing may be translated by its ports.
 */

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include "lib/ctx.h"

struct bl_packet {
	struct bl_addr saddr;
	struct bl_addr daddr;
	__be16 sport; /* ICMP echo: the identifier on the asking side; 0 without ports */
	__be16 dport;
	__be32 fragment; /* its datagram's identification; IPv4's has 16 bits */
	__u16 l4;	 /* offset of the transport header */
	__u8 proto;	 /* IPPROTO_*, behind extension headers */
	__u8 ttl;	 /* or hop limit */
	__u8 flags;	 /* BL_PACKET_* */
	__u8 tcp_flags;	 /* byte 13 of TCP's header */
	__u8 type;	 /* ICMP's type, SCTP's first chunk type, words of TCP's header */
};
#define BL_PACKET_FRAGMENT 0x01 /* first or later */
#define BL_PACKET_PORTS	   0x02 /* sport and dport are known */
#define BL_PACKET_ERROR	   0x04 /* an ICMP error: it quotes another packet */
#define BL_PACKET_ECHO	   0x08 /* echo request */
#define BL_PACKET_ANSWER   0x10 /* echo reply */
#define BL_PACKET_PLAIN	   0x20 /* no IPv4 options, no IPv6 extension headers */

#define BL_PACKET_LATER \
	0x40 /* a fragment without transport header; its ports, if known, are the first's */

#define BL_TCP_FIN 0x01
#define BL_TCP_SYN 0x02
#define BL_TCP_RST 0x04
#define BL_TCP_ACK 0x10

#define BL_SCTP_INIT  1
#define BL_SCTP_ABORT 6

#define BL_EXT_MAX 6

/*
 * The verifier wants the context's fields read at constant offsets from the context itself; the compiler likes to keep a
 * pointer to such a field over branches. So these two are loaded by hand.
 */
BL_INLINE __u8 *bl_data(const struct __sk_buff *skb)
{
	__u8 *data;

	asm volatile("%0 = *(u32 *)(%1 + %2)"
		     : "=r"(data)
		     : "r"(skb), "i"(offsetof(struct __sk_buff, data)));
	return data;
}

BL_INLINE __u8 *bl_end(const struct __sk_buff *skb)
{
	__u8 *end;

	asm volatile("%0 = *(u32 *)(%1 + %2)"
		     : "=r"(end)
		     : "r"(skb), "i"(offsetof(struct __sk_buff, data_end)));
	return end;
}

/* Makes the first `len` bytes directly readable. */
BL_INLINE int bl_parse_pull(struct __sk_buff *skb, __u32 len)
{
	if (bl_data(skb) + len <= bl_end(skb))
		return 0;
	return bpf_skb_pull_data(skb, len);
}

BL_INLINE void parse_icmp(int family, const __u8 *head, struct bl_packet *p)
{
	__u8 type = head[0];

	p->type = type;
	if (family == BL_V4 ? type == 8 : type == 128)
		p->flags |= BL_PACKET_ECHO | BL_PACKET_PORTS;
	else if (family == BL_V4 ? type == 0 : type == 129)
		p->flags |= BL_PACKET_ANSWER | BL_PACKET_PORTS;
	else if (family == BL_V4 ? type == 3 || type == 11 || type == 12 : type >= 1 && type <= 4)
		p->flags |= BL_PACKET_ERROR;
	if (p->flags & BL_PACKET_ECHO)
		p->sport = *(const __be16 *)(head + 4);
	else if (p->flags & BL_PACKET_ANSWER)
		p->dport = *(const __be16 *)(head + 4);
}

/* `head` holds the first 8 bytes of the transport header, `more` those from 12 to 15 or zero. */
BL_INLINE void parse_ports(int family, const __u8 *head, const __u8 *more, struct bl_packet *p)
{
	if (p->proto == (family == BL_V4 ? IPPROTO_ICMP : IPPROTO_ICMPV6)) {
		parse_icmp(family, head, p);
		return;
	}
	p->sport = *(const __be16 *)head;
	p->dport = *(const __be16 *)(head + 2);
	p->flags |= BL_PACKET_PORTS;
	if (p->proto == IPPROTO_TCP) {
		p->tcp_flags = more[1];
		p->type = more[0] >> 4;
	} else if (p->proto == IPPROTO_SCTP) {
		p->type = more[0];
	}
}

BL_INLINE bool has_ports(int family, __u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP ||
	       proto == (family == BL_V4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

/* TCP's and SCTP's smallest packets are longer than UDP's. */
BL_INLINE __u32 head_size(__u8 proto)
{
	return proto == IPPROTO_TCP ? 20 : proto == IPPROTO_SCTP ? 16 : 8;
}

/* The transport header of a packet whose IP part is odd, byte by byte. */
static __noinline int parse_slow(struct __sk_buff *skb, struct bl_packet *p, int family)
{
	__u8 head[16] = {};
	__u32 l4 = p->l4;

	if (!has_ports(family, p->proto))
		return 0;
	if (bpf_skb_load_bytes(skb, l4, head, 8))
		return -1;
	if (p->proto == IPPROTO_TCP || p->proto == IPPROTO_SCTP)
		if (bpf_skb_load_bytes(skb, l4 + 12, head + 12, 4))
			return -1;
	if (family == BL_V4)
		parse_ports(BL_V4, head, head + 12, p);
	else
		parse_ports(BL_V6, head, head + 12, p);
	return 0;
}

/* The transport header by direct access, `l4` being a constant. */
BL_INLINE int parse_fast(struct __sk_buff *skb, int family, __u32 l4, struct bl_packet *p)
{
	__u32 need = l4 + head_size(p->proto);
	const __u8 *head, *end;

	p->l4 = l4;
	p->flags |= BL_PACKET_PLAIN;
	if (!has_ports(family, p->proto))
		return 0;
	if (skb->len < need || bl_parse_pull(skb, need))
		return -1;
	head = bl_data(skb) + l4;
	end = bl_end(skb);
	if (head + 8 > end)
		return -1;
	if (p->proto != IPPROTO_TCP && p->proto != IPPROTO_SCTP) {
		parse_ports(family, head, head, p);
		return 0;
	}
	if (head + 16 > end)
		return -1;
	parse_ports(family, head, head + 12, p);
	return 0;
}

BL_INLINE int parse4(struct __sk_buff *skb, struct bl_packet *p)
{
	const struct iphdr *ip;
	__u32 total, header;

	if (bl_parse_pull(skb, BL_ETH_SIZE + sizeof(*ip)))
		return -1;
	ip = (const void *)(bl_data(skb) + BL_ETH_SIZE);
	if ((const __u8 *)(ip + 1) > bl_end(skb))
		return -1;
	total = bpf_ntohs(ip->tot_len);
	header = ip->ihl * 4;
	/* A length of zero is a packet that segmentation will cut and number. */
	if (ip->version != 4 || header < sizeof(*ip) || total > skb->len - BL_ETH_SIZE ||
	    (total && total < header) || (!total && skb->len < 65536))
		return -1;
	p->saddr.w[0] = ip->saddr;
	p->daddr.w[0] = ip->daddr;
	p->proto = ip->protocol;
	p->ttl = ip->ttl;
	p->l4 = BL_ETH_SIZE + header;
	if (bl_unlikely(ip->frag_off & bpf_htons(0x3fff))) {
		p->flags |= BL_PACKET_FRAGMENT;
		p->fragment = ip->id;
		if (ip->frag_off & bpf_htons(0x1fff))
			return 0;
	}
	if (bl_likely(header == sizeof(*ip)))
		return parse_fast(skb, BL_V4, BL_ETH_SIZE + sizeof(*ip), p);
	return parse_slow(skb, p, BL_V4);
}

/* Walks the extension headers. */
static __noinline int parse6_slow(struct __sk_buff *skb, struct bl_packet *p)
{
	__u32 at = p->l4;

	for (int i = 0; i < BL_EXT_MAX; i++) {
		__u8 h[8];

		if (p->proto != IPPROTO_HOPOPTS && p->proto != IPPROTO_ROUTING &&
		    p->proto != IPPROTO_DSTOPTS && p->proto != IPPROTO_FRAGMENT) {
			p->l4 = at;
			return parse_slow(skb, p, BL_V6);
		}
		if (bpf_skb_load_bytes(skb, at, h, sizeof(h)))
			return -1;
		if (p->proto == IPPROTO_FRAGMENT) {
			__be16 off = *(__be16 *)(h + 2);

			at += 8;
			if (off & bpf_htons(0xfff9))
				p->flags |= BL_PACKET_FRAGMENT;
			__builtin_memcpy(&p->fragment, h + 4, 4);
			if (off & bpf_htons(0xfff8)) {
				p->proto = h[0];
				p->l4 = at;
				return 0;
			}
		} else {
			at += 8 + h[1] * 8;
		}
		p->proto = h[0];
		if (at > skb->len)
			return -1;
	}
	return -1;
}

BL_INLINE bool is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_FRAGMENT;
}

BL_INLINE int parse6(struct __sk_buff *skb, struct bl_packet *p)
{
	const struct ipv6hdr *ip;
	__u32 payload;

	if (bl_parse_pull(skb, BL_ETH_SIZE + sizeof(*ip)))
		return -1;
	ip = (const void *)(bl_data(skb) + BL_ETH_SIZE);
	if ((const __u8 *)(ip + 1) > bl_end(skb))
		return -1;
	payload = bpf_ntohs(ip->payload_len);
	if (ip->version != 6 || payload + sizeof(*ip) > skb->len - BL_ETH_SIZE)
		return -1;
	__builtin_memcpy(&p->saddr, &ip->saddr, 16);
	__builtin_memcpy(&p->daddr, &ip->daddr, 16);
	p->proto = ip->nexthdr;
	p->ttl = ip->hop_limit;
	p->l4 = BL_ETH_SIZE + sizeof(*ip);
	if (bl_unlikely(is_extension(p->proto)))
		return parse6_slow(skb, p);
	return parse_fast(skb, BL_V6, BL_ETH_SIZE + sizeof(*ip), p);
}

/* Fills the packet; not 0: malformed. */
BL_INLINE int bl_parse(struct __sk_buff *skb, int family, struct bl_packet *ret_packet)
{
	__builtin_memset(ret_packet, 0, sizeof(*ret_packet));
	return family == BL_V4 ? parse4(skb, ret_packet) : parse6(skb, ret_packet);
}

#endif
