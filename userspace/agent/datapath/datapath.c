// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The BPF side of a node, opened, driven and left behind.
 *
 * Opening goes in the order in which nothing is ever open or unprotected: maps first, what they hold is read back, the programs are
 * loaded over them, and only then take the old programs' places. Closing leaves everything pinned and attached: the
 * node forwards on without an agent. Purging is the only thing that takes it away.
 *
 *	<pin_dir>/v<BEELINE_ABI>/maps/NAME     maps, by BL_MAPS
 *	<pin_dir>/v<BEELINE_ABI>/progs/NAME    loaded programs, by their content
 *	<pin_dir>/v<BEELINE_ABI>/links/NAME    attachments
 *
 * Two agents over the same maps would undo each other's work: the folder is locked, and the second one does not start.
 *
 * Folders are 0700: who can open a map can redirect every connection of the node.
 */

#include "agent/datapath/datapath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "agent/datapath/dp.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

static int make_folders(const char *pin_dir, struct bl_err *err)
{
	BL_FREE char *maps = bl_maps_dir(pin_dir, "maps");
	BL_FREE char *links = bl_maps_dir(pin_dir, "links");
	BL_FREE char *progs = bl_maps_dir(pin_dir, "progs");
	int rc = bl_file_mkdirs(maps, 0700, err);

	if (!rc)
		rc = bl_file_mkdirs(progs, 0700, err);
	if (!rc)
		rc = bl_file_mkdirs(links, 0700, err);
	if (!rc && chmod(pin_dir, 0700))
		rc = bl_err_set(err, -errno, "%s: %s", pin_dir, strerror(errno));
	return rc;
}

/* Held until the descriptor is closed, also by a kill. */
static int lock(struct bl_datapath *dp, const char *pin_dir, struct bl_err *err)
{
	BL_FREE char *dir = bl_maps_dir(pin_dir, NULL);

	dp->lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dp->lock < 0)
		return bl_err_set(err, -errno, "%s: %s", dir, strerror(errno));
	if (flock(dp->lock, LOCK_EX | LOCK_NB))
		return bl_err_set(err, -EBUSY, "%s is used by another agent", dir);
	return 0;
}

static int open_all(struct bl_datapath *dp, const struct bl_datapath_opts *opts, struct bl_err *err)
{
	int rc = bl_features_check(opts, err);

	if (!rc)
		rc = make_folders(opts->pin_dir, err);
	if (!rc)
		rc = lock(dp, opts->pin_dir, err);
	if (!rc)
		rc = bl_pins_open(&dp->pins, opts, err);
	if (rc)
		return rc;
	bl_pins_ops(&dp->pins, &dp->io.ops);
	dp->tables.io = &dp->io;
	dp->services = bl_services_new(&dp->io);
	rc = bl_services_load(dp->services, err);
	if (!rc)
		rc = bl_tables_load(&dp->tables, err);
	if (!rc)
		rc = bl_policy_tables_new(&dp->io, &dp->policy, err);
	if (!rc)
		rc = bl_programs_load(&dp->progs, opts, &dp->pins, err);
	if (!rc)
		rc = bl_links_open(&dp->links, opts, &dp->progs, err);
	if (!rc)
		rc = bl_pins_commit(&dp->pins, err);
	return rc;
}

int bl_datapath_open(const struct bl_datapath_opts *opts, struct bl_datapath **ret_dp,
		     struct bl_err *err)
{
	struct bl_datapath *dp;
	int rc;

	if (opts->tc_mode && !bl_streq(opts->tc_mode, "tcx") && !bl_streq(opts->tc_mode, "clsact"))
		return bl_err_set(err, -EINVAL, "tc mode '%s' is neither tcx nor clsact",
				  opts->tc_mode);
	dp = bl_new0(struct bl_datapath);
	dp->lock = -1;
	rc = open_all(dp, opts, err);
	if (rc) {
		bl_datapath_close(dp);
		return rc;
	}
	*ret_dp = dp;
	return 0;
}

struct bl_datapath *bl_datapath_close(struct bl_datapath *dp)
{
	if (!dp)
		return NULL;
	bl_services_free(dp->services);
	bl_tables_free(&dp->tables);
	bl_policy_tables_free(dp->policy);
	bl_links_close(&dp->links);
	bl_programs_close(&dp->progs);
	bl_pins_close(&dp->pins);
	bl_cleanup_close(&dp->lock);
	free(dp);
	return NULL;
}

/* Removes a folder of pins and what lies in it; bpffs has no other files. */
static int purge_folder(const char *path, struct bl_err *err)
{
	DIR *dir = opendir(path);
	const struct dirent *e;
	int rc = 0;

	if (!dir)
		return errno == ENOENT ? 0
				       : bl_err_set(err, -errno, "%s: %s", path, strerror(errno));
	while (!rc && (e = readdir(dir))) {
		BL_FREE char *inner = bl_asprintf("%s/%s", path, e->d_name);

		if (bl_streq(e->d_name, ".") || bl_streq(e->d_name, ".."))
			continue;
		if (e->d_type == DT_DIR)
			rc = purge_folder(inner, err);
		else if (unlink(inner))
			rc = bl_err_set(err, -errno, "%s: %s", inner, strerror(errno));
	}
	(void)closedir(dir);
	if (!rc && rmdir(path))
		rc = bl_err_set(err, -errno, "%s: %s", path, strerror(errno));
	return rc;
}

