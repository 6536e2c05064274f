// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What this kernel and this process can do, found out by trying.
 *
 * Nothing here asks for a version: distributions backport, containers take away. Each check tries the thing itself, or the
 * least that shows it, and the error says what is missing and what would provide it, because the person who reads it at start can
 * do something about a configuration option or a mount, and nothing about EINVAL.
 *
 * Needed: a bpffs for the pins, a cgroup v2 folder, the right to load programs, cgroup socket-address and tc programs, BTF.
 * Used where there: tcx links (6.6), bpf_set_retval() (5.18), bpf_cast_to_kern_ctx() (6.2), network namespace cookies.
 */

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "agent/datapath/dp.h"
#include "base/cleanup.h"
#include "base/mem.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* include/uapi/asm-generic/socket.h, 5.14 */
#endif
#define ATTACH_TCX_INGRESS 46 /* BPF_TCX_INGRESS of include/uapi/linux/bpf.h, 6.6 */
#define LOOPBACK_IFINDEX   1

static int check_bpffs(const char *pin_dir, struct bl_err *err)
{
	BL_FREE char *path = bl_strdup(pin_dir);
	struct statfs fs;

	/* The folder may not exist yet: its nearest ancestor then says where it will be. */
	while (statfs(path, &fs)) {
		char *slash = strrchr(path, '/');

		if (errno != ENOENT || !slash || slash == path)
			return bl_err_set(err, -errno, "%s: %s", pin_dir, strerror(errno));
		*slash = '\0';
	}
	if (fs.f_type != BPF_FS_MAGIC)
		return bl_err_set(err, -ENOTSUP,
				  "%s is not on a bpffs: mount -t bpf bpf /sys/fs/bpf", pin_dir);
	return 0;
}

static int check_cgroup(const char *cgroup, struct bl_err *err)
{
	struct statfs fs;

	if (statfs(cgroup, &fs))
		return bl_err_set(err, -errno, "cgroup %s: %s", cgroup, strerror(errno));
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		return bl_err_set(err, -ENOTSUP,
				  "%s is not a cgroup v2 folder: mount -t cgroup2 none DIR",
				  cgroup);
	return 0;
}

static int check_rights(struct bl_err *err)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "bl_probe", 8, 4, 1,
				&(struct bpf_map_create_opts){
					.sz = sizeof(struct bpf_map_create_opts),
					.map_flags = BPF_F_NO_PREALLOC,
				});

	if (fd >= 0) {
		close(fd);
		return 0;
	}
	if (errno == EPERM)
		return bl_err_set(
			err, -EPERM,
			"not allowed to use BPF: needs root, or CAP_BPF and CAP_NET_ADMIN");
	return bl_err_set(err, -errno,
			  "kernel lacks the BPF system call or tries: "
			  "CONFIG_BPF_SYSCALL (%s)",
			  strerror(errno));
}

static int check_program(enum bpf_prog_type type, const char *what, struct bl_err *err)
{
	int rc = libbpf_probe_bpf_prog_type(type, NULL);

	if (rc > 0)
		return 0;
	return bl_err_set(err, -ENOTSUP, "kernel lacks %s", what);
}

int bl_features_check(const struct bl_datapath_opts *opts, struct bl_err *err)
{
	int rc = check_rights(err);

	if (!rc)
		rc = check_bpffs(opts->pin_dir, err);
	if (!rc)
		rc = check_cgroup(opts->cgroup, err);
	if (!rc)
		rc = check_program(BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
				   "socket hooks of cgroups: CONFIG_CGROUP_BPF", err);
	if (!rc)
		rc = check_program(BPF_PROG_TYPE_SCHED_CLS,
				   "tc programs: CONFIG_NET_CLS_BPF, CONFIG_NET_CLS_ACT", err);
	if (!rc && access("/sys/kernel/btf/vmlinux", R_OK))
		rc = bl_err_set(err, -ENOTSUP,
				"kernel lacks its type information: CONFIG_DEBUG_INFO_BTF");
	return rc;
}

bool bl_features_has_tcx(void)
{
	uint32_t n = 0;

	return bpf_prog_query(LOOPBACK_IFINDEX, (enum bpf_attach_type)ATTACH_TCX_INGRESS, 0, NULL,
			      NULL, &n) == 0 ||
	       errno == ENOENT;
}

bool bl_features_has_set_retval(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_FUNC_set_retval, NULL) >
	       0;
}

bool bl_features_has_kern_ctx(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool has;

	if (libbpf_get_error(btf))
		return false;
	has = btf__find_by_name_kind(btf, "bpf_cast_to_kern_ctx", BTF_KIND_FUNC) > 0;
	btf__free(btf);
	return has;
}

uint64_t bl_features_netns_cookie(void)
{
	BL_CLOSE int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len))
		return 0;
	return cookie;
}
