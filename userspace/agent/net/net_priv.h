/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_NET_NET_PRIV_H
#define BL_NET_NET_PRIV_H

#include "agent/net/net.h"
#include "agent/net/nl.h"

struct bl_net {
	struct nl_sock *sk;   /* asks */
	struct nl_sock *news; /* listens; NULL without a loop */
	uv_poll_t *poll;
	void (*changed)(void *arg);
	void *arg;
};

/* Routes of the main table of a family, of one protocol or (0) of all; where the kernel does not filter, fn sees others too. */
int bl_net_dump_routes(struct nl_sock *sk, int family, uint8_t protocol,
		       int (*fn)(struct nlmsghdr *h, void *arg), void *arg);

#endif
