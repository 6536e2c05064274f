// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: kubeconfig files: what is read, what is refused and how it is said.
 */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "client/kubeconfig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

/* "-----BEGIN X-----\n" */
#define PEM_DATA "LS0tLS1CRUdJTiBYLS0tLS0K"

static char folder[] = "/tmp/beeline-kubeconfig-XXXXXX";

static void put(const char *name, const char *text)
{
	char path[100];
	struct bl_err err = {};

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (bl_file_write(path, text, strlen(text), 0600, &err))
		fail_msg("%s", bl_err_text(&err));
}

static int load(const char *cluster, const char *user, struct bl_kubeconfig **ret,
		struct bl_err *err)
{
	char *text = bl_asprintf("current-context: now\n"
				 "contexts:\n- name: other\n  context: {cluster: x, user: x}\n"
				 "- name: now\n  context: {cluster: c, user: u}\n"
				 "clusters:\n- name: c\n  cluster: {%s}\n"
				 "users:\n- name: u\n  user: {%s}\n",
				 cluster, user);
	char path[100];

	put("config", text);
	free(text);
	(void)snprintf(path, sizeof(path), "%s/config", folder);
	return bl_kubeconfig_load(path, ret, err);
}

static void refused(const char *cluster, const char *user, const char *error)
{
	struct bl_kubeconfig *k = NULL;
	struct bl_err err = {};

	assert_int_not_equal(load(cluster, user, &k, &err), 0);
	assert_null(k);
	if (!strstr(err.text, error))
		fail_msg("'%s' is not in '%s'", error, err.text);
}

static void data_and_files_are_read(void **state)
{
	struct bl_kubeconfig *k = NULL;
	struct bl_err err = {};

	(void)state;
	put("key.pem", "-----BEGIN KEY-----\n");
	put("token", "abc.def\n");
	if (load("server: 'https://a:6443/', certificate-authority-data: " PEM_DATA
		 ", tls-server-name: b, proxy-url: 'http://p:1'",
		 "client-certificate-data: " PEM_DATA ", client-key: key.pem, tokenFile: token", &k,
		 &err))
		fail_msg("%s", err.text);
	assert_string_equal(k->server, "https://a:6443");
	assert_string_equal(k->server_name, "b");
	assert_string_equal(k->proxy, "http://p:1");
	assert_string_equal(k->ca.data, "-----BEGIN X-----\n");
	assert_string_equal(k->key.data, "-----BEGIN KEY-----\n");
	assert_string_equal(k->token, "abc.def");
	assert_false(k->insecure);
	bl_kubeconfig_free(k);
}

static void changed_file_is_noticed(void **state)
{
	struct bl_kubeconfig *k = NULL;
	struct bl_err err = {};

	(void)state;
	put("token", "one");
	if (load("server: 'https://a'", "tokenFile: token", &k, &err))
		fail_msg("%s", err.text);
	assert_false(bl_kubeconfig_changed(k));
	put("token", "two");
	assert_true(bl_kubeconfig_changed(k));
	bl_kubeconfig_free(k);
}

static void what_cannot_be_used_is_named(void **state)
{
	(void)state;
	refused("server: 'https://a'", "exec: {command: aws}",
		"config: users[u].user: exec: not supported; use a client certificate");
	refused("server: 'https://a'", "username: a", "users[u].user: username: not supported");
	refused("server: 'ftp://a'", "token: a", "clusters[c].cluster: server: 'ftp://a' is not");
	refused("server: 'https://a', insecure-skip-tls-verify: true, "
		"certificate-authority-data: " PEM_DATA,
		"token: a", "insecure-skip-tls-verify: stands beside a certificate-authority");
	refused("server: 'https://a', certificate-authority-data: '!!'", "token: a",
		"clusters[c].cluster: certificate-authority-data: not base64");
	refused("server: 'https://a', certificate-authority: absent.pem", "token: a",
		"certificate-authority: ");
	refused("server: 'https://a'", "client-certificate-data: " PEM_DATA,
		"client-certificate and client-key need each other");
	refused("server: 1", "token: a", "clusters[c].cluster: server: must be a string");
}

static void secret_with_a_line_break_is_refused_and_not_shown(void **state)
{
	struct bl_kubeconfig *k = NULL;
	struct bl_err err = {};

	(void)state;
	put("token", "secret\r\nX-Evil: 1");
	assert_int_not_equal(load("server: 'https://a'", "tokenFile: token", &k, &err), 0);
	assert_null(strstr(err.text, "secret"));
	assert_null(strstr(err.text, "Evil"));
}

static void missing_context_is_named(void **state)
{
	struct bl_kubeconfig *k = NULL;
	struct bl_err err = {};
	char path[100];

	(void)state;
	put("bad", "current-context: gone\ncontexts: []\n");
	(void)snprintf(path, sizeof(path), "%s/bad", folder);
	assert_int_not_equal(bl_kubeconfig_load(path, &k, &err), 0);
	assert_non_null(strstr(err.text, "contexts: there is no 'gone'"));
	put("bad", "{}");
	assert_int_not_equal(bl_kubeconfig_load(path, &k, &err), 0);
	assert_non_null(strstr(err.text, "current-context: is missing"));
}

static void outside_a_cluster_no_kubeconfig_is_an_error(void **state)
{
	struct bl_kubeconfig *k = NULL;
	struct bl_err err = {};

	(void)state;
	unsetenv("KUBERNETES_SERVICE_HOST");
	assert_int_not_equal(bl_kubeconfig_load(NULL, &k, &err), 0);
	assert_non_null(strstr(err.text, "not in a cluster"));
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {"config", "key.pem", "token", "bad"};
	char path[100];

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_and_files_are_read),
		cmocka_unit_test(changed_file_is_noticed),
		cmocka_unit_test(what_cannot_be_used_is_named),
		cmocka_unit_test(secret_with_a_line_break_is_refused_and_not_shown),
		cmocka_unit_test(missing_context_is_named),
		cmocka_unit_test(outside_a_cluster_no_kubeconfig_is_an_error),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
