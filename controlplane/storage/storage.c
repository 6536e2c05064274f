// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The door to the stores.
 *
 * The API server keeps its objects behind six calls. This file holds them; a backend fills a table of functions and the
 * revision of the last commit. The waist is kept honest by what it leaves out: no queries, no watches, no types, no
 * transactions that a caller could hold open, and no two writes of one key in a batch, so that a store of key and value
 * pairs with compare-and-swap transactions (etcd) fits behind it as well as a file does.
 *
 * The revision is the store's, not the caller's: the API server learns it from the commit and puts it into the object as
 * metadata.resourceVersion. A store may give one revision to a whole batch.
 */
#include "storage/storage.h"

int bl_storage_commit(struct bl_storage *s, struct bl_storage_op *ops, size_t count,
		      struct bl_err *err)
{
	return count ? s->ops->commit(s, ops, count, err) : 0;
}

int bl_storage_get(struct bl_storage *s, const char *key, bl_storage_row row, void *arg,
		   struct bl_err *err)
{
	return s->ops->get(s, key, row, arg, err);
}

int bl_storage_list(struct bl_storage *s, const char *prefix, bl_storage_row row, void *arg,
		    struct bl_err *err)
{
	return s->ops->list(s, prefix, row, arg, err);
}

int64_t bl_storage_revision(const struct bl_storage *s)
{
	return s->rev;
}

int bl_storage_compact(struct bl_storage *s, int64_t rev, struct bl_err *err)
{
	return s->ops->compact(s, rev, err);
}

struct bl_storage *bl_storage_free(struct bl_storage *s)
{
	if (s)
		s->ops->free(s);
	return NULL;
}
