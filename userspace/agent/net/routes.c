// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The node's routes to pods, and the neighbours behind them.
 *
 * Ours are the routes of protocol BL_ROUTE_PROTOCOL in the main table: that mark is all an agent without memory needs, and
 * nothing else is ever touched. What the kernel holds is read at every call, since routes vanish by themselves with their
 * links, and only what differs is written: new ones first, then what has to go.
 *
 *	LINK       to a pod: `dev vethX scope link`, with a permanent neighbour, so that nobody ever asks who has the address
 *	VIA        to another node's pods; the kernel finds the link by the next hop
 *	BLACKHOLE  the node's own prefix with a high metric: an address without a pod ends here and does not bounce between
 *	           this node and its gateway; the pods' own routes are longer and win
 *
 * A neighbour is written before its route and goes with it, or with the link.
 */

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdlib.h>
#include <string.h>

#include "agent/net/net_priv.h"
#include "agent/state/delta.h"
#include "base/mem.h"

#define BLACKHOLE_METRIC 4242
#define READ_TRIES	 5 /* while others change routes */

struct neigh {
	struct bl_ip ip;
	uint32_t ifindex;
	uint8_t mac[6];
};

struct routes {
	struct nl_sock *sk;
	struct bl_desired_route *have;
	size_t n_have;
	struct neigh *neighs; /* permanent ones, ordered by address and link */
	size_t n_neighs;
	struct bl_err *err;
};

static void routes_free(struct routes *r)
{
	free(r->have);
	free(r->neighs);
	r->have = NULL;
	r->neighs = NULL;
	r->n_have = r->n_neighs = 0;
}

/* --- reading -------------------------------------------------------------------------------------------------------- */

int bl_net_dump_routes(struct nl_sock *sk, int family, uint8_t protocol,
		       int (*fn)(struct nlmsghdr *h, void *arg), void *arg)
{
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg header = {.rtm_family = (unsigned char)family,
			       .rtm_table = RT_TABLE_MAIN,
			       .rtm_protocol = protocol};

	(void)nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO);
	return bl_nl_dump(sk, msg, fn, arg);
}

static struct bl_desired_route from_route(struct rtnl_route *route)
{
	struct bl_desired_route r = {.type = BL_ROUTE_BLACKHOLE};
	struct rtnl_nexthop *nh = rtnl_route_nexthop_n(route, 0);
	struct nl_addr *dst = rtnl_route_get_dst(route);

	bl_nl_to_ip(dst, &r.cidr.ip);
	r.cidr.ip.family = rtnl_route_get_family(route) == AF_INET ? 4 : 6;
	r.cidr.len = (uint8_t)nl_addr_get_prefixlen(dst);
	if (rtnl_route_get_type(route) != RTN_UNICAST || !nh)
		return r;
	r.type = BL_ROUTE_LINK;
	if (rtnl_route_nh_get_gateway(nh)) {
		r.type = BL_ROUTE_VIA;
		bl_nl_to_ip(rtnl_route_nh_get_gateway(nh), &r.via);
	} else {
		r.ifindex = (uint32_t)rtnl_route_nh_get_ifindex(nh);
	}
	return r;
}

static int each_route(struct nlmsghdr *h, void *arg)
{
	struct routes *r = arg;
	struct rtnl_route *route;

	if (h->nlmsg_type != RTM_NEWROUTE || rtnl_route_parse(h, &route))
		return 0;
	if (rtnl_route_get_protocol(route) == BL_ROUTE_PROTOCOL &&
	    rtnl_route_get_table(route) == RT_TABLE_MAIN) {
		r->have = bl_realloc(r->have, r->n_have + 1, sizeof(*r->have));
		r->have[r->n_have++] = from_route(route);
	}
	rtnl_route_put(route);
	return 0;
}

