/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_NET_POD_H
#define BL_NET_POD_H

/* What adding and checking a pod's link share. */

#include "agent/net/nl.h"

/* The node as the pod sees it. */
const struct bl_ip *bl_pod_gateway(uint8_t family);

/* A netlink socket of the pod's namespace; with `settings` the kernel's settings of the pod's link are made on the way. */
int bl_pod_socket(const struct bl_pod_link *p, bool settings, struct nl_sock **ret_sk,
		  struct bl_err *err);

#endif
