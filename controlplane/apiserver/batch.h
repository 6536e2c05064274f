/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_BATCH_H
#define BL_APISERVER_BATCH_H

#include <stdbool.h>

#include "apiserver/request.h"
#include "base/loop.h"

/*
 * Group commit: the writes of one turn of the loop share one transaction and one fsync.
 */
struct bl_batch;

struct bl_batch *bl_batch_new(struct bl_server *srv);
struct bl_batch *bl_batch_free(struct bl_batch *b);

/* A write of this key waits for its commit: whoever wants to write it too has to wait with bl_batch_park(). */
bool bl_batch_holds(const struct bl_batch *b, const char *key);

/*
 * Adds one write of rq. obj (takes) NULL deletes; old (lends) is what is stored now. *txn is taken. The request waits;
 * when all its writes are durable, rq->then makes the answer.
 */
void bl_batch_stage(struct bl_batch *b, struct bl_request *rq, struct bl_store *st,
		    struct bl_object *obj, struct bl_object *old, struct bl_alloc_txn *txn);

/* The request is run again from its start after the next commit. */
void bl_batch_park(struct bl_batch *b, struct bl_request *rq);

/* Commits now; what the server itself writes at start. */
void bl_batch_flush(struct bl_batch *b);

#endif
