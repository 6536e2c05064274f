// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The plugin's configuration.
 *
 * Strict where a mistake would otherwise stay unseen: a key that is neither the specification's nor ours is refused (code 2),
 * because "sokcet" silently ignored ends in a long search; a value of a wrong type or range is refused (code 7). Keys with
 * a domain name ("cni.dev/...") belong to others by the specification's convention and are passed over.
 *
 * Requested addresses come the two ways that runtimes know: the capability `ips` (runtimeConfig.ips, addresses with or
 * without a prefix length) and the older args.cni.ips; the first wins. The length says nothing here, since a pod's
 * address stands alone (/32, /128). At most one address a family.
 *
 * The version is read first of all, so that each later error is answered in the version that was asked for.
 */

#include "conf.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "env.h"
#include "ipc/client.h"

const char *const bl_plugin_versions[BL_PLUGIN_VERSION_COUNT] = {
	[BL_PLUGIN_0_3_1] = "0.3.1",
	[BL_PLUGIN_0_4_0] = "0.4.0",
	[BL_PLUGIN_1_0_0] = "1.0.0",
	[BL_PLUGIN_1_1_0] = "1.1.0",
};

#define MTU_MIN 1280 /* RFC 8200 section 5 */
#define MTU_MAX 65535

static int check_keys(const json_t *json, struct bl_ipc_failure *f)
{
	static const char *const known[] = {"cniVersion", "name",	  "type",
					    "socket",	  "mtu",	  "args",
					    "prevResult", "capabilities", "runtimeConfig"};
	void *i = json_object_iter((json_t *)(uintptr_t)json);

	for (; i; i = json_object_iter_next((json_t *)(uintptr_t)json, i)) {
		const char *key = json_object_iter_key(i);
		size_t k = 0;

		while (k < BL_ARRAY_SIZE(known) && !bl_streq(key, known[k]))
			k++;
		if (k == BL_ARRAY_SIZE(known) && !strchr(key, '/'))
			return bl_plugin_fail(f, BL_CNI_UNSUPPORTED_FIELD,
					      "configuration: unknown field '%.64s'", key);
	}
	return 0;
}

const char *bl_plugin_conf_asked_version(const json_t *conf)
{
	const char *version = bl_json_str_at(conf, "cniVersion", NULL);

	return version ? version : bl_plugin_versions[BL_PLUGIN_VERSION_COUNT - 1];
}

static int read_version(struct bl_plugin_conf *conf, struct bl_ipc_failure *f)
{
	const char *version = bl_json_str_at(conf->json, "cniVersion", NULL);

	for (size_t i = 0; version && i < BL_PLUGIN_VERSION_COUNT; i++) {
		if (!bl_streq(version, bl_plugin_versions[i]))
			continue;
		conf->version = (enum bl_plugin_version)i;
		return 0;
	}
	return bl_plugin_fail(
		f, BL_CNI_INCOMPATIBLE_VERSION,
		"configuration: cniVersion '%.32s' is none of 0.3.1, 0.4.0, 1.0.0, 1.1.0",
		version ? version : "");
}

/* An address, or a prefix whose length is passed over. */
static int parse_address(const json_t *j, struct bl_ip *ret_ip)
{
	const char *text = json_string_value(j);
	char copy[BL_CIDR_STRLEN];
	struct bl_cidr cidr;

	if (!text || strlen(text) >= sizeof(copy))
		return -EINVAL;
	if (!strchr(text, '/'))
		return bl_ip_parse(text, ret_ip);
	if (bl_cidr_parse(text, true, &cidr))
		return -EINVAL;
	strcpy(copy, text);
	*strchr(copy, '/') = '\0';
	return bl_ip_parse(copy, ret_ip);
}

