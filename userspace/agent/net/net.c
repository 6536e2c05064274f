// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Links and addresses of the node, and news of them.
 *
 * Two sockets: one asks and waits for the answer, one listens. What is asked is small (one link, the node's addresses, default
 * routes), so nothing is cached: a cache would have to be kept right by the news, and the kernel's answer always is.
 *
 * A dump that was overtaken by a change is used all the same: the change is news, and the receiver asks again.
 *
 * News are links, addresses and default routes that come, go or change; what exactly does not matter to the
 * receiver, who looks again. A burst is one call. News that were lost because too many came at once (ENOBUFS) are news too.
 */

#include "agent/net/net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/net/net_priv.h"
#include "base/mem.h"

static bool is_default_route(const struct nlmsghdr *h)
{
	const struct rtmsg *r = NLMSG_DATA(h);

	return nlmsg_valid_hdr(h, sizeof(*r)) && r->rtm_dst_len == 0 &&
	       r->rtm_table == RT_TABLE_MAIN;
}

static bool is_news(const struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return true;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return is_default_route(h);
	default:
		return false;
	}
}

/* Reads all that has come. Whether any of it is news. */
static bool drain(int fd)
{
	static char buf[65536] __attribute__((aligned(NLMSG_ALIGNTO)));
	bool news = false;
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0 || (n < 0 && errno == ENOBUFS)) {
		struct nlmsghdr *h = (void *)buf;
		int left = (int)n;

		news |= n < 0;
		for (; n > 0 && nlmsg_ok(h, left); h = nlmsg_next(h, &left))
			news |= is_news(h);
	}
	return news;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct bl_net *n = poll->data;

	(void)status;
	(void)events;
	if (drain(nl_socket_get_fd(n->news)) && n->changed)
		n->changed(n->arg);
}

static int listen_to_news(struct bl_net *n, struct bl_loop *loop, struct bl_err *err)
{
	int rc = bl_nl_open(&n->news, err);

	if (rc)
		return rc;
	rc = nl_socket_add_memberships(n->news, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
				       RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
				       0);
	if (rc)
		return bl_err_set(err, -EIO, "netlink groups: %s", nl_geterror(rc));
	n->poll = bl_new0(uv_poll_t);
	n->poll->data = n;
	rc = uv_poll_init(bl_loop_uv(loop), n->poll, nl_socket_get_fd(n->news));
	if (rc) {
		free(bl_take_ptr(n->poll));
		return bl_err_set(err, rc, "netlink socket: %s", uv_strerror(rc));
	}
	(void)uv_poll_start(n->poll, UV_READABLE, on_readable);
	return 0;
}

int bl_net_open(struct bl_loop *loop, void (*changed)(void *arg), void *arg,
		struct bl_net **ret_net, struct bl_err *err)
{
	struct bl_net *n = bl_new0(struct bl_net);
	int rc;

	n->changed = changed;
	n->arg = arg;
	rc = bl_nl_open(&n->sk, err);
	if (!rc && loop)
		rc = listen_to_news(n, loop, err);
	if (rc) {
		bl_net_close(n);
		return rc;
	}
	*ret_net = n;
	return 0;
}

static void on_closed(uv_handle_t *h)
{
	free(h);
}

struct bl_net *bl_net_close(struct bl_net *n)
{
	if (!n)
		return NULL;
	if (n->poll) {
		(void)uv_poll_stop(n->poll);
		uv_close((uv_handle_t *)n->poll, on_closed);
	}
	bl_nl_close(n->news);
	bl_nl_close(n->sk);
	free(n);
	return NULL;
}

int bl_net_link_get(struct bl_net *n, const char *name, uint32_t ifindex,
		    struct bl_net_link *ret_link)
{
	BL_NL_LINK struct rtnl_link *link = NULL;
	struct bl_net_link out = {};
	const struct nl_addr *mac;
	int rc = bl_nl_link(n->sk, name, ifindex, &link);

