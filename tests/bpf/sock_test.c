// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The socket hooks under real sockets.
 *
 * BPF_PROG_TEST_RUN does not know these hooks, so the programs are attached to a cgroup of the test's own, in a network namespace of
 * its own where all addresses of the cast lie on the loopback link. Servers answer with the address they were reached at, so that
 * each answer says which backend it came from.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beeline/config.h"
#include "beeline/maps.h"
#include "bpf/sock.skel.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

#define BACKENDS  3
#define PORT	  8080
#define VIP_PORT  80
#define NODE_PORT 30080

struct stage {
	struct sock_bpf *skel;
	struct bpf_link *link[8];
	char cgroup[300];
	int server[2][2][BACKENDS]; /* family, datagram, backend */
};

/* The loopback network serves as backends 127.0.1.1..; IPv6 has but ::1, and tells its backends apart by port. */
static const char *const vip[2] = {"10.96.0.10", "fd00:96::10"};
static const char *const second_vip[2] = {"10.96.0.20", "fd00:96::20"};
static const char *const lost[2] = {"10.96.0.99", "fd00:96::99"};

#define FAMILIES(v6) for (int v6 = 0; v6 < 2; v6++)

static socklen_t address(int v6, const char *text, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in6 *in6 = (void *)ret;
	struct sockaddr_in *in = (void *)ret;

	memset(ret, 0, sizeof(*ret));
	if (v6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		assert_int_equal(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	assert_int_equal(inet_pton(AF_INET, text, &in->sin_addr), 1);
	return sizeof(*in);
}

static uint16_t port_of(const struct sockaddr_storage *a)
{
	return ntohs(a->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)a)->sin6_port
					      : ((const struct sockaddr_in *)a)->sin_port);
}

static void assert_address(const struct sockaddr_storage *a, const char *text, uint16_t port)
{
	const void *addr = a->ss_family == AF_INET6
				   ? (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr
				   : (const void *)&((const struct sockaddr_in *)a)->sin_addr;
	char buf[INET6_ADDRSTRLEN];

	assert_string_equal(inet_ntop(a->ss_family, addr, buf, sizeof(buf)), text);
	assert_int_equal(port_of(a), port);
}

static const char *backend_addr(int v6)
{
	return v6 ? "::1" : "127.0.1.1";
}

static int serve(int v6, int datagram, int backend)
{
	int fd = socket(v6 ? AF_INET6 : AF_INET,
			(datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_storage a;
	socklen_t len = address(v6, backend_addr(v6), (uint16_t)(PORT + backend), &a);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (void *)&a, len), 0);
	if (!datagram)
		assert_int_equal(listen(fd, 16), 0);
	return fd;
}

static void link_up(void)
{
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &ifr), 0);
	close(fd);
}

static uint64_t netns_cookie(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len), 0);
	close(fd);
	return cookie;
}

static void put(const struct bpf_map *map, const void *key, const void *value)
{
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY), 0);
}

static void put_backend(struct stage *s, int v6, uint32_t backend, uint32_t generation, int live)
{
	struct bl_backend b = {
		.port = htons((uint16_t)(PORT + backend)),
		.flags = live ? BL_BACKEND_LIVE : 0,
		.generation = generation,
	};
	uint32_t id = 1 + (uint32_t)v6 * 10 + backend;

	inet_pton(v6 ? AF_INET6 : AF_INET, backend_addr(v6), &b.addr);
	put(s->skel->maps.backend, &id, &b);
	put(s->skel->maps.slot, &id, &id); /* slots are numbered like backends here */
}

static void put_service(struct stage *s, int v6, const char *addr, uint16_t port, uint8_t proto,
			uint8_t scope, uint32_t first, uint32_t count)
{
	struct bl_service svc = {
		.id = port, .first_slot = 1 + (uint32_t)v6 * 10 + first, .slot_count = count};
	struct bl_service4_key key4 = {.port = htons(port), .proto = proto, .scope = scope};
	struct bl_service6_key key6 = {.port = htons(port), .proto = proto, .scope = scope};

	if (v6) {
		inet_pton(AF_INET6, addr, &key6.addr);
		put(s->skel->maps.service6, &key6, &svc);
	} else {
		inet_pton(AF_INET, addr, &key4.addr);
		put(s->skel->maps.service4, &key4, &svc);
	}
}

static void put_services(struct stage *s, uint32_t first, uint32_t count)
{
	static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP};

	FAMILIES(v6)
	for (int i = 0; i < 2; i++) {
		put_service(s, v6, vip[v6], VIP_PORT, protos[i], BL_SCOPE_CLUSTER, first, count);
		put_service(s, v6, v6 ? "::" : "0.0.0.0", NODE_PORT, protos[i], BL_SCOPE_NODEPORT,
			    first, count);
	}
}

