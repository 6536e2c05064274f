/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_REWRITE_H
#define BEELINE_LIB_REWRITE_H

/*
 * DOC: A packet gets the addresses and ports of its flow's entry.
 *
 * Two ways with one result. In place: for packets without options or extension headers whose checksum's state is known (csum.h).
 * By helpers: for all others. An ICMP echo has its identifier where other protocols have a port; an ICMP error has no port of its own,
 * what it quotes is icmp.h's business. An IPv4 UDP checksum of zero means none and stays zero.
 */

#include "lib/csum.h"
#include "lib/ctx.h"
#include "lib/parse.h"

/* Where the checksum lies in the transport header; 0: there is none that we know. */
BL_INLINE __u32 check_offset(int family, __u8 proto)
{
	if (proto == IPPROTO_TCP)
		return 16;
	if (proto == IPPROTO_UDP)
		return 6;
	if (proto == (family == BL_V4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return 2;
	return 0;
}

BL_INLINE bool is_icmp(int family, __u8 proto)
{
	return proto == (family == BL_V4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

/* The identifier that an echo leaves with. */
BL_INLINE __be16 echo_id(const struct bl_packet *p, const struct bl_flow *to)
{
	return p->flags & BL_PACKET_ECHO ? to->sport : to->dport;
}

/* Does the checksum cover the addresses? All but ICMP's for IPv4. */
BL_INLINE bool covers_addrs(int family, __u8 proto)
{
	return !(family == BL_V4 && proto == IPPROTO_ICMP);
}

BL_INLINE void write_addrs(__u8 *l3, int family, const struct bl_flow *to, __u64 diff)
{
	if (family == BL_V4) {
		struct iphdr *ip = (void *)l3;

		ip->saddr = to->saddr.w[0];
		ip->daddr = to->daddr.w[0];
		ip->check = bl_csum_add(ip->check, diff);
	} else {
		struct ipv6hdr *ip = (void *)l3;

		__builtin_memcpy(&ip->saddr, &to->saddr, 16);
		__builtin_memcpy(&ip->daddr, &to->daddr, 16);
	}
}

BL_INLINE void write_check(__u16 *check, __u8 proto, __u64 diff, __u64 pseudo, bool partial)
{
	if (partial) {
		*check = bl_csum_add_partial(*check, pseudo);
		return;
	}
	if (proto == IPPROTO_UDP && !*check)
		return;
	*check = bl_csum_add(*check, diff);
	if (proto == IPPROTO_UDP && !*check)
		*check = 0xffff;
}

/* In place. Not 0: the headers are not linear. */
BL_INLINE int rewrite_here(struct __sk_buff *skb, int family, const struct bl_packet *p,
			   const struct bl_flow *to, bool partial)
{
	__u32 l4 = BL_ETH_SIZE + (family == BL_V4 ? 20 : 40);
	__u8 *data = bl_data(skb), *end = bl_end(skb), *head = data + l4;
	__u64 addrs, diff;

	addrs = bl_csum_addrs(family, &p->saddr, &to->saddr) +
		bl_csum_addrs(family, &p->daddr, &to->daddr);
	diff = covers_addrs(family, p->proto) ? addrs : 0;
	if (p->proto == IPPROTO_TCP) {
		if (head + 18 > end)
			return -1;
		diff += bl_csum_word(p->sport, to->sport) + bl_csum_word(p->dport, to->dport);
		write_check((__u16 *)(head + 16), IPPROTO_TCP, diff, addrs, partial);
	} else {
		if (head + 8 > end)
			return -1;
		if (p->proto == IPPROTO_UDP) {
			diff += bl_csum_word(p->sport, to->sport) +
				bl_csum_word(p->dport, to->dport);
			write_check((__u16 *)(head + 6), IPPROTO_UDP, diff, addrs, partial);
		} else {
			diff += bl_csum_word(p->sport | p->dport, echo_id(p, to));
			write_check((__u16 *)(head + 2), p->proto, diff, addrs, partial);
			*(__be16 *)(head + 4) = echo_id(p, to);
			write_addrs(data + BL_ETH_SIZE, family, to, addrs);
			return 0;
		}
	}
	*(__be16 *)head = to->sport;
	*(__be16 *)(head + 2) = to->dport;
	write_addrs(data + BL_ETH_SIZE, family, to, addrs);
	return 0;
}

/* The addresses of the IP header at `at`, which is ours or a quoted one. */
BL_INLINE long bl_write_addrs(struct __sk_buff *skb, int family, __u32 at,
			      const struct bl_addr *saddr, const struct bl_addr *daddr, __u64 flags)
{
	__u32 size = family == BL_V4 ? 4 : 16, first = at + (family == BL_V4 ? 12 : 8);
	long rc = bpf_skb_store_bytes(skb, first, saddr, size, flags);

	return rc ? rc : bpf_skb_store_bytes(skb, first + size, daddr, size, flags);
}

/* Addresses, and what sums them up, by helpers. `at` is the checksum's place in the frame, 0: none. */
BL_INLINE long rewrite_addrs(struct __sk_buff *skb, int family, const struct bl_packet *p,
			     const struct bl_flow *to, __u32 at)
{
	__u64 flags = BPF_F_PSEUDO_HDR;
	__u64 diff = bl_csum_fold(bl_csum_addrs(family, &p->saddr, &to->saddr) +
				  bl_csum_addrs(family, &p->daddr, &to->daddr));
	long rc = 0;

	if (p->proto == IPPROTO_UDP)
		flags |= BPF_F_MARK_MANGLED_0;
	if (at && covers_addrs(family, p->proto))
		rc = bpf_l4_csum_replace(skb, at, 0, diff, flags);
	if (!rc && family == BL_V4)
		rc = bpf_l3_csum_replace(skb, BL_ETH_SIZE + 10, 0, diff, 0);
	return rc ? rc
		  : bl_write_addrs(skb, family, BL_ETH_SIZE, &to->saddr, &to->daddr,
				   family == BL_V6 ? BPF_F_RECOMPUTE_CSUM : 0);
}

/* SCTP's ports and its CRC. A field of zero is one that the sender has left to the wire's edge. */
BL_INLINE long rewrite_sctp(struct __sk_buff *skb, const struct bl_packet *p,
			    const struct bl_flow *to)
{
	__be16 from[2] = {p->sport, p->dport}, ports[2] = {to->sport, to->dport};
	__u32 flips, old, new, crc;

	__builtin_memcpy(&old, from, 4);
	__builtin_memcpy(&new, ports, 4);
	flips = old ^ new;
	if (!flips)
		return 0;
	if (bpf_skb_load_bytes(skb, p->l4 + 8, &crc, 4))
		return -1;
	if (crc) {
		crc ^= bl_csum_crc(flips, skb->len - p->l4);
		if (bpf_skb_store_bytes(skb, p->l4 + 8, &crc, 4, BPF_F_RECOMPUTE_CSUM))
			return -1;
	}
	return bpf_skb_store_bytes(skb, p->l4, ports, 4, BPF_F_RECOMPUTE_CSUM);
}

/* Ports or the echo's identifier, by helpers. */
BL_INLINE long rewrite_ports(struct __sk_buff *skb, int family, const struct bl_packet *p,
			     const struct bl_flow *to, __u32 at)
{
	__be16 from[2] = {p->sport, p->dport}, ports[2] = {to->sport, to->dport};
	__u64 flags = p->proto == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;
	__u32 old, new;
	long rc;

	if (is_icmp(family, p->proto)) {
		__be16 id = echo_id(p, to);

		rc = bpf_l4_csum_replace(skb, at, p->sport | p->dport, id, 2);
		return rc ? rc : bpf_skb_store_bytes(skb, p->l4 + 4, &id, 2, 0);
	}
	__builtin_memcpy(&old, from, 4);
	__builtin_memcpy(&new, ports, 4);
	rc = bpf_l4_csum_replace(skb, at, old, new, flags | 4);
	return rc ? rc : bpf_skb_store_bytes(skb, p->l4, ports, 4, 0);
}

BL_INLINE long rewrite_far(struct __sk_buff *skb, int family, const struct bl_packet *p,
			   const struct bl_flow *to)
{
	__u32 check = p->flags & BL_PACKET_LATER ? 0 : check_offset(family, p->proto);
	__u32 at = check ? p->l4 + check : 0;
	long rc;

	rc = rewrite_addrs(skb, family, p, to, at);
	if (rc || (p->flags & (BL_PACKET_PORTS | BL_PACKET_LATER)) != BL_PACKET_PORTS)
		return rc;
	if (p->proto == IPPROTO_SCTP)
		return rewrite_sctp(skb, p, to);
	return rewrite_ports(skb, family, p, to, at);
}

static __noinline long rewrite_far4(struct __sk_buff *skb, const struct bl_packet *p,
				    const struct bl_flow *to)
{
	return rewrite_far(skb, BL_V4, p, to);
}

static __noinline long rewrite_far6(struct __sk_buff *skb, const struct bl_packet *p,
				    const struct bl_flow *to)
{
	return rewrite_far(skb, BL_V6, p, to);
}

/* Not 0: the packet may be half rewritten and must be dropped. */
BL_INLINE long bl_rewrite(struct __sk_buff *skb, int family, const struct bl_packet *p,
			  const struct bl_flow *to)
{
	if (p->flags & BL_PACKET_PLAIN && p->flags & BL_PACKET_PORTS && p->proto != IPPROTO_SCTP) {
		enum bl_csum_mode mode = bl_csum_mode(skb, family);

		if (mode != BL_CSUM_HELPERS)
			return rewrite_here(skb, family, p, to, mode == BL_CSUM_PARTIAL);
	}
	return family == BL_V4 ? rewrite_far4(skb, p, to) : rewrite_far6(skb, p, to);
}

#endif