static int read_ips(struct bl_plugin_conf *conf, struct bl_ipc_failure *f)
{
	const json_t *list = bl_json_at(conf->json, "runtimeConfig", "ips", NULL);
	const char *name = "runtimeConfig.ips";

	if (!list || json_is_null(list)) {
		list = bl_json_at(conf->json, "args", "cni", "ips", NULL);
		name = "args.cni.ips";
	}
	if (!list || json_is_null(list))
		return 0;
	if (!json_is_array(list))
		return bl_plugin_fail(f, BL_CNI_BAD_CONFIG, "%s: must be a list", name);
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct bl_ip ip;

		if (parse_address(json_array_get(list, i), &ip))
			return bl_plugin_fail(f, BL_CNI_BAD_CONFIG, "%s[%zu]: must be an address",
					      name, i);
		if (conf->n_ips == 2 || (conf->n_ips && conf->ips[0].family == ip.family))
			return bl_plugin_fail(f, BL_CNI_BAD_CONFIG,
					      "%s[%zu]: a second address of its family", name, i);
		conf->ips[conf->n_ips++] = ip;
	}
	return 0;
}

static int check_valid_attachments(const json_t *list, struct bl_ipc_failure *f)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);
		const char *id = bl_json_str_at(entry, "containerID", NULL);
		const char *ifname = bl_json_str_at(entry, "ifname", NULL);

		if (!id || !ifname || !bl_plugin_is_container_id(id) ||
		    !bl_plugin_is_ifname(ifname))
			return bl_plugin_fail(
				f, BL_CNI_BAD_CONFIG,
				"cni.dev/valid-attachments[%zu]: must have containerID and ifname",
				i);
	}
	return 0;
}

/* A network's name has the grammar of a container id. */
static int read_fields(struct bl_plugin_conf *conf, struct bl_ipc_failure *f)
{
	struct bl_err err = {};
	const char *type = NULL;
	const json_t *object = NULL;

	conf->socket = BL_IPC_SOCKET;
	if (bl_json_get_str(conf->json, "name", &conf->network, &err) ||
	    bl_json_get_str(conf->json, "type", &type, &err) ||
	    bl_json_get_str(conf->json, "socket", &conf->socket, &err) ||
	    bl_json_get_int(conf->json, "mtu", MTU_MIN, MTU_MAX, &conf->mtu, &err) ||
	    bl_json_get_obj(conf->json, "capabilities", &object, &err) ||
	    bl_json_get_obj(conf->json, "args", &object, &err) ||
	    bl_json_get_obj(conf->json, "runtimeConfig", &object, &err) ||
	    bl_json_get_obj(conf->json, "prevResult", &conf->prev, &err) ||
	    bl_json_get_arr(conf->json, "cni.dev/valid-attachments", &conf->valid, &err))
		return bl_plugin_fail(f, BL_CNI_BAD_CONFIG, "configuration: %s", bl_err_text(&err));
	if (!conf->network || !bl_plugin_is_container_id(conf->network))
		return bl_plugin_fail(f, BL_CNI_BAD_CONFIG, "configuration: name: %s",
				      conf->network ? "is no network's name" : "must be set");
	if (conf->socket[0] != '/')
		return bl_plugin_fail(f, BL_CNI_BAD_CONFIG,
				      "configuration: socket: must be an absolute path");
	return conf->valid ? check_valid_attachments(conf->valid, f) : 0;
}

int bl_plugin_conf_parse(const char *data, size_t len, struct bl_plugin_conf *ret_conf,
			 struct bl_ipc_failure *ret_failure)
{
	struct bl_plugin_conf *conf = ret_conf;
	struct bl_err err = {};
	int rc;

	*conf = (struct bl_plugin_conf){.version = BL_PLUGIN_1_1_0};
	if (bl_json_parse(data, len, &conf->json, &err))
		return bl_plugin_fail(ret_failure, BL_CNI_UNDECODABLE, "configuration: %s",
				      bl_err_text(&err));
	if (!json_is_object(conf->json))
		return bl_plugin_fail(ret_failure, BL_CNI_UNDECODABLE,
				      "configuration: must be a JSON object");
	rc = read_version(conf, ret_failure);
	if (!rc)
		rc = check_keys(conf->json, ret_failure);
	if (!rc)
		rc = read_fields(conf, ret_failure);
	return rc ? rc : read_ips(conf, ret_failure);
}

void bl_plugin_conf_free(struct bl_plugin_conf *conf)
{
	json_decref(conf->json);
	conf->json = NULL;
}
