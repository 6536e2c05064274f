/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_NET_NL_H
#define BL_NET_NL_H

/* What the files of this room share: netlink requests and the objects of libnl. Nobody else includes this. */

#include <netlink/addr.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/net/net.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/ip.h"

/* A NETLINK_ROUTE socket of the network namespace that this process is in now; it stays in that one. */
int bl_nl_open(struct nl_sock **ret_sk, struct bl_err *err);
struct nl_sock *bl_nl_close(struct nl_sock *sk);
BL_DEFINE_CLEANUP(nl_sock, struct nl_sock, bl_nl_close);
#define BL_NL_SOCK BL_CLEANUP(bl_cleanup_nl_sock)

/*
 * Calls fn inside the network namespace and comes back; fn must not open anything that is meant for the other one. Its result,
 * or -errno when the namespace cannot be entered. Ends the process when it cannot come back: an agent in the wrong
 * namespace would program the wrong node.
 */
int bl_nl_inside(int netns_fd, int (*fn)(void *arg, struct bl_err *err), void *arg,
		 struct bl_err *err);

/* Sends a request and waits for the acknowledgement: 0, or the kernel's own -errno. Takes msg. */
int bl_nl_talk(struct nl_sock *sk, struct nl_msg *msg);

/*
 * Sends a dump request and calls fn for every message of the answer; fn's first failure is returned in the end. -EAGAIN: what
 * was dumped has changed meanwhile, so the answer may not be whole. Takes msg.
 */
int bl_nl_dump(struct nl_sock *sk, struct nl_msg *msg, int (*fn)(struct nlmsghdr *h, void *arg),
	       void *arg);

/* One link: by name, or by index where name is NULL. -ENODEV. The caller frees it. */
int bl_nl_link(struct nl_sock *sk, const char *name, uint32_t ifindex, struct rtnl_link **ret_link);
int bl_nl_link_up(struct nl_sock *sk, struct rtnl_link *link);

/* The address, with all its bits or those of the prefix; the caller puts it. */
struct nl_addr *bl_nl_addr(const struct bl_ip *ip);
struct nl_addr *bl_nl_cidr(const struct bl_cidr *c);
void bl_nl_to_ip(const struct nl_addr *a, struct bl_ip *ret_ip); /* family 0 for NULL or others */

static inline struct nl_addr *bl_nl_addr_put(struct nl_addr *a)
{
	nl_addr_put(a);
	return NULL;
}
BL_DEFINE_CLEANUP(nl_addr, struct nl_addr, bl_nl_addr_put);
#define BL_NL_ADDR BL_CLEANUP(bl_cleanup_nl_addr)

static inline struct rtnl_link *bl_nl_link_put(struct rtnl_link *l)
{
	rtnl_link_put(l);
	return NULL;
}
BL_DEFINE_CLEANUP(rtnl_link, struct rtnl_link, bl_nl_link_put);
#define BL_NL_LINK BL_CLEANUP(bl_cleanup_rtnl_link)

/* The address and link of an RTM_NEWADDR. Whether the message is one, of IPv4 or IPv6. */
bool bl_nl_parse_addr(struct nlmsghdr *h, struct bl_ip *ret_ip, uint32_t *ret_ifindex);

/* Adds or replaces a permanent neighbour. */
int bl_nl_set_neigh(struct nl_sock *sk, const struct bl_ip *ip, uint32_t ifindex,
		    const uint8_t mac[6]);

/*
 * A kernel setting below /proc/sys/net of the current network namespace, written only where it differs. `ifname` fills the
 * path's %s, or is NULL. 0 also where the kernel does not have the setting.
 */
int bl_sysctl_set(const char *path, const char *ifname, int value, struct bl_err *err);
/* -ENOENT: there is no such setting. */
int bl_sysctl_get(const char *path, const char *ifname, int *ret_value);
/* Reverse path filtering of the interface: loose where it is strict. */
int bl_sysctl_loosen(const char *ifname, struct bl_err *err);

#endif
