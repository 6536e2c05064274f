// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: A pod's link.
 *
 *	      node                          |           pod
 *	  blXXXXXXXXXXXX  <----- veth ------|----->  eth0   ADDRESS/32, ADDRESS/128
 *	  host_mac, no addresses            |        mac    default via 169.254.1.1 and fe80::1, on the link;
 *	                                    |               both are permanent neighbours with host_mac
 *
 * The pod's side is made directly in the pod's namespace: it is never seen anywhere else, and its name cannot clash here. A pod
 * is its own subnet and knows its gateway's MAC, so it never resolves anything, and any pod looks the same whatever the node's network
 * is. MACs are random and locally administered; giving them explicitly keeps udev from changing them.
 *
 * IPv6 without waiting: addresses skip duplicate address detection (they are handed out once), no side listens to router advertisements,
 * and the node's side has no link-local address at all. lo is brought up, since a pod that calls itself goes that way.
 *
 * Adding is all or nothing: removing the node's side takes everything else along.
 */

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/route/addr.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <string.h>
#include <sys/random.h>

#include "agent/net/net_priv.h"
#include "agent/net/pod.h"
#include "base/mem.h"

#define ADDR_GEN_NONE 1 /* IN6_ADDR_GEN_MODE_NONE */

static const struct bl_ip gateway4 = {4, {169, 254, 1, 1}};
static const struct bl_ip gateway6 = {6, {0xfe, 0x80, [15] = 1}};

const struct bl_ip *bl_pod_gateway(uint8_t family)
{
	return family == 4 ? &gateway4 : &gateway6;
}

static int random_mac(uint8_t mac[6])
{
	if (getrandom(mac, 6, 0) != 6)
		return -errno;
	mac[0] = (uint8_t)((mac[0] & 0xfc) | 0x02); /* locally administered, unicast */
	return 0;
}

static void set_end(struct rtnl_link *end, const char *name, uint32_t mtu, const uint8_t mac[6])
{
	BL_NL_ADDR struct nl_addr *addr = nl_addr_build(AF_LLC, mac, 6);

	rtnl_link_set_name(end, name);
	rtnl_link_set_addr(end, addr);
	if (mtu)
		rtnl_link_set_mtu(end, mtu);
}

static int make_pair(struct bl_net *n, const struct bl_pod_link *p, struct bl_err *err)
{
	BL_NL_LINK struct rtnl_link *host = rtnl_link_veth_alloc();
	struct rtnl_link *pod = rtnl_link_veth_get_peer(host);
	struct nl_msg *msg;
	int rc;

	set_end(host, p->host_ifname, p->mtu, p->host_mac);
	set_end(pod, p->pod_ifname, p->mtu, p->mac);
	rtnl_link_set_ns_fd(pod, p->netns_fd);
	rc = rtnl_link_build_add_request(host, NLM_F_CREATE | NLM_F_EXCL, &msg);
	rtnl_link_put(pod);
	rc = rc ? -ENOMEM : bl_nl_talk(n->sk, msg);
	if (rc == -EEXIST)
		return bl_err_set(err, rc, "there is a link %s, or one %s in the pod",
				  p->host_ifname, p->pod_ifname);
	return rc ? bl_err_set(err, rc, "making the pair of %s: %s", p->host_ifname, strerror(-rc))
		  : 0;
}

static int prepare_host_side(struct bl_net *n, struct bl_pod_link *p, struct bl_err *err)
{
	BL_NL_LINK struct rtnl_link *link = NULL;
	int rc = bl_nl_link(n->sk, p->host_ifname, 0, &link);

	if (rc)
		return bl_err_set(err, rc, "link %s: %s", p->host_ifname, strerror(-rc));
	p->ifindex = (uint32_t)rtnl_link_get_ifindex(link);
	rc = bl_sysctl_set("ipv6/conf/%s/addr_gen_mode", p->host_ifname, ADDR_GEN_NONE, err);
	if (!rc)
		rc = bl_sysctl_set("ipv6/conf/%s/accept_ra", p->host_ifname, 0, err);
	if (!rc)
		rc = bl_sysctl_loosen(p->host_ifname, err);
	if (rc)
		return rc;
	rc = bl_nl_link_up(n->sk, link);
	return rc ? bl_err_set(err, rc, "link %s up: %s", p->host_ifname, strerror(-rc)) : 0;
}

