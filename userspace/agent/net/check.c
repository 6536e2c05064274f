// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Whether a pod's link is still what was made (CNI CHECK).
 *
 * What a pod needs to be reached and to answer: both sides there and up, its MTU and MACs, every address, the default routes
 * and the gateways' neighbour entries. What else somebody did inside is the pod's business. The first difference is
 * named; nothing is repaired, for the runtime decides.
 */

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <string.h>

#include "agent/net/net_priv.h"
#include "agent/net/pod.h"

static bool has_mac(const struct nl_addr *addr, const uint8_t mac[6])
{
	static const uint8_t any[6];

	if (memcmp(mac, any, sizeof(any)) == 0)
		return true;
	return addr && nl_addr_get_len(addr) == 6 &&
	       memcmp(nl_addr_get_binary_addr(addr), mac, 6) == 0;
}

static int check_link(struct nl_sock *sk, const char *name, const char *where, uint32_t mtu,
		      const uint8_t mac[6], uint32_t *ret_ifindex, struct bl_err *err)
{
	BL_NL_LINK struct rtnl_link *link = NULL;
	int rc = bl_nl_link(sk, name, 0, &link);

	if (rc)
		return bl_err_set(err, rc, "link %s of the %s: %s", name, where, strerror(-rc));
	if (!(rtnl_link_get_flags(link) & IFF_UP))
		return bl_err_set(err, -ENETDOWN, "link %s of the %s is down", name, where);
	if (mtu && rtnl_link_get_mtu(link) != mtu)
		return bl_err_set(err, -ESTALE, "link %s of the %s has MTU %u instead of %u", name,
				  where, rtnl_link_get_mtu(link), mtu);
	if (!has_mac(rtnl_link_get_addr(link), mac))
		return bl_err_set(err, -ESTALE, "link %s of the %s has another MAC", name, where);
	*ret_ifindex = (uint32_t)rtnl_link_get_ifindex(link);
	return 0;
}

/* What the dumps look for, and whether they found it. */
struct search {
	const struct bl_pod_link *p;
	const struct bl_ip *ip; /* the pod's address */
	uint32_t ifindex;
	bool addr, route, neigh;
};

static int each_addr(struct nlmsghdr *h, void *arg)
{
	struct search *s = arg;
	uint32_t ifindex;
	struct bl_ip ip;

	if (bl_nl_parse_addr(h, &ip, &ifindex))
		s->addr |= ifindex == s->ifindex && bl_ip_cmp(&ip, s->ip) == 0;
	return 0;
}

static int each_route(struct nlmsghdr *h, void *arg)
{
	struct search *s = arg;
	struct rtnl_nexthop *nh;
	struct rtnl_route *route;
	struct bl_ip via;

	if (h->nlmsg_type != RTM_NEWROUTE || rtnl_route_parse(h, &route))
		return 0;
	nh = rtnl_route_nexthop_n(route, 0);
	if (nh && nl_addr_get_prefixlen(rtnl_route_get_dst(route)) == 0) {
		bl_nl_to_ip(rtnl_route_nh_get_gateway(nh), &via);
		s->route |= (uint32_t)rtnl_route_nh_get_ifindex(nh) == s->ifindex &&
			    bl_ip_cmp(&via, bl_pod_gateway(s->ip->family)) == 0;
	}
	rtnl_route_put(route);
	return 0;
}

static int each_neigh(struct nlmsghdr *h, void *arg)
{
	struct search *s = arg;
	struct rtnl_neigh *neigh;
	struct bl_ip ip;

	if (h->nlmsg_type != RTM_NEWNEIGH || rtnl_neigh_parse(h, &neigh))
		return 0;
	bl_nl_to_ip(rtnl_neigh_get_dst(neigh), &ip);
	s->neigh |= (uint32_t)rtnl_neigh_get_ifindex(neigh) == s->ifindex &&
		    bl_ip_cmp(&ip, bl_pod_gateway(s->ip->family)) == 0 &&
		    rtnl_neigh_get_state(neigh) == NUD_PERMANENT &&
		    has_mac(rtnl_neigh_get_lladdr(neigh), s->p->host_mac);
	rtnl_neigh_put(neigh);
	return 0;
}

static int search(struct nl_sock *sk, struct search *s)
{
	int family = s->ip->family == 4 ? AF_INET : AF_INET6;
	struct nl_msg *addrs = nlmsg_alloc_simple(RTM_GETADDR, NLM_F_DUMP);
	struct nl_msg *neighs = nlmsg_alloc_simple(RTM_GETNEIGH, NLM_F_DUMP);
	struct ifaddrmsg addr = {.ifa_family = (uint8_t)family};
	struct ndmsg neigh = {.ndm_family = (uint8_t)family};
	int rc, neighs_rc;

	(void)nlmsg_append(addrs, &addr, sizeof(addr), NLMSG_ALIGNTO);
	(void)nlmsg_append(neighs, &neigh, sizeof(neigh), NLMSG_ALIGNTO);
	rc = bl_nl_dump(sk, addrs, each_addr, s);
	neighs_rc = bl_nl_dump(sk, neighs, each_neigh, s);
	rc = rc && rc != -EAGAIN ? rc : neighs_rc;
	return rc && rc != -EAGAIN ? rc : bl_net_dump_routes(sk, family, 0, each_route, s);
}

static int check_ip(struct nl_sock *sk, struct search *s, struct bl_err *err)
{
	char ip[BL_IP_STRLEN], gateway[BL_IP_STRLEN];
	int rc = search(sk, s);

	bl_ip_format(s->ip, ip);
	bl_ip_format(bl_pod_gateway(s->ip->family), gateway);
	if (rc)
		return bl_err_set(err, rc, "reading the pod's namespace: %s", strerror(-rc));
	if (!s->addr)
		return bl_err_set(err, -ESTALE, "the pod has lost its address %s", ip);
	if (!s->route)
		return bl_err_set(err, -ESTALE, "the pod has lost its default route by %s",
				  gateway);
	if (!s->neigh)
		return bl_err_set(err, -ESTALE, "the pod has lost its neighbour %s", gateway);
	return 0;
}

int bl_net_pod_link_check(struct bl_net *n, const struct bl_pod_link *link, struct bl_err *err)
{
	BL_NL_SOCK struct nl_sock *sk = NULL;
	uint32_t ifindex;
	int rc;

	rc = check_link(n->sk, link->host_ifname, "node", link->mtu, link->host_mac, &ifindex, err);
	if (!rc)
		rc = bl_pod_socket(link, false, &sk, err);
	if (!rc)
		rc = check_link(sk, link->pod_ifname, "pod", link->mtu, link->mac, &ifindex, err);
	for (size_t i = 0; !rc && i < link->n_ips; i++) {
		struct search s = {.p = link, .ip = &link->ips[i], .ifindex = ifindex};

		rc = check_ip(sk, &s, err);
	}
	return rc;
}