static int each_neigh(struct nlmsghdr *h, void *arg)
{
	struct routes *r = arg;
	struct rtnl_neigh *neigh;
	const struct nl_addr *mac;
	struct neigh *out;

	if (h->nlmsg_type != RTM_NEWNEIGH || rtnl_neigh_parse(h, &neigh))
		return 0;
	mac = rtnl_neigh_get_lladdr(neigh);
	if (rtnl_neigh_get_state(neigh) == NUD_PERMANENT && mac && nl_addr_get_len(mac) == 6) {
		r->neighs = bl_realloc(r->neighs, r->n_neighs + 1, sizeof(*r->neighs));
		out = &r->neighs[r->n_neighs++];
		out->ifindex = (uint32_t)rtnl_neigh_get_ifindex(neigh);
		bl_nl_to_ip(rtnl_neigh_get_dst(neigh), &out->ip);
		memcpy(out->mac, nl_addr_get_binary_addr(mac), sizeof(out->mac));
	}
	rtnl_neigh_put(neigh);
	return 0;
}

/* A blackhole may stand beside a route of the same prefix: it has a metric of its own. */
static int cmp_route(const void *a, const void *b)
{
	const struct bl_desired_route *x = a, *y = b;
	int rc = bl_cidr_cmp(&x->cidr, &y->cidr);

	return rc ? rc : (x->type == BL_ROUTE_BLACKHOLE) - (y->type == BL_ROUTE_BLACKHOLE);
}

static int cmp_neigh(const void *a, const void *b)
{
	const struct neigh *x = a, *y = b;
	int rc = bl_ip_cmp(&x->ip, &y->ip);

	return rc ? rc : (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

static int read_kernel(struct routes *r)
{
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETNEIGH, NLM_F_DUMP);
	struct ndmsg header = {};
	int rc;

	(void)nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO);
	rc = bl_nl_dump(r->sk, msg, each_neigh, r);
	if (!rc)
		rc = bl_net_dump_routes(r->sk, AF_INET, BL_ROUTE_PROTOCOL, each_route, r);
	if (!rc)
		rc = bl_net_dump_routes(r->sk, AF_INET6, BL_ROUTE_PROTOCOL, each_route, r);
	if (r->n_have)
		qsort(r->have, r->n_have, sizeof(*r->have), cmp_route);
	if (r->n_neighs)
		qsort(r->neighs, r->n_neighs, sizeof(*r->neighs), cmp_neigh);
	return rc;
}

/* --- writing -------------------------------------------------------------------------------------------------------- */

static struct rtnl_route *to_route(const struct bl_desired_route *r)
{
	BL_NL_ADDR struct nl_addr *dst = bl_nl_cidr(&r->cidr);
	struct rtnl_route *route = rtnl_route_alloc();
	struct rtnl_nexthop *nh;

