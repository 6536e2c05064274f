/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_STORAGE_STORAGE_H
#define BL_STORAGE_STORAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * The narrow waist between the API server and what keeps its objects: bytes under keys, each with the revision of its last
 * write, and batches that are written whole or not at all. A store counts revisions upwards from 1 and never gives one
 * twice, whatever was deleted in between. Nothing here watches: the API server is the only writer and knows its own writes.
 */
struct bl_storage;

/* One write of a batch. A batch names no key twice. */
struct bl_storage_op {
	const char *key;
	const void *value; /* NULL: delete */
	size_t len;
	int64_t expect;	 /* the revision that the key has now; 0: it must not exist */
	int64_t ret_rev; /* filled by a commit that succeeds */
};

/*
 * Writes the batch. 0: all of it is durable. -ESTALE: an expectation does not hold, nothing was written. Any other code:
 * nothing was written, err says why.
 */
int bl_storage_commit(struct bl_storage *s, struct bl_storage_op *ops, size_t count,
		      struct bl_err *err);

/* One key, lent to `row` for the call; -ENOENT. A row that returns non-zero ends the walk with that code. */
typedef int (*bl_storage_row)(const char *key, const void *value, size_t len, int64_t rev,
			      void *arg);
int bl_storage_get(struct bl_storage *s, const char *key, bl_storage_row row, void *arg,
		   struct bl_err *err);
/* Every key with the prefix, in order of bytes. */
int bl_storage_list(struct bl_storage *s, const char *prefix, bl_storage_row row, void *arg,
		    struct bl_err *err);

/* The revision of the last commit, 0 in a new store. */
int64_t bl_storage_revision(const struct bl_storage *s);

/* Gives up what is kept of revisions before `rev`, and the space that it took. */
int bl_storage_compact(struct bl_storage *s, int64_t rev, struct bl_err *err);

struct bl_storage *bl_storage_free(struct bl_storage *s);

/* SQLite in one file, made when absent (0600). */
int bl_storage_open_sqlite(const char *path, struct bl_storage **ret_storage, struct bl_err *err);

/* What a backend fills in; only backends and storage.c see it. */
struct bl_storage_ops {
	int (*commit)(struct bl_storage *s, struct bl_storage_op *ops, size_t count,
		      struct bl_err *err);
	int (*get)(struct bl_storage *s, const char *key, bl_storage_row row, void *arg,
		   struct bl_err *err);
	int (*list)(struct bl_storage *s, const char *prefix, bl_storage_row row, void *arg,
		    struct bl_err *err);
	int (*compact)(struct bl_storage *s, int64_t rev, struct bl_err *err);
	void (*free)(struct bl_storage *s);
};

struct bl_storage {
	const struct bl_storage_ops *ops;
	int64_t rev;
};

#endif
