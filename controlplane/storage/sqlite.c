// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Objects in SQLite.
 *
 * One table holds a row a key: the bytes and the revision of the last write. A second table holds the one counter of
 * revisions, written in the transaction that uses it, so that a revision is never given twice even when the newest object
 * was deleted before a crash.
 *
 * The journal is a write-ahead log with synchronous=FULL: a commit is one append and one fsync, however many writes the
 * batch has, and what commit() acknowledged is there after kill -9 and after a power cut. Checkpoints run inside commits
 * when the log has grown to CHECKPOINT_PAGES. The file is locked for this process alone (locking_mode=EXCLUSIVE): a second
 * server on the same folder fails at start, not at its first write, and the log's index stays in memory.
 *
 * Every statement is prepared once. A batch whose expectation fails is rolled back and leaves no trace, its revisions
 * included.
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "storage/storage.h"

#define CHECKPOINT_PAGES 2000

struct sqlite {
	struct bl_storage base;
	sqlite3 *db;
	sqlite3_stmt *begin, *end, *undo, *get, *list, *rev_of, *put, *del, *set_rev;
};

static int fail(struct sqlite *s, const char *what, struct bl_err *err)
{
	int code = sqlite3_errcode(s->db);

	return bl_err_set(err, code == SQLITE_FULL ? -ENOSPC : -EIO, "%s: %s", what,
			  sqlite3_errmsg(s->db));
}

/* Runs a statement that gives no rows. */
static int step(struct sqlite *s, sqlite3_stmt *st, const char *what, struct bl_err *err)
{
	int rc = sqlite3_step(st);
	int ret = rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : fail(s, what, err);

	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return ret;
}

/* The revision of a key, 0 when it is absent. */
static int current_rev(struct sqlite *s, const char *key, int64_t *ret_rev, struct bl_err *err)
{
	int rc, ret = 0;
	int64_t rev = 0;

	sqlite3_bind_text(s->rev_of, 1, key, -1, SQLITE_STATIC);
	rc = sqlite3_step(s->rev_of);
	if (rc == SQLITE_ROW)
		rev = sqlite3_column_int64(s->rev_of, 0);
	else if (rc != SQLITE_DONE)
		ret = fail(s, "read a revision", err);
	sqlite3_reset(s->rev_of);
	if (!ret)
		*ret_rev = rev;
	return ret;
}

static int write_op(struct sqlite *s, struct bl_storage_op *op, int64_t rev, struct bl_err *err)
{
	int64_t now;
	int ret = current_rev(s, op->key, &now, err);

	if (ret)
		return ret;
	if (now != op->expect)
		return bl_err_set(err, -ESTALE, "%s has revision %lld, not %lld", op->key,
				  (long long)now, (long long)op->expect);
	op->ret_rev = rev;
	if (!op->value) {
		sqlite3_bind_text(s->del, 1, op->key, -1, SQLITE_STATIC);
		return step(s, s->del, "delete", err);
	}
	sqlite3_bind_text(s->put, 1, op->key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s->put, 2, rev);
	sqlite3_bind_blob64(s->put, 3, op->value, op->len, SQLITE_STATIC);
	return step(s, s->put, "write", err);
}

static int write_batch(struct sqlite *s, struct bl_storage_op *ops, size_t count, int64_t rev,
		       struct bl_err *err)
{
	int ret = 0;

	for (size_t i = 0; i < count && !ret; i++)
		ret = write_op(s, &ops[i], rev + (int64_t)i + 1, err);
	if (ret)
		return ret;
	sqlite3_bind_int64(s->set_rev, 1, rev + (int64_t)count);
	return step(s, s->set_rev, "write the revision", err);
}

static int sqlite_commit(struct bl_storage *base, struct bl_storage_op *ops, size_t count,
			 struct bl_err *err)
{
	struct sqlite *s = (struct sqlite *)base;
	int ret = step(s, s->begin, "begin", err);

	if (ret)
		return ret;
	ret = write_batch(s, ops, count, base->rev, err);
	if (!ret)
		ret = step(s, s->end, "commit", err);
	if (ret) {
		step(s, s->undo, "roll back", NULL);
		return ret;
	}
	base->rev += (int64_t)count;
	return 0;
}

/* Hands the rows of a bound statement to the caller. */
static int walk(struct sqlite *s, sqlite3_stmt *st, bl_storage_row row, void *arg, size_t *ret_rows,
		struct bl_err *err)
{
	int rc, ret = 0;

	*ret_rows = 0;
	while (!ret && (rc = sqlite3_step(st)) != SQLITE_DONE) {
		if (rc != SQLITE_ROW) {
			ret = fail(s, "read", err);
			break;
		}
		++*ret_rows;
		ret = row((const char *)sqlite3_column_text(st, 0), sqlite3_column_blob(st, 1),
			  (size_t)sqlite3_column_bytes(st, 1), sqlite3_column_int64(st, 2), arg);
	}
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return ret;
}

static int sqlite_get(struct bl_storage *base, const char *key, bl_storage_row row, void *arg,
		      struct bl_err *err)
{
	struct sqlite *s = (struct sqlite *)base;
	size_t rows;
	int ret;

	sqlite3_bind_text(s->get, 1, key, -1, SQLITE_TRANSIENT);
	ret = walk(s, s->get, row, arg, &rows, err);
	return ret || rows ? ret : bl_err_set(err, -ENOENT, "%s is not there", key);
}