	rtnl_route_set_family(route, r->cidr.ip.family == 4 ? AF_INET : AF_INET6);
	rtnl_route_set_dst(route, dst);
	rtnl_route_set_table(route, RT_TABLE_MAIN);
	rtnl_route_set_protocol(route, BL_ROUTE_PROTOCOL);
	rtnl_route_set_scope(route, r->type == BL_ROUTE_LINK ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
	if (r->type == BL_ROUTE_BLACKHOLE) {
		rtnl_route_set_type(route, RTN_BLACKHOLE);
		rtnl_route_set_priority(route, BLACKHOLE_METRIC);
		return route;
	}
	rtnl_route_set_type(route, RTN_UNICAST);
	nh = rtnl_route_nh_alloc();
	if (r->type == BL_ROUTE_VIA) {
		BL_NL_ADDR struct nl_addr *via = bl_nl_addr(&r->via);

		rtnl_route_nh_set_gateway(nh, via);
	} else {
		rtnl_route_nh_set_ifindex(nh, (int)r->ifindex);
	}
	rtnl_route_add_nexthop(route, nh);
	return route;
}

static int fail(struct routes *r, int rc, const struct bl_desired_route *route, const char *what)
{
	char cidr[BL_CIDR_STRLEN];

	return bl_err_set(r->err, rc, "%s %s: %s", what, bl_cidr_format(&route->cidr, cidr),
			  strerror(-rc));
}

static bool has_neigh(const struct routes *r, const struct bl_desired_route *want)
{
	struct neigh key = {.ip = want->cidr.ip, .ifindex = want->ifindex};
	const struct neigh *found = NULL;

	if (r->n_neighs)
		found = bsearch(&key, r->neighs, r->n_neighs, sizeof(key), cmp_neigh);
	return found && memcmp(found->mac, want->mac, sizeof(found->mac)) == 0;
}

static bool same_route(const struct bl_desired_route *a, const struct bl_desired_route *b)
{
	return a->type == b->type && a->ifindex == b->ifindex &&
	       (a->type != BL_ROUTE_VIA || bl_ip_cmp(&a->via, &b->via) == 0);
}

static int put_route(void *arg, const void *have, const void *want)
{
	const struct bl_desired_route *w = want;
	struct rtnl_route *route;
	struct routes *r = arg;
	struct nl_msg *msg;
	int rc = 0;

	if (w->type == BL_ROUTE_LINK && !has_neigh(r, w))
		rc = bl_nl_set_neigh(r->sk, &w->cidr.ip, w->ifindex, w->mac);
	if (rc)
		return fail(r, rc, w, "neighbour");
	if (have && same_route(have, w))
		return 0;
	route = to_route(w);
	rc = rtnl_route_build_add_request(route, NLM_F_CREATE | NLM_F_REPLACE, &msg);
	rtnl_route_put(route);
	rc = rc ? -ENOMEM : bl_nl_talk(r->sk, msg);
	return rc ? fail(r, rc, w, "route") : 0;
}

static void drop_neigh(struct routes *r, const struct bl_desired_route *have)
{
	BL_NL_ADDR struct nl_addr *dst = bl_nl_addr(&have->cidr.ip);
	struct rtnl_neigh *neigh = rtnl_neigh_alloc();
	struct nl_msg *msg;

	rtnl_neigh_set_ifindex(neigh, (int)have->ifindex);
	rtnl_neigh_set_dst(neigh, dst);
	if (rtnl_neigh_build_delete_request(neigh, 0, &msg) == 0)
		(void)bl_nl_talk(r->sk, msg); /* gone with its link, most often */
	rtnl_neigh_put(neigh);
}

static int drop_route(void *arg, const void *have)
{
	const struct bl_desired_route *h = have;
	struct rtnl_route *route = to_route(h);
	struct routes *r = arg;
	struct nl_msg *msg;
	int rc;

	rc = rtnl_route_build_del_request(route, 0, &msg);
	rtnl_route_put(route);
	rc = rc ? -ENOMEM : bl_nl_talk(r->sk, msg);
	if (rc && rc != -ESRCH)
		return fail(r, rc, h, "removing route");
	if (h->type == BL_ROUTE_LINK)
		drop_neigh(r, h);
	return 0;
}

int bl_net_set_routes(struct bl_net *n, const struct bl_desired_route *list, size_t count,
		      struct bl_err *err)
{
	static const struct bl_delta_ops ops = {cmp_route, put_route, drop_route};
	BL_CLEANUP(routes_free) struct routes r = {.sk = n->sk, .err = err};
	struct bl_delta_list have, want = {list, count, sizeof(*list)};
	int rc = -EAGAIN;

	for (int i = 0; rc == -EAGAIN && i < READ_TRIES; i++) {
		routes_free(&r);
		rc = read_kernel(&r);
	}
	if (rc)
		return bl_err_set(err, rc, "routes: %s", strerror(-rc));
	have = (struct bl_delta_list){r.have, r.n_have, sizeof(*list)};
	return bl_delta(&have, &want, &ops, &r);
}
