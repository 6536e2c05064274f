/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_PLUGIN_CONF_H
#define BL_PLUGIN_CONF_H

#include <jansson.h>
#include <stdint.h>

#include "base/ip.h"
#include "ipc/messages.h"

/*
 * The configuration on standard input (CNI specification 1.1.0, section 1, "Plugin configuration objects"):
 *
 *   {"cniVersion": "0.3.1"|"0.4.0"|"1.0.0"|"1.1.0", "name": NETWORK, "type": "beeline-cni",
 *    "socket": PATH, "mtu": N, "capabilities": {"ips": true}, "runtimeConfig": {"ips": [ADDRESS or PREFIX]},
 *    "args": {"cni": {"ips": [ADDRESS]}}, "prevResult": RESULT, "cni.dev/valid-attachments": [{"containerID", "ifname"}]}
 */

enum bl_plugin_version {
	BL_PLUGIN_0_3_1,
	BL_PLUGIN_0_4_0,
	BL_PLUGIN_1_0_0,
	BL_PLUGIN_1_1_0,
	BL_PLUGIN_VERSION_COUNT,
};
extern const char *const bl_plugin_versions[BL_PLUGIN_VERSION_COUNT];

#define BL_PLUGIN_CONF_MAX (1u << 20)

struct bl_plugin_conf {
	json_t *json; /* owns what the others point into */
	enum bl_plugin_version version;
	const char *network;
	const char *socket;
	int64_t mtu;	     /* 0: the agent's choice */
	struct bl_ip ips[2]; /* requested, at most one a family */
	size_t n_ips;
	const json_t *prev;  /* prevResult, or NULL */
	const json_t *valid; /* the list of valid attachments, or NULL */
};

/*
 * Fills *ret_conf, also on failure as far as the version goes, so that the error can be answered in it. -EINVAL with code 1
 * (version), 2 (a field that is not ours), 6 (no JSON object) or 7 (a wrong value).
 */
int bl_plugin_conf_parse(const char *data, size_t len, struct bl_plugin_conf *ret_conf,
			 struct bl_ipc_failure *ret_failure);
void bl_plugin_conf_free(struct bl_plugin_conf *conf);

/* "cniVersion" of the object that VERSION gets; the newest where there is none. */
const char *bl_plugin_conf_asked_version(const json_t *conf);

#endif
