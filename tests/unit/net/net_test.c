// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The room net on real links, in network namespaces of this test's own.
 *
 * This process moves into a fresh namespace, the node; each test makes another one, the pod. Connections really are made,
 * both families: what the kernel delivers is what counts. Skipped without the right to make namespaces.
 */

#include "agent/net/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/net/nl.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/time.h"

#define HOST_IFNAME "bl0123456789ab"

static bool has_node;

static int setup_group(void **state)
{
	(void)state;
	has_node = unshare(CLONE_NEWNET) == 0 && system("ip link set lo up") == 0 &&
		   system("ip addr add 10.200.0.1/32 dev lo") == 0 &&
		   system("ip addr add fd00:200::1/128 dev lo") == 0;
	if (!has_node)
		print_message("needs root and iproute2\n");
	return 0;
}

struct fixture {
	struct bl_net *net;
	struct bl_pod_link link;
	struct bl_err err;
};

static int new_netns(void)
{
	BL_CLOSE int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int fd = -1;

	if (home >= 0 && unshare(CLONE_NEWNET) == 0) {
		fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		assert_int_equal(setns(home, CLONE_NEWNET), 0);
	}
	return fd;
}

static int setup(void **state)
{
	struct fixture *f = bl_new0(struct fixture);

	*state = f;
	if (!has_node)
		return 0;
	f->link = (struct bl_pod_link){.netns_fd = new_netns(),
				       .pod_ifname = "eth0",
				       .host_ifname = HOST_IFNAME,
				       .n_ips = 2,
				       .mtu = 1400};
	bl_ip_parse("10.1.0.5", &f->link.ips[0]);
	bl_ip_parse("fd00:1::5", &f->link.ips[1]);
	return bl_net_open(NULL, NULL, NULL, &f->net, &f->err);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->net) {
		(void)bl_net_set_routes(f->net, NULL, 0, NULL);
		(void)bl_net_pod_link_del(f->net, HOST_IFNAME, NULL);
		close(f->link.netns_fd);
	}
	bl_net_close(f->net);
	free(f);
	return 0;
}

static struct fixture *need_node(void **state)
{
	if (!has_node)
		skip();
	return *state;
}

static void add(struct fixture *f)
{
	if (bl_net_pod_link_add(f->net, &f->link, &f->err))
		fail_msg("%s", f->err.text);
}

static void route_pod(struct fixture *f)
{
	struct bl_desired_route routes[2] = {};

	for (size_t i = 0; i < 2; i++) {
		routes[i].cidr = bl_ip_host(&f->link.ips[i]);
		routes[i].type = BL_ROUTE_LINK;
		routes[i].ifindex = f->link.ifindex;
		memcpy(routes[i].mac, f->link.mac, 6);
	}
	if (bl_net_set_routes(f->net, routes, 2, &f->err))
		fail_msg("%s", f->err.text);
}

static socklen_t to_sockaddr(const struct bl_ip *ip, uint16_t port, struct sockaddr_storage *ss)
{
	struct sockaddr_in *v4 = (void *)ss;
	struct sockaddr_in6 *v6 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (ip->family == 4) {
		*v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
		memcpy(&v4->sin_addr, ip->b, 4);
		return sizeof(*v4);
	}
	*v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
	memcpy(&v6->sin6_addr, ip->b, 16);
	return sizeof(*v6);
}

struct listener {
	const struct bl_ip *ip;
	int fd;
};

static int make_listener(void *arg, struct bl_err *err)
{
	struct listener *l = arg;
	struct sockaddr_storage ss;
	socklen_t len = to_sockaddr(l->ip, 80, &ss);

	(void)err;
	l->fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return bind(l->fd, (struct sockaddr *)&ss, len) || listen(l->fd, 4) ? -errno : 0;
}

static int try_connect(const struct bl_ip *ip)
{
	struct sockaddr_storage ss;
	socklen_t len = to_sockaddr(ip, 80, &ss);
	BL_CLOSE int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval tv = {.tv_sec = 2};

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	return connect(fd, (struct sockaddr *)&ss, len) ? -errno : 0;
}

