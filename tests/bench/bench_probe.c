// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Who answers for a Service, from moment to moment.
 *
 * bench_probe --serve A:P,A:P...    answers datagrams on each of these places with the place's number
 * bench_probe --address A --port P  sends a datagram to A:P each --interval microseconds, each from a socket of its own, so that each is
 *                                   a new connection to whatever chooses backends
 *
 * The prober sends by the clock and waits for nobody, so that what is lost costs no more time than what is answered. It says READY after the
 * first answer, and ends --tail milliseconds after its standard input does; after --wait milliseconds more it prints a line for each
 * datagram: when it was sent, when it was answered (CLOCK_MONOTONIC, ns; 0: never) and by which place.
 */

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "lib/flag.h"
#include "lib/place.h"

#define PLACES	   16
#define MAX_PROBES 4000000
#define BATCH	   64
#define PATIENCE   (10 * UINT64_C(1000000000))
#define NOBODY	   255
#define INPUT	   UINT64_MAX
#define CLOCK	   (UINT64_MAX - 1)

struct probe {
	uint64_t sent, answered;
	int fd;
	uint8_t place;
};

struct prober {
	struct sockaddr_storage to;
	socklen_t to_len;
	int epoll, clock;
	int64_t interval_us, tail_ms, wait_ms;
	struct probe *probes;
	uint64_t n, room, oldest;
	uint64_t end; /* when to stop sending; 0: when the input ends */
	bool ready;
};

/* --- serving ---------------------------------------------------------------------------- */

static int listen_on(char *text, struct bl_err *err)
{
	char *colon = strrchr(text, ':');
	struct sockaddr_storage sa;
	uint16_t port;
	socklen_t len;
	int fd, one = 1;

	if (!colon || bl_str_to_port(colon + 1, &port))
		return bl_err_set(err, -EINVAL, "--serve: '%s' is not ADDRESS:PORT", text);
	*colon = '\0';
	if (bl_place_address(text, port, &sa, &len, err))
		return err->code;
	fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&sa, len))
		return bl_err_set(err, -errno, "--serve: %s:%u: %s", text, port, strerror(errno));
	return fd;
}

static void answer_all(int fd, uint8_t place)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	uint64_t number;

	while (recvfrom(fd, &number, sizeof(number), 0, (struct sockaddr *)&from, &len) >= 0) {
		(void)sendto(fd, &place, sizeof(place), 0, (struct sockaddr *)&from, len);
		len = sizeof(from);
	}
}

static int serve(const char *places, struct bl_err *err)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), fds[PLACES], n = 0;
	struct epoll_event ev = {.events = EPOLLIN, .data.u64 = INPUT};
	char *text = bl_strdup(places), *save = NULL;

	(void)epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &ev);
	for (char *one = strtok_r(text, ",", &save); one; one = strtok_r(NULL, ",", &save)) {
		if (n == PLACES)
			return bl_err_set(err, -E2BIG, "--serve: more than %d places", PLACES);
		fds[n] = listen_on(one, err);
		if (fds[n] < 0)
			return fds[n];
		ev.data.u64 = (uint64_t)n;
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fds[n++], &ev))
			return bl_err_set(err, -errno, "epoll: %s", strerror(errno));
	}
	free(text);
	puts("READY");
	fflush(stdout);
	while (epoll_wait(epoll, &ev, 1, -1) == 1 || errno == EINTR) {
		if (ev.data.u64 == INPUT)
			return 0;
		answer_all(fds[ev.data.u64], (uint8_t)ev.data.u64);
	}
	return bl_err_set(err, -errno, "epoll: %s", strerror(errno));
}

/* --- probing ---------------------------------------------------------------------------- */

static void retire(struct probe *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

/* Sends one; a socket that cannot be made or a refusal is a probe that nobody answers. */
static void send_one(struct prober *s)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u64 = s->n};
	struct probe *p;

	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 4096;
		s->probes = bl_realloc(s->probes, s->room, sizeof(*s->probes));
	}
	p = &s->probes[s->n];
	*p = (struct probe){.sent = bl_place_now(), .place = NOBODY};
	p->fd = socket(s->to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->fd < 0 || connect(p->fd, (struct sockaddr *)&s->to, s->to_len) ||
	    send(p->fd, &s->n, sizeof(s->n), 0) < 0 ||
	    epoll_ctl(s->epoll, EPOLL_CTL_ADD, p->fd, &ev))
		retire(p);
	s->n++;
}

/* One more, and gives up on those that wait too long. */
static void on_clock(struct prober *s)
{
	uint64_t ticks, now;

	if (read(s->clock, &ticks, sizeof(ticks)) != sizeof(ticks))
		return;
	/* However many are due: who came late asks once, and what was not asked cannot be lost. */
	if (s->n < MAX_PROBES)
		send_one(s);
	now = bl_place_now();
	while (s->oldest < s->n && now - s->probes[s->oldest].sent > (uint64_t)s->wait_ms * 1000000)
		retire(&s->probes[s->oldest++]);
}

static void on_answer(struct prober *s, uint64_t number)
{
	struct probe *p = &s->probes[number];
	uint8_t place;

	if (p->fd < 0)
		return;
	if (recv(p->fd, &place, sizeof(place), 0) == sizeof(place)) {
		p->answered = bl_place_now();
		p->place = place;
		if (!s->ready) {
			s->ready = true;
			puts("READY");
			fflush(stdout);
		}
	}
	retire(p);
}