/* --- inside ----------------------------------------------------------------------------------------------------------- */

struct inside {
	const struct bl_pod_link *p;
	struct nl_sock *sk;
	bool settings;
};

static bool has_family(const struct bl_pod_link *p, uint8_t family)
{
	for (size_t i = 0; i < p->n_ips; i++) {
		if (p->ips[i].family == family)
			return true;
	}
	return false;
}

/* Runs in the pod's namespace: what has to be done there. */
static int enter(void *arg, struct bl_err *err)
{
	struct inside *in = arg;
	const char *name = in->p->pod_ifname;
	int rc = bl_nl_open(&in->sk, err);

	if (rc || !in->settings)
		return rc;
	rc = bl_sysctl_set("ipv6/conf/%s/accept_ra", name, 0, err);
	if (!rc)
		rc = bl_sysctl_set("ipv6/conf/%s/accept_dad", name, 0, err);
	if (!rc && has_family(in->p, 6))
		rc = bl_sysctl_set("ipv6/conf/%s/disable_ipv6", name, 0, err);
	return rc;
}

int bl_pod_socket(const struct bl_pod_link *p, bool settings, struct nl_sock **ret_sk,
		  struct bl_err *err)
{
	struct inside in = {.p = p, .settings = settings};
	int rc = bl_nl_inside(p->netns_fd, enter, &in, err);

	if (rc)
		bl_nl_close(in.sk);
	else
		*ret_sk = in.sk;
	return rc;
}

static int up(struct nl_sock *sk, const char *name, uint32_t *ret_ifindex)
{
	BL_NL_LINK struct rtnl_link *link = NULL;
	int rc = bl_nl_link(sk, name, 0, &link);

	if (rc)
		return rc;
	*ret_ifindex = (uint32_t)rtnl_link_get_ifindex(link);
	return rtnl_link_get_flags(link) & IFF_UP ? 0 : bl_nl_link_up(sk, link);
}

static int add_addr(struct nl_sock *sk, const struct bl_ip *ip, uint32_t ifindex)
{
	struct bl_cidr host = bl_ip_host(ip);
	BL_NL_ADDR struct nl_addr *local = bl_nl_cidr(&host);
	struct rtnl_addr *addr = rtnl_addr_alloc();
	struct nl_msg *msg;
	int rc;

	rtnl_addr_set_ifindex(addr, (int)ifindex);
	(void)rtnl_addr_set_local(addr, local);
	rtnl_addr_set_flags(addr, ip->family == 6 ? IFA_F_NODAD : 0);
	rc = rtnl_addr_build_add_request(addr, NLM_F_CREATE | NLM_F_EXCL, &msg);
	rtnl_addr_put(addr);
	return rc ? -ENOMEM : bl_nl_talk(sk, msg);
}

