/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_CTX_H
#define BEELINE_LIB_CTX_H

/*
 * DOC: What every program starts from.
 *
 * The family is a constant that always-inlined functions take: the compiler keeps the branch of that family, so that IPv4
 * and IPv6 are written once and cost what they would cost apart. Addresses travel as struct bl_addr, of which IPv4 uses the
 * first word; the compiler drops the words nobody reads.
 */

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "beeline/addr.h"
#include "beeline/config.h"
#include "lib/map.h"

#define BL_V4 4
#define BL_V6 6

#define BL_INLINE   static __always_inline
#define BL_ETH_SIZE 14

#define bl_likely(x)   __builtin_expect(!!(x), 1)
#define bl_unlikely(x) __builtin_expect(!!(x), 0)

/* The node's facts. NULL only if the map has no entry, which an array of one never lacks. */
BL_INLINE const struct bl_config *bl_ctx_config(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&config, &zero);
}

BL_INLINE bool bl_addr_equal(int family, const struct bl_addr *a, const struct bl_addr *b)
{
	if (family == BL_V4)
		return a->w[0] == b->w[0];
	return a->w[0] == b->w[0] && a->w[1] == b->w[1] && a->w[2] == b->w[2] && a->w[3] == b->w[3];
}

BL_INLINE bool bl_addr_is_zero(int family, const struct bl_addr *a)
{
	if (family == BL_V4)
		return !a->w[0];
	return !(a->w[0] | a->w[1] | a->w[2] | a->w[3]);
}

BL_INLINE bool bl_addr_is_link_local6(const struct bl_addr *a)
{
	return (a->w[0] & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000);
}

/* Multicast, and IPv4's limited broadcast. */
BL_INLINE bool bl_addr_is_multicast(int family, const struct bl_addr *a)
{
	if (family == BL_V4)
		return (a->w[0] & bpf_htonl(0xf0000000)) == bpf_htonl(0xe0000000) ||
		       a->w[0] == 0xffffffff;
	return (a->w[0] & bpf_htonl(0xff000000)) == bpf_htonl(0xff000000);
}

BL_INLINE bool bl_addr_is_loopback(int family, const struct bl_addr *a)
{
	if (family == BL_V4)
		return (a->w[0] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
	return !(a->w[0] | a->w[1] | a->w[2]) && a->w[3] == bpf_htonl(1);
}

/* What entries of maps are stamped with: jiffies / 256, about a second at HZ=250. Cheaper than any clock. */
BL_INLINE __u16 bl_tick_now(void)
{
	return bpf_jiffies64() >> 8;
}

/* One step of a hash over words: cheap, and even enough for a table that nobody can aim at blindly. */
BL_INLINE __u32 bl_mix(__u32 h, __u32 v)
{
	h = (h ^ v) * 0x9e3779b1;
	return h ^ (h >> 15);
}

/* A number below n (n > 0), evenly enough for n far below 2^32. */
BL_INLINE __u32 bl_random_below(__u32 n)
{
	return ((__u64)bpf_get_prandom_u32() * n) >> 32;
}

#endif
