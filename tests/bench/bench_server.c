// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The far end of every bench: answers, swallows, sends and echoes on several ports, in one loop.
 *
 * All ports do the same; the first byte of a connection or datagram says what is wanted (lib/wire.h). A request is read in the turn in
 * which its connection is accepted, since it is there by then as a rule, so that connect+request+response+close costs the server five
 * system calls. IPv4 and IPv6 have sockets of their own. Says READY when it listens, and ends by SIGTERM or with its standard
 * input, so that it never outlives who started it by a pipe.
 */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "lib/flag.h"
#include "lib/place.h"
#include "lib/wire.h"

#define FDS   4096
#define BULK  (256 * 1024)
#define BATCH 64
#define RUNS  16

enum role {
	ROLE_NONE,
	ROLE_LISTEN,
	ROLE_NEW, /* accepted, nothing read yet */
	ROLE_KEEP,
	ROLE_SINK,
	ROLE_SOURCE,
	ROLE_UDP,
	ROLE_INPUT, /* our standard input */
};

struct run {
	uint32_t id;
	uint64_t count;
};

struct server {
	int epoll;
	bool ended;
	struct {
		enum role role;
		uint64_t bytes;
	} at[FDS];
	struct run run[RUNS];
	uint32_t next_run;
	uint8_t bulk[BULK];
	uint8_t packet[BATCH][BL_WIRE_MAX];
	struct sockaddr_storage from[BATCH];
	union {
		struct cmsghdr align;
		uint8_t bytes[64]; /* one in_pktinfo or in6_pktinfo */
	} control[BATCH];
};

static int watch(struct server *s, int fd, enum role role, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.fd = fd};

	s->at[fd].role = role;
	s->at[fd].bytes = 0;
	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev);
}

static void leave(struct server *s, int fd)
{
	s->at[fd].role = ROLE_NONE;
	close(fd);
}

