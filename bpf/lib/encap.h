/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_ENCAP_H
#define BEELINE_LIB_ENCAP_H

/*
 * DOC: The outer header of a tunnelled packet.
 *
 * IP in IP of the packet's own family (RFC 2003, RFC 2473). The outer destination is the backend's own address, so that it says which
 * backend was chosen; the outer source is the node's, which the other side holds against the cluster's nodes. Never fragmented: the outer header has
 * DF, and what does not fit is told to the client before. The traffic class is copied (RFC 6040, normal mode).
 */

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "lib/csum.h"
#include "lib/ctx.h"

#define BL_ENCAP_TTL 64

/* What a tunnel adds. */
BL_INLINE __u32 bl_encap_size(int family)
{
	return family == BL_V4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
}

/* `size` is that of the inner IP packet, `tos` its second byte as IPv4 has it. Stores words: `at` is aligned to two bytes only. */
BL_INLINE void bl_encap_head4(void *at, __be32 saddr, __be32 daddr, __u16 size, __u8 tos)
{
	__u32 *w = at;
	__u64 sum;

	w[0] = bpf_htonl(0x45000000 | (__u32)tos << 16 | (__u16)(size + sizeof(struct iphdr)));
	w[1] = bpf_htonl(0x4000) /* DF */;
	w[2] = bpf_htonl((__u32)BL_ENCAP_TTL << 24 | IPPROTO_IPIP << 16);
	w[3] = saddr;
	w[4] = daddr;
	sum = (__u64)w[0] + w[1] + w[2] + saddr + daddr;
	((__u16 *)at)[5] = ~bl_csum_fold(sum);
}

BL_INLINE void bl_encap_head6(void *at, const struct bl_addr *saddr, const struct bl_addr *daddr,
			      __u16 size, __u8 tos)
{
	__u32 *w = at;

	w[0] = bpf_htonl(0x60000000 | (__u32)tos << 20);
	w[1] = bpf_htonl((__u32)size << 16 | IPPROTO_IPV6 << 8 | BL_ENCAP_TTL);
	for (int i = 0; i < 4; i++) {
		w[2 + i] = saddr->w[i];
		w[6 + i] = daddr->w[i];
	}
}

#endif
