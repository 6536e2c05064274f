/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_API_NODE_H
#define BL_API_NODE_H

#include "api/object.h"
#include "base/ip.h"

/* core/v1 Node. */
struct bl_api_node {
	struct bl_api_object obj;
	struct bl_cidr *pod_cidrs; /* at most two, of different families */
	size_t n_pod_cidrs;
	struct bl_ip *internal_ips; /* status.addresses of type InternalIP, in order */
	size_t n_internal_ips;
	struct bl_ip *external_ips;
	size_t n_external_ips;
	const char *zone; /* label topology.kubernetes.io/zone */
	bool ready;	  /* condition Ready is True */
	bool excluded_from_lb;
};

#endif
