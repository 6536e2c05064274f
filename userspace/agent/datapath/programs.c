// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Loading the programs.
 *
 * The objects come inside this binary as skeletons. Each is opened, gets the node's constants in its .rodata and
 * the pinned maps in place of its own, and is loaded. What stays is one descriptor a program: the object with its type information
 * is a few megabytes that nobody needs afterwards.
 *
 * The kernel takes the better part of a second to verify them. Loaded programs are therefore pinned, under a name that holds a
 * hash of all that went into them: the object's bytes, the maps' ids, the service ranges, the network namespace. An agent that is started again finds
 * them and loads nothing. What the kernel can do is no part of the hash, for a bpffs does not outlive its kernel.
 *
 * libbpf says why something failed by a callback, line by line. The last line that is a complaint is kept for the error's
 * text: a program that the verifier refuses, or a type that the kernel does not know, is named there.
 */

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "agent/datapath/cover.h"
#include "agent/datapath/dp.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "bpf/host.skel.h"
#include "bpf/node.skel.h"
#include "bpf/pod.skel.h"
#include "bpf/sock.skel.h"
#include "bpf/xdp.skel.h"

static const char *const names[BL_PROG_COUNT] = {
	[BL_PROG_CONNECT4] = "bl_connect4",	    [BL_PROG_CONNECT6] = "bl_connect6",
	[BL_PROG_SENDMSG4] = "bl_sendmsg4",	    [BL_PROG_SENDMSG6] = "bl_sendmsg6",
	[BL_PROG_RECVMSG4] = "bl_recvmsg4",	    [BL_PROG_RECVMSG6] = "bl_recvmsg6",
	[BL_PROG_GETPEERNAME4] = "bl_getpeername4", [BL_PROG_GETPEERNAME6] = "bl_getpeername6",
	[BL_PROG_POD] = "bl_pod_ingress",	    [BL_PROG_HOST] = "bl_host_ingress",
	[BL_PROG_NODE] = "bl_node_egress",	    [BL_PROG_XDP] = "bl_xdp_ingress",
};

static char complaint[300];

__attribute__((format(printf, 2, 0))) static int keep_complaint(enum libbpf_print_level level,
								const char *format, va_list args)
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

/* What the objects are given beside the maps. */
struct given {
	const struct bl_pins *pins;
	/* What covers the service ranges of a family: address, then mask. */
	uint32_t services4[2], services6[8];
};

static int load_sock(struct bl_programs *p, const struct given *g, struct bl_err *err)
{
	struct sock_bpf *skel = sock_bpf__open();
	int rc;

	if (!skel)
		return cannot_open("socket", err);
	skel->rodata->bl_node_netns = bl_features_netns_cookie();
	skel->rodata->bl_has_set_retval = bl_features_has_set_retval();
	rc = load(p, skel->obj, g->pins, "socket", err);
	sock_bpf__destroy(skel);
	return rc;
}

static int load_pod(struct bl_programs *p, const struct given *g, struct bl_err *err)
{
	struct pod_bpf *skel = pod_bpf__open();
	int rc;

	if (!skel)
		return cannot_open("pod", err);
	skel->rodata->bl_has_kern_ctx = bl_features_has_kern_ctx();
	rc = load(p, skel->obj, g->pins, "pod", err);
	pod_bpf__destroy(skel);
	return rc;
}

static int load_host(struct bl_programs *p, const struct given *g, struct bl_err *err)
{
	struct host_bpf *skel = host_bpf__open();
	int rc;

	if (!skel)
		return cannot_open("uplink", err);
	skel->rodata->bl_has_kern_ctx = bl_features_has_kern_ctx();
	rc = load(p, skel->obj, g->pins, "uplink", err);
	host_bpf__destroy(skel);
	return rc;
}

static int load_node(struct bl_programs *p, const struct given *g, struct bl_err *err)
{
	struct node_bpf *skel = node_bpf__open();
	int rc;

	if (!skel)
		return cannot_open("node", err);
	skel->rodata->bl_has_kern_ctx = bl_features_has_kern_ctx();
	memcpy(skel->rodata->bl_services4, g->services4, sizeof(g->services4));
	memcpy(skel->rodata->bl_services6, g->services6, sizeof(g->services6));
	rc = load(p, skel->obj, g->pins, "node", err);
	node_bpf__destroy(skel);
	return rc;
}

static int load_xdp(struct bl_programs *p, const struct given *g, struct bl_err *err)
{
	struct xdp_bpf *skel = xdp_bpf__open();
	int rc;

	if (!skel)
		return cannot_open("XDP", err);
	rc = load(p, skel->obj, g->pins, "XDP", err);
	xdp_bpf__destroy(skel);
	return rc;
}