static void a_node_reaches_its_pod_at_once_over_both_families(void **state)
{
	struct fixture *f = need_node(state);

	add(f);
	route_pod(f);
	for (size_t i = 0; i < 2; i++) {
		struct listener l = {.ip = &f->link.ips[i]};

		assert_int_equal(bl_nl_inside(f->link.netns_fd, make_listener, &l, &f->err), 0);
		assert_int_equal(try_connect(&f->link.ips[i]), 0);
		close(l.fd);
	}
}

static void a_new_link_passes_its_check(void **state)
{
	struct fixture *f = need_node(state);
	struct bl_net_link host;

	add(f);
	assert_int_equal(bl_net_pod_link_check(f->net, &f->link, &f->err), 0);
	assert_int_equal(bl_net_link_get(f->net, HOST_IFNAME, 0, &host), 0);
	assert_int_equal(host.ifindex, f->link.ifindex);
	assert_int_equal(host.mtu, 1400);
	assert_true(host.up);
	assert_memory_equal(host.mac, f->link.host_mac, 6);
	assert_int_equal(host.mac[0] & 3, 2);
}

static int inside_system(void *arg, struct bl_err *err)
{
	(void)err;
	return system(arg) ? -EIO : 0;
}

static void check_names_what_is_gone(void **state)
{
	static const struct {
		char *cmd;
		const char *text;
	} cases[] = {
		{"ip neigh del fe80::1 dev eth0", "the pod has lost its neighbour fe80::1"},
		{"ip route del default", "the pod has lost its default route by 169.254.1.1"},
		{"ip addr del 10.1.0.5/32 dev eth0", "the pod has lost its address 10.1.0.5"},
		{"ip link set eth0 mtu 1300", "link eth0 of the pod has MTU 1300 instead of 1400"},
		{"ip link set eth0 down", "link eth0 of the pod is down"},
	};
	struct fixture *f = need_node(state);

	add(f);
	for (size_t i = 0; i < BL_ARRAY_SIZE(cases); i++) {
		assert_int_equal(bl_nl_inside(f->link.netns_fd, inside_system, cases[i].cmd, NULL),
				 0);
		assert_int_not_equal(bl_net_pod_link_check(f->net, &f->link, &f->err), 0);
		assert_string_equal(f->err.text, cases[i].text);
	}
}

static void adding_twice_leaves_the_first_intact(void **state)
{
	struct fixture *f = need_node(state);
	struct bl_pod_link again = f->link;

	add(f);
	assert_int_equal(bl_net_pod_link_add(f->net, &again, &f->err), -EEXIST);
	again.host_ifname = "blother";
	assert_int_equal(bl_net_pod_link_add(f->net, &again, &f->err), -EEXIST);
	assert_int_equal(if_nametoindex("blother"), 0);
	assert_int_equal(bl_net_pod_link_check(f->net, &f->link, &f->err), 0);
}

static void a_failed_add_leaves_nothing(void **state)
{
	struct fixture *f = need_node(state);

	f->link.ips[1] = f->link.ips[0];
	assert_int_equal(bl_net_pod_link_add(f->net, &f->link, &f->err), -EEXIST);
	assert_string_equal(f->err.text, "address 10.1.0.5 in the pod: File exists");
	assert_int_equal(if_nametoindex(HOST_IFNAME), 0);
	assert_int_equal(f->link.ifindex, 0);
}

static void removing_is_done_when_nothing_is_there(void **state)
{
	struct fixture *f = need_node(state);

	add(f);
	assert_int_equal(bl_net_pod_link_del(f->net, HOST_IFNAME, &f->err), 0);
	assert_int_equal(if_nametoindex(HOST_IFNAME), 0);
	assert_int_equal(bl_net_pod_link_del(f->net, HOST_IFNAME, &f->err), 0);
}

static void adding_takes_milliseconds(void **state)
{
	struct fixture *f = need_node(state);
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 5; i++) {
		uint64_t start = bl_time_mono_ns(), took;

		add(f);
		took = bl_time_mono_ns() - start;
		best = took < best ? took : best;
		assert_int_equal(bl_net_pod_link_del(f->net, HOST_IFNAME, &f->err), 0);
	}
	print_message("best of 5: %llu us\n", (unsigned long long)best / 1000);
}

