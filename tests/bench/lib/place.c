// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Where a bench program runs, and what time it takes there.
 *
 * A driver moves itself: into a network namespace, into the cgroup whose hooks shall see its sockets, onto a CPU. No wrapper stands
 * between it and whoever started it, and starting it costs one exec.
 */

#include "place.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

static int enter_netns(const char *name, struct bl_err *err)
{
	BL_CLOSE int fd = -1;
	char path[256];

	if (snprintf(path, sizeof(path), "%s%s", strchr(name, '/') ? "" : "/run/netns/", name) >=
	    (int)sizeof(path))
		return bl_err_set(err, -ENAMETOOLONG, "--netns: the name is too long");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		return bl_err_set(err, -errno, "--netns: %s: %s", path, strerror(errno));
	return 0;
}

static int enter_cgroup(const char *folder, struct bl_err *err)
{
	BL_CLOSE int fd = -1;
	char path[512];

	if (snprintf(path, sizeof(path), "%s/cgroup.procs", folder) >= (int)sizeof(path))
		return bl_err_set(err, -ENAMETOOLONG, "--cgroup: the path is too long");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		return bl_err_set(err, -errno, "--cgroup: %s: %s", path, strerror(errno));
	return 0;
}

static int pin(int64_t cpu, struct bl_err *err)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return bl_err_set(err, -errno, "--cpu: %lld: %s", (long long)cpu, strerror(errno));
	return 0;
}

int bl_place_enter(const struct bl_place *place, struct bl_err *err)
{
	const struct sched_param first = {.sched_priority = 1};
	int rc = 0;

	if (place->cgroup)
		rc = enter_cgroup(place->cgroup, err);
	if (!rc && place->netns)
		rc = enter_netns(place->netns, err);
	if (!rc && place->cpu >= 0)
		rc = pin(place->cpu, err);
	if (!rc && place->eager && sched_setscheduler(0, SCHED_FIFO, &first))
		rc = bl_err_set(err, -errno, "--eager: %s", strerror(errno));
	return rc;
}

int bl_place_parse_busy(const char *stat, int64_t cpu, int64_t ticks_per_second,
			double *ret_seconds)
{
	unsigned long long user, nice, system, idle, wait, irq, softirq, steal;
	char name[32];
	const char *line;

	snprintf(name, sizeof(name), "\ncpu%lld ", (long long)cpu);
	line = strstr(stat, name);
	if (!line)
		return -ENOENT;
	if (sscanf(line + strlen(name), "%llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice,
		   &system, &idle, &wait, &irq, &softirq, &steal) != 8)
		return -EINVAL;
	*ret_seconds = (double)(user + nice + system + irq + softirq) / (double)ticks_per_second;
	return 0;
}

double bl_place_busy(int64_t cpu)
{
	BL_CLOSE int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
	char text[65536];
	double seconds;
	ssize_t n;

	if (fd < 0 || cpu < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -1;
	text[n] = '\0';
	if (bl_place_parse_busy(text, cpu, sysconf(_SC_CLK_TCK), &seconds))
		return -1;
	return seconds;
}

double bl_place_own(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

uint64_t bl_place_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

int bl_place_address(const char *addr, uint16_t port, struct sockaddr_storage *ret_sa,
		     socklen_t *ret_len, struct bl_err *err)
{
	struct sockaddr_in6 sa6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in sa4 = {.sin_family = AF_INET, .sin_port = htons(port)};

	memset(ret_sa, 0, sizeof(*ret_sa));
	if (inet_pton(AF_INET, addr, &sa4.sin_addr) == 1) {
		memcpy(ret_sa, &sa4, sizeof(sa4));
		*ret_len = sizeof(sa4);
		return 0;
	}
	if (inet_pton(AF_INET6, addr, &sa6.sin6_addr) == 1) {
		memcpy(ret_sa, &sa6, sizeof(sa6));
		*ret_len = sizeof(sa6);
		return 0;
	}
	return bl_err_set(err, -EINVAL, "--addr: '%s' is no address", addr);
}