static void answer(struct server *s, int fd, const void *data, size_t len)
{
	/* What does not fit at once into an empty socket's buffer is no request of ours. */
	if (send(fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
		leave(s, fd);
}

static void feed(struct server *s, int fd)
{
	if (send(fd, s->bulk, BULK, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		leave(s, fd);
}

/* The first bytes of a connection, which may be watched already (role new) or not (role none). */
static void begin(struct server *s, int fd, size_t len)
{
	bool watched = s->at[fd].role == ROLE_NEW;
	enum role role = ROLE_NONE;

	switch (s->bulk[0]) {
	case BL_WISH_CLOSE:
		(void)send(fd, s->bulk, len, MSG_NOSIGNAL);
		break;
	case BL_WISH_KEEP:
		role = ROLE_KEEP;
		break;
	case BL_WISH_SINK:
		role = ROLE_SINK;
		break;
	case BL_WISH_SOURCE:
		role = ROLE_SOURCE;
		break;
	}
	if (role == ROLE_NONE || (watched && epoll_ctl(s->epoll, EPOLL_CTL_DEL, fd, NULL)) ||
	    watch(s, fd, role, role == ROLE_SOURCE ? EPOLLOUT : EPOLLIN)) {
		leave(s, fd);
		return;
	}
	s->at[fd].bytes = len;
	if (role == ROLE_KEEP)
		answer(s, fd, s->bulk, len);
}

static void on_accept(struct server *s, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return;
	if (fd >= FDS) {
		close(fd);
		return;
	}
	n = recv(fd, s->bulk, BL_WIRE_MAX, 0);
	if (n > 0)
		begin(s, fd, (size_t)n);
	else if (n == 0 || errno != EAGAIN || watch(s, fd, ROLE_NEW, EPOLLIN))
		leave(s, fd);
}

static void on_stream(struct server *s, int fd)
{
	enum role role = s->at[fd].role;
	ssize_t n = recv(fd, s->bulk, role == ROLE_SINK ? BULK : BL_WIRE_MAX, 0);

	if (n > 0 && role == ROLE_NEW) {
		begin(s, fd, (size_t)n);
	} else if (n > 0 && role == ROLE_KEEP) {
		answer(s, fd, s->bulk, (size_t)n);
	} else if (n > 0) {
		s->at[fd].bytes += (uint64_t)n;
	} else if (n == 0 || errno != EAGAIN) {
		if (n == 0 && role == ROLE_SINK)
			(void)send(fd, &s->at[fd].bytes, sizeof(uint64_t), MSG_NOSIGNAL);
		leave(s, fd);
	}
}

/* The entry of a run; a new one takes the place of the oldest. */
static struct run *find_run(struct server *s, uint32_t id)
{
	struct run *r;

	for (uint32_t i = 0; i < RUNS; i++)
		if (s->run[i].id == id)
			return &s->run[i];
	r = &s->run[s->next_run++ % RUNS];
	*r = (struct run){.id = id};
	return r;
}

static void on_datagram(struct server *s, int fd, struct mmsghdr *m)
{
	void *data = m->msg_hdr.msg_iov->iov_base;
	struct bl_datagram d;

	if (m->msg_len < sizeof(d))
		return;
	memcpy(&d, data, sizeof(d));
	switch (d.wish) {
	case BL_WISH_FLOOD:
		find_run(s, d.run)->count++;
		return;
	case BL_WISH_ASK:
		d.value = find_run(s, d.run)->count;
		memcpy(data, &d, sizeof(d));
		break;
	case BL_WISH_ECHO:
		break;
	default:
		return;
	}
	/* The packet's control data is the reply's as well: it goes out from the address that was asked. */
	m->msg_hdr.msg_iov->iov_len = m->msg_len;
	(void)sendmsg(fd, &m->msg_hdr, MSG_DONTWAIT);
}

static void on_udp(struct server *s, int fd)
{
	struct mmsghdr m[BATCH] = {};
	struct iovec io[BATCH];
	int n;

	for (int i = 0; i < BATCH; i++) {
		io[i] = (struct iovec){s->packet[i], BL_WIRE_MAX};
		m[i].msg_hdr.msg_iov = &io[i];
		m[i].msg_hdr.msg_iovlen = 1;
		m[i].msg_hdr.msg_name = &s->from[i];
		m[i].msg_hdr.msg_namelen = sizeof(s->from[i]);
		m[i].msg_hdr.msg_control = &s->control[i];
		m[i].msg_hdr.msg_controllen = sizeof(s->control[i]);
	}
	n = recvmmsg(fd, m, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		on_datagram(s, fd, &m[i]);
}

static void on_event(struct server *s, int fd)
{
	char byte;

	switch (s->at[fd].role) {
	case ROLE_LISTEN:
		on_accept(s, fd);
		break;
	case ROLE_UDP:
		on_udp(s, fd);
		break;
	case ROLE_SOURCE:
		feed(s, fd);
		break;
	case ROLE_INPUT:
		s->ended = read(fd, &byte, 1) <= 0;
		break;
	case ROLE_NONE:
		break;
	default:
		on_stream(s, fd);
	}
}

static void set_options(int fd, int family, int type)
{
	int one = 1, room = 64 << 20;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (type == SOCK_STREAM) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		return;
	}
	/* A flood from the same CPU fills it for a whole time slice. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one));
	else
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
}

static int bind_one(struct server *s, int family, int type, uint16_t port, struct bl_err *err)
{
	bool stream = type == SOCK_STREAM;
	struct sockaddr_storage sa;
	socklen_t len;
	int fd;

	(void)bl_place_address(family == AF_INET ? "0.0.0.0" : "::", port, &sa, &len, err);
	fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || fd >= FDS)
		return bl_err_set(err, -EMFILE, "socket: %s", strerror(errno));
	set_options(fd, family, type);
	if (bind(fd, (struct sockaddr *)&sa, len) || (stream && listen(fd, 4096)) ||
	    watch(s, fd, stream ? ROLE_LISTEN : ROLE_UDP, EPOLLIN))
		return bl_err_set(err, -errno, "port %u: %s", port, strerror(errno));
	return 0;
}

static int bind_all(struct server *s, uint16_t first, int64_t ports, struct bl_err *err)
{
	static const int families[] = {AF_INET, AF_INET6}, types[] = {SOCK_STREAM, SOCK_DGRAM};
	int rc = 0;

	for (int i = 0; i < 4 * ports && !rc; i++)
		rc = bind_one(s, families[i & 1], types[i >> 1 & 1], (uint16_t)(first + i / 4),
			      err);
	return rc;
}

static int serve(struct server *s)
{
	struct epoll_event ev[BATCH];

	/* A standard input that is a file or /dev/null cannot be watched, and need not. */
	(void)watch(s, STDIN_FILENO, ROLE_INPUT, EPOLLIN);
	puts("READY");
	fflush(stdout);
	while (!s->ended) {
		int n = epoll_wait(s->epoll, ev, BATCH, -1);

		for (int i = 0; i < n; i++)
			on_event(s, ev[i].data.fd);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct bl_place place = {.cpu = -1};
	int64_t port = 9000, ports = 1;
	struct bl_err err = {};
	BL_FREE struct server *s = bl_new0(struct server);
	int help = 0;
	const struct bl_flag flags[] = {
		BL_FLAG_TEXT("netns", "network namespace, name or path", &place.netns),
		BL_FLAG_TEXT("cgroup", "folder of a cgroup", &place.cgroup),
		BL_FLAG_NUMBER("cpu", "CPU to stay on", &place.cpu, 0, 1023),
		BL_FLAG_NUMBER("port", "first port (9000)", &port, 1, 65000),
		BL_FLAG_NUMBER("ports", "how many (1)", &ports, 1, 500),
		BL_FLAG_SET("help", "this text", &help),
		{},
	};

	if (bl_flag_parse(flags, argc, argv, &err)) {
		fprintf(stderr, "bench_server: %s\n", bl_err_text(&err));
		return 2;
	}
	if (help) {
		bl_flag_usage(flags, "bench_server", stdout);
		return 0;
	}
	if (bl_place_enter(&place, &err) || (s->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0 ||
	    bind_all(s, (uint16_t)port, ports, &err)) {
		fprintf(stderr, "bench_server: %s\n", bl_err_text(&err));
		return 1;
	}
	return serve(s);
}