static void on_input(struct prober *s)
{
	char byte;

	if (read(STDIN_FILENO, &byte, 1) > 0)
		return;
	(void)epoll_ctl(s->epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
	s->end = bl_place_now() + (uint64_t)s->tail_ms * 1000000;
}

/* Milliseconds until the next thing that only the clock brings; negative: it is over. */
static int patience(struct prober *s, uint64_t now)
{
	uint64_t last = s->end + (uint64_t)s->wait_ms * 1000000;

	if (!s->end)
		return 1000;
	if (now >= s->end && s->clock >= 0) {
		close(s->clock);
		s->clock = -1;
	}
	return now >= last ? -1 : (int)((last - now) / 1000000 + 1);
}

static int probe(struct prober *s, struct bl_err *err)
{
	struct itimerspec every = {};
	struct epoll_event ev[BATCH];
	int wait;

	every.it_interval.tv_nsec = every.it_value.tv_nsec = s->interval_us * 1000;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->clock = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	ev[0] = (struct epoll_event){.events = EPOLLIN, .data.u64 = CLOCK};
	ev[1] = (struct epoll_event){.events = EPOLLIN, .data.u64 = INPUT};
	if (s->epoll < 0 || s->clock < 0 || timerfd_settime(s->clock, 0, &every, NULL) ||
	    epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->clock, &ev[0]) ||
	    epoll_ctl(s->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &ev[1]))
		return bl_err_set(err, -errno, "cannot wait for clock and input: %s",
				  strerror(errno));
	while ((wait = patience(s, bl_place_now())) >= 0) {
		int n = epoll_wait(s->epoll, ev, BATCH, wait);

		for (int i = 0; i < n; i++) {
			if (ev[i].data.u64 == CLOCK)
				on_clock(s);
			else if (ev[i].data.u64 == INPUT)
				on_input(s);
			else
				on_answer(s, ev[i].data.u64);
		}
		if (!s->ready && s->n && bl_place_now() - s->probes[0].sent > PATIENCE)
			return bl_err_set(err, -ETIMEDOUT, "nobody answered for 10 s");
	}
	for (uint64_t i = 0; i < s->n; i++)
		printf("%llu %llu %u\n", (unsigned long long)s->probes[i].sent,
		       (unsigned long long)s->probes[i].answered, s->probes[i].place);
	return 0;
}

/*
 * Room for every probe that waits, and a CPU whenever there is something to do: who only looks must not come late. Who answers goes before who
 * asks, or a CPU that is too slow for both would show as losses.
 */
static void raise_limits(bool serves)
{
	struct rlimit lim = {1 << 20, 1 << 20};
	struct sched_param first = {.sched_priority = serves ? 2 : 1};

	(void)sched_setscheduler(0, SCHED_FIFO, &first);

	if (setrlimit(RLIMIT_NOFILE, &lim) && !getrlimit(RLIMIT_NOFILE, &lim)) {
		lim.rlim_cur = lim.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &lim);
	}
}

int main(int argc, char **argv)
{
	struct prober s = {.interval_us = 1000, .tail_ms = 20, .wait_ms = 300};
	struct bl_place place = {.cpu = -1};
	const char *address = NULL, *places = NULL;
	struct bl_err err = {};
	int64_t port = 0;
	int help = 0;
	const struct bl_flag flags[] = {
		BL_FLAG_TEXT("netns", "network namespace, name or path", &place.netns),
		BL_FLAG_TEXT("cgroup", "folder of a cgroup", &place.cgroup),
		BL_FLAG_NUMBER("cpu", "CPU to stay on", &place.cpu, 0, 1023),
		BL_FLAG_TEXT("serve", "ADDRESS:PORT[,...] to answer on", &places),
		BL_FLAG_TEXT("address", "whom to ask", &address),
		BL_FLAG_NUMBER("port", "its port", &port, 1, 65535),
		BL_FLAG_NUMBER("interval", "microseconds between two (1000)", &s.interval_us, 10,
			       900000),
		BL_FLAG_NUMBER("tail", "milliseconds of asking after the input's end (20)",
			       &s.tail_ms, 0, 10000),
		BL_FLAG_NUMBER("wait", "milliseconds until one is given up (300)", &s.wait_ms, 1,
			       10000),
		BL_FLAG_SET("help", "this text", &help),
		{},
	};
	int rc = bl_flag_parse(flags, argc, argv, &err);

	if (!rc && help) {
		bl_flag_usage(flags, "bench_probe", stdout);
		return 0;
	}
	if (!rc && !places == !(address && port))
		rc = bl_err_set(&err, -EINVAL, "either --serve, or --address and --port");
	raise_limits(places);
	if (!rc && address)
		rc = bl_place_address(address, (uint16_t)port, &s.to, &s.to_len, &err);
	if (!rc)
		rc = bl_place_enter(&place, &err);
	if (!rc)
		rc = places ? serve(places, &err) : probe(&s, &err);
	if (rc)
		fprintf(stderr, "bench_probe: %s\n", bl_err_text(&err));
	free(s.probes);
	return rc ? 1 : 0;
}
