/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_AGENT_CONFIG_H
#define BL_AGENT_CONFIG_H

#include "agent/compile/compile.h"
#include "agent/datapath/datapath.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"

struct bl_agent_names {
	const char *const *list;
	size_t count;
};

/*
 * The agent's configuration: one YAML or JSON file (beelined.conf(5)), every key with a default but nodeName, which may
 * also come from the environment (NODE_NAME) or the host's name. Strings and lists belong to the arena.
 */
struct bl_agent_config {
	struct bl_arena *arena;
	const char *kubeconfig; /* NULL: the in-cluster service account */
	const char *run_dir;	/* the socket's folder */
	const char *state_dir;
	const char *bpf_dir;
	const char *cgroup;	       /* NULL: the root of the mounted cgroup v2 */
	struct bl_agent_names uplinks; /* none: the links of the default routes */
	struct bl_compile_config compile;
	const char *bird_socket;
	const char *bird_config;
	const char *cni_conf_dir; /* NULL: no conflist is installed */
	uint32_t cni_mtu;	  /* 0: the uplink's */
	struct bl_map_size *map_sizes;
	size_t n_map_sizes;
	enum bl_xdp_wish xdp;
	enum bl_log_level log_level;
};

/* NULL path: the defaults. -EINVAL: "FILE: key: reason". */
int bl_agent_config_load(const char *path, struct bl_agent_config **ret_config, struct bl_err *err);
struct bl_agent_config *bl_agent_config_free(struct bl_agent_config *c);

BL_DEFINE_CLEANUP(agent_config, struct bl_agent_config, bl_agent_config_free);
#define BL_AGENT_CONFIG BL_CLEANUP(bl_cleanup_agent_config)

#endif
