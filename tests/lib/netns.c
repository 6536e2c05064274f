// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: A network namespace of the test's own.
 *
 * It lives as long as the process: nothing of it has a name outside, so that a test that dies leaves nothing behind. Links and routes are made by
 * iproute2, which reads its commands from a pipe.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netns.h"

extern char **environ;

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

void netns_ip(const char *commands)
{
	char *argv[] = {(char *)"ip", (char *)"-batch", (char *)"-", NULL};
	posix_spawn_file_actions_t actions;
	int pipes[2], status;
	pid_t pid;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[0], 0);
	assert_int_equal(posix_spawnp(&pid, "ip", &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[0]);
	assert_int_equal(write(pipes[1], commands, strlen(commands)), (ssize_t)strlen(commands));
	close(pipes[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

void netns_new(const char *commands)
{
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	write_file("/proc/sys/net/ipv4/ip_forward", "1");
	write_file("/proc/sys/net/ipv6/conf/all/forwarding", "1");
	netns_ip(commands);
}

int netns_self(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

void netns_enter(int fd)
{
	assert_int_equal(setns(fd, CLONE_NEWNET), 0);
}
