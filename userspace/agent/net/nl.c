// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Netlink requests.
 *
 * libnl builds the messages; sending them and understanding the answer is done here, for one reason: libnl folds the kernel's
 * error numbers into its own, and "network is unreachable" becomes "unspecific failure". A person needs the former.
 *
 * Sockets belong to the network namespace in which they were opened. So a pod's namespace is entered only to open a
 * socket and to write settings, and all requests go out from where the agent lives.
 */

#include "agent/net/nl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/route/neighbour.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

struct answer {
	int rc;
	bool done;
	int (*fn)(struct nlmsghdr *h, void *arg);
	void *arg;
};

int bl_nl_open(struct nl_sock **ret_sk, struct bl_err *err)
{
	BL_NL_SOCK struct nl_sock *sk = nl_socket_alloc();
	int on = 1, rc;

	if (!sk)
		return bl_err_set(err, -ENOMEM, "netlink socket");
	rc = nl_connect(sk, NETLINK_ROUTE);
	if (rc)
		return bl_err_set(err, -EIO, "netlink socket: %s", nl_geterror(rc));
	(void)fcntl(nl_socket_get_fd(sk), F_SETFD, FD_CLOEXEC);
	/* Dumps are then filtered by the kernel (4.20); elsewhere the answers are filtered here too. */
	(void)setsockopt(nl_socket_get_fd(sk), SOL_NETLINK, 12 /* NETLINK_GET_STRICT_CHK */, &on,
			 sizeof(on));
	*ret_sk = bl_take_ptr(sk);
	return 0;
}

struct nl_sock *bl_nl_close(struct nl_sock *sk)
{
	nl_socket_free(sk);
	return NULL;
}

int bl_nl_inside(int netns_fd, int (*fn)(void *arg, struct bl_err *err), void *arg,
		 struct bl_err *err)
{
	BL_CLOSE int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int rc;

	if (home < 0)
		return bl_err_set(err, -errno, "/proc/thread-self/ns/net: %s", strerror(errno));
	if (setns(netns_fd, CLONE_NEWNET))
		return bl_err_set(err, -errno, "entering the pod's network namespace: %s",
				  strerror(errno));
	rc = fn(arg, err);
	if (setns(home, CLONE_NEWNET)) {
		bl_log_error("cannot come back from a pod's network namespace: %s",
			     strerror(errno));
		abort();
	}
	return rc;
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct answer *a = arg;
	int rc = a->fn ? a->fn(nlmsg_hdr(msg), a->arg) : 0;

	if (rc && !a->rc)
		a->rc = rc;
	return NL_OK;
}

static int on_end(struct nl_msg *msg, void *arg)
{
	struct answer *a = arg;

	(void)msg;
	a->done = true;
	return NL_STOP;
}

static int on_error(struct sockaddr_nl *who, struct nlmsgerr *e, void *arg)
{
	struct answer *a = arg;

	(void)who;
	a->rc = e->error;
	a->done = true;
	return NL_STOP;
}

/* What is left of an answer that could not be read would be taken for the next request's. */
static void discard_answer(struct nl_sock *sk)
{
	char byte;

	while (recv(nl_socket_get_fd(sk), &byte, 1, MSG_DONTWAIT | MSG_TRUNC) >= 0)
		;
}

static int send_and_wait(struct nl_sock *sk, struct nl_msg *msg, struct answer *a)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int rc = nl_send_auto(sk, msg);

	nlmsg_free(msg);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, a);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end, a);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_end, a);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, a);
	while (rc >= 0 && !a->done)
		rc = nl_recvmsgs(sk, cb);
	nl_cb_put(cb);
	if (rc == -NLE_DUMP_INTR)
		return -EAGAIN;
	if (!a->done) {
		discard_answer(sk);
		return -EIO;
	}
	return a->rc;
}

int bl_nl_talk(struct nl_sock *sk, struct nl_msg *msg)
{
	struct answer a = {};

	return send_and_wait(sk, msg, &a);
}

