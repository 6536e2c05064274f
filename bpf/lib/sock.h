/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_SOCK_H
#define BEELINE_LIB_SOCK_H

/*
 * DOC: Sockets and their destinations: the context of the cgroup hooks, and sock_origin.
 *
 * `hook` is the family of the hook, `family` that of the address: a socket of AF_INET6 that names ::ffff:a.b.c.d meets
 * the hooks of IPv6 with an address of IPv4, which is resolved as such and written back in the form it came in.
 */

#include "lib/ctx.h"

struct bl_dest {
	struct bl_addr addr;
	__be16 port;
	__u8 proto;
};

/* Reads what the application named and returns the address's family. */
BL_INLINE int bl_dest_read(const struct bpf_sock_addr *ctx, int hook, struct bl_dest *ret_dest)
{
	ret_dest->port = (__be16)ctx->user_port;
	ret_dest->proto = ctx->protocol;
	if (hook == BL_V4) {
		ret_dest->addr = (struct bl_addr){.w = {ctx->user_ip4}};
		return BL_V4;
	}
	ret_dest->addr = (struct bl_addr){
		.w = {ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3]}};
	if (ret_dest->addr.w[0] | ret_dest->addr.w[1] ||
	    ret_dest->addr.w[2] != bpf_htonl(0x0000ffff))
		return BL_V6;
	ret_dest->addr = (struct bl_addr){.w = {ret_dest->addr.w[3]}};
	return BL_V4;
}

BL_INLINE void bl_dest_write(struct bpf_sock_addr *ctx, int hook, int family,
			     const struct bl_addr *addr, __be16 port)
{
	ctx->user_port = port;
	if (hook == BL_V4) {
		ctx->user_ip4 = addr->w[0];
	} else if (family == BL_V4) {
		ctx->user_ip6[3] = addr->w[0];
	} else {
		ctx->user_ip6[0] = addr->w[0];
		ctx->user_ip6[1] = addr->w[1];
		ctx->user_ip6[2] = addr->w[2];
		ctx->user_ip6[3] = addr->w[3];
	}
}

BL_INLINE void bl_sock_key(struct bpf_sock_addr *ctx, int family, const struct bl_addr *addr,
			   __be16 port, enum bl_sock_kind kind, struct bl_sock_key *ret_key)
{
	*ret_key = (struct bl_sock_key){
		.cookie = bpf_get_socket_cookie(ctx),
		.port = port,
		.proto = ctx->protocol,
		.kind = kind,
		.family = family,
	};
	ret_key->addr.w[0] = addr->w[0];
	if (family == BL_V6) {
		ret_key->addr.w[1] = addr->w[1];
		ret_key->addr.w[2] = addr->w[2];
		ret_key->addr.w[3] = addr->w[3];
	}
}

#endif
