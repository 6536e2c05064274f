/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CONTROLLERS_TAINTS_H
#define BL_CONTROLLERS_TAINTS_H

#include <jansson.h>

/* The status of a node's condition Ready: "True", "False", "Unknown", or "True" where it has none. Lends. */
const char *bl_taints_ready_status(const json_t *node);

/*
 * spec.taints as they should be for that status (node.kubernetes.io/not-ready and unreachable, each NoSchedule and
 * NoExecute; other taints stay). NULL: they are. The caller owns it.
 */
json_t *bl_taints_wanted(const json_t *node, const char *ready);

#endif
