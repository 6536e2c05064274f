/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_LIB_PLACE_H
#define BENCH_LIB_PLACE_H

#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

/* Where a bench program runs. NULL and -1: where it is. */
struct bl_place {
	const char *netns;  /* a name of `ip netns`, or a path */
	const char *cgroup; /* the folder of a cgroup (v2) */
	int64_t cpu;
	int eager; /* before all others on the CPU: SCHED_FIFO */
};

/* Moves the calling process there; it has to have one thread and no socket yet. */
int bl_place_enter(const struct bl_place *place, struct bl_err *err);

/*
 * Seconds in which a CPU was not idle since the machine started: its line of /proc/stat's text, without idle, iowait, and the
 * guests' time that is counted twice. -ENOENT: no such line, -EINVAL: not of the known form.
 */
int bl_place_parse_busy(const char *stat, int64_t cpu, int64_t ticks_per_second,
			double *ret_seconds);

/* The same from /proc/stat; negative where it cannot be had. */
double bl_place_busy(int64_t cpu);

/* Seconds of CPU that this process had so far. */
double bl_place_own(void);

uint64_t bl_place_now(void); /* CLOCK_MONOTONIC, ns */

/* A literal address with a port (host byte order). */
int bl_place_address(const char *addr, uint16_t port, struct sockaddr_storage *ret_sa,
		     socklen_t *ret_len, struct bl_err *err);

#endif