static void put_facts(struct stage *s)
{
	struct bl_config cfg = {.nodeport_first = 30000, .nodeport_last = 32767};
	struct bl_prefix range = {.flags = BL_PREFIX_SERVICE};
	struct bl_prefix4_key key4 = {.len = 16};
	struct bl_prefix6_key key6 = {.len = 32};
	uint32_t zero = 0;

	inet_pton(AF_INET, "10.96.0.0", &key4.addr);
	inet_pton(AF_INET6, "fd00:96::", &key6.addr);
	put(s->skel->maps.config, &zero, &cfg);
	put(s->skel->maps.prefix4, &key4, &range);
	put(s->skel->maps.prefix6, &key6, &range);
	FAMILIES(v6)
	for (uint32_t i = 0; i < BACKENDS; i++)
		put_backend(s, v6, i, 1, 1);
}

static void find_cgroup2(char *ret, size_t size)
{
	char line[512], path[256], type[32];
	FILE *f = fopen("/proc/mounts", "re");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %255s %31s", path, type) == 2 && !strcmp(type, "cgroup2"))
			break;
	fclose(f);
	assert_string_equal(type, "cgroup2");
	snprintf(ret, size, "%s/bl-sock-test-%d", path, getpid());
}

static void enter_cgroup(const char *cgroup, const char *leaf)
{
	char path[400], pid[16];
	int fd, len;

	snprintf(path, sizeof(path), "%s%s/cgroup.procs", cgroup, leaf);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	len = snprintf(pid, sizeof(pid), "%d", getpid());
	assert_int_equal(write(fd, pid, (size_t)len), len);
	close(fd);
}

static void attach(struct stage *s)
{
	struct bpf_program *p;
	int fd, n = 0;

	assert_int_equal(mkdir(s->cgroup, 0700), 0);
	fd = open(s->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	bpf_object__for_each_program(p, s->skel->obj)
	{
		s->link[n] = bpf_program__attach_cgroup(p, fd);
		assert_non_null(s->link[n++]);
	}
	close(fd);
	assert_int_equal(n, 8);
	enter_cgroup(s->cgroup, "");
}

static int make(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	link_up();
	FAMILIES(v6)
	for (int i = 0; i < BACKENDS; i++) {
		s->server[v6][0][i] = serve(v6, 0, i);
		s->server[v6][1][i] = serve(v6, 1, i);
	}
	find_cgroup2(s->cgroup, sizeof(s->cgroup));
	s->skel = sock_bpf__open();
	assert_non_null(s->skel);
	s->skel->rodata->bl_node_netns = netns_cookie();
	assert_int_equal(sock_bpf__load(s->skel), 0);
	put_facts(s);
	attach(s);
	*state = s;
	return 0;
}

static int end(void **state)
{
	struct stage *s = *state;
	char root[320];

	for (int i = 0; i < 8; i++)
		bpf_link__destroy(s->link[i]);
	snprintf(root, sizeof(root), "%s/..", s->cgroup);
	enter_cgroup(root, "");
	assert_int_equal(rmdir(s->cgroup), 0);
	sock_bpf__destroy(s->skel);
	FAMILIES(v6)
	for (int i = 0; i < BACKENDS * 2; i++)
		close(s->server[v6][i / BACKENDS][i % BACKENDS]);
	free(s);
	return 0;
}

static int reset(void **state)
{
	struct stage *s = *state;

	put_facts(s);
	put_services(s, 0, BACKENDS);
	return 0;
}

/* A socket of `domain` connected to text:port, or the negative errno. */
static int dial(int domain, int type, int v6, const char *text, uint16_t port)
{
	int fd = socket(domain, type | SOCK_CLOEXEC, 0);
	struct sockaddr_storage a;
	socklen_t len = address(v6, text, port, &a);

	assert_true(fd >= 0);
	if (!connect(fd, (void *)&a, len))
		return fd;
	len = (socklen_t)errno;
	close(fd);
	return -(int)len;
}

static void stream_reaches_a_backend_and_names_the_service(void **state)
{
	struct stage *s = *state;

	FAMILIES(v6)
	{
		int fd = dial(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, v6, vip[v6], VIP_PORT), got = 0;
		struct sockaddr_storage peer;
		socklen_t len = sizeof(peer);

		assert_true(fd >= 0);
		assert_int_equal(getpeername(fd, (void *)&peer, &len), 0);
		assert_address(&peer, vip[v6], VIP_PORT);
		for (int i = 0; i < BACKENDS; i++) {
			int conn = accept4(s->server[v6][0][i], NULL, NULL, SOCK_CLOEXEC);

			got += conn >= 0;
			if (conn >= 0)
				close(conn);
		}
		assert_int_equal(got, 1);
		close(fd);
	}
}

static void mapped_addresses_are_ipv4(void **state)
{
	int fd = dial(AF_INET6, SOCK_STREAM, 1, "::ffff:10.96.0.10", VIP_PORT);
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(getpeername(fd, (void *)&peer, &len), 0);
	assert_address(&peer, "::ffff:10.96.0.10", VIP_PORT);
	close(fd);
}

/* Which backend has a datagram waiting? It answers it. */
static int answer_datagram(struct stage *s, int v6)
{
	for (int i = 0; i < BACKENDS; i++) {
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);
		char buf[16];

		if (recvfrom(s->server[v6][1][i], buf, sizeof(buf), 0, (void *)&from, &len) < 0)
			continue;
		assert_int_equal(sendto(s->server[v6][1][i], "pong", 4, 0, (void *)&from, len), 4);
		return i;
	}
	return -1;
}

