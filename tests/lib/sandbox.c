// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Namespaces and mounts for tests that need the real kernel.
 *
 * The mounts are private to the process, so a test that crashes leaves one empty cgroup folder and nothing else.
 */

#include "sandbox.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

static bool failed(const char *what)
{
	fprintf(stderr, "no sandbox: %s: %s\n", what, strerror(errno));
	return false;
}

static bool loopback_up(void)
{
	BL_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK};

	return fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &r) == 0;
}

static bool mount_at(const char *dir, const char *sub, const char *type)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, sub);
	return mkdir(path, 0700) == 0 && mount("none", path, type, 0, NULL) == 0;
}

bool sandbox_enter(struct sandbox *s)
{
	*s = (struct sandbox){.dir = "/tmp/bl-test-XXXXXX"};
	/* EINVAL: in a chroot "/" is no mount of its own; what is mounted here is then unmounted where it showed, too */
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) ||
	    (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) && errno != EINVAL))
		return failed("namespaces");
	if (!mkdtemp(s->dir) || mount("none", s->dir, "tmpfs", 0, NULL))
		return failed("temporary folder");
	if (!mount_at(s->dir, "bpf", "bpf"))
		return failed("bpffs");
	if (!mount_at(s->dir, "cgroup", "cgroup2"))
		return failed("cgroup v2");
	(void)snprintf(s->bpffs, sizeof(s->bpffs), "%s/bpf/beeline", s->dir);
	(void)snprintf(s->cgroup, sizeof(s->cgroup), "%s/cgroup/bl-test-%d", s->dir, (int)getpid());
	if (mkdir(s->cgroup, 0700))
		return failed(s->cgroup);
	return loopback_up() || failed("lo");
}

void sandbox_leave(struct sandbox *s)
{
	if (s->cgroup[0])
		(void)rmdir(s->cgroup);
	if (s->dir[0]) {
		(void)umount2(s->dir, MNT_DETACH);
		(void)rmdir(s->dir);
	}
	*s = (struct sandbox){};
}
