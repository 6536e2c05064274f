/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_LIB_DRIVE_H
#define BENCH_LIB_DRIVE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "hist.h"

/* What a client is to do. */
enum bl_mode {
	BL_MODE_CRR,
	BL_MODE_RR,
	BL_MODE_UDP_RR,
	BL_MODE_STREAM,
	BL_MODE_PPS,
};

struct bl_job {
	enum bl_mode mode;
	struct sockaddr_storage to;
	socklen_t to_len;
	int64_t ops;	  /* latencies: how many operations are measured */
	int64_t warmup;	  /* latencies: operations before that */
	uint64_t time_ns; /* stream, pps: how long */
	int64_t streams;
	int64_t size;	  /* of a request, a write or a datagram */
	bool reverse;	  /* stream: the server sends */
	bool unconnected; /* udp-rr: the socket has no peer */
};

/* Owned by the caller, zeroed at first. */
struct bl_result {
	struct bl_hist latency;
	struct bl_hist connect; /* crr: its first part, until the connection stands */
	uint64_t errors;
	const char *what; /* the first error: the call */
	int error;	  /* and its errno */
	uint64_t ns;	  /* wall clock of what was measured */
	uint64_t sent;	  /* pps: datagrams */
	uint64_t received;
	uint64_t bytes;
};

/* Set by a signal handler: every mode ends soon, with what it has. */
extern volatile bool bl_drive_stop;

/* Counts an error and keeps the first: `code` is an errno. */
void bl_drive_fail(struct bl_result *r, const char *what, int code);

/* Each returns when the job is done or given up, the result's errors say which. */
void bl_drive_latency(const struct bl_job *job, struct bl_result *r);
void bl_drive_stream(const struct bl_job *job, struct bl_result *r);
void bl_drive_pps(const struct bl_job *job, struct bl_result *r);

#endif
