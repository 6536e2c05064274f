/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_PLUGIN_ENV_H
#define BL_PLUGIN_ENV_H

#include "ipc/messages.h"

/* The environment of a call (CNI specification 1.1.0, section 2, "Parameters"). */

enum bl_plugin_command {
	BL_PLUGIN_ADD,
	BL_PLUGIN_DEL,
	BL_PLUGIN_CHECK,
	BL_PLUGIN_GC,
	BL_PLUGIN_STATUS,
	BL_PLUGIN_VERSION,
};

/* Strings are lent by the environment, or by `args`. "" where the call has none. */
struct bl_plugin_env {
	enum bl_plugin_command command;
	const char *container_id;
	const char *ifname;
	const char *netns;
	const char *pod_namespace; /* of CNI_ARGS: K8S_POD_NAMESPACE and so on */
	const char *pod_name;
	const char *pod_uid;
	char *args; /* a copy of CNI_ARGS that the three point into */
};

/* Reads and checks what the command needs; -EINVAL and *ret_failure with code 4. The caller frees env->args. */
int bl_plugin_env_read(char *(*get)(const char *name), struct bl_plugin_env *ret_env,
		       struct bl_ipc_failure *ret_failure);

/* The grammars of the specification: container ids, and what Linux takes as an interface's name. */
int bl_plugin_is_container_id(const char *s);
int bl_plugin_is_ifname(const char *s);

/* Fills a failure and returns -EINVAL. */
int bl_plugin_fail(struct bl_ipc_failure *ret_failure, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
