/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_KINDS_TAINTS_H
#define BL_APISERVER_KINDS_TAINTS_H

#include "apiserver/kinds/check.h"

/* A node's taints and a pod's tolerations of them, at the path's child `name`. */
void bl_check_taints(struct bl_check *ck, const char *name, const json_t *taints);
void bl_check_tolerations(struct bl_check *ck, const char *name, const json_t *tolerations);

#endif
