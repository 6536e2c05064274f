// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Where the programs hang.
 *
 * Every attachment is a link pinned under links/: `bl_connect4` and its like on the cgroup, `pod-IFINDEX` or `host-IFINDEX` at
 * interfaces' ingress, `node-IFINDEX` at their egress, `xdp-IFINDEX` at uplinks' drivers (xdp.c). A pinned link keeps its program running without the agent. At start the new programs are put into the old links by
 * BPF_LINK_UPDATE, one by one and in place: there is no moment without a program.
 *
 * A link knows what it hangs on. One whose cgroup or interface is gone, or is another by the same name or number, is thrown away and
 * made anew.
 *
 * Interfaces use tcx links. Where the kernel has none, clsact filters do the same (clsact.c); they belong to the interface
 * and need no pin.
 */

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/datapath/dp.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"

#define ATTACH_TCX_INGRESS ((enum bpf_attach_type)46) /* BPF_TCX_INGRESS, 6.6 */
#define ATTACH_TCX_EGRESS  ((enum bpf_attach_type)47)

static const struct {
	const char *name;
	enum bpf_attach_type type;
} sock_hooks[BL_PROG_SOCK_COUNT] = {
	[BL_PROG_CONNECT4] = {"connect4", BPF_CGROUP_INET4_CONNECT},
	[BL_PROG_CONNECT6] = {"connect6", BPF_CGROUP_INET6_CONNECT},
	[BL_PROG_SENDMSG4] = {"sendmsg4", BPF_CGROUP_UDP4_SENDMSG},
	[BL_PROG_SENDMSG6] = {"sendmsg6", BPF_CGROUP_UDP6_SENDMSG},
	[BL_PROG_RECVMSG4] = {"recvmsg4", BPF_CGROUP_UDP4_RECVMSG},
	[BL_PROG_RECVMSG6] = {"recvmsg6", BPF_CGROUP_UDP6_RECVMSG},
	[BL_PROG_GETPEERNAME4] = {"getpeername4", BPF_CGROUP_INET4_GETPEERNAME},
	[BL_PROG_GETPEERNAME6] = {"getpeername6", BPF_CGROUP_INET6_GETPEERNAME},
};

static const struct {
	const char *word;
	bool egress;
} tc_hooks[BL_PROG_COUNT] = {
	[BL_PROG_POD] = {"pod", false},
	[BL_PROG_HOST] = {"host", false},
	[BL_PROG_NODE] = {"node", true},
	[BL_PROG_XDP] = {"xdp", false}, /* at the driver, by xdp.c */
};

/* What a link hangs on: a cgroup's id or an interface's index; 0: on nothing any more. */
static uint64_t link_target(const struct bpf_link_info *info)
{
	if (info->type == BPF_LINK_TYPE_CGROUP)
		return info->cgroup.cgroup_id;
	return info->xdp.ifindex; /* the interface's place is the same for xdp and tcx */
}

static uint32_t prog_id(int prog_fd)
{
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(prog_fd, &info, &len) ? 0 : info.id;
}

int bl_links_renew(const char *path, uint64_t target, int prog_fd)
{
	BL_CLOSE int fd = bpf_obj_get(path);
	struct bpf_link_info info = {};
	uint32_t len = sizeof(info);

	if (fd < 0)
		return errno == ENOENT ? -ENOLINK : -errno;
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	if (link_target(&info) != target) {
		(void)unlink(path);
		return -ENOLINK;
	}
	if (info.prog_id == prog_id(prog_fd))
		return 0;
	return bpf_link_update(fd, prog_fd, NULL) ? -errno : 0;
}

/* One attachment: the pinned link with the new program, or a new link. */
static int attach(const char *path, int prog_fd, int target_fd, uint64_t target,
		  enum bpf_attach_type type, struct bl_err *err)
{
	BL_CLOSE int fd = -1;
	int rc = bl_links_renew(path, target, prog_fd);

