// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The stage for tests of the socket hooks.
 *
 * The cgroup lies below the cgroup v2 mount, wherever that is, and is removed with the stage. Only the test's own process is in it.
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

#include "sock_stage.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

const char *const sock_vip[2] = {"10.96.0.10", "fd00:96::10"};
const char *const sock_second[2] = {"10.96.0.20", "fd00:96::20"};
const char *const sock_lost[2] = {"10.96.0.99", "fd00:96::99"};

socklen_t sock_address(int v6, const char *text, uint16_t port, struct sockaddr_storage *ret)
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

void sock_is(const struct sockaddr_storage *a, const char *text, uint16_t port)
{
	const void *addr = a->ss_family == AF_INET6
				   ? (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr
				   : (const void *)&((const struct sockaddr_in *)a)->sin_addr;
	char buf[INET6_ADDRSTRLEN];

	assert_string_equal(inet_ntop(a->ss_family, addr, buf, sizeof(buf)), text);
	assert_int_equal(port_of(a), port);
}

const char *sock_backend_addr(int v6)
{
	return v6 ? "::1" : "127.0.1.1";
}

static int serve(int v6, int datagram, int backend)
{
	int fd = socket(v6 ? AF_INET6 : AF_INET,
			(datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_storage a;
	socklen_t len = sock_address(v6, sock_backend_addr(v6), (uint16_t)(PORT + backend), &a);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (void *)&a, len), 0);
	if (!datagram)
		assert_int_equal(listen(fd, 16), 0);
	return fd;
}

void sock_link_up(void)
{
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &ifr), 0);
	close(fd);
}

uint64_t sock_netns_cookie(void)
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

void sock_backend(struct stage *s, int v6, uint32_t backend, uint32_t generation, int live)
{
	struct bl_backend b = {
		.port = htons((uint16_t)(PORT + backend)),
		.flags = live ? BL_BACKEND_LIVE : 0,
		.generation = generation,
	};
	uint32_t id = 1 + (uint32_t)v6 * 10 + backend;

	inet_pton(v6 ? AF_INET6 : AF_INET, sock_backend_addr(v6), &b.addr);
	put(s->skel->maps.backend, &id, &b);
	put(s->skel->maps.slot, &id, &id); /* slots are numbered like backends here */
}

static void put_service(struct stage *s, int v6, const char *addr, uint16_t port, uint8_t proto,
			uint8_t scope, struct bl_service svc)
{
	struct bl_service4_key key4 = {.port = htons(port), .proto = proto, .scope = scope};
	struct bl_service6_key key6 = {.port = htons(port), .proto = proto, .scope = scope};

	svc.id = port;
	svc.first_slot += 1 + (uint32_t)v6 * 10;
	if (v6) {
		inet_pton(AF_INET6, addr, &key6.addr);
		put(s->skel->maps.service6, &key6, &svc);
	} else {
		inet_pton(AF_INET, addr, &key4.addr);
		put(s->skel->maps.service4, &key4, &svc);
	}
}

void sock_service(struct stage *s, int v6, const char *addr, uint16_t port, uint8_t proto,
		  uint8_t scope, uint32_t first, uint32_t count)
{
	put_service(s, v6, addr, port, proto, scope,
		    (struct bl_service){.first_slot = first, .slot_count = count});
}

void sock_sticky(struct stage *s, int v6, const char *addr, uint16_t port, uint8_t proto,
		 uint32_t first, uint32_t count, uint32_t affinity_s)
{
	put_service(s, v6, addr, port, proto, BL_SCOPE_CLUSTER,
		    (struct bl_service){.first_slot = first,
					.slot_count = count,
					.affinity_s = affinity_s & 0xffffff});
}

static void put_services(struct stage *s, uint32_t first, uint32_t count)
{
	static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP};

	FAMILIES(v6)
	for (int i = 0; i < 2; i++) {
		sock_service(s, v6, sock_vip[v6], VIP_PORT, protos[i], BL_SCOPE_CLUSTER, first,
			     count);
		sock_service(s, v6, v6 ? "::" : "0.0.0.0", NODE_PORT, protos[i], BL_SCOPE_NODEPORT,
			     first, count);
	}
}

static void put_facts(struct stage *s)
{
	struct bl_config cfg = {
		.snat_port_first = 61000,
		.snat_port_last = 65535,
		.nodeport_first = 30000,
		.nodeport_last = 32767,
		.flags = BL_CONFIG_LOOPBACK4 | BL_CONFIG_LOOPBACK6,
	};
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
		sock_backend(s, v6, i, 1, 1);
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

int sock_setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	sock_link_up();
	FAMILIES(v6)
	for (int i = 0; i < BACKENDS; i++) {
		s->server[v6][0][i] = serve(v6, 0, i);
		s->server[v6][1][i] = serve(v6, 1, i);
	}
	find_cgroup2(s->cgroup, sizeof(s->cgroup));
	s->skel = sock_bpf__open();
	assert_non_null(s->skel);
	s->skel->rodata->bl_node_netns = sock_netns_cookie();
	assert_int_equal(sock_bpf__load(s->skel), 0);
	put_facts(s);
	attach(s);
	*state = s;
	return 0;
}

int sock_teardown(void **state)
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

int sock_reset(void **state)
{
	struct stage *s = *state;

	put_facts(s);
	put_services(s, 0, BACKENDS);
	return 0;
}

int sock_dial(int domain, int type, int v6, const char *text, uint16_t port)
{
	int fd = socket(domain, type | SOCK_CLOEXEC, 0);
	struct sockaddr_storage a;
	socklen_t len = sock_address(v6, text, port, &a);

	assert_true(fd >= 0);
	if (!connect(fd, (void *)&a, len))
		return fd;
	len = (socklen_t)errno;
	close(fd);
	return -(int)len;
}
