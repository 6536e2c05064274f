// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The environment of a CNI call.
 *
 * Which variables a command needs is a table. Container id and interface name are checked against their grammar before
 * anything is made of them (CVE-2021-20206: a name that climbs out of a folder), and bounded: an id becomes part of a record
 * on disk, a name goes to the kernel.
 *
 * CNI_ARGS is `KEY=VALUE;KEY=VALUE`. Container runtimes name the pod there (K8S_POD_NAMESPACE, K8S_POD_NAME, K8S_POD_UID);
 * what else they say is not for us and is passed over, whether or not IgnoreUnknown asks for that. The pod's names are for
 * people and for matching a pod's object, so what breaks the API's grammar is refused rather than carried along.
 */

#include "env.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define CONTAINER_ID_MAX 200
#define ARGS_MAX	 8192

static const struct {
	const char *name;
	bool container, netns; /* needs CNI_CONTAINERID and CNI_IFNAME; CNI_NETNS */
} commands[] = {
	[BL_PLUGIN_ADD] = {"ADD", true, true},
	[BL_PLUGIN_DEL] = {"DEL", true, false},
	[BL_PLUGIN_CHECK] = {"CHECK", true, true},
	[BL_PLUGIN_GC] = {"GC", false, false},
	[BL_PLUGIN_STATUS] = {"STATUS", false, false},
	[BL_PLUGIN_VERSION] = {"VERSION", false, false},
};

int bl_plugin_fail(struct bl_ipc_failure *ret_failure, int code, const char *fmt, ...)
{
	va_list ap;

	*ret_failure = (struct bl_ipc_failure){.code = code};
	va_start(ap, fmt);
	(void)vsnprintf(ret_failure->msg, sizeof(ret_failure->msg), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static bool alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* An alphanumeric character, then any number of those and of `others`. */
static bool is_word(const char *s, const char *others, size_t max)
{
	if (!alnum(*s) || strlen(s) > max)
		return false;
	for (; *s; s++)
		if (!alnum(*s) && !strchr(others, *s))
			return false;
	return true;
}

int bl_plugin_is_container_id(const char *s)
{
	return is_word(s, "_.-", CONTAINER_ID_MAX);
}

int bl_plugin_is_ifname(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > 15 || bl_streq(s, ".") || bl_streq(s, ".."))
		return false;
	for (; *s; s++)
		if (*s <= ' ' || *s >= 0x7f || strchr("/:%", *s))
			return false;
	return true;
}

/* Where a pair of CNI_ARGS goes, NULL where it is not for us. */
static const char **place_of(struct bl_plugin_env *env, const char *key)
{
	if (bl_streq(key, "K8S_POD_NAMESPACE"))
		return &env->pod_namespace;
	if (bl_streq(key, "K8S_POD_NAME"))
		return &env->pod_name;
	return bl_streq(key, "K8S_POD_UID") ? &env->pod_uid : NULL;
}

static int check_pod(const struct bl_plugin_env *env, struct bl_ipc_failure *f)
{
	if (*env->pod_namespace && !bl_str_is_dns_label(env->pod_namespace))
		return bl_plugin_fail(f, BL_CNI_BAD_ENVIRONMENT,
				      "CNI_ARGS: K8S_POD_NAMESPACE is no name of a namespace");
	if (*env->pod_name && !bl_str_is_dns_subdomain(env->pod_name))
		return bl_plugin_fail(f, BL_CNI_BAD_ENVIRONMENT,
				      "CNI_ARGS: K8S_POD_NAME is no name of a pod");
	if (*env->pod_uid && !is_word(env->pod_uid, "-", 64))
		return bl_plugin_fail(f, BL_CNI_BAD_ENVIRONMENT, "CNI_ARGS: K8S_POD_UID is no uid");
	return 0;
}

static int read_args(const char *args, struct bl_plugin_env *env, struct bl_ipc_failure *f)
{
	char *rest, *pair;

	if (strlen(args) > ARGS_MAX)
		return bl_plugin_fail(f, BL_CNI_BAD_ENVIRONMENT, "CNI_ARGS: longer than %d bytes",
				      ARGS_MAX);
	rest = env->args = bl_strdup(args);
	while ((pair = strsep(&rest, ";"))) {
		char *value = strchr(pair, '=');
		const char **place;

		if (!*pair)
			continue;
		if (!value)
			return bl_plugin_fail(f, BL_CNI_BAD_ENVIRONMENT,
					      "CNI_ARGS: '%.64s' is not KEY=VALUE", pair);
		*value = '\0';
		place = place_of(env, pair);
		if (place)
			*place = value + 1;
	}
	return check_pod(env, f);
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static int read_command(const char *word, struct bl_plugin_env *env, struct bl_ipc_failure *f)
{
	for (size_t i = 0; i < BL_ARRAY_SIZE(commands); i++) {
		if (!bl_streq(word, commands[i].name))
			continue;
		env->command = (enum bl_plugin_command)i;
		return 0;
	}
	return bl_plugin_fail(
		f, BL_CNI_BAD_ENVIRONMENT,
		*word ? "CNI_COMMAND: unknown command '%.32s'" : "CNI_COMMAND is not set%s", word);
}

static int read_rest(char *(*get)(const char *name), struct bl_plugin_env *env,
		     struct bl_ipc_failure *f)
{
	env->container_id = or_empty(get("CNI_CONTAINERID"));
	env->ifname = or_empty(get("CNI_IFNAME"));
	env->netns = or_empty(get("CNI_NETNS"));
	if (!bl_plugin_is_container_id(env->container_id))
		return bl_plugin_fail(f, BL_CNI_BAD_ENVIRONMENT,
				      *env->container_id ? "CNI_CONTAINERID is no container id"
							 : "CNI_CONTAINERID is not set");
	if (!bl_plugin_is_ifname(env->ifname))
		return bl_plugin_fail(f, BL_CNI_BAD_ENVIRONMENT,
				      *env->ifname ? "CNI_IFNAME is no name of an interface"
						   : "CNI_IFNAME is not set");
	if (commands[env->command].netns && !*env->netns)
		return bl_plugin_fail(f, BL_CNI_BAD_ENVIRONMENT, "CNI_NETNS is not set");
	return read_args(or_empty(get("CNI_ARGS")), env, f);
}

int bl_plugin_env_read(char *(*get)(const char *name), struct bl_plugin_env *ret_env,
		       struct bl_ipc_failure *ret_failure)
{
	struct bl_plugin_env env = {.container_id = "",
				    .ifname = "",
				    .netns = "",
				    .pod_namespace = "",
				    .pod_name = "",
				    .pod_uid = ""};
	int rc = read_command(or_empty(get("CNI_COMMAND")), &env, ret_failure);

	if (!rc && commands[env.command].container)
		rc = read_rest(get, &env, ret_failure);
	if (rc)
		free(env.args);
	else
		*ret_env = env;
	return rc;
}