/* What `ip route` shows of protocol 0xbe, each line's blanks as they are. */
static void assert_routes(const char *family, const char *want)
{
	BL_FREE char *cmd = bl_asprintf("ip %s route show proto 0xbe", family);
	FILE *p = popen(cmd, "re");
	char text[1000];

	text[fread(text, 1, sizeof(text) - 1, p)] = '\0';
	assert_int_equal(pclose(p), 0);
	assert_string_equal(text, want);
}

static void set_routes(struct fixture *f, const struct bl_desired_route *list, size_t n)
{
	if (bl_net_set_routes(f->net, list, n, &f->err))
		fail_msg("%s", f->err.text);
}

static void routes_follow_the_list(void **state)
{
	struct fixture *f = need_node(state);
	struct bl_desired_route r[4] = {{.type = BL_ROUTE_BLACKHOLE},
					{.type = BL_ROUTE_LINK},
					{.type = BL_ROUTE_VIA},
					{.type = BL_ROUTE_BLACKHOLE}};

	add(f);
	assert_int_equal(system("ip addr add 192.0.2.1/24 dev " HOST_IFNAME), 0);
	bl_cidr_parse("10.1.0.0/24", false, &r[0].cidr);
	r[1].cidr = bl_ip_host(&f->link.ips[0]);
	r[1].ifindex = f->link.ifindex;
	memcpy(r[1].mac, f->link.mac, 6);
	bl_cidr_parse("10.2.0.0/24", false, &r[2].cidr);
	bl_ip_parse("192.0.2.9", &r[2].via);
	bl_cidr_parse("fd00:1::/64", false, &r[3].cidr);
	for (int round = 0; round < 2; round++) {
		set_routes(f, r, 4);
		assert_routes("-4", "blackhole 10.1.0.0/24 metric 4242 \n"
				    "10.1.0.5 dev " HOST_IFNAME " scope link \n"
				    "10.2.0.0/24 via 192.0.2.9 dev " HOST_IFNAME " \n");
		assert_routes("-6", "blackhole fd00:1::/64 dev lo metric 4242 pref medium\n");
	}
	bl_ip_parse("192.0.2.8", &r[2].via);
	set_routes(f, r + 1, 2);
	assert_routes("-4", "10.1.0.5 dev " HOST_IFNAME " scope link \n"
			    "10.2.0.0/24 via 192.0.2.8 dev " HOST_IFNAME " \n");
	assert_routes("-6", "");
	set_routes(f, NULL, 0);
	assert_routes("-4", "");
	assert_int_equal(system("ip neigh show nud permanent | grep -q " HOST_IFNAME), 256);
}

static void routes_of_others_are_left_alone(void **state)
{
	struct fixture *f = need_node(state);

	assert_int_equal(system("ip route add blackhole 10.77.0.0/16"), 0);
	set_routes(f, NULL, 0);
	assert_int_equal(system("ip route del blackhole 10.77.0.0/16"), 0);
}

static void a_route_that_the_kernel_refuses_is_named_and_the_others_go_on(void **state)
{
	struct fixture *f = need_node(state);
	struct bl_desired_route r[2] = {{.type = BL_ROUTE_VIA}, {.type = BL_ROUTE_BLACKHOLE}};

	bl_cidr_parse("10.2.0.0/24", false, &r[0].cidr);
	bl_ip_parse("198.51.100.1", &r[0].via);
	bl_cidr_parse("10.3.0.0/24", false, &r[1].cidr);
	assert_int_equal(bl_net_set_routes(f->net, r, 2, &f->err), -ENETUNREACH);
	assert_string_equal(f->err.text, "route 10.2.0.0/24: Network is unreachable");
	assert_routes("-4", "blackhole 10.3.0.0/24 metric 4242 \n");
}

