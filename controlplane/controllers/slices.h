/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CONTROLLERS_SLICES_H
#define BL_CONTROLLERS_SLICES_H

#include <jansson.h>
#include <stddef.h>

#include "api/pod.h"
#include "api/service.h"

#define BL_SLICES_MANAGER   "endpointslice-controller.k8s.io"
#define BL_SLICES_MAX	    100 /* endpoints in one slice (--max-endpoints-per-slice) */
#define BL_SLICES_SERVICE   "kubernetes.io/service-name"
#define BL_SLICES_MANAGEDBY "endpointslice.kubernetes.io/managed-by"
#define BL_SLICES_HEADLESS  "service.kubernetes.io/headless"

/* Everything the slices of one Service follow from. Lent. */
struct bl_slices_input {
	const struct bl_api_service *service; /* has a selector */
	const struct bl_api_pod *const *pods; /* those it selects */
	size_t n_pods;
	/* The zone of a node, "" when it has none; NULL: there is no such node. */
	const char *(*zone_of)(void *arg, const char *node);
	void *arg;
	json_t *const *slices; /* the Service's that we manage, as the server has them */
	size_t n_slices;
};

enum bl_slices_op { BL_SLICES_CREATE, BL_SLICES_UPDATE, BL_SLICES_DELETE };

struct bl_slices_action {
	enum bl_slices_op op;
	json_t *slice; /* the whole new object; for a delete the old one */
};

struct bl_slices_plan {
	struct bl_slices_action *list;
	size_t count;
};

/* The writes that bring the slices to what they should be; none when they are. Pure. */
void bl_slices_plan(const struct bl_slices_input *in, struct bl_slices_plan *ret_plan);
void bl_slices_plan_free(struct bl_slices_plan *plan);

#endif