int bl_nl_dump(struct nl_sock *sk, struct nl_msg *msg, int (*fn)(struct nlmsghdr *h, void *arg),
	       void *arg)
{
	struct answer a = {.fn = fn, .arg = arg};

	return send_and_wait(sk, msg, &a);
}

int bl_nl_link(struct nl_sock *sk, const char *name, uint32_t ifindex, struct rtnl_link **ret_link)
{
	int rc = rtnl_link_get_kernel(sk, name ? 0 : (int)ifindex, name, ret_link);

	if (rc == -NLE_NODEV || rc == -NLE_OBJ_NOTFOUND)
		return -ENODEV;
	return rc ? -EIO : 0;
}

int bl_nl_link_up(struct nl_sock *sk, struct rtnl_link *link)
{
	BL_NL_LINK struct rtnl_link *change = rtnl_link_alloc();
	struct nl_msg *msg;
	int rc;

	rtnl_link_set_flags(change, IFF_UP);
	rc = rtnl_link_build_change_request(link, change, 0, &msg);
	return rc ? -ENOMEM : bl_nl_talk(sk, msg);
}

struct nl_addr *bl_nl_addr(const struct bl_ip *ip)
{
	return nl_addr_build(ip->family == 4 ? AF_INET : AF_INET6, ip->b, bl_ip_size(ip));
}

struct nl_addr *bl_nl_cidr(const struct bl_cidr *c)
{
	struct nl_addr *a = bl_nl_addr(&c->ip);

	nl_addr_set_prefixlen(a, c->len);
	return a;
}

void bl_nl_to_ip(const struct nl_addr *a, struct bl_ip *ret_ip)
{
	*ret_ip = (struct bl_ip){};
	if (!a)
		return;
	if (nl_addr_get_family(a) == AF_INET)
		ret_ip->family = 4;
	else if (nl_addr_get_family(a) == AF_INET6)
		ret_ip->family = 6;
	else
		return;
	/* A default route's destination has no bytes at all. */
	if (nl_addr_get_len(a) == bl_ip_size(ret_ip))
		memcpy(ret_ip->b, nl_addr_get_binary_addr(a), bl_ip_size(ret_ip));
}

bool bl_nl_parse_addr(struct nlmsghdr *h, struct bl_ip *ret_ip, uint32_t *ret_ifindex)
{
	const struct ifaddrmsg *m = nlmsg_data(h);
	struct nlattr *tb[IFA_MAX + 1];
	struct bl_ip ip = {};
	const struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWADDR || nlmsg_parse(h, sizeof(*m), tb, IFA_MAX, NULL))
		return false;
	ip.family = m->ifa_family == AF_INET ? 4 : m->ifa_family == AF_INET6 ? 6 : 0;
	/* With a peer, IFA_ADDRESS is the peer's. */
	a = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	if (!ip.family || !a || nla_len(a) != (int)bl_ip_size(&ip))
		return false;
	memcpy(ip.b, nla_data(a), bl_ip_size(&ip));
	*ret_ip = ip;
	*ret_ifindex = m->ifa_index;
	return true;
}

int bl_nl_set_neigh(struct nl_sock *sk, const struct bl_ip *ip, uint32_t ifindex,
		    const uint8_t mac[6])
{
	BL_NL_ADDR struct nl_addr *dst = bl_nl_addr(ip);
	BL_NL_ADDR struct nl_addr *lladdr = nl_addr_build(AF_LLC, mac, 6);
	struct rtnl_neigh *neigh = rtnl_neigh_alloc();
	struct nl_msg *msg;
	int rc;

	rtnl_neigh_set_ifindex(neigh, (int)ifindex);
	rtnl_neigh_set_dst(neigh, dst);
	rtnl_neigh_set_lladdr(neigh, lladdr);
	rtnl_neigh_set_state(neigh, NUD_PERMANENT);
	rc = rtnl_neigh_build_add_request(neigh, NLM_F_CREATE | NLM_F_REPLACE, &msg);
	rtnl_neigh_put(neigh);
	return rc ? -ENOMEM : bl_nl_talk(sk, msg);
}
