/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_AGENT_IPAM_H
#define BL_AGENT_IPAM_H

#include "base/err.h"
#include "base/ip.h"

/*
 * The addresses of one prefix of the node. Not given out: the prefix's first address (the network; in IPv6 the
 * subnet-router anycast, RFC 4291 2.6.1), the second, which people and tools take for the node's own, and in IPv4 the last
 * (broadcast). Memory only: its owner keeps who has what.
 */
struct bl_ipam;

struct bl_ipam *bl_ipam_new(const struct bl_cidr *cidr);
struct bl_ipam *bl_ipam_free(struct bl_ipam *p);

const struct bl_cidr *bl_ipam_cidr(const struct bl_ipam *p);

/* An address that nobody has: one that was never given out, else the one that rests longest. -ENOSPC. */
int bl_ipam_take(struct bl_ipam *p, struct bl_ip *ret_ip);

/*
 * This address: -ERANGE outside the prefix, -EINVAL one that is not given out, -EADDRINUSE. An address on record from before
 * (`known`) is taken also where the rules above forbid it.
 */
int bl_ipam_take_this(struct bl_ipam *p, const struct bl_ip *ip, bool known, struct bl_err *err);

/* Gives it back; an address that is not taken is left alone. */
void bl_ipam_give(struct bl_ipam *p, const struct bl_ip *ip);

/* Every address that is given out has an owner. */
bool bl_ipam_full(const struct bl_ipam *p);

size_t bl_ipam_used(const struct bl_ipam *p);

#endif
