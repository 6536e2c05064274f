// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Whole files: bounded reads, replacement in one step.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

static int setup(void **state)
{
	char *dir = bl_strdup("/tmp/beeline-file-test-XXXXXX");

	*state = mkdtemp(dir);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	int rc = rmdir(*state);

	free(*state);
	return rc;
}

static void replaced_files_hold_the_new_bytes_and_mode(void **state)
{
	BL_FREE char *path = bl_asprintf("%s/f", (char *)*state);
	BL_BUF struct bl_buf b = {};
	struct stat st;

	assert_int_equal(bl_file_write(path, "old", 3, 0644, NULL), 0);
	assert_int_equal(bl_file_write(path, "new bytes", 9, 0600, NULL), 0);
	assert_int_equal(bl_file_read(path, 100, &b, NULL), 0);
	assert_string_equal(b.data, "new bytes");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(unlink(path), 0);
}

static void a_failed_replacement_leaves_nothing(void **state)
{
	BL_FREE char *path = bl_asprintf("%s/d", (char *)*state);
	struct bl_err err = {};

	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(bl_file_write(path, "x", 1, 0600, &err), -EISDIR);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(rmdir(path), 0); /* and teardown finds no temporary file */
}

static void reads_are_bounded(void **state)
{
	BL_FREE char *path = bl_asprintf("%s/f", (char *)*state);
	BL_BUF struct bl_buf b = {};
	struct bl_err err = {};

	assert_int_equal(bl_file_write(path, "12345", 5, 0600, NULL), 0);
	assert_int_equal(bl_file_read(path, 4, &b, &err), -EFBIG);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(bl_file_read(path, 4, &b, &err), -ENOENT);
	assert_non_null(strstr(err.text, path));
}

static void folders_are_made_with_their_parents(void **state)
{
	BL_FREE char *path = bl_asprintf("%s/a/b", (char *)*state);
	BL_FREE char *parent = bl_asprintf("%s/a", (char *)*state);
	struct stat st;

	assert_int_equal(bl_file_mkdirs(path, 0700, NULL), 0);
	assert_int_equal(bl_file_mkdirs(path, 0700, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(parent), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaced_files_hold_the_new_bytes_and_mode),
		cmocka_unit_test(a_failed_replacement_leaves_nothing),
		cmocka_unit_test(reads_are_bounded),
		cmocka_unit_test(folders_are_made_with_their_parents),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
