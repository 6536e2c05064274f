/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_SCHEMA_TYPES_H
#define BL_APISERVER_SCHEMA_TYPES_H

#include "apiserver/schema.h"

/* The shapes of the served kinds, one table file a group of kinds in apiserver/schema/. */
extern const struct bl_schema_type bl_schema_binding;
extern const struct bl_schema_type bl_schema_configmap;
extern const struct bl_schema_type bl_schema_endpoints;
extern const struct bl_schema_type bl_schema_endpointslice;
extern const struct bl_schema_type bl_schema_event;	   /* core/v1 */
extern const struct bl_schema_type bl_schema_events_event; /* events.k8s.io/v1 */
extern const struct bl_schema_type bl_schema_lease;
extern const struct bl_schema_type bl_schema_namespace;
extern const struct bl_schema_type bl_schema_networkpolicy;
extern const struct bl_schema_type bl_schema_node;
extern const struct bl_schema_type bl_schema_pod;
extern const struct bl_schema_type bl_schema_secret;
extern const struct bl_schema_type bl_schema_service;
extern const struct bl_schema_type bl_schema_serviceaccount;

/* What is not a kind of its own: the body of DELETE, and the metadata that every kind has. */
extern const struct bl_schema_type bl_schema_delete_options;
extern const struct bl_schema_type bl_schema_object_meta;
extern const struct bl_schema_type bl_schema_list_meta;
extern const struct bl_schema_type bl_schema_status; /* the answer of a refused request */

#endif
