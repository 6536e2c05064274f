/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_WRITE_H
#define BL_APISERVER_WRITE_H

#include "apiserver/request.h"

/*
 * What creates, updates and patches have in common. Functions that return json_t * give the Status that refuses the
 * request, or NULL.
 */

/* The body as a JSON value (JSON or YAML by its Content-Type); 400 or 415. */
json_t *bl_read_body(struct bl_request *rq, json_t **ret_value);

/* Brings a value into the API's form for rq->kind: apiVersion and kind, types, unknown fields, defaults. Changes obj. */
json_t *bl_decode_object(struct bl_request *rq, json_t *obj);

/* An object of the kind named in the refusal, with these causes: 422. Empties c. NULL when there are none. */
json_t *bl_refuse_causes(struct bl_request *rq, const json_t *obj, struct bl_causes *c);

/* metadata of a new object: name by generateName, namespace, uid, times; checks what the URL says. */
json_t *bl_meta_fill_create(struct bl_request *rq, json_t *obj);
/* metadata of an update: what a client may leave out comes from old; checks preconditions. */
json_t *bl_meta_fill_update(struct bl_request *rq, json_t *obj, const json_t *old);

/* The namespace of a new object exists and is not going away. */
json_t *bl_check_namespace(struct bl_request *rq, const char *name);

/* Writes obj (takes; decoded) as a new object. managed: managedFields are already right (apply). */
void bl_write_create(struct bl_request *rq, json_t *obj, bool managed);
/* Writes obj (takes; decoded) in place of live. */
void bl_write_update(struct bl_request *rq, json_t *obj, struct bl_object *live, bool managed);

/* Stages one write; rq->then defaults to answering with the result and rq->good_code. */
void bl_stage(struct bl_request *rq, struct bl_object *obj, struct bl_object *old,
	      struct bl_alloc_txn *txn);

/* Whether rq->name is being written by another request; then rq was parked. */
bool bl_parked(struct bl_request *rq, const char *ns, const char *name);

/* An object marked for deletion has nothing left that holds it. */
bool bl_is_free_to_go(const json_t *obj);

/* "2026-11-24T10:00:00Z" */
const char *bl_now_text(char buf[32]);

#endif
