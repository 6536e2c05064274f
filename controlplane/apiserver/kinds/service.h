/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_KINDS_SERVICE_H
#define BL_APISERVER_KINDS_SERVICE_H

#include "apiserver/kind.h"
#include "apiserver/kinds/check.h"

/* The parts of a Service's row, one file an idea. `spec` is the Service's spec. */

/* service_defaults.c */
void bl_service_defaults(json_t *obj);
void bl_service_prepare_update(json_t *obj, const json_t *old);
bool bl_service_is_type(const json_t *spec, const char *type);
bool bl_service_is_headless(const json_t *spec);
/* Reached from outside the cluster: NodePort, LoadBalancer, or ClusterIP with externalIPs. */
bool bl_service_is_external(const json_t *spec);
/* LoadBalancer with externalTrafficPolicy Local. */
bool bl_service_needs_health_port(const json_t *spec);

/* service_ports.c: spec.ports, at the path of the spec */
void bl_service_check_ports(struct bl_check *ck, const json_t *spec);

/* service_families.c: clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy, at the path of the spec */
void bl_service_check_families(struct bl_check *ck, const json_t *spec);
void bl_service_check_families_update(struct bl_check *ck, const json_t *spec, const json_t *old);

/* service_status.c */
void bl_service_validate_status(const json_t *obj, const json_t *old, struct bl_causes *c);

/* service_table.c */
extern const struct bl_column bl_service_columns[];
json_t *bl_service_cells(const json_t *obj, long long now_ns);

#endif