static int send_datagram(int fd, int v6, const char *to, uint16_t port)
{
	struct sockaddr_storage a;
	socklen_t len = address(v6, to, port, &a);

	return sendto(fd, "ping", 4, 0, (void *)&a, len) < 0 ? -errno : 0;
}

static void assert_answered_by(int fd, const char *text, uint16_t port)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char buf[16];

	assert_int_equal(recvfrom(fd, buf, sizeof(buf), 0, (void *)&from, &len), 4);
	assert_address(&from, text, port);
}

static void datagrams_keep_their_backend_and_are_answered_by_the_service(void **state)
{
	struct stage *s = *state;

	FAMILIES(v6)
	{
		int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), first = -1;

		for (int i = 0; i < 20; i++) {
			int backend;

			assert_int_equal(send_datagram(fd, v6, vip[v6], VIP_PORT), 0);
			backend = answer_datagram(s, v6);
			assert_true(backend >= 0);
			if (i)
				assert_int_equal(backend, first);
			first = backend;
			assert_answered_by(fd, vip[v6], VIP_PORT);
		}
		close(fd);
	}
}

static void mapped_datagrams_are_ipv4(void **state)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(send_datagram(fd, 1, "::ffff:10.96.0.10", VIP_PORT), 0);
	assert_true(answer_datagram(*state, 0) >= 0);
	assert_answered_by(fd, "::ffff:10.96.0.10", VIP_PORT);
	close(fd);
}

static void connected_datagrams_reach_one_backend(void **state)
{
	struct stage *s = *state;

	FAMILIES(v6)
	{
		int fd = dial(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, v6, vip[v6], VIP_PORT);

		assert_true(fd >= 0);
		assert_int_equal(send(fd, "ping", 4, 0), 4);
		assert_true(answer_datagram(s, v6) >= 0);
		assert_answered_by(fd, vip[v6], VIP_PORT);
		close(fd);
	}
}

static void datagrams_move_when_their_backend_goes(void **state)
{
	struct stage *s = *state;

	FAMILIES(v6)
	{
		int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), old;

		assert_int_equal(send_datagram(fd, v6, vip[v6], VIP_PORT), 0);
		old = answer_datagram(s, v6);
		assert_answered_by(fd, vip[v6], VIP_PORT);
		put_backend(s, v6, (uint32_t)old, 2, 0);
		put_service(s, v6, vip[v6], VIP_PORT, IPPROTO_UDP, BL_SCOPE_CLUSTER,
			    (uint32_t)(old + 1) % BACKENDS, 1);
		assert_int_equal(send_datagram(fd, v6, vip[v6], VIP_PORT), 0);
		assert_int_equal(answer_datagram(s, v6), (old + 1) % BACKENDS);
		assert_answered_by(fd, vip[v6], VIP_PORT);
		put_service(s, v6, vip[v6], VIP_PORT, IPPROTO_UDP, BL_SCOPE_CLUSTER, 0, 0);
		assert_int_equal(send_datagram(fd, v6, vip[v6], VIP_PORT), -ECONNREFUSED);
		close(fd);
	}
}

static void streams_spread_over_the_backends(void **state)
{
	struct stage *s = *state;
	int got[BACKENDS] = {};

	for (int i = 0; i < 60; i++) {
		int fd = dial(AF_INET, SOCK_STREAM, 0, vip[0], VIP_PORT);

		assert_true(fd >= 0);
		for (int b = 0; b < BACKENDS; b++) {
			int conn = accept4(s->server[0][0][b], NULL, NULL, SOCK_CLOEXEC);

			got[b] += conn >= 0;
			if (conn >= 0)
				close(conn);
		}
		close(fd);
	}
	for (int b = 0; b < BACKENDS; b++)
		assert_in_range(got[b], 5, 40);
}

