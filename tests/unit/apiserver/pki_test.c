// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Certificates and tokens
 *
 * The folder is made once and used again; what it signs is who it says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apiserver/auth.h"
#include "apiserver/pki.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

static char dir[40];

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void make_dir(void)
{
	strcpy(dir, "/tmp/beeline-pki.XXXXXX");
	assert_non_null(mkdtemp(dir));
}

static void remove_dir(void)
{
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void a_second_start_uses_the_same_certificates(void **state)
{
	static const char *const sans[] = {"127.0.0.1", "localhost", NULL};
	struct bl_pki *a = NULL, *b = NULL;

	(void)state;
	make_dir();
	assert_int_equal(bl_pki_open(dir, sans, &a, NULL), 0);
	assert_int_equal(bl_pki_open(dir, sans, &b, NULL), 0);
	assert_string_equal(a->ca_cert, b->ca_cert);
	assert_string_equal(a->server_cert, b->server_cert);
	assert_string_equal(a->admin_cert, b->admin_cert);
	bl_pki_free(a);
	bl_pki_free(b);
	remove_dir();
}

static void a_new_name_renews_the_server_only(void **state)
{
	static const char *const before[] = {"127.0.0.1", NULL};
	static const char *const after[] = {"127.0.0.1", "api.example.com", NULL};
	struct bl_pki *a = NULL, *b = NULL;

	(void)state;
	make_dir();
	assert_int_equal(bl_pki_open(dir, before, &a, NULL), 0);
	assert_int_equal(bl_pki_open(dir, after, &b, NULL), 0);
	assert_string_equal(a->ca_cert, b->ca_cert);
	assert_string_not_equal(a->server_cert, b->server_cert);
	assert_string_equal(a->admin_cert, b->admin_cert);
	bl_pki_free(a);
	bl_pki_free(b);
	remove_dir();
}

static void keys_are_for_the_owner_only(void **state)
{
	static const char *const sans[] = {"127.0.0.1", NULL};
	struct bl_pki *a = NULL;
	struct stat st;
	BL_FREE char *path = NULL;

	(void)state;
	make_dir();
	assert_int_equal(bl_pki_open(dir, sans, &a, NULL), 0);
	path = bl_asprintf("%s/pki/ca.key", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	bl_pki_free(a);
	remove_dir();
}

static void a_broken_file_is_named(void **state)
{
	static const char *const names[] = {"ca.crt", "ca.key", "server.crt", "admin.key"};

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(names); i++) {
		BL_FREE char *path = NULL;
		struct bl_pki *p = NULL;
		struct bl_err err = {};

		make_dir();
		assert_int_equal(bl_pki_open(dir, NULL, &p, NULL), 0);
		p = bl_pki_free(p);
		path = bl_asprintf("%s/pki/%s", dir, names[i]);
		assert_int_equal(bl_file_write(path, "garbage\n", 8, 0600, NULL), 0);
		assert_int_equal(bl_pki_open(dir, NULL, &p, &err), -EINVAL);
		assert_true(bl_str_starts(err.text, path));
		remove_dir();
	}
}

static void a_token_of_the_file_is_its_user_and_no_other_is(void **state)
{
	static const char text[] = "secret,alice,u1,\"g1,g2\"\n# note\nother,bob,u2\n";
	BL_FREE char *path = NULL;
	const struct bl_identity *id;
	struct bl_auth *a = NULL;

	(void)state;
	make_dir();
	path = bl_asprintf("%s/tokens.csv", dir);
	assert_int_equal(bl_file_write(path, text, strlen(text), 0600, NULL), 0);
	assert_int_equal(bl_auth_new(dir, &a, NULL), 0);
	id = bl_auth_token(a, "Bearer secret");
	assert_non_null(id);
	assert_string_equal(id->user, "alice");
	assert_string_equal(id->groups[1], "g2");
	assert_string_equal(bl_auth_token(a, "bearer other")->user, "bob");
	assert_null(bl_auth_token(a, "Bearer secre"));
	assert_null(bl_auth_token(a, "Bearer "));
	assert_null(bl_auth_token(a, "Basic secret"));
	bl_auth_free(a);
	remove_dir();
}

static void a_broken_token_file_is_named_with_its_line(void **state)
{
	BL_FREE char *path = NULL;
	struct bl_auth *a = NULL;
	struct bl_err err = {};

	(void)state;
	make_dir();
	path = bl_asprintf("%s/tokens.csv", dir);
	assert_int_equal(bl_file_write(path, "ok,a,1\nbroken\n", 14, 0600, NULL), 0);
	assert_int_not_equal(bl_auth_new(dir, &a, &err), 0);
	assert_non_null(strstr(err.text, "tokens.csv"));
	assert_non_null(strstr(err.text, "line 2"));
	remove_dir();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_start_uses_the_same_certificates),
		cmocka_unit_test(a_new_name_renews_the_server_only),
		cmocka_unit_test(keys_are_for_the_owner_only),
		cmocka_unit_test(a_broken_file_is_named),
		cmocka_unit_test(a_token_of_the_file_is_its_user_and_no_other_is),
		cmocka_unit_test(a_broken_token_file_is_named_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
