// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: SQLite behind the storage interface
 *
 * What the API server builds on: batches whole or not at all, expectations, revisions that never come twice, and
 * everything still there after the file is opened again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "storage/storage.h"

struct world {
	char dir[40];
	char *path;
	struct bl_storage *s;
};

static int set_up(void **state)
{
	struct world *w = bl_new0(struct world);

	strcpy(w->dir, "/tmp/beeline-sqlite.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->path = bl_asprintf("%s/db", w->dir);
	assert_int_equal(bl_storage_open_sqlite(w->path, &w->s, NULL), 0);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	struct world *w = *state;

	bl_storage_free(w->s);
	for (size_t i = 0; i < BL_ARRAY_SIZE(ends); i++) {
		BL_FREE char *path = bl_asprintf("%s%s", w->path, ends[i]);

		unlink(path);
	}
	rmdir(w->dir);
	free(w->path);
	free(w);
	return 0;
}

static struct bl_storage_op put(const char *key, const char *value, int64_t expect)
{
	return (struct bl_storage_op){
		.key = key, .value = value, .len = strlen(value), .expect = expect};
}

static int join(const char *key, const void *value, size_t len, int64_t rev, void *arg)
{
	bl_buf_printf(arg, "%s=%.*s@%d ", key, (int)len, (const char *)value, (int)rev);
	return 0;
}

static void expect_all(struct world *w, const char *prefix, const char *text)
{
	BL_BUF struct bl_buf b = {};

	bl_buf_puts(&b, "");
	assert_int_equal(bl_storage_list(w->s, prefix, join, &b, NULL), 0);
	assert_string_equal(b.data ? b.data : "", text);
}

static void a_batch_gives_each_write_its_revision(void **state)
{
	struct world *w = *state;
	struct bl_storage_op ops[] = {put("/a/1", "x", 0), put("/a/2", "y", 0)};

	assert_int_equal(bl_storage_commit(w->s, ops, 2, NULL), 0);
	assert_int_equal(ops[0].ret_rev, 1);
	assert_int_equal(ops[1].ret_rev, 2);
	assert_int_equal(bl_storage_revision(w->s), 2);
	expect_all(w, "/a/", "/a/1=x@1 /a/2=y@2 ");
}

static void a_batch_with_one_stale_expectation_writes_nothing(void **state)
{
	struct world *w = *state;
	struct bl_storage_op first = put("/a", "x", 0);
	struct bl_storage_op ops[] = {put("/b", "new", 0), put("/a", "y", 7)};

	assert_int_equal(bl_storage_commit(w->s, &first, 1, NULL), 0);
	assert_int_equal(bl_storage_commit(w->s, ops, 2, NULL), -ESTALE);
	expect_all(w, "/", "/a=x@1 ");
	assert_int_equal(bl_storage_revision(w->s), 1);
}

static void creating_what_exists_is_stale(void **state)
{
	struct world *w = *state;
	struct bl_storage_op op = put("/a", "x", 0);

	assert_int_equal(bl_storage_commit(w->s, &op, 1, NULL), 0);
	assert_int_equal(bl_storage_commit(w->s, &op, 1, NULL), -ESTALE);
}

static void a_revision_never_comes_twice_even_when_the_newest_was_deleted(void **state)
{
	struct world *w = *state;
	struct bl_storage_op add = put("/a", "x", 0);
	struct bl_storage_op del = {.key = "/a", .expect = 1};

	assert_int_equal(bl_storage_commit(w->s, &add, 1, NULL), 0);
	assert_int_equal(bl_storage_commit(w->s, &del, 1, NULL), 0);
	bl_storage_free(w->s);
	assert_int_equal(bl_storage_open_sqlite(w->path, &w->s, NULL), 0);
	assert_int_equal(bl_storage_revision(w->s), 2);
	assert_int_equal(bl_storage_commit(w->s, &add, 1, NULL), 0);
	assert_int_equal(add.ret_rev, 3);
}

static void a_prefix_does_not_reach_into_its_neighbour(void **state)
{
	struct world *w = *state;
	struct bl_storage_op ops[] = {put("/a/1", "x", 0), put("/ab/1", "y", 0)};

	assert_int_equal(bl_storage_commit(w->s, ops, 2, NULL), 0);
	expect_all(w, "/a/", "/a/1=x@1 ");
}

static void what_is_absent_is_said_so(void **state)
{
	struct world *w = *state;
	BL_BUF struct bl_buf b = {};

	assert_int_equal(bl_storage_get(w->s, "/none", join, &b, NULL), -ENOENT);
}

static void a_second_process_on_the_same_file_is_refused(void **state)
{
	struct world *w = *state;
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct bl_storage *other = NULL;

		_exit(bl_storage_open_sqlite(w->path, &other, NULL) != 0 && !other ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void compaction_keeps_what_is_there(void **state)
{
	struct world *w = *state;
	struct bl_storage_op op = put("/a", "x", 0);

	assert_int_equal(bl_storage_commit(w->s, &op, 1, NULL), 0);
	assert_int_equal(bl_storage_compact(w->s, 1, NULL), 0);
	expect_all(w, "/", "/a=x@1 ");
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_batch_gives_each_write_its_revision),
		T(a_batch_with_one_stale_expectation_writes_nothing),
		T(creating_what_exists_is_stale),
		T(a_revision_never_comes_twice_even_when_the_newest_was_deleted),
		T(a_prefix_does_not_reach_into_its_neighbour),
		T(what_is_absent_is_said_so),
		T(a_second_process_on_the_same_file_is_refused),
		T(compaction_keeps_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
