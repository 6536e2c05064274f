/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_API_POD_H
#define BL_API_POD_H

#include "api/object.h"
#include "base/ip.h"

struct bl_api_pod_port {
	const char *name; /* "" where absent */
	uint8_t proto;
	uint16_t port;	      /* containerPort */
	uint16_t host_port;   /* 0: none */
	struct bl_ip host_ip; /* family 0: every address */
};

enum bl_api_pod_phase {
	BL_POD_PENDING,
	BL_POD_RUNNING,
	BL_POD_SUCCEEDED,
	BL_POD_FAILED,
	BL_POD_UNKNOWN,
};

/* core/v1 Pod. Ports are those of every container and of init containers that restart always. */
struct bl_api_pod {
	struct bl_api_object obj;
	const char *node; /* spec.nodeName */
	const char *hostname;
	const char *subdomain;
	bool host_network;
	bool ready; /* condition Ready is True */
	enum bl_api_pod_phase phase;
	struct bl_ip *ips; /* status.podIPs; at most two */
	size_t n_ips;
	struct bl_api_pod_port *ports;
	size_t n_ports;
};

#endif