static void nodeport_on_loopback_is_served_to_the_node_only(void **state)
{
	struct stage *s = *state;
	int other, own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	FAMILIES(v6)
	{
		const char *loopback = v6 ? "::1" : "127.0.0.1";
		int fd = dial(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, v6, loopback, NODE_PORT);

		assert_true(fd >= 0);
		assert_int_equal(send(fd, "ping", 4, 0), 4);
		assert_true(answer_datagram(s, v6) >= 0);
		assert_answered_by(fd, loopback, NODE_PORT);
		close(fd);
	}
	/* The same from another namespace, as a pod's: nobody listens there. */
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	link_up();
	FAMILIES(v6)
	{
		other = dial(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, v6, v6 ? "::1" : "127.0.0.1",
			     NODE_PORT);
		assert_int_equal(other, -ECONNREFUSED);
		assert_int_equal(answer_datagram(s, v6), -1);
	}
	assert_int_equal(setns(own, CLONE_NEWNET), 0);
	close(own);
}

static void what_nobody_serves_is_refused(void **state)
{
	struct stage *s = *state;

	FAMILIES(v6)
	{
		int domain = v6 ? AF_INET6 : AF_INET;
		int fd = socket(domain, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		put_service(s, v6, vip[v6], VIP_PORT, IPPROTO_TCP, BL_SCOPE_CLUSTER, 0, 0);
		assert_int_equal(dial(domain, SOCK_STREAM, v6, vip[v6], VIP_PORT), -ECONNREFUSED);
		assert_int_equal(dial(domain, SOCK_STREAM, v6, vip[v6], 81), -ECONNREFUSED);
		assert_int_equal(dial(domain, SOCK_STREAM, v6, lost[v6], 80), -ECONNREFUSED);
		assert_int_equal(dial(domain, SOCK_DGRAM, v6, lost[v6], 80), -ECONNREFUSED);
		assert_int_equal(send_datagram(fd, v6, lost[v6], 80), -ECONNREFUSED);
		close(fd);
	}
}

static void direct_addresses_are_left_alone(void **state)
{
	FAMILIES(v6)
	{
		int fd = dial(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, v6, backend_addr(v6), PORT);
		struct sockaddr_storage peer;
		socklen_t len = sizeof(peer);

		assert_true(fd >= 0);
		assert_int_equal(getpeername(fd, (void *)&peer, &len), 0);
		assert_address(&peer, backend_addr(v6), PORT);
		close(accept4(((struct stage *)*state)->server[v6][0][0], NULL, NULL,
			      SOCK_CLOEXEC));
		close(fd);
	}
}

/* On the node, where no link balances packets, the newer service names the backend. */
static void second_service_of_a_backend_is_answered_under_its_name(void **state)
{
	struct stage *s = *state;

	FAMILIES(v6)
	{
		int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		put_service(s, v6, vip[v6], VIP_PORT, IPPROTO_UDP, BL_SCOPE_CLUSTER, 0, 1);
		put_service(s, v6, second_vip[v6], VIP_PORT, IPPROTO_UDP, BL_SCOPE_CLUSTER, 0, 1);
		assert_int_equal(send_datagram(fd, v6, vip[v6], VIP_PORT), 0);
		assert_int_equal(answer_datagram(s, v6), 0);
		assert_answered_by(fd, vip[v6], VIP_PORT);
		assert_int_equal(send_datagram(fd, v6, second_vip[v6], VIP_PORT), 0);
		assert_int_equal(answer_datagram(s, v6), 0);
		assert_answered_by(fd, second_vip[v6], VIP_PORT);
		close(fd);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
		TEST(stream_reaches_a_backend_and_names_the_service),
		TEST(mapped_addresses_are_ipv4),
		TEST(datagrams_keep_their_backend_and_are_answered_by_the_service),
		TEST(mapped_datagrams_are_ipv4),
		TEST(connected_datagrams_reach_one_backend),
		TEST(datagrams_move_when_their_backend_goes),
		TEST(streams_spread_over_the_backends),
		TEST(nodeport_on_loopback_is_served_to_the_node_only),
		TEST(what_nobody_serves_is_refused),
		TEST(direct_addresses_are_left_alone),
		TEST(second_service_of_a_backend_is_answered_under_its_name),
	};

	return cmocka_run_group_tests(tests, make, end);
}
