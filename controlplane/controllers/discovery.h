/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CONTROLLERS_DISCOVERY_H
#define BL_CONTROLLERS_DISCOVERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/loop.h"
#include "client/client.h"

/* A resource that the server serves, from its discovery documents (metav1.APIResource). */
struct bl_resource {
	char *prefix; /* "/api/v1" or "/apis/group/version" */
	char *plural;
	char *kind;
	char *group_version; /* "v1" or "group/version" */
	bool namespaced;
	bool lists, watches, deletes, deletes_all; /* verbs */
};

/* Reads discovery once, in each group's preferred version, trying again until it has it. */
struct bl_discovery;

/* `ready` is called once, from the loop. */
struct bl_discovery *bl_discovery_new(struct bl_loop *loop, struct bl_client *client,
				      void (*ready)(void *arg), void *arg);
struct bl_discovery *bl_discovery_free(struct bl_discovery *d);

/* What there is; nothing before it is ready. Lends. */
const struct bl_resource *bl_discovery_list(const struct bl_discovery *d, size_t *ret_n);

/* The resource of an ownerReference; NULL: not served. */
const struct bl_resource *bl_discovery_find(const struct bl_discovery *d, const char *group_version,
					    const char *kind);

/* The path of an object or, with name NULL, of a collection. namespace "": all, or cluster-scoped. The caller frees it. */
char *bl_resource_path(const struct bl_resource *r, const char *namespace, const char *name);

#endif
