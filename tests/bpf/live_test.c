// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The packet programs under real connections.
 *
 * BPF_PROG_TEST_RUN carries out no redirect, and gives no packet that a socket has made: none whose checksum is still open, none that
 * segmentation will cut. Here the programs are attached, and the cast are namespaces: alice and bob are pods behind their links, and one
 * namespace behind the uplink is the other node, carol and the world. No socket hook is attached, so that every service is balanced packet by
 * packet. A transfer of a megabyte each way verifies every checksum on the way, since the receiver's stack does.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/netns.h"
#include "../lib/talk.h"

#define BYTES  (1 << 20)
#define SECOND 1000

struct live {
	struct rig *rig;
	int node;
	int ns[WHO_COUNT];
};

static void move_in(struct live *l, enum who who, const char *link)
{
	char text[160];

	snprintf(text, sizeof(text), "link set %s netns /proc/%d/fd/%d\n", link, getpid(),
		 l->ns[who]);
	netns_enter(l->node);
	netns_ip(text);
	netns_enter(l->ns[who]);
}

static void make_pod(struct live *l, enum who who, const char *link, const char *host_link, int n)
{
	char text[1024];

	netns_new("link set lo up\n");
	l->ns[who] = netns_self();
	move_in(l, who, link);
	snprintf(text, sizeof(text),
		 "link set %s name eth0 address 02:00:00:00:00:0%x\nlink set eth0 up\n"
		 "addr add 10.1.0.%d/32 dev eth0\naddr add fd00:1::%d/128 dev eth0 nodad\n"
		 "neigh add 169.254.1.1 lladdr 02:ee:00:00:00:0%x dev eth0 nud permanent\n"
		 "neigh add fe80::1 lladdr 02:ee:00:00:00:0%x dev eth0 nud permanent\n"
		 "route add default via 169.254.1.1 dev eth0 onlink\n"
		 "route add default via fe80::1 dev eth0 onlink\n",
		 link, 8 + n, n, n, 8 + n, 8 + n);
	netns_ip(text);
	netns_enter(l->node);
	snprintf(text, sizeof(text), "link set %s address 02:ee:00:00:00:0%x\n", host_link, 8 + n);
	netns_ip(text);
}

static void make_world(struct live *l)
{
	netns_new("link set lo up\n");
	l->ns[WORLD] = l->ns[CAROL] = l->ns[OTHER] = netns_self();
	move_in(l, WORLD, "up1");
	netns_ip("link set up1 address 02:00:00:00:00:0f\nlink set up1 up\n"
		 "addr add 192.0.2.2/24 dev up1\naddr add 2001:db8::2/64 dev up1 nodad\n"
		 "addr add 198.51.100.7/32 dev lo\naddr add 2001:db8:f::7/128 dev lo nodad\n"
		 "addr add 10.2.0.2/32 dev lo\naddr add fd00:2::2/128 dev lo nodad\n"
		 "route add 10.1.0.0/24 via 192.0.2.1\n"
		 "route add fd00:1::/64 via 2001:db8::1\n");
	netns_enter(l->node);
}

static int make(void **state)
{
	struct live *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	l->rig = rig_new();
	l->node = netns_self();
	l->ns[NODE] = l->node;
	make_pod(l, ALICE, "pa1", "pa0", 2);
	make_pod(l, BOB, "pb1", "pb0", 3);
	make_world(l);
	rig_attach(l->rig);
	*state = l;
	return 0;
}

static int end(void **state)
{
	struct live *l = *state;

	rig_free(l->rig);
	free(l);
	return 0;
}

static int reset(void **state)
{
	rig_reset(((struct live *)*state)->rig);
	return 0;
}

static socklen_t address(int family, enum who who, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in6 *in6 = (void *)ret;
	struct sockaddr_in *in = (void *)ret;
	uint8_t addr[16];

	rig_addr(family, who, addr);
	memset(ret, 0, sizeof(*ret));
	if (family == 6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, addr, 16);
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	memcpy(&in->sin_addr, addr, 4);
	return sizeof(*in);
}

static void assert_peer(const struct sockaddr_storage *a, int family, enum who who)
{
	struct sockaddr_storage want;

	address(family, who, 0, &want);
	if (family == 6)
		assert_memory_equal(&((const struct sockaddr_in6 *)a)->sin6_addr,
				    &((struct sockaddr_in6 *)&want)->sin6_addr, 16);
	else
		assert_memory_equal(&((const struct sockaddr_in *)a)->sin_addr,
				    &((struct sockaddr_in *)&want)->sin_addr, 4);
}

