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

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "../lib/sock_stage.h"
#include "bpf/sock.skel.h"

static void stream_reaches_a_backend_and_names_the_service(void **state)
{
	struct stage *s = *state;

	FAMILIES(v6)
	{
		int fd = sock_dial(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, v6, sock_vip[v6],
				   VIP_PORT),
		    got = 0;
		struct sockaddr_storage peer;
		socklen_t len = sizeof(peer);

		assert_true(fd >= 0);
		assert_int_equal(getpeername(fd, (void *)&peer, &len), 0);
		sock_is(&peer, sock_vip[v6], VIP_PORT);
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
	int fd = sock_dial(AF_INET6, SOCK_STREAM, 1, "::ffff:10.96.0.10", VIP_PORT);
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(getpeername(fd, (void *)&peer, &len), 0);
	sock_is(&peer, "::ffff:10.96.0.10", VIP_PORT);
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
	socklen_t len = sock_address(v6, to, port, &a);

	return sendto(fd, "ping", 4, 0, (void *)&a, len) < 0 ? -errno : 0;
}

static void assert_answered_by(int fd, const char *text, uint16_t port)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char buf[16];

	assert_int_equal(recvfrom(fd, buf, sizeof(buf), 0, (void *)&from, &len), 4);
	sock_is(&from, text, port);
}

static void datagrams_keep_their_backend_and_are_answered_by_the_service(void **state)
{
	struct stage *s = *state;

	FAMILIES(v6)
	{
		int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), first = -1;

		for (int i = 0; i < 20; i++) {
			int backend;

			assert_int_equal(send_datagram(fd, v6, sock_vip[v6], VIP_PORT), 0);
			backend = answer_datagram(s, v6);
			assert_true(backend >= 0);
			if (i)
				assert_int_equal(backend, first);
			first = backend;
			assert_answered_by(fd, sock_vip[v6], VIP_PORT);
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
		int fd = sock_dial(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, v6, sock_vip[v6], VIP_PORT);

		assert_true(fd >= 0);
		assert_int_equal(send(fd, "ping", 4, 0), 4);
		assert_true(answer_datagram(s, v6) >= 0);
		assert_answered_by(fd, sock_vip[v6], VIP_PORT);
		close(fd);
	}
}

static void datagrams_move_when_their_backend_goes(void **state)
{
	struct stage *s = *state;

	FAMILIES(v6)
	{
		int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), old;

		assert_int_equal(send_datagram(fd, v6, sock_vip[v6], VIP_PORT), 0);
		old = answer_datagram(s, v6);
		assert_answered_by(fd, sock_vip[v6], VIP_PORT);
		sock_backend(s, v6, (uint32_t)old, 2, 0);
		sock_service(s, v6, sock_vip[v6], VIP_PORT, IPPROTO_UDP, BL_SCOPE_CLUSTER,
			     (uint32_t)(old + 1) % BACKENDS, 1);
		assert_int_equal(send_datagram(fd, v6, sock_vip[v6], VIP_PORT), 0);
		assert_int_equal(answer_datagram(s, v6), (old + 1) % BACKENDS);
		assert_answered_by(fd, sock_vip[v6], VIP_PORT);
		sock_service(s, v6, sock_vip[v6], VIP_PORT, IPPROTO_UDP, BL_SCOPE_CLUSTER, 0, 0);
		assert_int_equal(send_datagram(fd, v6, sock_vip[v6], VIP_PORT), -ECONNREFUSED);
		close(fd);
	}
}

