// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: A descriptor that is a container's network namespace.
 *
 * The path comes from a container runtime and may be anything: a symbolic link, a FIFO that blocks, a file of nsfs that is a
 * namespace of another kind, the namespace of the host itself (a misconfigured runtime that says /proc/1/ns/net would
 * have its host's interfaces reconfigured). So it is opened once, without blocking, and everything is asked of the
 * descriptor: its file system's magic, the namespace's kind, and that it is neither the caller's own namespace nor that of
 * process 1. The same descriptor is then used and passed on; the path is never looked at again.
 *
 * The agent checks what it was sent by the same rules. It shares them here with the plugin, whose answer is better: it knows
 * the path.
 */

#include "ipc/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"

static bool same_file(const struct stat *st, const char *path)
{
	struct stat other;

	return !stat(path, &other) && other.st_dev == st->st_dev && other.st_ino == st->st_ino;
}

int bl_netns_check(int fd, struct bl_err *err)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) || fstat(fd, &st))
		return bl_err_set(err, -errno, "%s", strerror(errno));
	if (fs.f_type != NSFS_MAGIC || ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return bl_err_set(err, -EINVAL, "is no network namespace");
	if (same_file(&st, "/proc/self/ns/net") || same_file(&st, "/proc/1/ns/net"))
		return bl_err_set(err, -EBUSY, "is the host's network namespace");
	return 0;
}

int bl_netns_open(const char *path, int *ret_fd, struct bl_err *err)
{
	BL_CLOSE int fd = -1;
	int rc;

	if (path[0] != '/')
		return bl_err_set(err, -EINVAL, "is no absolute path");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return bl_err_set(err, -errno, "%s", strerror(errno));
	rc = bl_netns_check(fd, err);
	if (!rc)
		*ret_fd = bl_take_fd(&fd);
	return rc;
}