static const struct object {
	const void *(*bytes)(size_t *ret_size);
	int (*load)(struct bl_programs *p, const struct given *g, struct bl_err *err);
	enum bl_prog first, end;
} objects[] = {
	{sock_bpf__elf_bytes, load_sock, BL_PROG_CONNECT4, BL_PROG_SOCK_COUNT},
	{pod_bpf__elf_bytes, load_pod, BL_PROG_POD, BL_PROG_POD + 1},
	{host_bpf__elf_bytes, load_host, BL_PROG_HOST, BL_PROG_HOST + 1},
	{node_bpf__elf_bytes, load_node, BL_PROG_NODE, BL_PROG_NODE + 1},
	{xdp_bpf__elf_bytes, load_xdp, BL_PROG_XDP, BL_PROG_XDP + 1},
};

/* What went into a loaded object, but for the kernel. */
static uint64_t hash_of(const struct object *o, const struct given *g)
{
	struct {
		uint64_t object, netns;
		uint32_t services4[2], services6[8];
		uint32_t maps[BL_MAP_COUNT + BL_MAP_COUNT % 2];
	} in = {.netns = bl_features_netns_cookie()};
	size_t size;
	const void *bytes = o->bytes(&size);

	in.object = XXH3_64bits(bytes, size);
	memcpy(in.services4, g->services4, sizeof(in.services4));
	memcpy(in.services6, g->services6, sizeof(in.services6));
	for (int m = 0; m < BL_MAP_COUNT; m++) {
		struct bpf_map_info info = {};
		uint32_t len = sizeof(info);

		(void)bpf_obj_get_info_by_fd(g->pins->fds[m], &info, &len);
		in.maps[m] = info.id;
	}
	return XXH3_64bits(&in, sizeof(in));
}

static char *pin_path(const char *dir, enum bl_prog prog, uint64_t hash)
{
	return bl_asprintf("%s/%s_%016llx", dir, names[prog], (unsigned long long)hash);
}

static bool reuse(struct bl_programs *p, const char *dir, const struct object *o, uint64_t hash)
{
	for (int i = (int)o->first; i < (int)o->end; i++) {
		BL_FREE char *path = pin_path(dir, (enum bl_prog)i, hash);

		p->fds[i] = bpf_obj_get(path);
		if (p->fds[i] < 0)
			return false;
	}
	return true;
}

static void close_range_of(struct bl_programs *p, const struct object *o)
{
	for (int i = (int)o->first; i < (int)o->end; i++) {
		bl_cleanup_close(&p->fds[i]);
		p->fds[i] = -1;
	}
}

static int pin_all(const struct bl_programs *p, const char *dir, const struct object *o,
		   uint64_t hash, struct bl_err *err)
{
	for (int i = (int)o->first; i < (int)o->end; i++) {
		BL_FREE char *path = pin_path(dir, (enum bl_prog)i, hash);

		if (p->fds[i] < 0)
			return bl_err_set(err, -ENOENT, "program %s is in no object", names[i]);
		(void)unlink(path);
		if (bpf_obj_pin(p->fds[i], path))
			return bl_err_set(err, -errno, "%s: %s", path, strerror(errno));
	}
	return 0;
}

/* Pins of programs that are loaded no more; links keep what still runs. */
static void drop_others(const char *dir, const uint64_t hashes[BL_ARRAY_SIZE(objects)])
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		BL_FREE char *path = bl_asprintf("%s/%s", dir, e->d_name);
		bool ours = e->d_name[0] == '.';

		for (size_t i = 0; i < BL_ARRAY_SIZE(objects); i++) {
			char suffix[20];

			(void)snprintf(suffix, sizeof(suffix), "_%016llx",
				       (unsigned long long)hashes[i]);
			ours |= bl_str_ends(e->d_name, suffix);
		}
		if (!ours)
			(void)unlink(path);
	}
	if (d)
		(void)closedir(d);
}

int bl_programs_load(struct bl_programs *p, const struct bl_datapath_opts *opts,
		     const struct bl_pins *pins, struct bl_err *err)
{
	BL_FREE char *dir = bl_maps_dir(opts->pin_dir, "progs");
	uint64_t hashes[BL_ARRAY_SIZE(objects)];
	struct given g = {.pins = pins};

	bl_cover(opts->service_cidrs, opts->n_service_cidrs, 4, g.services4);
	bl_cover(opts->service_cidrs, opts->n_service_cidrs, 6, g.services6);
	for (int i = 0; i < BL_PROG_COUNT; i++)
		p->fds[i] = -1;
	libbpf_set_print(keep_complaint);
	for (size_t i = 0; i < BL_ARRAY_SIZE(objects); i++) {
		int rc;

		hashes[i] = hash_of(&objects[i], &g);
		if (reuse(p, dir, &objects[i], hashes[i]))
			continue;
		close_range_of(p, &objects[i]);
		rc = objects[i].load(p, &g, err);
		if (!rc)
			rc = pin_all(p, dir, &objects[i], hashes[i], err);
		if (rc)
			return rc;
	}
	drop_others(dir, hashes);
	return 0;
}

void bl_programs_close(struct bl_programs *p)
{
	for (int i = 0; i < BL_PROG_COUNT; i++) {
		if (p->fds[i] > 0)
			close(p->fds[i]);
	}
}
