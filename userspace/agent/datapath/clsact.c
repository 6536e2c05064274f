// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: tc programs where the kernel has no tcx: filters of a clsact qdisc.
 *
 * One filter an interface and direction, at a fixed handle and priority, in direct-action mode. Writing it again replaces the program in place.
 * The qdisc may be somebody else's too, so it is never removed. A filter goes with its interface; what remains on an
 * interface that is not ours any more is recognised by handle, priority and the program's name.
 */

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "agent/datapath/dp.h"
#include "base/cleanup.h"
#include "base/str.h"

#define HANDLE	 1
#define PRIORITY 0xbe

int bl_clsact_attach(uint32_t ifindex, bool egress, int prog_fd, struct bl_err *err)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex,
		    .attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = HANDLE, .priority = PRIORITY, .prog_fd = prog_fd,
		    .flags = BPF_TC_F_REPLACE);
	int rc = bpf_tc_hook_create(&hook);

	if (rc && rc != -EEXIST)
		return bl_err_set(err, rc, "clsact qdisc: %s (CONFIG_NET_SCH_INGRESS)",
				  strerror(-rc));
	rc = bpf_tc_attach(&hook, &opts);
	if (rc)
		return bl_err_set(err, rc, "tc filter: %s (%s)", strerror(-rc),
				  bl_programs_complaint());
	return 0;
}

/* Is the filter at our place there, and ours? */
static bool has_filter(const struct bpf_tc_hook *hook)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = HANDLE, .priority = PRIORITY);
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info);
	BL_CLOSE int fd = -1;

	if (bpf_tc_query(hook, &opts))
		return false;
	fd = bpf_prog_get_fd_by_id(opts.prog_id);
	return fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len) &&
	       bl_str_starts(info.name, "bl_");
}

static int detach(const struct if_nameindex *link, enum bpf_tc_attach_point point,
		  struct bl_err *err)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)link->if_index, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = HANDLE, .priority = PRIORITY);
	int rc;

	if (!has_filter(&hook))
		return 0;
	rc = bpf_tc_detach(&hook, &opts);
	return rc ? bl_err_set(err, rc, "tc filter of %s: %s", link->if_name, strerror(-rc)) : 0;
}

int bl_clsact_keep(const uint32_t *ifindexes, size_t n, struct bl_err *err)
{
	struct if_nameindex *all = if_nameindex();
	int first = 0;

	if (!all)
		return bl_err_set(err, -errno, "interfaces: %s", strerror(errno));
	for (const struct if_nameindex *i = all; i->if_index; i++) {
		size_t k = 0;
		int in, out;

		while (k < n && ifindexes[k] != i->if_index)
			k++;
		if (k < n)
			continue;
		in = detach(i, BPF_TC_INGRESS, err);
		out = detach(i, BPF_TC_EGRESS, err);
		first = first ? first : in ? in : out;
	}
	if_freenameindex(all);
	return first;
}
