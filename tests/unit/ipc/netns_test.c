// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ipc/netns.h"

static void *make_netns(void *arg)
{
	if (!unshare(CLONE_NEWNET))
		*(int *)arg = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	return NULL;
}

static void another_network_namespace_is_opened(void **state)
{
	BL_CLOSE int made = -1;
	BL_CLOSE int fd = -1;
	struct stat want, got;
	pthread_t thread;
	char path[64];

	(void)state;
	pthread_create(&thread, NULL, make_netns, &made);
	pthread_join(thread, NULL);
	if (made < 0)
		skip();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", made);
	assert_int_equal(bl_netns_open(path, &fd, NULL), 0);
	assert_int_equal(fstat(made, &want), 0);
	assert_int_equal(fstat(fd, &got), 0);
	assert_int_equal(got.st_ino, want.st_ino);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

static void what_is_none_is_refused_and_nothing_is_opened(void **state)
{
	static const struct {
		const char *path;
		int rc;
	} cases[] = {
		{"", -EINVAL},
		{"relative", -EINVAL},
		{"/nowhere", -ENOENT},
		{"/dev/null", -EINVAL},
		{"/", -EINVAL},
		{"/proc/self/ns/mnt", -EINVAL},
		{"/proc/self/net", -EINVAL},
		{"/proc/self/ns/net", -EBUSY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bl_err err = {};
		int fd = -1;

		assert_int_equal(bl_netns_open(cases[i].path, &fd, &err), cases[i].rc);
		assert_int_equal(fd, -1);
		assert_int_equal(err.code, cases[i].rc);
	}
}

static void fifo_does_not_block(void **state)
{
	char dir[] = "/tmp/bl_netns_XXXXXX", path[64];
	int fd = -1;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(bl_netns_open(path, &fd, NULL), -EINVAL);
	unlink(path);
	rmdir(dir);
}

static void descriptor_that_is_none_is_refused(void **state)
{
	struct bl_err err = {};

	(void)state;
	assert_int_equal(bl_netns_check(-1, &err), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_network_namespace_is_opened),
		cmocka_unit_test(what_is_none_is_refused_and_nothing_is_opened),
		cmocka_unit_test(fifo_does_not_block),
		cmocka_unit_test(descriptor_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