static int open_socket(struct live *l, enum who where, int family, int type)
{
	int fd;

	netns_enter(l->ns[where]);
	fd = socket(family == 6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	netns_enter(l->node);
	assert_true(fd >= 0);
	return fd;
}

static int serve(struct live *l, enum who where, int family, int type, uint16_t port)
{
	int fd = open_socket(l, where, family, type);
	struct sockaddr_storage a;
	socklen_t len = address(family, where, port, &a);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	assert_int_equal(bind(fd, (void *)&a, len), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static int connect_to(struct live *l, enum who from, int family, int type, enum who to,
		      uint16_t port)
{
	int fd = open_socket(l, from, family, type);
	struct sockaddr_storage a;
	socklen_t len = address(family, to, port, &a);

	if (connect(fd, (void *)&a, len))
		assert_int_equal(errno, EINPROGRESS);
	return fd;
}

static void await(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	assert_int_equal(poll(&p, 1, 5 * SECOND), 1);
}

static int error_of(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	await(fd, POLLOUT);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len), 0);
	return error;
}

/* A megabyte from one socket to the other. */
static void pour(int from, int to)
{
	static uint8_t out[65536], in[65536];
	size_t sent = 0, got = 0;

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 31 + i / 251);
	while (got < BYTES) {
		struct pollfd p[2] = {{.fd = from, .events = sent < BYTES ? POLLOUT : 0},
				      {.fd = to, .events = POLLIN}};
		ssize_t n;

		assert_true(poll(p, 2, 5 * SECOND) > 0);
		if (p[0].revents & POLLOUT) {
			size_t at = sent % sizeof(out), left = sizeof(out) - at;

			n = send(from, out + at, left < BYTES - sent ? left : BYTES - sent, 0);
			sent += n > 0 ? (size_t)n : 0;
		}
		if (p[1].revents & POLLIN) {
			n = recv(to, in, sizeof(in), 0);
			assert_true(n > 0);
			for (ssize_t i = 0; i < n; i++, got++)
				assert_int_equal(in[i], out[got % sizeof(out)]);
		}
	}
}

