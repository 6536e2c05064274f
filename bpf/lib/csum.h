/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_CSUM_H
#define BEELINE_LIB_CSUM_H

/*
 * DOC: Checksums of packets that are rewritten.
 *
 * The Internet checksum (RFC 1624) is changed by the difference of old and new words. What the transport checksum's field holds
 * depends on the packet: a packet that a local pod has just sent carries only the sum of its pseudo-header there
 * (CHECKSUM_PARTIAL), and whoever puts it on a wire completes it. The kernel's helpers know that. Arithmetic in place is several
 * times cheaper, but has to know it too: where the kernel lets a program look at skb->ip_summed (bl_has_kern_ctx), it is used,
 * otherwise the helpers.
 *
 * A packet whose whole sum the device has delivered (CHECKSUM_COMPLETE): for IPv4 the helpers; for IPv6, which has no header
 * checksum, the address and the transport checksum change by opposite amounts, so that the whole sum stands.
 *
 * SCTP has a CRC32c over its packet without any pseudo-header. It is linear: flipping bits flips the CRC by the CRC of those bits
 * followed by as many zero bytes as follow them, which takes one multiplication in GF(2)[x] a bit of the length.
 */

#include <bpf/bpf_core_read.h>

#include "lib/ctx.h"

/* Whether bpf_cast_to_kern_ctx() exists (6.2 and later); the agent looks for it in the kernel's BTF. */
const volatile bool bl_has_kern_ctx = false;

extern void *bpf_cast_to_kern_ctx(void *obj) __ksym __weak;

struct sk_buff___bl {
	__u8 ip_summed : 2;
} __attribute__((preserve_access_index));

enum bl_csum_mode {
	BL_CSUM_HELPERS, /* let the helpers find out */
	BL_CSUM_FULL,	 /* the field holds the whole checksum */
	BL_CSUM_PARTIAL, /* the field holds the sum of the pseudo-header */
};

/* libbpf's macro steps through a void pointer. */
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpointer-arith"
BL_INLINE __u32 ip_summed(struct __sk_buff *skb)
{
	struct sk_buff___bl *kern = bpf_cast_to_kern_ctx(skb);

	return BPF_CORE_READ_BITFIELD(kern, ip_summed);
}
#pragma clang diagnostic pop

BL_INLINE enum bl_csum_mode bl_csum_mode(struct __sk_buff *skb, int family)
{
	if (!bl_has_kern_ctx)
		return BL_CSUM_HELPERS;
	switch (ip_summed(skb)) {
	case 3:
		return BL_CSUM_PARTIAL;
	case 2:
		return family == BL_V4 ? BL_CSUM_HELPERS : BL_CSUM_FULL;
	default:
		return BL_CSUM_FULL;
	}
}

/* What replacing one word by another adds to a sum. */
BL_INLINE __u64 bl_csum_word(__be32 from, __be32 to)
{
	return (__u64)(__u32)~from + to;
}

BL_INLINE __u16 bl_csum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* A finished checksum after `diff` was added to what it covers. */
BL_INLINE __u16 bl_csum_add(__u16 check, __u64 diff)
{
	return ~bl_csum_fold((__u64)(__u16)~check + diff);
}

/* The sum of a pseudo-header that is not finished yet. */
BL_INLINE __u16 bl_csum_add_partial(__u16 sum, __u64 diff)
{
	return bl_csum_fold((__u64)sum + diff);
}

BL_INLINE __u64 bl_csum_addrs(int family, const struct bl_addr *from, const struct bl_addr *to)
{
	__u64 diff = bl_csum_word(from->w[0], to->w[0]);

	if (family == BL_V6) {
		diff += bl_csum_word(from->w[1], to->w[1]);
		diff += bl_csum_word(from->w[2], to->w[2]);
		diff += bl_csum_word(from->w[3], to->w[3]);
	}
	return diff;
}

/* x^(8 * 2^k) modulo CRC32c's polynomial, bits reversed: what 2^k zero bytes multiply a remainder by. */
static const __u32 crc_shift[16] = {
	0x00800000, 0x00008000, 0x82f63b78, 0x6ea2d55c, 0x18b8ea18, 0x510ac59a,
	0xb82be955, 0xb8fdb1e7, 0x88e56f72, 0x74c360a4, 0xe4172b16, 0x0d65762a,
	0x35d73a62, 0x28461564, 0xbf455269, 0xe2ea32dc,
};

BL_INLINE __u32 crc_multiply(__u32 a, __u32 b)
{
	__u32 product = 0;

	for (int i = 0; i < 32; i++) {
		product ^= b & -(a >> 31);
		a <<= 1;
		b = (b >> 1) ^ (0x82f63b78 & -(b & 1));
	}
	return product;
}

/* What the CRC32c changes by when the word at the start of a packet of `size` bytes changes by `flips`. Both as they lie in memory
 * of a little-endian machine. */
int bl_csum_crc(__u32 flips, __u32 size);

__noinline int bl_csum_crc(__u32 flips, __u32 size)
{
	__u32 crc = flips;

	/* The word's own four bytes count as following zeros: its remainder is that of flips * x^32. */
	for (int k = 0; k < 16; k++) {
		__u32 times = crc_multiply(crc_shift[k], crc);
		__u32 set = -((size >> k) & 1);

		crc = (times & set) | (crc & ~set);
	}
	return crc;
}

#endif
