// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Group commit.
 *
 * A write request prepares its object, stages it here and waits with its connection suspended. Before the loop sleeps,
 * everything staged in this turn becomes one transaction of the storage: one fsync for all of them. Then, in the order of
 * staging, each object gets its revision, enters the cache and the history, and its request is answered; watches of the
 * touched kinds are woken once. So a reader never sees what is not durable, and an acknowledged write is always durable.
 *
 * A batch names a key once. A request that wants to write a key that is already staged is parked and starts over after the
 * commit, reading what the first one wrote; so is a second request of the same turn on the same name, whose outcome (409, a
 * patch on top) depends on the first.
 *
 * When the storage refuses the batch, nothing of it happened: every request gets the error, every address that was taken
 * for it is free again.
 */
#include "apiserver/batch.h"

#include <errno.h>

#include "apiserver/server_priv.h"
#include "apiserver/status.h"
#include "apiserver/watch.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

struct bl_batch {
	struct bl_server *srv;
	struct bl_defer commit;
	struct bl_write *by_key; /* hash of what is staged, also the order of staging */
	struct bl_request *parked, **parked_tail;
};

static void commit_staged(void *arg);

struct bl_batch *bl_batch_new(struct bl_server *srv)
{
	struct bl_batch *b = bl_new0(struct bl_batch);

	b->srv = srv;
	b->parked_tail = &b->parked;
	bl_defer_init(&b->commit, srv->loop, commit_staged, b);
	return b;
}

struct bl_batch *bl_batch_free(struct bl_batch *b)
{
	if (!b)
		return NULL;
	bl_defer_cancel(&b->commit);
	HASH_CLEAR(hh, b->by_key);
	free(b);
	return NULL;
}

bool bl_batch_holds(const struct bl_batch *b, const char *key)
{
	struct bl_write *w;

	HASH_FIND_STR(b->by_key, key, w);
	return w != NULL;
}

void bl_batch_stage(struct bl_batch *b, struct bl_request *rq, struct bl_store *st,
		    struct bl_object *obj, struct bl_object *old, struct bl_alloc_txn *txn)
{
	const struct bl_object *id = obj ? obj : old;
	struct bl_write *w = bl_new0(struct bl_write);

	w->st = st;
	w->rq = rq;
	w->key = bl_store_key(st, bl_object_ns(id), bl_object_name(id));
	w->obj = obj;
	w->old = bl_object_ref(old);
	if (txn) {
		w->alloc = *txn;
		*txn = (struct bl_alloc_txn){};
	}
	w->next = rq->writes;
	rq->writes = w;
	rq->writes_left++;
	rq->state = BL_REQUEST_WAITING;
	HASH_ADD_KEYPTR(hh, b->by_key, w->key, strlen(w->key), w);
	bl_defer_mark(&b->commit);
}

void bl_batch_park(struct bl_batch *b, struct bl_request *rq)
{
	rq->state = BL_REQUEST_WAITING;
	rq->next_parked = NULL;
	*b->parked_tail = rq;
	b->parked_tail = &rq->next_parked;
	bl_defer_mark(&b->commit);
}

static int write_all(struct bl_batch *b, struct bl_storage_op *ops, size_t count, char **texts,
		     struct bl_err *err)
{
	struct bl_write *w, *tmp;
	size_t i = 0;

	HASH_ITER (hh, b->by_key, w, tmp) {
		ops[i].key = w->key;
		ops[i].expect = w->old ? w->old->rev : 0;
		if (w->obj) {
			texts[i] = bl_object_stored_text(w->obj, &ops[i].len);
			ops[i].value = texts[i];
		}
		i++;
	}
	return bl_storage_commit(b->srv->storage, ops, count, err);
}

/* One durable write becomes visible. */
static void publish(struct bl_batch *b, struct bl_write *w, int64_t rev)
{
	const struct bl_object *id = w->obj ? w->obj : w->old;
	struct bl_object *obj = w->obj ? bl_object_with_rev(w->obj, rev) : NULL;

	w->result = obj ? bl_object_ref(obj) : bl_object_with_rev(w->old, rev);
	bl_store_put(w->st, bl_object_ns(id), bl_object_name(id), obj, rev);
	if (!w->obj && w->st->kind->allocates) {
		BL_JSON json_t *gone = bl_object_decode(w->old);

		bl_alloc_release(b->srv->alloc, gone);
	}
	bl_alloc_commit(b->srv->alloc, &w->alloc);
	bl_watch_notify(w->st);
}

static void refuse(struct bl_batch *b, struct bl_write *w, int code, const struct bl_err *err)
{
	struct bl_request *rq = w->rq;

	bl_alloc_rollback(b->srv->alloc, &w->alloc);
	if (rq->state != BL_REQUEST_WAITING)
		return;
	if (code == -ESTALE)
		bl_answer_status(rq, bl_status_conflict(w->st->kind,
							bl_object_name(w->obj ? w->obj : w->old),
							NULL));
	else
		bl_answer_status(rq,
				 bl_status_new(500, "InternalError", "Internal error occurred: %s",
					       bl_err_text(err)));
}

static void finish(struct bl_batch *b, struct bl_write *list, const struct bl_storage_op *ops,
		   int ret, const struct bl_err *err)
{
	struct bl_write *w, *tmp;
	size_t i = 0;

	HASH_ITER (hh, list, w, tmp) {
		if (ret)
			refuse(b, w, ret, err);
		else
			publish(b, w, ops[i].ret_rev);
		i++;
	}
	HASH_ITER (hh, list, w, tmp) {
		struct bl_request *rq = w->rq;

		HASH_DEL(list, w);
		if (--rq->writes_left)
			continue;
		if (!ret)
			rq->then(rq);
		bl_request_wake(rq);
	}
}

static void rerun_parked(struct bl_batch *b)
{
	struct bl_request *rq = b->parked, *next;

	b->parked = NULL;
	b->parked_tail = &b->parked;
	for (; rq; rq = next) {
		next = rq->next_parked;
		bl_request_run(rq);
		if (rq->state != BL_REQUEST_WAITING)
			bl_request_wake(rq);
	}
}

static void commit_staged(void *arg)
{
	struct bl_batch *b = arg;
	struct bl_write *list = b->by_key;
	size_t count = HASH_COUNT(list);
	struct bl_storage_op *ops = bl_calloc(count + 1, sizeof(*ops));
	char **texts = bl_calloc(count + 1, sizeof(*texts));
	struct bl_err err = {};
	int ret = 0;

	if (count) {
		ret = write_all(b, ops, count, texts, &err);
		if (ret)
			bl_log_error("write refused by the storage writes=%zu error=%s", count,
				     bl_err_text(&err));
		b->by_key = NULL;
		finish(b, list, ops, ret, &err);
	}
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
	free(ops);
	rerun_parked(b);
}

void bl_batch_flush(struct bl_batch *b)
{
	commit_staged(b);
}