static void addresses_and_default_links_are_listed(void **state)
{
	struct fixture *f = need_node(state);
	BL_FREE struct bl_net_addr *list = NULL;
	char text[BL_IP_STRLEN];
	uint32_t links[4];
	size_t n = 0;

	assert_int_equal(bl_net_addrs(f->net, &list, &n, &f->err), 0);
	assert_int_equal(n, 4);
	assert_string_equal(bl_ip_format(&list[0].ip, text), "10.200.0.1");
	assert_string_equal(bl_ip_format(&list[3].ip, text), "fd00:200::1");
	assert_int_equal(list[0].ifindex, 1);
	assert_int_equal(bl_net_default_links(f->net, links, 4, &n, &f->err), 0);
	assert_int_equal(n, 0);
	add(f);
	assert_int_equal(system("ip route add default dev " HOST_IFNAME), 0);
	assert_int_equal(system("ip -6 route add default dev " HOST_IFNAME), 0);
	assert_int_equal(bl_net_default_links(f->net, links, 4, &n, &f->err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(links[0], f->link.ifindex);
}

static void a_pods_link_is_not_filtered_strictly(void **state)
{
	struct fixture *f = need_node(state);
	int value = 0, before;

	assert_int_equal(bl_sysctl_get("ipv4/conf/all/rp_filter", NULL, &before), 0);
	assert_int_equal(bl_sysctl_set("ipv4/conf/all/rp_filter", NULL, 1, NULL), 0);
	add(f);
	assert_int_equal(bl_sysctl_set("ipv4/conf/all/rp_filter", NULL, before, NULL), 0);
	assert_int_equal(bl_sysctl_get("ipv4/conf/%s/rp_filter", HOST_IFNAME, &value), 0);
	assert_int_equal(value, 2);
}

static void a_prepared_node_forwards(void **state)
{
	struct fixture *f = need_node(state);
	int value = 0;

	add(f);
	assert_int_equal(bl_sysctl_set("ipv4/conf/%s/rp_filter", HOST_IFNAME, 1, NULL), 0);
	assert_int_equal(bl_sysctl_set("ipv6/conf/%s/accept_ra", HOST_IFNAME, 1, NULL), 0);
	assert_int_equal(bl_net_prepare_node(&f->link.ifindex, 1, &f->err), 0);
	assert_int_equal(bl_sysctl_get("ipv4/ip_forward", NULL, &value), 0);
	assert_int_equal(value, 1);
	assert_int_equal(bl_sysctl_get("ipv6/conf/all/forwarding", NULL, &value), 0);
	assert_int_equal(value, 1);
	assert_int_equal(bl_sysctl_get("ipv4/conf/%s/rp_filter", HOST_IFNAME, &value), 0);
	assert_int_equal(value, 2);
	assert_int_equal(bl_sysctl_get("ipv6/conf/%s/accept_ra", HOST_IFNAME, &value), 0);
	assert_int_equal(value, 2);
}

static void on_changed(void *arg)
{
	bl_loop_stop(arg);
}

/* Without the call the loop would run on, and the suite's time limit would end it. */
static void a_new_link_is_news(void **state)
{
	struct fixture *f = need_node(state);
	struct bl_loop *loop = bl_loop_new();
	struct bl_net *net = NULL;

	assert_int_equal(bl_net_open(loop, on_changed, loop, &net, &f->err), 0);
	add(f);
	bl_loop_run(loop);
	bl_net_close(net);
	bl_loop_free(loop);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_node_reaches_its_pod_at_once_over_both_families),
		TEST(a_new_link_passes_its_check),
		TEST(check_names_what_is_gone),
		TEST(adding_twice_leaves_the_first_intact),
		TEST(a_failed_add_leaves_nothing),
		TEST(removing_is_done_when_nothing_is_there),
		TEST(adding_takes_milliseconds),
		TEST(routes_follow_the_list),
		TEST(routes_of_others_are_left_alone),
		TEST(a_route_that_the_kernel_refuses_is_named_and_the_others_go_on),
		TEST(addresses_and_default_links_are_listed),
		TEST(a_pods_link_is_not_filtered_strictly),
		TEST(a_prepared_node_forwards),
		TEST(a_new_link_is_news),
	};

	return cmocka_run_group_tests(tests, setup_group, NULL);
}
