/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_AGENT_CONFIG_INTERNAL_H
#define BL_AGENT_CONFIG_INTERNAL_H

/* What the files of the configuration share. Nobody else includes this. */

#include <jansson.h>

#include "agent/config.h"

/* The size of a list that is not too long. */
int bl_config_read_list(const json_t *v, size_t *ret_n, struct bl_err *err);
/* Readers of one key's value, as config.c's table wants them. */
int bl_config_read_peers(struct bl_agent_config *c, const json_t *v, void *field,
			 struct bl_err *err);

#endif
