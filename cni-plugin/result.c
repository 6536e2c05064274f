// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Results in the version that was asked for.
 *
 * One shape serves all versions but for two details: before 1.0.0 each entry of `ips` names its family as `version`, and
 * since 1.1.0 an interface has an `mtu`. So there is one builder with two conditions instead of a type a version.
 *
 * Two interfaces are reported: the node's side of the pair first (no sandbox), then the container's, to which the addresses
 * refer. A plugin that ran before us has made a result of its own; ours is put behind it, with the interface indexes
 * moved, so that the chain's result holds everything.
 */

#include "result.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

/* The list `key` of a result, made where it is missing. Lends. */
static json_t *list_of(json_t *result, const char *key)
{
	json_t *list = json_object_get(result, key);

	if (json_is_array(list))
		return list;
	list = json_array();
	json_object_set_new(result, key, list);
	return list;
}

static void add_interface(json_t *result, enum bl_plugin_version version, const char *name,
			  const char *mac, const char *sandbox, json_int_t mtu)
{
	json_t *j = json_pack("{s:s, s:s}", "name", name, "mac", mac);

	if (*sandbox)
		json_object_set_new(j, "sandbox", json_string(sandbox));
	if (version >= BL_PLUGIN_1_1_0)
		json_object_set_new(j, "mtu", json_integer(mtu));
	json_array_append_new(list_of(result, "interfaces"), j);
}

/* An address with its default route. False: a field is missing. */
static bool add_address(json_t *result, enum bl_plugin_version version, const json_t *ip,
			size_t interface)
{
	const char *address = bl_json_str_at(ip, "address", NULL);
	const char *gateway = bl_json_str_at(ip, "gateway", NULL);
	bool v6 = address && strchr(address, ':');
	json_t *j;

	if (!address || !gateway)
		return false;
	j = json_pack("{s:s, s:s, s:I}", "address", address, "gateway", gateway, "interface",
		      (json_int_t)interface);
	if (version < BL_PLUGIN_1_0_0)
		json_object_set_new(j, "version", json_string(v6 ? "6" : "4"));
	json_array_append_new(list_of(result, "ips"), j);
	j = json_pack("{s:s, s:s}", "dst", v6 ? "::/0" : "0.0.0.0/0", "gw", gateway);
	json_array_append_new(list_of(result, "routes"), j);
	return true;
}

json_t *bl_plugin_result_add(const struct bl_plugin_conf *conf, const struct bl_plugin_env *env,
			     const json_t *answer)
{
	BL_JSON json_t *result = conf->prev ? json_deep_copy(conf->prev) : json_object();
	const char *host = bl_json_str_at(answer, "host_ifname", NULL);
	const char *host_mac = bl_json_str_at(answer, "host_mac", NULL);
	const char *mac = bl_json_str_at(answer, "mac", NULL);
	const json_t *ips = json_object_get(answer, "ips");
	json_int_t mtu = json_integer_value(json_object_get(answer, "mtu"));
	size_t inside;

	if (!host || !host_mac || !mac || !json_array_size(ips))
		return NULL;
	json_object_set_new(result, "cniVersion", json_string(bl_plugin_versions[conf->version]));
	add_interface(result, conf->version, host, host_mac, "", mtu);
	inside = json_array_size(list_of(result, "interfaces"));
	add_interface(result, conf->version, env->ifname, mac, env->netns, mtu);
	for (size_t i = 0; i < json_array_size(ips); i++)
		if (!add_address(result, conf->version, json_array_get(ips, i), inside))
			return NULL;
	if (!json_object_get(result, "dns"))
		json_object_set_new(result, "dns", json_object());
	return bl_take_ptr(result);
}

json_t *bl_plugin_result_ips(const json_t *prev, const char *ifname)
{
	const json_t *interfaces = json_object_get(prev, "interfaces");
	const json_t *ips = json_object_get(prev, "ips");
	json_t *found = json_array();

	for (size_t i = 0; i < json_array_size(ips); i++) {
		const json_t *ip = json_array_get(ips, i);
		const json_t *index = json_object_get(ip, "interface");
		const json_t *of =
			json_is_integer(index)
				? json_array_get(interfaces, (size_t)json_integer_value(index))
				: NULL;
		const char *name = bl_json_str_at(of, "name", NULL);
		const char *address = bl_json_str_at(ip, "address", NULL);

		if (!name || !address || !bl_streq(name, ifname) ||
		    !bl_json_str_at(of, "sandbox", NULL))
			continue;
		json_array_append_new(found, json_stringn(address, strcspn(address, "/")));
	}
	return found;
}

json_t *bl_plugin_result_version(const char *asked)
{
	json_t *supported = json_array();

	for (size_t i = 0; i < BL_PLUGIN_VERSION_COUNT; i++)
		json_array_append_new(supported, json_string(bl_plugin_versions[i]));
	return json_pack("{s:s, s:o}", "cniVersion", asked, "supportedVersions", supported);
}

json_t *bl_plugin_result_error(enum bl_plugin_version version, const struct bl_ipc_failure *failure)
{
	json_t *error = json_pack("{s:s, s:i, s:s}", "cniVersion", bl_plugin_versions[version],
				  "code", failure->code, "msg", failure->msg);

	if (!error)
		error = json_pack("{s:s, s:i, s:s}", "cniVersion", bl_plugin_versions[version],
				  "code", failure->code, "msg", "(text is not UTF-8)");
	if (failure->details[0])
		json_object_set_new(error, "details", json_string(failure->details));
	return error;
}
