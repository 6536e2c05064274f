// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The near end of every bench: asks, connects, sends, and says in one JSON object what came of it.
 *
 * One process and no thread. The exit status is 0 when something was measured; errors on the way are counted in the object, with the
 * first one's text. `cpu` holds the seconds of this process and those in which the CPU that it is pinned to was busy with
 * anything at all, which is the kernel's count in ticks and includes the server where it shares the CPU.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "lib/drive.h"
#include "lib/flag.h"
#include "lib/place.h"
#include "lib/wire.h"

static const char *const modes[] = {"crr", "rr", "udp-rr", "stream", "pps"};

struct told {
	struct bl_place place;
	struct bl_job job;
	const char *addr;
	int64_t port, milliseconds, limit, warm_ms;
	int mode, help, reverse, unconnected;
};

static void on_alarm(int sig)
{
	(void)sig;
	bl_drive_stop = true;
}

/* After the limit, calls that wait return, and go on doing so: a call may begin just after the flag was seen. */
static void set_limit(int64_t seconds)
{
	const struct sigaction act = {.sa_handler = on_alarm};
	const struct itimerval t = {.it_value.tv_sec = seconds, .it_interval.tv_usec = 100000};

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &t, NULL);
}

static void run(const struct bl_job *job, struct bl_result *r)
{
	if (job->mode == BL_MODE_STREAM)
		bl_drive_stream(job, r);
	else if (job->mode == BL_MODE_PPS)
		bl_drive_pps(job, r);
	else
		bl_drive_latency(job, r);
}

static void print(const struct told *t, const struct bl_result *r, double own, double busy)
{
	double s = (double)r->ns / 1e9;
	uint64_t n = t->mode == BL_MODE_PPS ? r->received : r->latency.n;

	printf("{\"mode\": \"%s\", \"n\": %llu, \"errors\": %llu, ", modes[t->mode],
	       (unsigned long long)n, (unsigned long long)r->errors);
	if (r->errors)
		printf("\"error\": \"%s: %s\", ", r->what, strerror(r->error));
	printf("\"seconds\": %.6f, \"rate\": %.3f, \"bytes\": %llu, \"sent\": %llu, ", s,
	       s > 0 ? (double)n / s : 0, (unsigned long long)r->bytes,
	       (unsigned long long)r->sent);
	printf("\"cpu\": {\"own\": %.6f, \"busy\": ", own);
	busy >= 0 ? printf("%.2f}", busy) : printf("null}");
	if (r->latency.n) {
		printf(", ");
		bl_hist_print(&r->latency, stdout);
	}
	if (r->connect.n) {
		printf(", \"connect\": {\"n\": %llu, ", (unsigned long long)r->connect.n);
		bl_hist_print(&r->connect, stdout);
		printf("}");
	}
	printf("}\n");
}

static int read_flags(int argc, char **argv, struct told *t, struct bl_err *err)
{
	const struct bl_flag flags[] = {
		BL_FLAG_CHOICE("mode", "crr|rr|udp-rr|stream|pps", &t->mode),
		BL_FLAG_TEXT("addr", "literal address", &t->addr),
		BL_FLAG_NUMBER("port", "port (9000)", &t->port, 1, 65535),
		BL_FLAG_TEXT("netns", "network namespace, name or path", &t->place.netns),
		BL_FLAG_TEXT("cgroup", "folder of a cgroup", &t->place.cgroup),
		BL_FLAG_NUMBER("cpu", "CPU to stay on", &t->place.cpu, 0, 1023),
		BL_FLAG_NUMBER("ops", "operations (2000)", &t->job.ops, 1, 100000000),
		BL_FLAG_NUMBER("warmup", "operations before (200)", &t->job.warmup, 0, 1000000),
		BL_FLAG_NUMBER("ms", "stream, pps: milliseconds (1000)", &t->milliseconds, 1,
			       3600000),
		BL_FLAG_NUMBER("warm-ms", "stream, pps: milliseconds before (50)", &t->warm_ms, 0,
			       60000),
		BL_FLAG_NUMBER("streams", "how many (1)", &t->job.streams, 1, 64),
		BL_FLAG_NUMBER("size", "bytes of a request or datagram (64) or write (131072)",
			       &t->job.size, 1, 1 << 24),
		BL_FLAG_NUMBER("limit", "seconds after which to give up (60)", &t->limit, 1, 3600),
		BL_FLAG_SET("reverse", "stream: the server sends", &t->reverse),
		BL_FLAG_SET("unconnected", "udp-rr: name the peer with each datagram",
			    &t->unconnected),
		BL_FLAG_SET("eager", "before all others on the CPU: SCHED_FIFO", &t->place.eager),
		BL_FLAG_SET("help", "this text", &t->help),
		{},
	};
	int rc = bl_flag_parse(flags, argc, argv, err);

	if (rc || t->help) {
		if (t->help)
			bl_flag_usage(flags, "bench_client", stdout);
		return rc;
	}
	if (!t->addr)
		return bl_err_set(err, -EINVAL, "--addr is missing");
	return bl_place_address(t->addr, (uint16_t)t->port, &t->job.to, &t->job.to_len, err);
}

