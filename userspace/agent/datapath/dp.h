/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_DATAPATH_DP_H
#define BL_DATAPATH_DP_H

/* What the files of this room share. Nobody else includes this. */

#include <stdbool.h>
#include <stdint.h>

#include "agent/datapath/arrays.h"
#include "agent/datapath/datapath.h"
#include "agent/datapath/ops.h"
#include "agent/datapath/policy.h"
#include "agent/datapath/services.h"

/* --- pinned maps (pins.c) ------------------------------------------------------------------------------------------ */
struct bl_pins {
	char *dir; /* <pin_dir>/v<BEELINE_ABI>/maps */
	int fds[BL_MAP_COUNT];
	int old[BL_MAP_COUNT];	  /* a map of another size that fds replaces; -1: none */
	bool batch[BL_MAP_COUNT]; /* takes many entries a call */
	struct bl_array slots, backends, names;
};

/*
 * Opens or creates every map; a pinned one of another size is copied into a new one, which takes the pin's place by
 * bl_pins_commit(), once the programs use it.
 */
int bl_pins_open(struct bl_pins *p, const struct bl_datapath_opts *opts, struct bl_err *err);
int bl_pins_commit(struct bl_pins *p, struct bl_err *err);
void bl_pins_close(struct bl_pins *p);
/* The maps as struct bl_map_ops; lends p. */
void bl_pins_ops(struct bl_pins *p, struct bl_map_ops *ret_ops);

/* --- programs (programs.c) ----------------------------------------------------------------------------------------- */
enum bl_prog {
	BL_PROG_CONNECT4,
	BL_PROG_CONNECT6,
	BL_PROG_SENDMSG4,
	BL_PROG_SENDMSG6,
	BL_PROG_RECVMSG4,
	BL_PROG_RECVMSG6,
	BL_PROG_GETPEERNAME4,
	BL_PROG_GETPEERNAME6,
	BL_PROG_SOCK_COUNT,
	BL_PROG_POD = BL_PROG_SOCK_COUNT,
	BL_PROG_HOST,
	BL_PROG_NODE, /* the one at egress */
	BL_PROG_XDP,
	BL_PROG_COUNT
};

struct bl_programs {
	int fds[BL_PROG_COUNT];
};

/* All programs over these maps: loaded, or those that an earlier agent loaded and pinned. */
int bl_programs_load(struct bl_programs *p, const struct bl_datapath_opts *opts,
		     const struct bl_pins *pins, struct bl_err *err);
void bl_programs_close(struct bl_programs *p);

/* --- what the kernel has (features.c) ------------------------------------------------------------------------------- */
/* Names what is missing and what would provide it. */
int bl_features_check(const struct bl_datapath_opts *opts, struct bl_err *err);
bool bl_features_has_tcx(void);
bool bl_features_has_set_retval(void);
bool bl_features_has_kern_ctx(void);
/* SO_NETNS_COOKIE of this network namespace, 0 where the kernel does not tell. */
uint64_t bl_features_netns_cookie(void);

/* --- attachment (links.c, xdp.c, clsact.c) --------------------------------------------------------------------------------- */
struct bl_links {
	char *dir; /* <pin_dir>/v<BEELINE_ABI>/links */
	bool tcx;
	enum bl_xdp_wish xdp_wish;
	struct bl_xdp_uplink xdp[BL_XDP_UPLINKS_MAX];
	size_t n_xdp;
};

/* Attaches the socket programs to the cgroup and lets every pinned tc link run the new programs. */
int bl_links_open(struct bl_links *l, const struct bl_datapath_opts *opts,
		  const struct bl_programs *progs, struct bl_err *err);
void bl_links_close(struct bl_links *l);
int bl_links_attach(struct bl_links *l, enum bl_prog prog, int prog_fd, uint32_t ifindex,
		    struct bl_err *err);
/* Puts the program into a pinned link that hangs on `target`. -ENOLINK: there is none (any more). */
int bl_links_renew(const char *path, uint64_t target, int prog_fd);
int bl_links_keep(struct bl_links *l, const uint32_t *ifindexes, size_t n, struct bl_err *err);

/* An uplink's XDP program, as far as it is wished and the link's driver takes it; without, tc serves alone. */
void bl_xdp_attach(struct bl_links *l, int prog_fd, uint32_t ifindex);
/* Forgets uplinks that are not listed. */
void bl_xdp_keep(struct bl_links *l, const uint32_t *ifindexes, size_t n);

int bl_clsact_attach(uint32_t ifindex, bool egress, int prog_fd, struct bl_err *err);
/* Removes our filters from interfaces that are not listed. */
int bl_clsact_keep(const uint32_t *ifindexes, size_t n, struct bl_err *err);

/* --- endpoints, prefixes, config (tables.c) --------------------------------------------------------------------------- */
struct bl_tables {
	struct bl_map_io *io;		       /* lent */
	struct bl_desired_endpoint *endpoints; /* as the maps hold them, ordered by address */
	size_t n_endpoints;
	struct bl_desired_prefix *prefixes;
	size_t n_prefixes;
	struct bl_config config;
	bool known; /* the above is what the maps hold; otherwise it is read again first */
	struct bl_ip (*near)
		[BL_NEAR_SIZE]; /* whose each place of near4 and near6 is; NULL: not known yet */
};

/* The map's entry; `translated`: packets of the pod may be of translated flows. */
struct bl_endpoint bl_tables_endpoint(const struct bl_desired_endpoint *e, bool translated);

void bl_tables_free(struct bl_tables *t);
int bl_tables_load(struct bl_tables *t, struct bl_err *err);
int bl_tables_set_endpoints(struct bl_tables *t, const struct bl_desired_endpoint *list, size_t n,
			    struct bl_err *err);
/* Removes those that are not listed, or lead elsewhere by now; writes none. */
int bl_tables_keep_endpoints(struct bl_tables *t, const struct bl_desired_endpoint *list, size_t n,
			     struct bl_err *err);
int bl_tables_set_prefixes(struct bl_tables *t, const struct bl_desired_prefix *list, size_t n,
			   struct bl_err *err);
int bl_tables_set_config(struct bl_tables *t, const struct bl_config *config, struct bl_err *err);

/* --- places in near4/6 (near.c) ---------------------------------------------------------------------------------------- */
/* After the endpoint's entry was written, and before it is erased. */
int bl_near_put(struct bl_tables *t, const struct bl_ip *ip, const struct bl_endpoint *ep,
		struct bl_err *err);
int bl_near_drop(struct bl_tables *t, const struct bl_ip *ip, struct bl_err *err);
/* Makes the places those of the endpoints that t holds. */
int bl_near_load(struct bl_tables *t, struct bl_err *err);

struct bl_datapath {
	int lock; /* of the pins' folder */
	struct bl_map_io io;
	struct bl_pins pins;
	struct bl_programs progs;
	struct bl_links links;
	struct bl_services *services;
	struct bl_tables tables;
	struct bl_policy_tables *policy;
};

/* libbpf's last complaint, "" without any; cleared by the call. Lends. */
const char *bl_programs_complaint(void);

#endif
