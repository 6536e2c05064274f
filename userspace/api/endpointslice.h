/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_API_ENDPOINTSLICE_H
#define BL_API_ENDPOINTSLICE_H

#include "api/object.h"
#include "base/ip.h"

/* discovery.k8s.io/v1 EndpointSlice. */
struct bl_api_slice_port {
	const char *name; /* "" where absent */
	uint8_t proto;
	uint16_t
		port; /* host byte order; 0: absent, meaning all ports; such a port is left alone */
};

struct bl_api_endpoint {
	struct bl_ip *ips; /* only the first of the API's, as kube-proxy does */
	size_t n_ips;	   /* 1 */
	bool ready;	   /* absent counts as true */
	bool serving;	   /* absent counts as ready */
	bool terminating;  /* absent counts as false */
	const char *node;  /* nodeName */
	const char *zone;
	const char **zone_hints; /* hints.forZones, n_zone_hints names */
	size_t n_zone_hints;
	const char **node_hints; /* hints.forNodes */
	size_t n_node_hints;
	const char *target; /* targetRef.name of a Pod, "" otherwise */
};

struct bl_api_endpointslice {
	struct bl_api_object obj;
	const char *service; /* label kubernetes.io/service-name, "" where absent */
	uint8_t family;	     /* addressType: 4, 6; 0 for FQDN, which is ignored */
	struct bl_api_slice_port *ports;
	size_t n_ports;
	struct bl_api_endpoint *endpoints;
	size_t n_endpoints;
	size_t n_refused;    /* endpoints left out: loopback, link-local, multicast, wrong family */
	const char *refused; /* the first of them and why, "" if none */
};

#endif
