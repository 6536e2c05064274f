/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_NET_NET_H
#define BL_NET_NET_H

#include "agent/state/desired.h"
#include "base/err.h"
#include "base/loop.h"

/* Links, addresses, routes and neighbours of the node. libnl lives here and nowhere else. */
struct bl_net;

/* `changed` is called from the loop when links or addresses of the node have changed. */
int bl_net_open(struct bl_loop *loop, void (*changed)(void *arg), void *arg,
		struct bl_net **ret_net, struct bl_err *err);
struct bl_net *bl_net_close(struct bl_net *n);

struct bl_net_link {
	uint32_t ifindex;
	uint32_t mtu;
	char name[16];
	uint8_t mac[6];
	bool up;
};

/* By name, or by index where name is NULL. -ENODEV. */
int bl_net_link_get(struct bl_net *n, const char *name, uint32_t ifindex,
		    struct bl_net_link *ret_link);

/* The links that default routes leave by; at most `max`, ordered by index. */
int bl_net_default_links(struct bl_net *n, uint32_t *ret_ifindexes, size_t max, size_t *ret_count,
			 struct bl_err *err);

/* Every address of the node but link-local ones, ordered, with the link it is on. The caller frees *ret_list. */
struct bl_net_addr {
	struct bl_ip ip;
	uint32_t ifindex;
};
int bl_net_addrs(struct bl_net *n, struct bl_net_addr **ret_list, size_t *ret_count,
		 struct bl_err *err);

/* Delta of the routes that are ours (BL_ROUTE_PROTOCOL, main table) and of pods' neighbour entries; ordered list. */
int bl_net_set_routes(struct bl_net *n, const struct bl_desired_route *list, size_t count,
		      struct bl_err *err);

/* Forwarding and the few sysctls a node needs; only what differs is written. */
int bl_net_prepare_node(const uint32_t *uplinks, size_t n_uplinks, struct bl_err *err);

/*
 * A pod's link: a veth pair with the node's side in this namespace and the pod's side in another, addresses as /32 and
 * /128, the default routes through 169.254.1.1 and fe80::1 on the link, both as permanent neighbours with the host
 * side's MAC, so that a pod never resolves anything.
 */
struct bl_pod_link {
	int netns_fd;		 /* lent */
	const char *pod_ifname;	 /* "eth0" */
	const char *host_ifname; /* "bl" + 12 hex digits, derived from container and interface */
	struct bl_ip ips[2];
	size_t n_ips;
	uint32_t mtu;
	uint32_t ifindex;    /* filled: host side */
	uint8_t mac[6];	     /* filled: pod side */
	uint8_t host_mac[6]; /* filled */
};
/* All or nothing. -EEXIST: the pod's namespace has such an interface, or the host side exists. */
int bl_net_pod_link_add(struct bl_net *n, struct bl_pod_link *link, struct bl_err *err);
/* 0 also when it is gone. */
int bl_net_pod_link_del(struct bl_net *n, const char *host_ifname, struct bl_err *err);
/* Whether the pod's side is as `link` says (CNI CHECK); the error names what differs. */
int bl_net_pod_link_check(struct bl_net *n, const struct bl_pod_link *link, struct bl_err *err);

#endif