/* A connection through it all: the server sees `seen`, and a megabyte goes each way. */
static void converse(struct live *l, int family, enum who from, enum who to, uint16_t port,
		     int server, enum who seen)
{
	int fd = connect_to(l, from, family, SOCK_STREAM, to, port), conn;
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	await(server, POLLIN);
	conn = accept4(server, (void *)&peer, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(conn >= 0);
	assert_int_equal(error_of(fd), 0);
	assert_peer(&peer, family, seen);
	pour(fd, conn);
	pour(conn, fd);
	close(conn);
	close(fd);
}

static void pods_talk_without_translation(void **state)
{
	struct live *l = *state;

	FAMILIES(family)
	{
		int bob = serve(l, BOB, family, SOCK_STREAM, 8080);
		int carol = serve(l, CAROL, family, SOCK_STREAM, 8080);

		converse(l, family, ALICE, BOB, 8080, bob, ALICE);
		converse(l, family, ALICE, CAROL, 8080, carol, ALICE);
		close(bob);
		bob = serve(l, BOB, family, SOCK_STREAM, 8081);
		converse(l, family, CAROL, BOB, 8081, bob, OTHER);
		close(bob);
		close(carol);
	}
}

static void services_are_balanced_packet_by_packet(void **state)
{
	static const enum who servers[] = {BOB, CAROL, ALICE};
	struct live *l = *state;

	FAMILIES(family)
	for (int i = 0; i < 3; i++) {
		int server = serve(l, servers[i], family, SOCK_STREAM, 8080);

		rig_reset(l->rig);
		talk_shop(l->rig, family, servers[i], IPPROTO_TCP);
		converse(l, family, ALICE, SHOP, 80, server, servers[i] == ALICE ? SHOP : ALICE);
		close(server);
	}
}

static void world_talks_to_the_node(void **state)
{
	struct live *l = *state;

	FAMILIES(family)
	{
		int server = serve(l, WORLD, family, SOCK_STREAM, 443);

		converse(l, family, ALICE, WORLD, 443, server, NODE);
		close(server);
	}
}

static void nodeports_serve_the_outside(void **state)
{
	struct live *l = *state;

	FAMILIES(family)
	{
		int local = serve(l, ALICE, family, SOCK_STREAM, 8080);
		int remote = serve(l, CAROL, family, SOCK_STREAM, 8080);

		rig_backend(l->rig, 1, family, ALICE, 8080, IPPROTO_TCP, 1);
		rig_backend(l->rig, 2, family, CAROL, 8080, IPPROTO_TCP, 1);
		rig_nodeport(l->rig, family, 30080, IPPROTO_TCP, 1, (const uint32_t[]){1});
		rig_nodeport(l->rig, family, 30081, IPPROTO_TCP, 1, (const uint32_t[]){2});
		converse(l, family, WORLD, NODE, 30080, local, OTHER);
		converse(l, family, WORLD, NODE, 30081, remote, NODE);
		close(local);
		close(remote);
	}
}

static void node_is_served_packet_by_packet(void **state)
{
	static const enum who servers[] = {BOB, CAROL, NODE};
	struct live *l = *state;

	FAMILIES(family)
	for (int i = 0; i < 3; i++) {
		int server = serve(l, servers[i], family, SOCK_STREAM, 8080);

		rig_reset(l->rig);
		talk_shop(l->rig, family, servers[i], IPPROTO_TCP);
		converse(l, family, NODE, SHOP, 80, server, servers[i] == NODE ? SHOP : NODE);
		close(server);
	}
}

static void node_serves_in_its_own_network(void **state)
{
	struct live *l = *state;

	FAMILIES(family)
	{
		int server = serve(l, NODE, family, SOCK_STREAM, 8080);

		rig_reset(l->rig);
		talk_shop(l->rig, family, NODE, IPPROTO_TCP);
		rig_nodeport(l->rig, family, 30080, IPPROTO_TCP, 1, (const uint32_t[]){7});
		converse(l, family, ALICE, SHOP, 80, server, ALICE);
		converse(l, family, ALICE, NODE, 30080, server, ALICE);
		converse(l, family, WORLD, NODE, 30080, server, OTHER);
		close(server);
	}
}

/* A datagram of 4,000 bytes, which its sender cuts, there and back. */
static void exchange(struct live *l, int family, enum who from, enum who to, uint16_t port,
		     int server)
{
	int fd = connect_to(l, from, family, SOCK_DGRAM, to, port);
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	static uint8_t data[4000];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	assert_int_equal(send(fd, data, sizeof(data), 0), sizeof(data));
	memset(data, 0, sizeof(data));
	await(server, POLLIN);
	assert_int_equal(recvfrom(server, data, sizeof(data), 0, (void *)&peer, &len),
			 sizeof(data));
	assert_int_equal(sendto(server, data, sizeof(data), 0, (void *)&peer, len), sizeof(data));
	memset(data, 0, sizeof(data));
	await(fd, POLLIN);
	assert_int_equal(recv(fd, data, sizeof(data), 0), sizeof(data));
	for (size_t i = 0; i < sizeof(data); i++)
		assert_int_equal(data[i], (uint8_t)(i * 7));
	close(fd);
}

static void datagrams_of_many_fragments_reach_their_server(void **state)
{
	static const enum who servers[] = {BOB, CAROL, NODE};
	struct live *l = *state;

	FAMILIES(family)
	for (int i = 0; i < 3; i++) {
		int server = serve(l, servers[i], family, SOCK_DGRAM, 8080);

		rig_reset(l->rig);
		talk_shop(l->rig, family, servers[i], IPPROTO_UDP);
		rig_nodeport(l->rig, family, 30080, IPPROTO_UDP, 1, (const uint32_t[]){7});
		exchange(l, family, ALICE, SHOP, 80, server);
		exchange(l, family, NODE, SHOP, 80, server);
		exchange(l, family, WORLD, NODE, 30080, server);
		close(server);
	}
}

static void is_refused_at(struct live *l, enum who from, int family)
{
	int tcp = connect_to(l, from, family, SOCK_STREAM, LOST, 80);
	int udp = connect_to(l, from, family, SOCK_DGRAM, LOST, 80);

	assert_int_equal(error_of(tcp), ECONNREFUSED);
	assert_int_equal(send(udp, "ping", 4, 0), 4);
	await(udp, POLLIN | POLLERR);
	assert_int_equal(recv(udp, (char[8]){}, 8, 0), -1);
	assert_int_equal(errno, ECONNREFUSED);
	close(tcp);
	close(udp);
}

static void refusals_reach_the_socket(void **state)
{
	FAMILIES(family)
	{
		is_refused_at(*state, ALICE, family);
		is_refused_at(*state, NODE, family);
	}
}

static void closed_port_of_a_backend_is_told_to_the_client(void **state)
{
	static const enum who servers[] = {BOB, CAROL, NODE};
	struct live *l = *state;

	FAMILIES(family)
	for (int i = 0; i < 6; i++) {
		int udp;

		rig_reset(l->rig);
		talk_shop(l->rig, family, servers[i / 2], IPPROTO_UDP);
		udp = connect_to(l, i % 2 ? NODE : ALICE, family, SOCK_DGRAM, SHOP, 80);
		assert_int_equal(send(udp, "ping", 4, 0), 4);
		await(udp, POLLIN | POLLERR);
		assert_int_equal(recv(udp, (char[8]){}, 8, 0), -1);
		assert_int_equal(errno, ECONNREFUSED);
		close(udp);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
		TEST(pods_talk_without_translation),
		TEST(services_are_balanced_packet_by_packet),
		TEST(world_talks_to_the_node),
		TEST(nodeports_serve_the_outside),
		TEST(node_is_served_packet_by_packet),
		TEST(node_serves_in_its_own_network),
		TEST(datagrams_of_many_fragments_reach_their_server),
		TEST(refusals_reach_the_socket),
		TEST(closed_port_of_a_backend_is_told_to_the_client),
	};

	return cmocka_run_group_tests(tests, make, end);
}
