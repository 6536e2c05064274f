/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TESTS_CNI_FIXTURE_H
#define BL_TESTS_CNI_FIXTURE_H
/*
 * Attachments from the socket to the link. The kernel is a list of link names here: the test defines the functions of the
 * room net that cni uses, and decides when an apply happens and what it finds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../lib/caller.h"
#include "agent/cni.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "ipc/frame.h"

#define LINKS_MAX 16

static struct kernel {
	char links[LINKS_MAX][16];
	size_t n;
	int add_rc, del_rc, check_rc;
} kernel;

static inline char *link_named(const char *name)
{
	for (size_t i = 0; i < LINKS_MAX; i++)
		if (!strcmp(kernel.links[i], name))
			return kernel.links[i];
	return NULL;
}

int bl_net_pod_link_add(struct bl_net *n, struct bl_pod_link *link, struct bl_err *err)
{
	char *free_slot = link_named("");

	(void)n;
	if (kernel.add_rc)
		return bl_err_set(err, kernel.add_rc, "link: the kernel says no");
	if (link_named(link->host_ifname))
		return bl_err_set(err, -EEXIST, "link exists");
	assert_non_null(free_slot);
	strcpy(free_slot, link->host_ifname);
	kernel.n++;
	link->ifindex = (uint32_t)(free_slot - kernel.links[0]) / 16 + 1;
	memcpy(link->mac, "\2\0\0\0\0\1", 6);
	memcpy(link->host_mac, "\2\0\0\0\0\2", 6);
	return 0;
}

int bl_net_pod_link_del(struct bl_net *n, const char *host_ifname, struct bl_err *err)
{
	char *link = link_named(host_ifname);

	(void)n;
	if (kernel.del_rc)
		return bl_err_set(err, kernel.del_rc, "link: the kernel keeps it");
	if (link) {
		*link = '\0';
		kernel.n--;
	}
	return 0;
}

int bl_net_pod_link_check(struct bl_net *n, const struct bl_pod_link *link, struct bl_err *err)
{
	(void)n;
	(void)link;
	return kernel.check_rc ? bl_err_set(err, kernel.check_rc, "eth0 is down") : 0;
}

int bl_net_link_get(struct bl_net *n, const char *name, uint32_t ifindex, struct bl_net_link *ret)
{
	const char *link = link_named(name);

	(void)n;
	(void)ifindex;
	if (!link)
		return -ENODEV;
	ret->ifindex = (uint32_t)(link - kernel.links[0]) / 16 + 1;
	ret->up = true;
	return 0;
}

struct fixture {
	char dir[32], socket[64], records[64];
	struct bl_loop *loop;
	struct bl_server *server;
	struct bl_cni *cni;
	struct bl_defer apply;
	bool hold; /* applies wait for apply_now() */
	int programmed_rc;
	size_t changes;
	int netns;
};

static inline void apply_now(void *arg)
{
	struct fixture *f = arg;
	size_t n;

	(void)bl_cni_attachments(f->cni, &n);
	bl_cni_applied(f->cni, NULL);
}

static inline void on_changed(void *arg)
{
	struct fixture *f = arg;

	f->changes++;
	if (!f->hold)
		bl_defer_mark(&f->apply);
}

static inline int on_programmed(void *arg, const struct bl_attachment *a, struct bl_err *err)
{
	struct fixture *f = arg;

	(void)a;
	return f->programmed_rc ? bl_err_set(err, f->programmed_rc, "endpoint4 is full") : 0;
}

static inline void *make_netns(void *arg)
{
	if (unshare(CLONE_NEWNET))
		return NULL;
	*(int *)arg = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	return NULL;
}

static inline void open_cni(struct fixture *f)
{
	struct bl_cni_opts opts = {
		.dir = f->records,
		.ops = {.changed = on_changed, .programmed = on_programmed, .arg = f}};
	struct bl_cidr cidrs[2];

	bl_cidr_parse("10.244.1.0/29", false, &cidrs[0]);
	bl_cidr_parse("fd00:244:1::/64", false, &cidrs[1]);
	assert_int_equal(bl_server_new(f->loop, f->socket, &f->server, NULL), 0);
	assert_int_equal(bl_cni_new(&opts, &f->cni, NULL), 0);
	bl_cni_serve(f->cni, f->server);
	bl_cni_set_cidrs(f->cni, cidrs, 2);
	bl_cni_set_mtu(f->cni, 1450);
}

static inline void close_cni(struct fixture *f)
{
	bl_server_free(f->server);
	bl_defer_cancel(&f->apply);
	bl_cni_free(f->cni);
}

static inline int setup(void **state)
{
	struct fixture *f = bl_new0(struct fixture);
	pthread_t thread;

	bl_log_set_level(BL_LOG_ERROR);
	memset(&kernel, 0, sizeof(kernel));
	f->netns = -1;
	pthread_create(&thread, NULL, make_netns, &f->netns);
	pthread_join(thread, NULL);
	strcpy(f->dir, "/tmp/bl_cni_XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->socket, sizeof(f->socket), "%s/s", f->dir);
	snprintf(f->records, sizeof(f->records), "%s/attachments", f->dir);
	f->loop = bl_loop_new();
	bl_defer_init(&f->apply, f->loop, apply_now, f);
	open_cni(f);
	*state = f;
	return 0;
}

/* How many records there are; removes them where told. */
static inline size_t records(const struct fixture *f, bool remove_them)
{
	DIR *d = opendir(f->records);
	const struct dirent *e;
	size_t n = 0;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		n++;
		if (remove_them)
			unlinkat(dirfd(d), e->d_name, 0);
	}
	closedir(d);
	return n;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	close_cni(f);
	bl_loop_free(f->loop);
	close(f->netns);
	records(f, true);
	assert_int_equal(rmdir(f->records), 0);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static inline json_t *request(const char *op, const char *id)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "op", op, "container_id", id, "ifname",
			 "eth0", "network", "net", "netns", "/run/netns/x");
}

static inline void call(struct fixture *f, struct caller *c, json_t *r)
{
	caller_start(c, f->loop, f->socket, r, f->netns);
	caller_wait(c, f->loop);
}

/* Asks and drops the answer; the code, 0 for success. */
static inline int code_of(struct fixture *f, json_t *r)
{
	struct caller c;
	int code;

	call(f, &c, r);
	code = c.rc ? c.failure.code : 0;
	assert_true(!c.rc || code);
	caller_free(&c);
	return code;
}

static inline void spin_until_changes(struct fixture *f, size_t n)
{
	while (f->changes < n)
		uv_run(bl_loop_uv(f->loop), UV_RUN_ONCE);
}

#define NEED_NETNS(f)       \
	if ((f)->netns < 0) \
	skip()

static inline void expect_nothing_left(struct fixture *f)
{
	assert_int_equal(kernel.n, 0);
	assert_int_equal(records(f, false), 0);
	assert_int_equal(bl_cni_count(f->cni), 0);
}

static inline json_t *request_ip(const char *id, const char *ip)
{
	json_t *r = request("cni-add", id);

	json_object_set_new(r, "ips", json_pack("[s]", ip));
	return r;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