static int add_default(struct nl_sock *sk, uint8_t family, uint32_t ifindex)
{
	struct bl_cidr any = {.ip.family = family};
	BL_NL_ADDR struct nl_addr *dst = bl_nl_cidr(&any);
	BL_NL_ADDR struct nl_addr *via = bl_nl_addr(bl_pod_gateway(family));
	struct rtnl_route *route = rtnl_route_alloc();
	struct rtnl_nexthop *nh = rtnl_route_nh_alloc();
	struct nl_msg *msg;
	int rc;

	rtnl_route_set_family(route, family == 4 ? AF_INET : AF_INET6);
	rtnl_route_set_dst(route, dst);
	rtnl_route_set_table(route, RT_TABLE_MAIN);
	rtnl_route_set_protocol(route, BL_ROUTE_PROTOCOL);
	rtnl_route_set_scope(route, RT_SCOPE_UNIVERSE);
	rtnl_route_set_type(route, RTN_UNICAST);
	rtnl_route_nh_set_ifindex(nh, (int)ifindex);
	rtnl_route_nh_set_gateway(nh, via);
	rtnl_route_nh_set_flags(nh, RTNH_F_ONLINK);
	rtnl_route_add_nexthop(route, nh);
	rc = rtnl_route_build_add_request(route, NLM_F_CREATE | NLM_F_REPLACE, &msg);
	rtnl_route_put(route);
	return rc ? -ENOMEM : bl_nl_talk(sk, msg);
}

static int add_ip(struct nl_sock *sk, const struct bl_pod_link *p, const struct bl_ip *ip,
		  uint32_t ifindex, struct bl_err *err)
{
	char text[BL_IP_STRLEN];
	int rc = add_addr(sk, ip, ifindex);

	if (rc)
		return bl_err_set(err, rc, "address %s in the pod: %s", bl_ip_format(ip, text),
				  strerror(-rc));
	rc = bl_nl_set_neigh(sk, bl_pod_gateway(ip->family), ifindex, p->host_mac);
	if (!rc)
		rc = add_default(sk, ip->family, ifindex);
	if (rc)
		return bl_err_set(err, rc, "default route by %s in the pod: %s",
				  bl_ip_format(bl_pod_gateway(ip->family), text), strerror(-rc));
	return 0;
}

static int prepare_pod_side(const struct bl_pod_link *p, struct bl_err *err)
{
	BL_NL_SOCK struct nl_sock *sk = NULL;
	uint32_t lo, ifindex;
	int rc = bl_pod_socket(p, true, &sk, err);

	if (rc)
		return rc;
	rc = up(sk, "lo", &lo);
	if (!rc)
		rc = up(sk, p->pod_ifname, &ifindex);
	if (rc)
		return bl_err_set(err, rc, "link %s in the pod: %s", p->pod_ifname, strerror(-rc));
	for (size_t i = 0; !rc && i < p->n_ips; i++)
		rc = add_ip(sk, p, &p->ips[i], ifindex, err);
	return rc;
}

int bl_net_pod_link_add(struct bl_net *n, struct bl_pod_link *link, struct bl_err *err)
{
	struct bl_pod_link p = *link;
	int rc;

	if (!p.n_ips || p.n_ips > BL_ARRAY_SIZE(p.ips))
		return bl_err_set(err, -EINVAL, "a pod has one or two addresses");
	rc = random_mac(p.mac);
	if (!rc)
		rc = random_mac(p.host_mac);
	if (rc)
		return bl_err_set(err, rc, "random bytes: %s", strerror(-rc));
	rc = make_pair(n, &p, err);
	if (rc)
		return rc;
	rc = prepare_host_side(n, &p, err);
	if (!rc)
		rc = prepare_pod_side(&p, err);
	if (rc) {
		(void)bl_net_pod_link_del(n, p.host_ifname, NULL);
		return rc;
	}
	*link = p;
	return 0;
}

int bl_net_pod_link_del(struct bl_net *n, const char *host_ifname, struct bl_err *err)
{
	BL_NL_LINK struct rtnl_link *link = NULL;
	struct nl_msg *msg;
	int rc = bl_nl_link(n->sk, host_ifname, 0, &link);

	if (rc == -ENODEV)
		return 0;
	if (!rc) {
		rc = rtnl_link_build_delete_request(link, &msg);
		rc = rc ? -ENOMEM : bl_nl_talk(n->sk, msg);
	}
	if (rc == -ENODEV)
		return 0;
	return rc ? bl_err_set(err, rc, "removing link %s: %s", host_ifname, strerror(-rc)) : 0;
}