static int sqlite_list(struct bl_storage *base, const char *prefix, bl_storage_row row, void *arg,
		       struct bl_err *err)
{
	struct sqlite *s = (struct sqlite *)base;
	BL_FREE char *end = bl_asprintf("%s\xff", prefix);
	size_t rows;

	sqlite3_bind_text(s->list, 1, prefix, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(s->list, 2, end, -1, SQLITE_TRANSIENT);
	return walk(s, s->list, row, arg, &rows, err);
}

/* Old revisions are not kept; the log is folded into the file and emptied. */
static int sqlite_compact(struct bl_storage *base, int64_t rev, struct bl_err *err)
{
	struct sqlite *s = (struct sqlite *)base;

	(void)rev;
	if (sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL))
		return fail(s, "checkpoint", err);
	return 0;
}

static void sqlite_free(struct bl_storage *base)
{
	struct sqlite *s = (struct sqlite *)base;
	sqlite3_stmt *all[] = {s->begin,  s->end, s->undo, s->get,    s->list,
			       s->rev_of, s->put, s->del,  s->set_rev};

	for (size_t i = 0; i < BL_ARRAY_SIZE(all); i++)
		sqlite3_finalize(all[i]);
	sqlite3_close(s->db);
	free(s);
}

static const struct bl_storage_ops sqlite_ops = {
	.commit = sqlite_commit,
	.get = sqlite_get,
	.list = sqlite_list,
	.compact = sqlite_compact,
	.free = sqlite_free,
};

static const char schema[] =
	"PRAGMA locking_mode=EXCLUSIVE;"
	"PRAGMA journal_mode=WAL;"
	"PRAGMA synchronous=FULL;"
	"PRAGMA cache_size=-1024;"
	"PRAGMA foreign_keys=OFF;"
	"BEGIN IMMEDIATE;"
	"CREATE TABLE IF NOT EXISTS object (key TEXT PRIMARY KEY, value BLOB NOT NULL, rev INTEGER NOT NULL);"
	"CREATE TABLE IF NOT EXISTS revision (one INTEGER PRIMARY KEY CHECK (one = 1), rev INTEGER NOT NULL);"
	"INSERT OR IGNORE INTO revision VALUES (1, 0);"
	"COMMIT;";

static int prepare(struct sqlite *s, struct bl_err *err)
{
	const struct {
		sqlite3_stmt **st;
		const char *sql;
	} all[] = {
		{&s->begin, "BEGIN IMMEDIATE"},
		{&s->end, "COMMIT"},
		{&s->undo, "ROLLBACK"},
		{&s->get, "SELECT key, value, rev FROM object WHERE key = ?"},
		{&s->list,
		 "SELECT key, value, rev FROM object WHERE key >= ? AND key < ? ORDER BY key"},
		{&s->rev_of, "SELECT rev FROM object WHERE key = ?"},
		{&s->put, "INSERT INTO object (key, rev, value) VALUES (?1, ?2, ?3) "
			  "ON CONFLICT (key) DO UPDATE SET rev = ?2, value = ?3"},
		{&s->del, "DELETE FROM object WHERE key = ?"},
		{&s->set_rev, "UPDATE revision SET rev = ? WHERE one = 1"},
	};

	for (size_t i = 0; i < BL_ARRAY_SIZE(all); i++) {
		if (sqlite3_prepare_v3(s->db, all[i].sql, -1, SQLITE_PREPARE_PERSISTENT, all[i].st,
				       NULL))
			return fail(s, "prepare", err);
	}
	return 0;
}

static int read_revision(struct sqlite *s, struct bl_err *err)
{
	sqlite3_stmt *st = NULL;
	int ret = 0;

	if (sqlite3_prepare_v2(s->db, "SELECT rev FROM revision", -1, &st, NULL) ||
	    sqlite3_step(st) != SQLITE_ROW)
		ret = fail(s, "read the revision", err);
	else
		s->base.rev = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return ret;
}

/*
 * Makes the file with the right mode. Closed before SQLite opens it: closing any descriptor of a file drops all of the
 * process's locks on it (fcntl(2)), SQLite's too.
 */
static int make_file(const char *path, struct bl_err *err)
{
	BL_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd < 0 ? bl_err_set(err, -errno, "%s", strerror(errno)) : 0;
}

static int open_db(struct sqlite *s, const char *path, struct bl_err *err)
{
	int ret = make_file(path, err);

	if (ret)
		return ret;
	if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL))
		return fail(s, "open", err);
	sqlite3_wal_autocheckpoint(s->db, CHECKPOINT_PAGES);
	if (sqlite3_exec(s->db, schema, NULL, NULL, NULL))
		return fail(s, "set up", err);
	ret = prepare(s, err);
	return ret ? ret : read_revision(s, err);
}

int bl_storage_open_sqlite(const char *path, struct bl_storage **ret_storage, struct bl_err *err)
{
	struct sqlite *s = bl_new0(struct sqlite);
	int ret;

	s->base.ops = &sqlite_ops;
	ret = open_db(s, path, err);
	if (ret) {
		sqlite_free(&s->base);
		return err ? bl_err_wrap(err, "%s", path) : ret;
	}
	*ret_storage = &s->base;
	return 0;
}