int bl_datapath_purge(const char *pin_dir, struct bl_err *err)
{
	struct statfs fs;
	int rc;

	if (statfs(pin_dir, &fs))
		return errno == ENOENT
			       ? 0
			       : bl_err_set(err, -errno, "%s: %s", pin_dir, strerror(errno));
	if (fs.f_type != BPF_FS_MAGIC)
		return bl_err_set(err, -EINVAL, "%s is not on a bpffs", pin_dir);
	rc = bl_clsact_keep(NULL, 0, err);
	return rc ? rc : purge_folder(pin_dir, err);
}

int bl_datapath_set_service(struct bl_datapath *dp, const struct bl_desired_service *want,
			    struct bl_err *err)
{
	return bl_services_set(dp->services, want, err);
}

void bl_datapath_set_services(struct bl_datapath *dp, struct bl_desired_service *const *wants,
			      size_t n,
			      void (*done)(void *arg, size_t index, const struct bl_err *err),
			      void *arg)
{
	bl_services_set_many(dp->services, wants, n, done, arg);
}

int bl_datapath_set_endpoints(struct bl_datapath *dp, const struct bl_desired_endpoint *list,
			      size_t n, struct bl_err *err)
{
	BL_FREE struct bl_desired_endpoint *placed = bl_calloc(n + 1, sizeof(*placed));

	for (size_t i = 0; i < n; i++) {
		placed[i] = list[i];
		if (list[i].flags & BL_ENDPOINT_POD)
			placed[i].policy = bl_policy_tables_place(dp->policy, &list[i].ip);
	}
	return bl_tables_set_endpoints(&dp->tables, placed, n, err);
}

int bl_datapath_keep_endpoints(struct bl_datapath *dp, const struct bl_desired_endpoint *list,
			       size_t n, struct bl_err *err)
{
	return bl_tables_keep_endpoints(&dp->tables, list, n, err);
}

int bl_datapath_set_policy(struct bl_datapath *dp, const struct bl_desired_policy *want,
			   struct bl_err *err)
{
	return want ? bl_policy_tables_set(dp->policy, want, err)
		    : bl_policy_tables_go(dp->policy, err);
}

int bl_datapath_policy_next(const struct bl_datapath *dp)
{
	return bl_policy_tables_next(dp->policy);
}

uint32_t bl_datapath_policy_first_id(const struct bl_datapath *dp)
{
	return bl_policy_tables_first_id(dp->policy);
}

int bl_datapath_set_prefixes(struct bl_datapath *dp, const struct bl_desired_prefix *list, size_t n,
			     struct bl_err *err)
{
	return bl_tables_set_prefixes(&dp->tables, list, n, err);
}

int bl_datapath_set_config(struct bl_datapath *dp, const struct bl_config *config,
			   struct bl_err *err)
{
	return bl_tables_set_config(&dp->tables, config, err);
}

int bl_datapath_sweep(struct bl_datapath *dp, struct bl_err *err)
{
	return bl_services_sweep(dp->services, err);
}

/* The one for what comes in, and the one for what the node itself sends. */
static int attach(struct bl_datapath *dp, enum bl_prog ingress, uint32_t ifindex,
		  struct bl_err *err)
{
	int rc = bl_links_attach(&dp->links, ingress, dp->progs.fds[ingress], ifindex, err);

	return rc ? rc
		  : bl_links_attach(&dp->links, BL_PROG_NODE, dp->progs.fds[BL_PROG_NODE], ifindex,
				    err);
}

int bl_datapath_attach_pod(struct bl_datapath *dp, uint32_t ifindex, struct bl_err *err)
{
	return attach(dp, BL_PROG_POD, ifindex, err);
}

int bl_datapath_attach_uplink(struct bl_datapath *dp, uint32_t ifindex, struct bl_err *err)
{
	int rc = attach(dp, BL_PROG_HOST, ifindex, err);

	if (!rc)
		bl_xdp_attach(&dp->links, dp->progs.fds[BL_PROG_XDP], ifindex);
	return rc;
}

int bl_datapath_keep_links(struct bl_datapath *dp, const uint32_t *ifindexes, size_t n,
			   struct bl_err *err)
{
	return bl_links_keep(&dp->links, ifindexes, n, err);
}

int bl_datapath_collect(struct bl_datapath *dp)
{
	return bl_services_collect(dp->services);
}

void bl_datapath_stats(const struct bl_datapath *dp, struct bl_datapath_stats *ret_stats)
{
	struct bl_services_count count;

	bl_services_count(dp->services, &count);
	*ret_stats = (struct bl_datapath_stats){
		.map_writes = dp->io.writes,
		.map_deletes = dp->io.deletes,
		.services = count.services,
		.frontends = count.frontends,
		.backends = count.backends,
		.slots = count.slots,
		.tc_mode = dp->links.tcx ? "tcx" : "clsact",
		.xdp = dp->links.xdp,
		.n_xdp = dp->links.n_xdp,
	};
}
