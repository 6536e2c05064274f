/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CONTROLLERS_INTERNAL_H
#define BL_CONTROLLERS_INTERNAL_H

#include "base/ip.h"
#include "controllers/controllers.h"
#include "controllers/mirror.h"
#include "controllers/queue.h"

/* The collections that controllers share, each watched once however many ask. */
enum bl_shared {
	BL_SHARED_NAMESPACES,
	BL_SHARED_NODES,
	BL_SHARED_PODS,
	BL_SHARED_SERVICES,
	BL_SHARED_SLICES, /* those managed by the endpointslice controller, text and object */
	BL_SHARED_LEASES, /* of kube-node-lease, text */
	BL_SHARED_COUNT
};

struct bl_mirror *bl_controllers_mirror(struct bl_controllers *c, enum bl_shared which);
struct bl_loop *bl_controllers_loop(const struct bl_controllers *c);
struct bl_client *bl_controllers_client(const struct bl_controllers *c);
const struct bl_controllers_opts *bl_controllers_opts(const struct bl_controllers *c);

/* A controller: a row of the table in controllers.c. */
struct bl_controller_type {
	const char *name;
	void *(*start)(struct bl_controllers *c);
	void (*stop)(void *controller);
};

extern const struct bl_controller_type bl_controller_endpointslice, bl_controller_nodecidr,
	bl_controller_namespace, bl_controller_nodelifecycle, bl_controller_gc;

#endif
