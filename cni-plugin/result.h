/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_PLUGIN_RESULT_H
#define BL_PLUGIN_RESULT_H

#include "conf.h"
#include "env.h"

/*
 * What the plugin prints (CNI specification 1.1.0, section 5, "Result Types"). All return a new value.
 */

/* ADD's result, of the agent's answer to cni-add; behind what a plugin before us made. NULL: the answer lacks a field. */
json_t *bl_plugin_result_add(const struct bl_plugin_conf *conf, const struct bl_plugin_env *env,
			     const json_t *answer);

/* The addresses that an earlier ADD gave the interface `ifname` inside the container, without prefix lengths. */
json_t *bl_plugin_result_ips(const json_t *prev, const char *ifname);

json_t *bl_plugin_result_version(const char *asked);

json_t *bl_plugin_result_error(enum bl_plugin_version version,
			       const struct bl_ipc_failure *failure);

#endif
