// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What a change of the service maps costs, on the real kernel.
 *
 * In a sandbox (as root): fill the maps with 10,000 Services of two endpoints each, change one endpoint of one of them again and
 * again, start over with the maps full, and hold the memory of 1,000 Services with 10,000 endpoints against none. Figures are wall clock of
 * the agent's own calls; only their ratios mean anything on another machine.
 */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../lib/sandbox.h"
#include "agent/datapath/datapath.h"
#include "base/mem.h"
#include "base/time.h"

#define SERVICES 10000
#define CHANGES	 2000
#define TARGETS	 64

static struct bl_ip ip4(uint32_t n)
{
	return (struct bl_ip){
		4, {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

/* Service i with `n` endpoints that begin at address `first`. */
static void set_service(struct bl_datapath *dp, uint32_t i, uint32_t first, uint32_t n)
{
	struct bl_frontend fronts[] = {
		{.ip = ip4(0x0a600000 + i), .port = 80, .proto = IPPROTO_TCP},
		{.ip = ip4(0x0a600000 + i), .scope = BL_SCOPE_ADDR},
	};
	struct bl_target targets[TARGETS] = {};
	char name[32];
	struct bl_desired_set sets[] = {
		{.port_name = "", .family = 4, .frontends = &fronts[1], .n_frontends = 1},
		{.port_name = "",
		 .family = 4,
		 .proto = IPPROTO_TCP,
		 .frontends = fronts,
		 .n_frontends = 1,
		 .targets = targets,
		 .n_targets = n},
	};
	struct bl_desired_service want = {.namespace = "bench",
					  .name = name,
					  .uid = "00000000-0000-0000-0000-000000000000",
					  .sets = sets,
					  .n_sets = 2};
	struct bl_err err = {};

	(void)snprintf(name, sizeof(name), "svc-%u", i);
	for (uint32_t k = 0; k < n; k++)
		targets[k] = (struct bl_target){.ip = ip4(0x0a010000 + first + k), .port = 8080};
	if (bl_datapath_set_service(dp, &want, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
}

static struct bl_datapath *open_dp(const struct sandbox *box)
{
	struct bl_datapath_opts opts = {.pin_dir = box->bpffs, .cgroup = box->cgroup};
	struct bl_datapath *dp = NULL;
	struct bl_err err = {};

	if (bl_datapath_open(&opts, &dp, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	return dp;
}

struct stopwatch {
	uint64_t wall, cpu;
};

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * BL_NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static struct stopwatch start_watch(void)
{
	return (struct stopwatch){bl_time_mono_ns(), cpu_ns()};
}

/* On a busy machine the two differ: the second is this process's own. */
static void report(const char *what, struct stopwatch start)
{
	printf("%s: %.1f ms, %.1f ms of CPU\n", what,
	       (double)(bl_time_mono_ns() - start.wall) / 1e6,
	       (double)(cpu_ns() - start.cpu) / 1e6);
}

static int cmp_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void bench_changes(struct bl_datapath *dp)
{
	static uint64_t took[CHANGES];

	for (uint32_t i = 0; i < CHANGES; i++) {
		uint64_t start = bl_time_mono_ns();

		set_service(dp, i * 37 % SERVICES, 30000 + i % 20000, 2);
		took[i] = bl_time_mono_ns() - start;
		(void)bl_datapath_collect(dp);
	}
	qsort(took, CHANGES, sizeof(*took), cmp_u64);
	printf("change of one Service's two endpoints: p50 %.1f us, p99 %.1f us\n",
	       (double)took[CHANGES / 2] / 1e3, (double)took[CHANGES * 99 / 100] / 1e3);
}

static void bench_many(const struct sandbox *box)
{
	struct bl_datapath *dp = open_dp(box);
	struct bl_datapath_stats stats;
	struct stopwatch start = start_watch();

	for (uint32_t i = 0; i < SERVICES; i++)
		set_service(dp, i, 2 * i, 2);
	report("10,000 Services of two endpoints written", start);
	start = start_watch();
	for (uint32_t i = 0; i < SERVICES; i++)
		set_service(dp, i, 2 * i, 2);
	report("the same once more, nothing to write", start);
	bl_datapath_close(dp);
	start = start_watch();
	dp = open_dp(box);
	report("opened with the maps full", start);
	start = start_watch();
	for (uint32_t i = 0; i < SERVICES; i++)
		set_service(dp, i, 2 * i, 2);
	report("all claimed after that", start);
	bl_datapath_stats(dp, &stats);
	printf("entries written for it: %llu\n", (unsigned long long)stats.map_writes);
	bench_changes(dp);
	bl_datapath_close(dp);
}

static void bench_memory(const struct sandbox *box)
{
	struct bl_datapath *dp = open_dp(box);
	size_t before = mallinfo2().uordblks;

	for (uint32_t i = 0; i < 1000; i++)
		set_service(dp, i, 10 * i, 10);
	printf("memory of 1000 Services with 10000 endpoints: %zu KiB\n",
	       (mallinfo2().uordblks - before) / 1024);
	bl_datapath_close(dp);
}

int main(void)
{
	struct bl_err err = {};
	struct sandbox box;

	if (!sandbox_enter(&box)) {
		sandbox_leave(&box);
		return 1;
	}
	bench_many(&box);
	(void)bl_datapath_purge(box.bpffs, &err);
	bench_memory(&box);
	(void)bl_datapath_purge(box.bpffs, &err);
	sandbox_leave(&box);
	return 0;
}
