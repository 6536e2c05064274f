// SPDX-License-Identifier: Apache-2.0
/* The CNI plugin's configuration: what a container runtime may send, and results made from a prevResult of any shape. */
#include <stdint.h>
#include <stdlib.h>

#include "../../cni-plugin/conf.h"
#include "../../cni-plugin/env.h"
#include "../../cni-plugin/result.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char answer_text[] =
		"{\"host_ifname\":\"h\",\"host_mac\":\"m\",\"mac\":\"n\",\"mtu\":1500,"
		"\"ips\":[{\"address\":\"10.0.0.5/32\",\"gateway\":\"169.254.1.1\"}]}";
	static const struct bl_plugin_env env = {.ifname = "eth0", .netns = "/n"};
	struct bl_ipc_failure failure = {};
	struct bl_plugin_conf conf;

	if (bl_plugin_conf_parse((const char *)data, size, &conf, &failure)) {
		BL_JSON json_t *error = bl_plugin_result_error(conf.version, &failure);

		if (!error || failure.code < 1 || failure.code > 99)
			abort();
	} else {
		BL_JSON json_t *answer = NULL;
		BL_JSON json_t *result = NULL;
		BL_JSON json_t *ips = NULL;

		if (bl_json_parse(answer_text, sizeof(answer_text) - 1, &answer, NULL))
			abort();
		result = bl_plugin_result_add(&conf, &env, answer);
		ips = bl_plugin_result_ips(result, "eth0");
		if (!json_array_size(ips))
			abort();
	}
	bl_plugin_conf_free(&conf);
	return 0;
}
