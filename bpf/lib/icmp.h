/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_ICMP_H
#define BEELINE_LIB_ICMP_H

/*
 * DOC: ICMP errors about translated packets.
 *
 * An error quotes the packet that it is about as that packet looked where it died, which is translated. Turned round, the quoted
 * addresses and ports are the key of the entry that translates back; what that entry holds is what the sender
 * once wrote. Both are put right: the quoted headers, and the addresses of the error itself, so that it reaches the socket that
 * sent the packet. The quoted transport checksum is left alone, no receiver can verify it on a cut packet.
 */

#include "lib/csum.h"
#include "lib/ctx.h"
#include "lib/nat.h"
#include "lib/parse.h"
#include "lib/rewrite.h"

#define BL_ICMP_SIZE 8

/* Where the quoted transport header starts, by the quoted IP header; 0: nothing that we can read. */
static __noinline __u32 quoted_ip(struct __sk_buff *skb, int family, __u32 at, struct bl_packet *in)
{
	__u8 h[40];

	if (bpf_skb_load_bytes(skb, at, h, family == BL_V4 ? 20 : 40))
		return 0;
	if (family == BL_V4) {
		if (h[0] >> 4 != 4 || (h[0] & 15) < 5 || h[6] & 0x1f || h[7])
			return 0;
		in->proto = h[9];
		__builtin_memcpy(&in->saddr, h + 12, 4);
		__builtin_memcpy(&in->daddr, h + 16, 4);
		return at + (h[0] & 15) * 4;
	}
	if (h[0] >> 4 != 6)
		return 0;
	in->proto = h[6];
	__builtin_memcpy(&in->saddr, h + 8, 16);
	__builtin_memcpy(&in->daddr, h + 24, 16);
	return at + 40;
}

/* Reads the quoted packet as far as a flow's key needs. */
BL_INLINE int bl_icmp_quoted(struct __sk_buff *skb, int family, const struct bl_packet *p,
			     struct bl_packet *ret_in)
{
	__u8 head[8];
	__u32 l4;

	__builtin_memset(ret_in, 0, sizeof(*ret_in));
	l4 = quoted_ip(skb, family, p->l4 + BL_ICMP_SIZE, ret_in);
	if (!l4 || !has_ports(family, ret_in->proto) || bpf_skb_load_bytes(skb, l4, head, 8))
		return -1;
	ret_in->l4 = l4;
	parse_ports(family, head, head, ret_in);
	return ret_in->flags & BL_PACKET_PORTS ? 0 : -1;
}

/* The quoted ports or identifier, and the error's checksum over them. */
BL_INLINE long write_quoted_ports(struct __sk_buff *skb, const struct bl_packet *p,
				  const struct bl_packet *in, __be16 sport, __be16 dport)
{
	__be16 from[2] = {in->sport, in->dport}, ports[2] = {sport, dport};
	__u32 old, new;
	long rc;

	if (in->flags & (BL_PACKET_ECHO | BL_PACKET_ANSWER)) {
		__be16 id = in->flags & BL_PACKET_ECHO ? sport : dport;

		rc = bpf_l4_csum_replace(skb, p->l4 + 2, in->sport | in->dport, id, 2);
		return rc ? rc : bpf_skb_store_bytes(skb, in->l4 + 4, &id, 2, 0);
	}
	__builtin_memcpy(&old, from, 4);
	__builtin_memcpy(&new, ports, 4);
	rc = bpf_l4_csum_replace(skb, p->l4 + 2, old, new, 4);
	return rc ? rc : bpf_skb_store_bytes(skb, in->l4, ports, 4, 0);
}

/* The quoted addresses. IPv4's own header checksum evens them out, so that only IPv6 changes the error's. */
BL_INLINE long write_quoted_addrs(struct __sk_buff *skb, int family, const struct bl_packet *p,
				  const struct bl_packet *in, const struct bl_flow *f)
{
	__u32 at = p->l4 + BL_ICMP_SIZE;
	__u64 diff = bl_csum_fold(bl_csum_addrs(family, &in->saddr, &f->daddr) +
				  bl_csum_addrs(family, &in->daddr, &f->saddr));
	long rc;

	if (family == BL_V4)
		rc = bpf_l3_csum_replace(skb, at + 10, 0, diff, 0);
	else
		rc = bpf_l4_csum_replace(skb, p->l4 + 2, 0, diff, 0);
	return rc ? rc : bl_write_addrs(skb, family, at, &f->daddr, &f->saddr, 0);
}

/* A frame of its own: a stack's depth is what all callers add up to. */
static __noinline long write_quoted(struct __sk_buff *skb, int family, const struct bl_packet *p,
				    const struct bl_packet *in, const struct bl_flow *f)
{
	long rc = family == BL_V4 ? write_quoted_addrs(skb, BL_V4, p, in, f)
				  : write_quoted_addrs(skb, BL_V6, p, in, f);

	return rc ? rc : write_quoted_ports(skb, p, in, f->dport, f->sport);
}

/*
 * Translates what an error quotes, if it is a translated flow's, and says how the error itself has to leave: ret_to gets its
 * addresses. 0: done; 1: of no flow that we know, untouched; negative: half done, drop.
 */
BL_INLINE int translate(struct __sk_buff *skb, int family, const struct bl_packet *p,
			struct bl_flow *ret_to)
{
	const struct bl_flow *f;
	struct bl_packet in;

	if (bl_icmp_quoted(skb, family, p, &in))
		return 1;
	f = bl_flow_find(family, &in.daddr, &in.saddr, in.dport, in.sport, in.proto);
	if (!f || f->flags & BL_FLOW_SAME)
		return 1;
	ret_to->daddr = f->daddr;
	ret_to->saddr = bl_addr_equal(family, &p->saddr, &in.daddr) ? f->saddr : p->saddr;
	ret_to->flags = BL_FLOW_REPLY;
	return write_quoted(skb, family, p, &in, f) ? -1 : 0;
}

static __noinline int bl_icmp_translate4(struct __sk_buff *skb, const struct bl_packet *p,
					 struct bl_flow *ret_to)
{
	return translate(skb, BL_V4, p, ret_to);
}

static __noinline int bl_icmp_translate6(struct __sk_buff *skb, const struct bl_packet *p,
					 struct bl_flow *ret_to)
{
	return translate(skb, BL_V6, p, ret_to);
}

#endif
