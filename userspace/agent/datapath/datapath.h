/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_DATAPATH_DATAPATH_H
#define BL_DATAPATH_DATAPATH_H

#include "agent/state/desired.h"
#include "agent/state/policy.h"
#include "base/err.h"
#include "beeline/config.h"

/*
 * The BPF side of the node: programs, maps and links, all pinned in one folder, so that they outlive the agent. libbpf is
 * used here and nowhere else (userspace/maps reads pinned maps).
 */
struct bl_datapath;

/* Where XDP is to run on uplinks. */
enum bl_xdp_wish {
	BL_XDP_AUTO, /* in the driver where it can, else nowhere */
	BL_XDP_NATIVE,
	BL_XDP_GENERIC,
	BL_XDP_OFF,
};

#define BL_XDP_UPLINKS_MAX 16

struct bl_xdp_uplink {
	uint32_t ifindex;
	const char *mode; /* "native", "generic", or "off": tc serves alone */
};

struct bl_datapath_opts {
	const char *
		pin_dir; /* bpffs folder, made with 0700; everything lies in <pin_dir>/v<BEELINE_ABI> */
	const char *cgroup; /* cgroup v2 folder whose sockets are balanced */
	/* map sizes by name, over the defaults of BL_MAPS */
	const struct bl_map_size {
		const char *name;
		uint32_t entries;
	} * sizes;
	size_t n_sizes;
	/* Where services have their addresses: what the node sends elsewhere needs no lookup. None: they may be anywhere. */
	const struct bl_cidr *service_cidrs;
	size_t n_service_cidrs;
	const char *tc_mode; /* "tcx" or "clsact"; NULL: what the kernel has */
	enum bl_xdp_wish xdp;
};

/*
 * Loads, reuses what is pinned with the same layout, reads back what the maps hold as actual state, attaches the socket
 * programs. Names a missing kernel feature and what would provide it.
 */
int bl_datapath_open(const struct bl_datapath_opts *opts, struct bl_datapath **ret_dp,
		     struct bl_err *err);
struct bl_datapath *bl_datapath_close(
	struct bl_datapath *dp); /* leaves everything pinned and attached */

/* Removes everything pinned under the folder: uninstall. */
int bl_datapath_purge(const char *pin_dir, struct bl_err *err);

/*
 * Makes the kernel hold what the Service wants: writes only what differs, adds before removes, one write a frontend swaps
 * a whole backend set. On failure (-ENOSPC: a map is full, named in the error) what was there stays whole.
 */
int bl_datapath_set_service(struct bl_datapath *dp, const struct bl_desired_service *want,
			    struct bl_err *err);

/*
 * The same for many Services, in few calls to the kernel. `done` is called once for each, with its index, in any order; err is
 * NULL where the kernel holds the wish. One that fails does not stop the others.
 */
void bl_datapath_set_services(struct bl_datapath *dp, struct bl_desired_service *const *wants,
			      size_t n,
			      void (*done)(void *arg, size_t index, const struct bl_err *err),
			      void *arg);

/* Whole-table deltas; the lists are ordered by address. */
int bl_datapath_set_endpoints(struct bl_datapath *dp, const struct bl_desired_endpoint *list,
			      size_t n, struct bl_err *err);
/*
 * Removes those that are not listed or lead elsewhere by now. Before the policy that no longer knows a pod comes into force, so that
 * none is reached by programs without its isolation.
 */
int bl_datapath_keep_endpoints(struct bl_datapath *dp, const struct bl_desired_endpoint *list,
			       size_t n, struct bl_err *err);
int bl_datapath_set_prefixes(struct bl_datapath *dp, const struct bl_desired_prefix *list, size_t n,
			     struct bl_err *err);
int bl_datapath_set_config(struct bl_datapath *dp, const struct bl_config *config,
			   struct bl_err *err);

/*
 * The policy tables (agent/datapath/policy.h): 0, all that is wanted is in force; -EAGAIN, it waits for packets of the last change.
 * An endpoint that is set from then on leads to its pod's sets. `want` NULL: goes on with what was wanted.
 */
int bl_datapath_set_policy(struct bl_datapath *dp, const struct bl_desired_policy *want,
			   struct bl_err *err);
/* ms until there is something to go on with, -1: nothing. */
int bl_datapath_policy_next(const struct bl_datapath *dp);
/* Numbers of classes and sets start here, behind all that the maps hold. */
uint32_t bl_datapath_policy_first_id(const struct bl_datapath *dp);

/* Removes services found in the maps at open that nobody has set since: once every kind is in sync. */
int bl_datapath_sweep(struct bl_datapath *dp, struct bl_err *err);

/* Attach points: pods' veths and uplinks, by interface; idempotent; the link is pinned. Programs are replaced in place. */
int bl_datapath_attach_pod(struct bl_datapath *dp, uint32_t ifindex, struct bl_err *err);
int bl_datapath_attach_uplink(struct bl_datapath *dp, uint32_t ifindex, struct bl_err *err);
/* Detaches pinned links of interfaces that are in neither list. */
int bl_datapath_keep_links(struct bl_datapath *dp, const uint32_t *ifindexes, size_t n,
			   struct bl_err *err);

/* Frees slot ranges and backend ids whose grace period is over; returns ms until the next, -1 when none waits. */
int bl_datapath_collect(struct bl_datapath *dp);

/* What was written since open, for status and tests. */
struct bl_datapath_stats {
	uint64_t map_writes;
	uint64_t map_deletes;
	uint64_t services;
	uint64_t frontends;
	uint64_t backends;
	uint64_t slots;
	const char *tc_mode;		 /* "tcx" or "clsact" */
	const struct bl_xdp_uplink *xdp; /* lent; valid until the next attachment */
	size_t n_xdp;
};
void bl_datapath_stats(const struct bl_datapath *dp, struct bl_datapath_stats *ret_stats);

#endif
