// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Loading the programs.
 *
 * The three objects come inside this binary as skeletons. Each is opened, gets the node's constants in its .rodata and
 * the pinned maps in place of its own, and is loaded. What stays is one descriptor a program: the object with its type information
 * is a few megabytes that nobody needs afterwards.
 *
 * libbpf says why something failed by a callback, line by line. The last line that is a complaint is kept for the error's
 * text: a program that the verifier refuses, or a type that the kernel does not know, is named there.
 */

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "agent/datapath/dp.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "bpf/host.skel.h"
#include "bpf/pod.skel.h"
#include "bpf/sock.skel.h"

static const char *const names[BL_PROG_COUNT] = {
	[BL_PROG_CONNECT4] = "bl_connect4",	    [BL_PROG_CONNECT6] = "bl_connect6",
	[BL_PROG_SENDMSG4] = "bl_sendmsg4",	    [BL_PROG_SENDMSG6] = "bl_sendmsg6",
	[BL_PROG_RECVMSG4] = "bl_recvmsg4",	    [BL_PROG_RECVMSG6] = "bl_recvmsg6",
	[BL_PROG_GETPEERNAME4] = "bl_getpeername4", [BL_PROG_GETPEERNAME6] = "bl_getpeername6",
	[BL_PROG_POD] = "bl_pod_ingress",	    [BL_PROG_HOST] = "bl_host_ingress",
};

static char complaint[300];

static int keep_complaint(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[sizeof(complaint)];

	if (level != LIBBPF_WARN)
		return 0;
	(void)vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	if (line[0])
		memcpy(complaint, line, sizeof(complaint));
	return 0;
}

const char *bl_programs_complaint(void)
{
	static char last[sizeof(complaint)];

	memcpy(last, complaint, sizeof(last));
	complaint[0] = '\0';
	return last;
}

static int use_maps(struct bpf_object *obj, const struct bl_pins *pins, struct bl_err *err)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj)
	{
		enum bl_map m;

		if (bl_maps_find(bpf_map__name(map), &m))
			continue; /* the object's own constants */
		if (bpf_map__reuse_fd(map, pins->fds[m]))
			return bl_err_set(err, -errno, "map '%s': %s", bpf_map__name(map),
					  strerror(errno));
	}
	return 0;
}

static int take_programs(struct bl_programs *p, const struct bpf_object *obj, struct bl_err *err)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj)
	{
		for (int i = 0; i < BL_PROG_COUNT; i++) {
			if (!bl_streq(names[i], bpf_program__name(prog)))
				continue;
			p->fds[i] = fcntl(bpf_program__fd(prog), F_DUPFD_CLOEXEC, 3);
			if (p->fds[i] < 0)
				return bl_err_set(err, -errno, "%s: %s", names[i], strerror(errno));
		}
	}
	return 0;
}

static int load(struct bl_programs *p, struct bpf_object *obj, const struct bl_pins *pins,
		const char *what, struct bl_err *err)
{
	int rc = use_maps(obj, pins, err);

	if (rc)
		return rc;
	(void)bl_programs_complaint();
	rc = bpf_object__load(obj);
	if (rc)
		return bl_err_set(err, rc, "loading the %s programs: %s (%s)", what, strerror(-rc),
				  bl_programs_complaint());
	return take_programs(p, obj, err);
}

static int cannot_open(const char *what, struct bl_err *err)
{
	return bl_err_set(err, -errno, "opening the %s programs: %s (%s)", what, strerror(errno),
			  bl_programs_complaint());
}

static int load_sock(struct bl_programs *p, const struct bl_pins *pins, struct bl_err *err)
{
	struct sock_bpf *skel = sock_bpf__open();
	int rc;

	if (!skel)
		return cannot_open("socket", err);
	skel->rodata->bl_node_netns = bl_features_netns_cookie();
	skel->rodata->bl_has_set_retval = bl_features_has_set_retval();
	rc = load(p, skel->obj, pins, "socket", err);
	sock_bpf__destroy(skel);
	return rc;
}

static int load_pod(struct bl_programs *p, const struct bl_pins *pins, bool kern_ctx,
		    struct bl_err *err)
{
	struct pod_bpf *skel = pod_bpf__open();
	int rc;

	if (!skel)
		return cannot_open("pod", err);
	skel->rodata->bl_has_kern_ctx = kern_ctx;
	rc = load(p, skel->obj, pins, "pod", err);
	pod_bpf__destroy(skel);
	return rc;
}

static int load_host(struct bl_programs *p, const struct bl_pins *pins, bool kern_ctx,
		     struct bl_err *err)
{
	struct host_bpf *skel = host_bpf__open();
	int rc;

	if (!skel)
		return cannot_open("uplink", err);
	skel->rodata->bl_has_kern_ctx = kern_ctx;
	rc = load(p, skel->obj, pins, "uplink", err);
	host_bpf__destroy(skel);
	return rc;
}

int bl_programs_load(struct bl_programs *p, const struct bl_pins *pins, struct bl_err *err)
{
	bool kern_ctx = bl_features_has_kern_ctx();
	int rc;

	for (int i = 0; i < BL_PROG_COUNT; i++)
		p->fds[i] = -1;
	libbpf_set_print(keep_complaint);
	rc = load_sock(p, pins, err);
	if (!rc)
		rc = load_pod(p, pins, kern_ctx, err);
	if (!rc)
		rc = load_host(p, pins, kern_ctx, err);
	for (int i = 0; !rc && i < BL_PROG_COUNT; i++) {
		if (p->fds[i] < 0)
			rc = bl_err_set(err, -ENOENT, "program %s is in no object", names[i]);
	}
	return rc;
}

void bl_programs_close(struct bl_programs *p)
{
	for (int i = 0; i < BL_PROG_COUNT; i++) {
		if (p->fds[i] > 0)
			close(p->fds[i]);
	}
}
