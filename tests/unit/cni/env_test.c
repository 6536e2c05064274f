// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../../cni-plugin/env.h"
#include "base/mem.h"

/* The environment of a test: NAME, VALUE, ..., NULL. */
static const char *const *vars;

static char *get(const char *name)
{
	for (size_t i = 0; vars[i]; i += 2)
		if (!strcmp(vars[i], name))
			return (char *)(uintptr_t)vars[i + 1];
	return NULL;
}

static int read_vars(const char *const *list, struct bl_plugin_env *env, struct bl_ipc_failure *f)
{
	*f = (struct bl_ipc_failure){};
	*env = (struct bl_plugin_env){};
	vars = list;
	return bl_plugin_env_read(get, env, f);
}

#define VARS(...)                       \
	(const char *const[])           \
	{                               \
		__VA_ARGS__, NULL, NULL \
	}
#define ADD "CNI_COMMAND", "ADD", "CNI_CONTAINERID", "abc", "CNI_IFNAME", "eth0", "CNI_NETNS", "/n"

static void add_with_the_pods_names(void **state)
{
	struct bl_plugin_env env;
	struct bl_ipc_failure f;

	(void)state;
	assert_int_equal(
		read_vars(VARS(ADD, "CNI_ARGS",
			       "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=cart-0;"
			       "OTHER=x=y;;K8S_POD_UID=1-2"),
			  &env, &f),
		0);
	assert_int_equal(env.command, BL_PLUGIN_ADD);
	assert_string_equal(env.container_id, "abc");
	assert_string_equal(env.ifname, "eth0");
	assert_string_equal(env.netns, "/n");
	assert_string_equal(env.pod_namespace, "shop");
	assert_string_equal(env.pod_name, "cart-0");
	assert_string_equal(env.pod_uid, "1-2");
	free(env.args);
}

static void each_command_needs_its_own_variables(void **state)
{
	struct bl_plugin_env env;
	struct bl_ipc_failure f;

	(void)state;
	assert_int_equal(read_vars(VARS("CNI_COMMAND", "VERSION"), &env, &f), 0);
	assert_int_equal(read_vars(VARS("CNI_COMMAND", "STATUS"), &env, &f), 0);
	assert_int_equal(read_vars(VARS("CNI_COMMAND", "GC"), &env, &f), 0);
	assert_int_equal(
		read_vars(VARS("CNI_COMMAND", "DEL", "CNI_CONTAINERID", "a", "CNI_IFNAME", "eth0"),
			  &env, &f),
		0);
	free(env.args);
	assert_int_equal(read_vars(VARS("CNI_COMMAND", "CHECK", "CNI_CONTAINERID", "a",
					"CNI_IFNAME", "eth0"),
				   &env, &f),
			 -EINVAL);
	assert_string_equal(f.msg, "CNI_NETNS is not set");
	assert_int_equal(f.code, BL_CNI_BAD_ENVIRONMENT);
	assert_int_equal(read_vars(VARS("CNI_COMMAND", "DEL", "CNI_IFNAME", "eth0"), &env, &f),
			 -EINVAL);
	assert_string_equal(f.msg, "CNI_CONTAINERID is not set");
	assert_int_equal(read_vars(VARS("CNI_COMMAND", "ERASE"), &env, &f), -EINVAL);
	assert_string_equal(f.msg, "CNI_COMMAND: unknown command 'ERASE'");
	assert_int_equal(read_vars(VARS("X", "Y"), &env, &f), -EINVAL);
	assert_string_equal(f.msg, "CNI_COMMAND is not set");
}

static void names_keep_to_their_grammar(void **state)
{
	static const char *const bad_ids[] = {"",    "-a",  ".a",  "../x",
					      "a/b", "a b", "a\n", "\xc3\xa9"};
	static const char *const bad_ifnames[] = {
		"", ".", "..", "a/b", "a:b", "a b", "a%d", "1234567890123456", "a\x7f", "\xff"};
	char long_id[202];

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(bad_ids); i++)
		assert_int_equal(bl_plugin_is_container_id(bad_ids[i]), 0);
	for (size_t i = 0; i < BL_ARRAY_SIZE(bad_ifnames); i++)
		assert_int_equal(bl_plugin_is_ifname(bad_ifnames[i]), 0);
	assert_int_equal(bl_plugin_is_container_id("a_b.c-D9"), 1);
	assert_int_equal(bl_plugin_is_ifname("123456789012345"), 1);
	memset(long_id, 'a', sizeof(long_id));
	long_id[201] = '\0';
	assert_int_equal(bl_plugin_is_container_id(long_id), 0);
	long_id[200] = '\0';
	assert_int_equal(bl_plugin_is_container_id(long_id), 1);
}

static void args_that_name_no_pod_are_refused(void **state)
{
	static const char *const args[] = {"K8S_POD_NAME", "K8S_POD_NAMESPACE=a/b",
					   "K8S_POD_NAME=A", "K8S_POD_UID=a b"};
	struct bl_plugin_env env;
	struct bl_ipc_failure f;

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(args); i++) {
		assert_int_equal(read_vars(VARS(ADD, "CNI_ARGS", args[i]), &env, &f), -EINVAL);
		assert_int_equal(f.code, BL_CNI_BAD_ENVIRONMENT);
		assert_int_equal(strncmp(f.msg, "CNI_ARGS: ", 10), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(add_with_the_pods_names),
		cmocka_unit_test(each_command_needs_its_own_variables),
		cmocka_unit_test(names_keep_to_their_grammar),
		cmocka_unit_test(args_that_name_no_pod_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
