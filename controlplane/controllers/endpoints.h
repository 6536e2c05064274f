/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CONTROLLERS_ENDPOINTS_H
#define BL_CONTROLLERS_ENDPOINTS_H

#include <jansson.h>
#include <stdbool.h>

#include "controllers/slices.h"

/* Whether a pod is behind its services at all: it has an address and has not ended. */
bool bl_endpoints_wants(const struct bl_api_pod *pod);

/* The number that the service's port means on this pod; 0: none. */
uint16_t bl_endpoints_port(const struct bl_api_service_port *port, const struct bl_api_pod *pod);

/* discovery.k8s.io/v1 EndpointPort[] of the pod. The caller owns it. */
json_t *bl_endpoints_ports(const struct bl_api_service *svc, const struct bl_api_pod *pod);

/* Text that is the same for lists of the same ports, in any order. The caller frees it. */
char *bl_endpoints_ports_key(const json_t *ports);

/* discovery.k8s.io/v1 Endpoint of the pod; `ip` is its address of the slice's family. */
json_t *bl_endpoints_make(const struct bl_api_service *svc, const struct bl_api_pod *pod,
			  const struct bl_ip *ip, const char *zone);

/* Whether two endpoints stand for the same pod and address, and whether they say the same of it. */
bool bl_endpoints_same(const json_t *a, const json_t *b);
bool bl_endpoints_equal(const json_t *a, const json_t *b);

#endif
