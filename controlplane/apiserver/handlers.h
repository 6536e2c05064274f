/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_HANDLERS_H
#define BL_APISERVER_HANDLERS_H

#include "apiserver/request.h"

/*
 * One function a verb. Each answers the request, or stages its write and leaves it waiting; the route (kind, store, ns,
 * name, sub) is filled in.
 */
void bl_handle_get(struct bl_request *rq);
void bl_handle_list(struct bl_request *rq);
void bl_handle_create(struct bl_request *rq);
void bl_handle_update(struct bl_request *rq); /* the object, /status, or a Namespace's /finalize */
void bl_handle_patch(struct bl_request *rq);
void bl_handle_delete(struct bl_request *rq);
void bl_handle_delete_collection(struct bl_request *rq);
void bl_handle_binding(struct bl_request *rq);	/* POST pods/NAME/binding */
void bl_handle_eviction(struct bl_request *rq); /* POST pods/NAME/eviction */

/* Paths that are no objects: discovery, version, health, OpenAPI. false: no such path. */
bool bl_handle_discovery(struct bl_request *rq);
bool bl_handle_openapi(struct bl_request *rq); /* those below /openapi/ */

/* Query parameters of a write; `kind` is "CreateOptions" and so on. NULL, or the Status that refuses them. */
json_t *bl_options_read(struct bl_request *rq, const char *kind, bool apply);

#endif
