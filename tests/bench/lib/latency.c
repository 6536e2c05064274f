// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Latencies: one operation after the other, each with its own two looks at the clock.
 *
 * The sockets block. With client and server on one CPU the kernel hands over from one to the other where it has to wait, and there is no
 * system call in the operation that a plain client would not make. A lost segment is sent again by TCP and a lost datagram is an
 * error after a second; what never ends is interrupted by the program's limit.
 *
 * crr: socket, connect, request, answer, close. The server closes as well, just after its answer, and the client's close resets
 * (SO_LINGER of 0), so that neither side keeps the ports of a connection in TIME_WAIT: else the range of source ports would be the
 * limit, and the way through a table of dying connections would be measured. It is one packet less than a close by FIN, for every
 * candidate alike, and lets connection tracking forget early.
 */

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "drive.h"
#include "place.h"
#include "wire.h"

#define ERRORS_MAX 20 /* what fails so often says nothing more */

volatile bool bl_drive_stop;

void bl_drive_fail(struct bl_result *r, const char *what, int code)
{
	if (!r->errors++) {
		r->what = what;
		r->error = code;
	}
}

/* Sends a request and takes the whole answer; -1 after counting an error. */
static int ask(int fd, uint8_t *buf, size_t size, struct bl_result *r)
{
	size_t have = 0;

	if (send(fd, buf, size, MSG_NOSIGNAL) != (ssize_t)size) {
		bl_drive_fail(r, "send", errno);
		return -1;
	}
	while (have < size) {
		ssize_t n = recv(fd, buf + have, size - have, 0);

		if (n <= 0) {
			bl_drive_fail(r, "recv", n ? errno : ECONNRESET);
			return -1;
		}
		have += (size_t)n;
	}
	return 0;
}

struct tool {
	const struct bl_job *job;
	int fd; /* rr, udp-rr: the one socket */
	uint64_t turn;
	uint8_t buf[BL_WIRE_MAX];
};

/* Do one operation; *ret_connect is its first part where it has one. */
typedef int op_fn(struct tool *t, struct bl_result *r, uint64_t *ret_connect);

static int crr(struct tool *t, struct bl_result *r, uint64_t *ret_connect)
{
	static const struct linger reset = {.l_onoff = 1};
	const struct bl_job *job = t->job;
	uint64_t began = bl_place_now();
	int rc = -1, fd = socket(job->to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		bl_drive_fail(r, "socket", errno);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (connect(fd, (const struct sockaddr *)&job->to, job->to_len)) {
		bl_drive_fail(r, "connect", errno);
	} else {
		*ret_connect = bl_place_now() - began;
		rc = ask(fd, t->buf, (size_t)job->size, r);
	}
	close(fd);
	return rc;
}

static int rr(struct tool *t, struct bl_result *r, uint64_t *ret_connect)
{
	(void)ret_connect;
	return ask(t->fd, t->buf, (size_t)t->job->size, r);
}

/* An answer to an earlier question, given up by then, is passed over. */
static int udp_rr(struct tool *t, struct bl_result *r, uint64_t *ret_connect)
{
	struct bl_datagram d = {.wish = BL_WISH_ECHO, .value = ++t->turn};
	const struct bl_job *job = t->job;
	const struct sockaddr *to = job->unconnected ? (const struct sockaddr *)&job->to : NULL;
	size_t size = (size_t)job->size;

	(void)ret_connect;
	memcpy(t->buf, &d, sizeof(d));
	if (sendto(t->fd, t->buf, size, 0, to, to ? job->to_len : 0) != (ssize_t)size) {
		bl_drive_fail(r, "send", errno);
		return -1;
	}
	do {
		ssize_t n = recv(t->fd, t->buf, size, 0);

		if (n < (ssize_t)sizeof(d)) {
			bl_drive_fail(r, "recv", n < 0 ? errno : EBADMSG);
			return -1;
		}
		memcpy(&d, t->buf, sizeof(d));
	} while (d.value != t->turn);
	return 0;
}

static int open_one(struct tool *t, struct bl_result *r)
{
	const struct bl_job *job = t->job;
	const struct timeval second = {.tv_sec = 1};
	bool udp = job->mode == BL_MODE_UDP_RR;
	int one = 1;

	t->fd = socket(job->to.ss_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	if (t->fd < 0) {
		bl_drive_fail(r, "socket", errno);
		return -1;
	}
	if (udp)
		setsockopt(t->fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	else
		setsockopt(t->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!job->unconnected && connect(t->fd, (const struct sockaddr *)&job->to, job->to_len)) {
		bl_drive_fail(r, "connect", errno);
		return -1;
	}
	return 0;
}

static void repeat(struct tool *t, op_fn *op, struct bl_result *r)
{
	const struct bl_job *job = t->job;
	uint64_t began = 0;

	for (int64_t i = -job->warmup; i < job->ops; i++) {
		uint64_t connected = 0, at = bl_place_now();

		if (bl_drive_stop || r->errors > ERRORS_MAX)
			break;
		if (!began && i >= 0)
			began = at;
		if (op(t, r, &connected))
			continue;
		if (i < 0)
			continue;
		bl_hist_add(&r->latency, bl_place_now() - at);
		if (connected)
			bl_hist_add(&r->connect, connected);
		r->bytes += 2 * (uint64_t)job->size;
	}
	r->ns = began ? bl_place_now() - began : 0;
	if (bl_drive_stop)
		bl_drive_fail(r, "limit", ETIMEDOUT);
}

void bl_drive_latency(const struct bl_job *job, struct bl_result *r)
{
	static op_fn *const ops[] = {
		[BL_MODE_CRR] = crr, [BL_MODE_RR] = rr, [BL_MODE_UDP_RR] = udp_rr};
	struct tool t = {.job = job, .fd = -1};

	memset(t.buf, 'x', sizeof(t.buf));
	t.buf[0] = job->mode == BL_MODE_CRR ? BL_WISH_CLOSE : BL_WISH_KEEP;
	if (job->mode == BL_MODE_CRR || !open_one(&t, r))
		repeat(&t, ops[job->mode], r);
	if (t.fd >= 0)
		close(t.fd);
}