/* What the flags left open, and what they must not say together. */
static int complete(struct told *t, struct bl_err *err)
{
	struct bl_job *job = &t->job;

	job->mode = (enum bl_mode)t->mode;
	job->reverse = t->reverse;
	job->unconnected = t->unconnected;
	if (t->unconnected && job->mode != BL_MODE_UDP_RR)
		return bl_err_set(err, -EINVAL, "--unconnected: only with udp-rr");
	if (!job->size)
		job->size = job->mode == BL_MODE_STREAM ? 131072 : 64;
	if (job->mode != BL_MODE_STREAM && job->size > BL_WIRE_MAX)
		return bl_err_set(err, -ERANGE, "--size: %lld is more than %d",
				  (long long)job->size, BL_WIRE_MAX);
	if ((job->mode == BL_MODE_UDP_RR || job->mode == BL_MODE_PPS) &&
	    job->size < (int64_t)sizeof(struct bl_datagram))
		return bl_err_set(err, -ERANGE, "--size: %lld is less than %zu",
				  (long long)job->size, sizeof(struct bl_datagram));
	return 0;
}

/* Latencies warm up by themselves. */
static void warm(const struct told *t, struct bl_result *r)
{
	struct bl_job job = t->job;

	job.time_ns = (uint64_t)t->warm_ms * 1000000;
	if ((job.mode != BL_MODE_STREAM && job.mode != BL_MODE_PPS) || !job.time_ns)
		return;
	run(&job, r);
	if (!r->errors)
		memset(r, 0, sizeof(*r));
}

int main(int argc, char **argv)
{
	struct told t = {
		.place.cpu = -1,
		.job = {.ops = 2000, .warmup = 200, .streams = 1},
		.port = 9000,
		.milliseconds = 1000,
		.warm_ms = 50,
		.limit = 60,
	};
	BL_FREE struct bl_result *r = bl_new0(struct bl_result);
	struct bl_err err = {};
	double own, busy;

	if (read_flags(argc, argv, &t, &err) || (!t.help && complete(&t, &err))) {
		fprintf(stderr, "bench_client: %s\n", bl_err_text(&err));
		return 2;
	}
	if (t.help)
		return 0;
	if (bl_place_enter(&t.place, &err)) {
		fprintf(stderr, "bench_client: %s\n", bl_err_text(&err));
		return 1;
	}
	set_limit(t.limit);
	warm(&t, r);
	t.job.time_ns = (uint64_t)t.milliseconds * 1000000;
	own = bl_place_own();
	busy = bl_place_busy(t.place.cpu);
	if (!r->errors)
		run(&t.job, r);
	own = bl_place_own() - own;
	busy = busy < 0 ? busy : bl_place_busy(t.place.cpu) - busy;
	print(&t, r, own, busy);
	return r->latency.n || r->bytes ? 0 : 1;
}