static void streams_spread_over_the_backends(void **state)
{
	struct stage *s = *state;
	int got[BACKENDS] = {};

	for (int i = 0; i < 60; i++) {
		int fd = sock_dial(AF_INET, SOCK_STREAM, 0, sock_vip[0], VIP_PORT);

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

/* A connection to the service, and the backend that it has got. */
static int backend_of_stream(struct stage *s, int v6)
{
	int fd = sock_dial(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, v6, sock_vip[v6], VIP_PORT);
	int backend = -1;

	assert_true(fd >= 0);
	for (int b = 0; b < BACKENDS; b++) {
		int conn = accept4(s->server[v6][0][b], NULL, NULL, SOCK_CLOEXEC);

		if (conn < 0)
			continue;
		backend = b;
		close(conn);
	}
	close(fd);
	return backend;
}

static void affinity_keeps_a_client_at_its_backend(void **state)
{
	struct stage *s = *state;

	FAMILIES(v6)
	{
		int first;

		sock_sticky(s, v6, sock_vip[v6], VIP_PORT, IPPROTO_TCP, 0, BACKENDS, 3600);
		first = backend_of_stream(s, v6);
		for (int i = 0; i < 20; i++)
			assert_int_equal(backend_of_stream(s, v6), first);
		/* other slots, the same backend among them, and then not */
		sock_sticky(s, v6, sock_vip[v6], VIP_PORT, IPPROTO_TCP, (uint32_t)first,
			    (uint32_t)(BACKENDS - first), 3600);
		assert_int_equal(backend_of_stream(s, v6), first);
		sock_sticky(s, v6, sock_vip[v6], VIP_PORT, IPPROTO_TCP,
			    (uint32_t)(first + 1) % BACKENDS, 1, 3600);
		assert_int_equal(backend_of_stream(s, v6), (first + 1) % BACKENDS);
		/* who has moved stays there, as long as that backend is the one it was */
		sock_sticky(s, v6, sock_vip[v6], VIP_PORT, IPPROTO_TCP, 0, BACKENDS, 3600);
		for (int i = 0; i < 20; i++)
			assert_int_equal(backend_of_stream(s, v6), (first + 1) % BACKENDS);
	}
}

static void affinity_ends_with_its_time(void **state)
{
	struct stage *s = *state;

	FAMILIES(v6)
	{
		struct bl_affinity6_key key = {.service = VIP_PORT | BL_AFFINITY_NETNS};
		int map = bpf_map__fd(s->skel->maps.affinity6), seen[BACKENDS] = {}, moved = 0;
		uint64_t cookie = sock_netns_cookie();
		struct bl_affinity a;

		key.addr.w[0] = (uint32_t)cookie;
		key.addr.w[1] = (uint32_t)(cookie >> 32);
		key.addr.w[3] = v6 ? 6 : 4;
		sock_sticky(s, v6, sock_vip[v6], VIP_PORT, IPPROTO_TCP, 0, BACKENDS, 100);
		for (int i = 0; i < 60; i++) {
			seen[backend_of_stream(s, v6)]++;
			assert_int_equal(bpf_map_lookup_elem(map, &key, &a), 0);
			a.used_s -= 101;
			assert_int_equal(bpf_map_update_elem(map, &key, &a, BPF_EXIST), 0);
		}
		for (int b = 0; b < BACKENDS; b++)
			moved += seen[b] > 0;
		assert_true(moved > 1);
	}
}

static void affinity_belongs_to_a_namespace(void **state)
{
	struct stage *s = *state;
	int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	FAMILIES(v6)
	{
		int first;

		sock_sticky(s, v6, sock_vip[v6], VIP_PORT, IPPROTO_TCP, 0, 1, 3600);
		first = backend_of_stream(s, v6);
		assert_int_equal(first, 0);
		/* Another namespace has another choice, though the same service: nobody listens there, but its entry is made. */
		assert_int_equal(unshare(CLONE_NEWNET), 0);
		sock_link_up();
		sock_sticky(s, v6, sock_vip[v6], VIP_PORT, IPPROTO_TCP, 1, 1, 3600);
		assert_int_equal(
			sock_dial(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, v6, sock_vip[v6], VIP_PORT),
			-ECONNREFUSED);
		assert_int_equal(setns(own, CLONE_NEWNET), 0);
		sock_sticky(s, v6, sock_vip[v6], VIP_PORT, IPPROTO_TCP, 0, BACKENDS, 3600);
		for (int i = 0; i < 10; i++)
			assert_int_equal(backend_of_stream(s, v6), first);
	}
	close(own);
}

static void nodeport_on_loopback_is_served_to_the_node_only(void **state)
{
	struct stage *s = *state;
	int other, own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	FAMILIES(v6)
	{
		const char *loopback = v6 ? "::1" : "127.0.0.1";
		int fd = sock_dial(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, v6, loopback, NODE_PORT);

		assert_true(fd >= 0);
		assert_int_equal(send(fd, "ping", 4, 0), 4);
		assert_true(answer_datagram(s, v6) >= 0);
		assert_answered_by(fd, loopback, NODE_PORT);
		close(fd);
	}
	/* The same from another namespace, as a pod's: nobody listens there. */
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	sock_link_up();
	FAMILIES(v6)
	{
		other = sock_dial(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, v6,
				  v6 ? "::1" : "127.0.0.1", NODE_PORT);
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

		sock_service(s, v6, sock_vip[v6], VIP_PORT, IPPROTO_TCP, BL_SCOPE_CLUSTER, 0, 0);
		assert_int_equal(sock_dial(domain, SOCK_STREAM, v6, sock_vip[v6], VIP_PORT),
				 -ECONNREFUSED);
		assert_int_equal(sock_dial(domain, SOCK_STREAM, v6, sock_vip[v6], 81),
				 -ECONNREFUSED);
		assert_int_equal(sock_dial(domain, SOCK_STREAM, v6, sock_lost[v6], 80),
				 -ECONNREFUSED);
		assert_int_equal(sock_dial(domain, SOCK_DGRAM, v6, sock_lost[v6], 80),
				 -ECONNREFUSED);
		assert_int_equal(send_datagram(fd, v6, sock_lost[v6], 80), -ECONNREFUSED);
		close(fd);
	}
}

static void owned_address_outside_the_service_ranges_is_refused(void **state)
{
	static const char *const owned[] = {"198.51.100.7", "2001:db8:7::7"};

	FAMILIES(v6)
	{
		int domain = v6 ? AF_INET6 : AF_INET;

		assert_int_not_equal(sock_dial(domain, SOCK_STREAM, v6, owned[v6], 80),
				     -ECONNREFUSED);
		sock_service(*state, v6, owned[v6], 0, 0, BL_SCOPE_ADDR, 0, 0);
		assert_int_equal(sock_dial(domain, SOCK_STREAM, v6, owned[v6], 80), -ECONNREFUSED);
		assert_int_equal(sock_dial(domain, SOCK_DGRAM, v6, owned[v6], 80), -ECONNREFUSED);
	}
}

/* Its receiver may be a client of this very host, whom the service stands in for; otherwise the packet is refused later. */
static void datagram_to_a_port_for_translation_is_left_to_the_packet_programs(void **state)
{
	(void)state;
	FAMILIES(v6)
	{
		int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		assert_int_not_equal(send_datagram(fd, v6, sock_lost[v6], 61000), -ECONNREFUSED);
		assert_int_not_equal(send_datagram(fd, v6, sock_lost[v6], 65535), -ECONNREFUSED);
		assert_int_equal(send_datagram(fd, v6, sock_lost[v6], 60999), -ECONNREFUSED);
		assert_int_equal(
			sock_dial(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, v6, sock_lost[v6], 61000),
			-ECONNREFUSED);
		close(fd);
	}
}

static void direct_addresses_are_left_alone(void **state)
{
	FAMILIES(v6)
	{
		int fd = sock_dial(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, v6, sock_backend_addr(v6),
				   PORT);
		struct sockaddr_storage peer;
		socklen_t len = sizeof(peer);

		assert_true(fd >= 0);
		assert_int_equal(getpeername(fd, (void *)&peer, &len), 0);
		sock_is(&peer, sock_backend_addr(v6), PORT);
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

		sock_service(s, v6, sock_vip[v6], VIP_PORT, IPPROTO_UDP, BL_SCOPE_CLUSTER, 0, 1);
		sock_service(s, v6, sock_second[v6], VIP_PORT, IPPROTO_UDP, BL_SCOPE_CLUSTER, 0, 1);
		assert_int_equal(send_datagram(fd, v6, sock_vip[v6], VIP_PORT), 0);
		assert_int_equal(answer_datagram(s, v6), 0);
		assert_answered_by(fd, sock_vip[v6], VIP_PORT);
		assert_int_equal(send_datagram(fd, v6, sock_second[v6], VIP_PORT), 0);
		assert_int_equal(answer_datagram(s, v6), 0);
		assert_answered_by(fd, sock_second[v6], VIP_PORT);
		close(fd);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, sock_reset)
	const struct CMUnitTest tests[] = {
		TEST(stream_reaches_a_backend_and_names_the_service),
		TEST(mapped_addresses_are_ipv4),
		TEST(datagrams_keep_their_backend_and_are_answered_by_the_service),
		TEST(mapped_datagrams_are_ipv4),
		TEST(connected_datagrams_reach_one_backend),
		TEST(datagrams_move_when_their_backend_goes),
		TEST(streams_spread_over_the_backends),
		TEST(affinity_keeps_a_client_at_its_backend),
		TEST(affinity_ends_with_its_time),
		TEST(affinity_belongs_to_a_namespace),
		TEST(nodeport_on_loopback_is_served_to_the_node_only),
		TEST(what_nobody_serves_is_refused),
		TEST(owned_address_outside_the_service_ranges_is_refused),
		TEST(datagram_to_a_port_for_translation_is_left_to_the_packet_programs),
		TEST(direct_addresses_are_left_alone),
		TEST(second_service_of_a_backend_is_answered_under_its_name),
	};

	return cmocka_run_group_tests(tests, sock_setup, sock_teardown);
}
