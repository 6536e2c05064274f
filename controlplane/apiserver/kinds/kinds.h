/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_KINDS_KINDS_H
#define BL_APISERVER_KINDS_KINDS_H

#include "apiserver/kind.h"

/* The rows of bl_kinds[], each in the file of its kind. */
extern const struct bl_kind bl_kind_configmap;
extern const struct bl_kind bl_kind_endpoints;
extern const struct bl_kind bl_kind_endpointslice;
extern const struct bl_kind bl_kind_event;
extern const struct bl_kind bl_kind_lease;
extern const struct bl_kind bl_kind_namespace;
extern const struct bl_kind bl_kind_networkpolicy;
extern const struct bl_kind bl_kind_node;
extern const struct bl_kind bl_kind_pod;
extern const struct bl_kind bl_kind_secret;
extern const struct bl_kind bl_kind_service;
extern const struct bl_kind bl_kind_serviceaccount;

/* The two columns that almost every kind has. */
#define BL_COLUMN_NAME                                              \
	{                                                           \
		.name = "Name", .type = "string", .format = "name", \
		.doc = "Name must be unique within a namespace."    \
	}
#define BL_COLUMN_AGE                                                \
	{                                                            \
		.name = "Age", .type = "string", .format = "",       \
		.doc = "How long ago the server created the object." \
	}

#endif