	if (rc)
		return rc;
	mac = rtnl_link_get_addr(link);
	out.ifindex = (uint32_t)rtnl_link_get_ifindex(link);
	out.mtu = rtnl_link_get_mtu(link);
	out.up = rtnl_link_get_flags(link) & IFF_UP;
	strncpy(out.name, rtnl_link_get_name(link), sizeof(out.name) - 1);
	if (mac && nl_addr_get_len(mac) == sizeof(out.mac))
		memcpy(out.mac, nl_addr_get_binary_addr(mac), sizeof(out.mac));
	*ret_link = out;
	return 0;
}

/* --- default routes --------------------------------------------------------------------------------------------------- */

struct defaults {
	uint32_t *list;
	size_t max, n;
};

static void add_default(struct defaults *d, uint32_t ifindex)
{
	size_t i = 0;

	while (i < d->n && d->list[i] < ifindex)
		i++;
	if (!ifindex || d->n == d->max || (i < d->n && d->list[i] == ifindex))
		return;
	memmove(d->list + i + 1, d->list + i, (d->n - i) * sizeof(*d->list));
	d->list[i] = ifindex;
	d->n++;
}

static void each_hop(struct rtnl_nexthop *nh, void *arg)
{
	add_default(arg, (uint32_t)rtnl_route_nh_get_ifindex(nh));
}

static int each_default(struct nlmsghdr *h, void *arg)
{
	struct rtnl_route *route;

	if (h->nlmsg_type != RTM_NEWROUTE || !is_default_route(h) || rtnl_route_parse(h, &route))
		return 0;
	if (rtnl_route_get_type(route) == RTN_UNICAST)
		rtnl_route_foreach_nexthop(route, each_hop, arg);
	rtnl_route_put(route);
	return 0;
}

int bl_net_default_links(struct bl_net *n, uint32_t *ret_ifindexes, size_t max, size_t *ret_count,
			 struct bl_err *err)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct defaults d = {.list = ret_ifindexes, .max = max};

	for (size_t i = 0; i < BL_ARRAY_SIZE(families); i++) {
		int rc = bl_net_dump_routes(n->sk, families[i], 0, each_default, &d);

		if (rc && rc != -EAGAIN && rc != -EAFNOSUPPORT && rc != -EOPNOTSUPP)
			return bl_err_set(err, rc, "routes: %s", strerror(-rc));
	}
	*ret_count = d.n;
	return 0;
}

/* --- addresses ------------------------------------------------------------------------------------------------------ */

struct addrs {
	struct bl_net_addr *list;
	size_t n;
};

static int each_addr(struct nlmsghdr *h, void *arg)
{
	struct addrs *a = arg;
	uint32_t ifindex;
	struct bl_ip ip;

	if (!bl_nl_parse_addr(h, &ip, &ifindex) || bl_ip_is_link_local(&ip))
		return 0;
	a->list = bl_realloc(a->list, a->n + 1, sizeof(*a->list));
	a->list[a->n++] = (struct bl_net_addr){ip, ifindex};
	return 0;
}

static int cmp_addr(const void *a, const void *b)
{
	const struct bl_net_addr *x = a, *y = b;
	int rc = bl_ip_cmp(&x->ip, &y->ip);

	return rc ? rc : (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

int bl_net_addrs(struct bl_net *n, struct bl_net_addr **ret_list, size_t *ret_count,
		 struct bl_err *err)
{
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETADDR, NLM_F_DUMP);
	struct ifaddrmsg header = {};
	struct addrs a = {};
	int rc;

	(void)nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO);
	rc = bl_nl_dump(n->sk, msg, each_addr, &a);
	if (rc && rc != -EAGAIN) {
		free(a.list);
		return bl_err_set(err, rc, "addresses: %s", strerror(-rc));
	}
	if (a.n)
		qsort(a.list, a.n, sizeof(*a.list), cmp_addr);
	*ret_list = a.list;
	*ret_count = a.n;
	return 0;
}