	if (!rc)
		return 0;
	if (rc != -ENOLINK)
		return bl_err_set(err, rc, "%s: %s", path, strerror(-rc));
	fd = bpf_link_create(prog_fd, target_fd, type, NULL);
	if (fd < 0)
		return bl_err_set(err, -errno, "attaching: %s", strerror(errno));
	if (bpf_obj_pin(fd, path))
		return bl_err_set(err, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

static int attach_sock(const struct bl_links *l, const struct bl_datapath_opts *opts,
		       const struct bl_programs *progs, struct bl_err *err)
{
	BL_CLOSE int cgroup = open(opts->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (cgroup < 0 || fstat(cgroup, &st))
		return bl_err_set(err, -errno, "cgroup %s: %s", opts->cgroup, strerror(errno));
	for (int i = 0; i < BL_PROG_SOCK_COUNT; i++) {
		BL_FREE char *path = bl_asprintf("%s/%s", l->dir, sock_hooks[i].name);

		if (attach(path, progs->fds[i], cgroup, st.st_ino, sock_hooks[i].type, err))
			return bl_err_wrap(err, "%s of cgroup %s", sock_hooks[i].name,
					   opts->cgroup);
	}
	return 0;
}

/* Which program and interface a pin's name means; false: it is none of an interface. */
static bool parse_pin(const char *name, enum bl_prog *ret_prog, uint32_t *ret_ifindex)
{
	const char *dash = strchr(name, '-');
	int64_t ifindex;

	if (!dash || bl_str_to_int(dash + 1, 1, INT32_MAX, &ifindex))
		return false;
	for (int i = BL_PROG_SOCK_COUNT; i < BL_PROG_COUNT; i++) {
		size_t len = strlen(tc_hooks[i].word);

		if (len != (size_t)(dash - name) || strncmp(name, tc_hooks[i].word, len) != 0)
			continue;
		*ret_prog = (enum bl_prog)i;
		*ret_ifindex = (uint32_t)ifindex;
		return true;
	}
	return false;
}

/* Links of interfaces that are gone fail to be renewed and are thrown away there. */
static int renew_all(const struct bl_links *l, const struct bl_programs *progs, struct bl_err *err)
{
	DIR *dir = opendir(l->dir);
	const struct dirent *e;
	int first = 0;

	if (!dir)
		return bl_err_set(err, -errno, "%s: %s", l->dir, strerror(errno));
	while ((e = readdir(dir))) {
		BL_FREE char *path = bl_asprintf("%s/%s", l->dir, e->d_name);
		enum bl_prog prog;
		uint32_t ifindex;
		int rc;

		if (!parse_pin(e->d_name, &prog, &ifindex))
			continue;
		rc = bl_links_renew(path, ifindex, progs->fds[prog]);
		if (rc && rc != -ENOLINK && !first)
			first = bl_err_set(err, rc, "%s: %s", path, strerror(-rc));
	}
	(void)closedir(dir);
	return first;
}

int bl_links_open(struct bl_links *l, const struct bl_datapath_opts *opts,
		  const struct bl_programs *progs, struct bl_err *err)
{
	int rc;

	l->dir = bl_maps_dir(opts->pin_dir, "links");
	l->xdp_wish = opts->xdp;
	l->tcx = opts->tc_mode ? bl_streq(opts->tc_mode, "tcx") : bl_features_has_tcx();
	rc = attach_sock(l, opts, progs, err);
	return rc ? rc : renew_all(l, progs, err);
}

void bl_links_close(struct bl_links *l)
{
	free(l->dir);
	l->dir = NULL;
}

int bl_links_attach(struct bl_links *l, enum bl_prog prog, int prog_fd, uint32_t ifindex,
		    struct bl_err *err)
{
	BL_FREE char *path = bl_asprintf("%s/%s-%u", l->dir, tc_hooks[prog].word, ifindex);
	bool egress = tc_hooks[prog].egress;
	int rc;

	if (l->tcx)
		rc = attach(path, prog_fd, (int)ifindex, ifindex,
			    egress ? ATTACH_TCX_EGRESS : ATTACH_TCX_INGRESS, err);
	else
		rc = bl_clsact_attach(ifindex, egress, prog_fd, err);
	if (rc)
		bl_err_wrap(err, "%s program on interface %u", tc_hooks[prog].word, ifindex);
	return rc;
}

static bool is_listed(const uint32_t *list, size_t n, uint32_t ifindex)
{
	while (n--) {
		if (list[n] == ifindex)
			return true;
	}
	return false;
}

static int keep_pins(const struct bl_links *l, const uint32_t *ifindexes, size_t n,
		     struct bl_err *err)
{
	DIR *dir = opendir(l->dir);
	const struct dirent *e;
	int first = 0;

	if (!dir)
		return bl_err_set(err, -errno, "%s: %s", l->dir, strerror(errno));
	while ((e = readdir(dir))) {
		BL_FREE char *path = bl_asprintf("%s/%s", l->dir, e->d_name);
		enum bl_prog prog;
		uint32_t ifindex;

		if (!parse_pin(e->d_name, &prog, &ifindex) || is_listed(ifindexes, n, ifindex))
			continue;
		if (unlink(path) && !first)
			first = bl_err_set(err, -errno, "%s: %s", path, strerror(errno));
	}
	(void)closedir(dir);
	return first;
}

int bl_links_keep(struct bl_links *l, const uint32_t *ifindexes, size_t n, struct bl_err *err)
{
	int rc = keep_pins(l, ifindexes, n, err);

	bl_xdp_keep(l, ifindexes, n);
	if (!rc && !l->tcx)
		rc = bl_clsact_keep(ifindexes, n, err);
	return rc;
}
