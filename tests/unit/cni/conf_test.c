// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "../../../cni-plugin/conf.h"
#include "base/mem.h"

static int parse(const char *text, struct bl_plugin_conf *conf, struct bl_ipc_failure *f)
{
	*f = (struct bl_ipc_failure){};
	return bl_plugin_conf_parse(text, strlen(text), conf, f);
}

#define HEAD "{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"type\":\"beeline-cni\""

static void every_field_is_read(void **state)
{
	struct bl_plugin_conf conf;
	struct bl_ipc_failure f;
	char text[BL_IP_STRLEN];

	(void)state;
	assert_int_equal(parse(HEAD
			       ",\"socket\":\"/s\",\"mtu\":1400,\"capabilities\":{\"ips\":true},"
			       "\"runtimeConfig\":{\"ips\":[\"10.0.0.9/24\",\"fd00::9\"]},"
			       "\"prevResult\":{},\"cni.dev/valid-attachments\":"
			       "[{\"containerID\":\"a\",\"ifname\":\"eth0\"}],\"example.org/x\":1}",
			       &conf, &f),
			 0);
	assert_int_equal(conf.version, BL_PLUGIN_1_0_0);
	assert_string_equal(conf.network, "net");
	assert_string_equal(conf.socket, "/s");
	assert_int_equal(conf.mtu, 1400);
	assert_int_equal(conf.n_ips, 2);
	assert_string_equal(bl_ip_format(&conf.ips[0], text), "10.0.0.9");
	assert_string_equal(bl_ip_format(&conf.ips[1], text), "fd00::9");
	assert_non_null(conf.prev);
	assert_int_equal(json_array_size(conf.valid), 1);
	bl_plugin_conf_free(&conf);
}

static void defaults_are_the_agents_socket_and_nothing_asked(void **state)
{
	struct bl_plugin_conf conf;
	struct bl_ipc_failure f;

	(void)state;
	assert_int_equal(parse(HEAD "}", &conf, &f), 0);
	assert_string_equal(conf.socket, "/run/beeline/beelined.sock");
	assert_int_equal(conf.mtu, 0);
	assert_int_equal(conf.n_ips, 0);
	assert_null(conf.prev);
	assert_null(conf.valid);
	bl_plugin_conf_free(&conf);
}

static void older_way_to_ask_for_addresses_is_second(void **state)
{
	struct bl_plugin_conf conf;
	struct bl_ipc_failure f;
	char text[BL_IP_STRLEN];

	(void)state;
	assert_int_equal(parse(HEAD ",\"args\":{\"cni\":{\"ips\":[\"10.0.0.8\"]}}}", &conf, &f), 0);
	assert_string_equal(bl_ip_format(&conf.ips[0], text), "10.0.0.8");
	bl_plugin_conf_free(&conf);
	assert_int_equal(parse(HEAD ",\"args\":{\"cni\":{\"ips\":[\"10.0.0.8\"]}},"
				    "\"runtimeConfig\":{\"ips\":[\"10.0.0.9\"]}}",
			       &conf, &f),
			 0);
	assert_int_equal(conf.n_ips, 1);
	assert_string_equal(bl_ip_format(&conf.ips[0], text), "10.0.0.9");
	bl_plugin_conf_free(&conf);
}

static void mistakes_have_the_specifications_codes(void **state)
{
	static const struct {
		const char *text;
		int code;
	} cases[] = {
		{"", 6},
		{"[]", 6},
		{"{", 6},
		{"{\"name\":\"n\",\"name\":\"m\"}", 6},
		{"{}", 1},
		{"{\"cniVersion\":\"0.1.0\",\"name\":\"n\"}", 1},
		{"{\"cniVersion\":\"2.0.0\",\"name\":\"n\"}", 1},
		{"{\"cniVersion\":\"1.0.0\"}", 7},
		{"{\"cniVersion\":\"1.0.0\",\"name\":\"../n\"}", 7},
		{HEAD ",\"sokcet\":\"/s\"}", 2},
		{HEAD ",\"ipam\":{}}", 2},
		{HEAD ",\"socket\":\"s\"}", 7},
		{HEAD ",\"socket\":5}", 7},
		{HEAD ",\"mtu\":100}", 7},
		{HEAD ",\"mtu\":\"1500\"}", 7},
		{HEAD ",\"prevResult\":[]}", 7},
		{HEAD ",\"runtimeConfig\":{\"ips\":\"10.0.0.1\"}}", 7},
		{HEAD ",\"runtimeConfig\":{\"ips\":[\"10.0.0.01\"]}}", 7},
		{HEAD ",\"runtimeConfig\":{\"ips\":[\"10.0.0.1\",\"10.0.0.2\"]}}", 7},
		{HEAD ",\"runtimeConfig\":{\"ips\":[\"10.0.0.1/33\"]}}", 7},
		{HEAD ",\"runtimeConfig\":{\"ips\":[5]}}", 7},
		{HEAD ",\"cni.dev/valid-attachments\":{}}", 7},
		{HEAD ",\"cni.dev/valid-attachments\":[{\"containerID\":\"a\"}]}", 7},
		{HEAD
		 ",\"cni.dev/valid-attachments\":[{\"containerID\":\"../a\",\"ifname\":\"e\"}]}",
		 7},
	};

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(cases); i++) {
		struct bl_plugin_conf conf;
		struct bl_ipc_failure f;

		assert_int_equal(parse(cases[i].text, &conf, &f), -EINVAL);
		if (f.code != cases[i].code)
			print_error("%s: %s\n", cases[i].text, f.msg);
		assert_int_equal(f.code, cases[i].code);
		bl_plugin_conf_free(&conf);
	}
}

static void version_is_known_also_when_the_rest_is_wrong(void **state)
{
	struct bl_plugin_conf conf;
	struct bl_ipc_failure f;

	(void)state;
	assert_int_equal(parse("{\"cniVersion\":\"0.4.0\",\"name\":5}", &conf, &f), -EINVAL);
	assert_int_equal(conf.version, BL_PLUGIN_0_4_0);
	bl_plugin_conf_free(&conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_is_read),
		cmocka_unit_test(defaults_are_the_agents_socket_and_nothing_asked),
		cmocka_unit_test(older_way_to_ask_for_addresses_is_second),
		cmocka_unit_test(mistakes_have_the_specifications_codes),
		cmocka_unit_test(version_is_known_also_when_the_rest_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
