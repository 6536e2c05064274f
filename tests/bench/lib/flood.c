// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: As much as goes through: TCP streams and UDP datagrams.
 *
 * What counts is what arrived, and the time until it had: the server is asked at the end. A stream's client shuts down its side and the
 * server answers how much it read; after a flood of datagrams it is asked until it answers, behind what is still in its queue.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "drive.h"
#include "place.h"
#include "wire.h"

#define STREAMS_MAX 64
#define BATCH	    32
#define QUESTIONS   25

/* A connected stream that has said what it wants, or -1. */
static int open_stream(const struct bl_job *job, struct bl_result *r)
{
	uint8_t wish = job->reverse ? BL_WISH_SOURCE : BL_WISH_SINK;
	int fd = socket(job->to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		bl_drive_fail(r, "socket", errno);
		return -1;
	}
	if (connect(fd, (const struct sockaddr *)&job->to, job->to_len) ||
	    send(fd, &wish, 1, MSG_NOSIGNAL) != 1 || fcntl(fd, F_SETFL, O_NONBLOCK)) {
		bl_drive_fail(r, "connect", errno);
		close(fd);
		return -1;
	}
	return fd;
}

/* One write or read of a stream that poll() found ready; false after an error. */
static bool move(const struct bl_job *job, int fd, uint8_t *buf, struct bl_result *r)
{
	ssize_t n;

	if (job->reverse)
		n = recv(fd, buf, (size_t)job->size, 0);
	else
		n = send(fd, buf, (size_t)job->size, MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0) {
		bl_drive_fail(r, job->reverse ? "recv" : "send", n ? errno : ECONNRESET);
		return false;
	}
	if (job->reverse)
		r->bytes += (uint64_t)n;
	return true;
}

static void pump(const struct bl_job *job, struct pollfd *p, uint64_t until, struct bl_result *r)
{
	BL_FREE uint8_t *buf = bl_calloc(1, (size_t)job->size);

	while (bl_place_now() < until && !bl_drive_stop) {
		if (poll(p, (nfds_t)job->streams, 100) < 0 && errno != EINTR)
			return bl_drive_fail(r, "poll", errno);
		for (int64_t i = 0; i < job->streams; i++)
			if (p[i].revents && !move(job, p[i].fd, buf, r))
				return;
	}
}

/* The server's count, once it has read all that we sent. */
static void settle(int fd, struct bl_result *r)
{
	uint64_t count = 0;

	if (fcntl(fd, F_SETFL, 0) || shutdown(fd, SHUT_WR) ||
	    recv(fd, &count, sizeof(count), MSG_WAITALL) != sizeof(count))
		return bl_drive_fail(r, "answer", errno);
	r->bytes += count - 1; /* the wish */
}

void bl_drive_stream(const struct bl_job *job, struct bl_result *r)
{
	static const struct linger reset = {.l_onoff = 1};
	struct pollfd p[STREAMS_MAX] = {};
	int64_t n = 0;
	uint64_t began;

	while (n < job->streams && n < STREAMS_MAX) {
		p[n].fd = open_stream(job, r);
		if (p[n].fd < 0)
			break;
		p[n++].events = job->reverse ? POLLIN : POLLOUT;
	}
	began = bl_place_now();
	if (!r->errors)
		pump(job, p, began + job->time_ns, r);
	for (int64_t i = 0; i < n && !job->reverse && !r->errors; i++)
		settle(p[i].fd, r);
	r->ns = bl_place_now() - began;
	for (int64_t i = 0; i < n; i++) {
		setsockopt(p[i].fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(p[i].fd);
	}
	if (bl_drive_stop)
		bl_drive_fail(r, "limit", ETIMEDOUT);
}

static void flood(const struct bl_job *job, int fd, uint32_t run, uint64_t until,
		  struct bl_result *r)
{
	struct bl_datagram d = {.wish = BL_WISH_FLOOD, .run = run};
	uint8_t buf[BL_WIRE_MAX] = {};
	struct iovec io = {buf, (size_t)job->size};
	struct mmsghdr m[BATCH] = {};

	memcpy(buf, &d, sizeof(d));
	for (int i = 0; i < BATCH; i++)
		m[i].msg_hdr = (struct msghdr){.msg_iov = &io, .msg_iovlen = 1};
	while (bl_place_now() < until && !bl_drive_stop && !r->errors) {
		int n = sendmmsg(fd, m, BATCH, 0);

		if (n > 0)
			r->sent += (uint64_t)n;
		else if (errno != ENOBUFS && errno != EINTR)
			bl_drive_fail(r, "send", errno);
		sched_yield(); /* a server on this CPU takes the batch now, and not a time slice's worth later */
	}
}

/* How many datagrams of the run the server had. */
static void count(int fd, uint32_t run, struct bl_result *r)
{
	struct bl_datagram d = {.wish = BL_WISH_ASK, .run = run}, answer;
	const struct timeval patience = {.tv_usec = 200000};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (int i = 0; i < QUESTIONS && !bl_drive_stop; i++) {
		if (send(fd, &d, sizeof(d), 0) != sizeof(d) ||
		    recv(fd, &answer, sizeof(answer), 0) != sizeof(answer) || answer.run != run)
			continue;
		r->received = answer.value;
		return;
	}
	bl_drive_fail(r, "answer", ETIMEDOUT);
}

void bl_drive_pps(const struct bl_job *job, struct bl_result *r)
{
	uint64_t began = bl_place_now();
	uint32_t run = (uint32_t)(began >> 8) ^ (uint32_t)getpid() << 16;
	int fd = socket(job->to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&job->to, job->to_len)) {
		bl_drive_fail(r, "connect", errno);
	} else {
		flood(job, fd, run, began + job->time_ns, r);
		if (!r->errors)
			count(fd, run, r);
	}
	r->ns = bl_place_now() - began;
	r->bytes = r->received * (uint64_t)job->size;
	if (fd >= 0)
		close(fd);
	if (bl_drive_stop)
		bl_drive_fail(r, "limit", ETIMEDOUT);
}
