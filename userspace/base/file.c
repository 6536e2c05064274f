// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Whole files, bounded and crash-safe.
 *
 * Configuration, certificates and state are read whole and replaced whole. Reading is bounded, because the path may be
 * somebody else's; writing goes through a temporary file in the same folder and a rename, with both the file and the
 * folder flushed, so that a crash leaves the old bytes or the new ones and never a mixture.
 */

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

int bl_file_read(const char *path, size_t max, struct bl_buf *buf, struct bl_err *err)
{
	BL_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t start = buf->len;

	if (fd < 0)
		return bl_err_set(err, -errno, "%s: %s", path, strerror(errno));
	for (;;) {
		char *to = bl_buf_reserve(buf, 16384);
		ssize_t n = read(fd, to, 16384);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return bl_err_set(err, -errno, "%s: %s", path, strerror(errno));
		if (n == 0)
			break;
		buf->len += (size_t)n;
		if (buf->len - start > max)
			return bl_err_set(err, -EFBIG, "%s: larger than %zu bytes", path, max);
	}
	buf->data[buf->len] = '\0';
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

static int sync_folder(const char *path)
{
	BL_FREE char *copy = bl_strdup(path);
	BL_CLOSE int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) ? -errno : 0;
}

int bl_file_write(const char *path, const void *data, size_t len, mode_t mode, struct bl_err *err)
{
	BL_FREE char *tmp = bl_asprintf("%s.XXXXXX", path);
	BL_CLOSE int fd = mkostemp(tmp, O_CLOEXEC);
	int rc;

	if (fd < 0)
		return bl_err_set(err, -errno, "%s: %s", path, strerror(errno));
	rc = fchmod(fd, mode) ? -errno : write_all(fd, data, len);
	if (!rc && rename(tmp, path))
		rc = -errno;
	if (rc)
		(void)unlink(tmp);
	else
		rc = sync_folder(path);
	return rc ? bl_err_set(err, rc, "%s: %s", path, strerror(-rc)) : 0;
}

int bl_file_mkdirs(const char *path, mode_t mode, struct bl_err *err)
{
	BL_FREE char *p = bl_strdup(path);

	for (char *s = p + 1;; s++) {
		char c = *s;

		if (c && c != '/')
			continue;
		*s = '\0';
		if (mkdir(p, mode) && errno != EEXIST)
			return bl_err_set(err, -errno, "%s: %s", p, strerror(errno));
		if (!c)
			return 0;
		*s = c;
	}
}
