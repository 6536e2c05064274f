// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "../../../cni-plugin/result.h"
#include "base/json.h"

static json_t *json_of(const char *text)
{
	json_t *j = NULL;
	struct bl_err err = {};

	if (bl_json_parse(text, strlen(text), &j, &err))
		fail_msg("%s: %s", text, err.text);
	return j;
}

static void expect(json_t *got, const char *want_text)
{
	BL_JSON json_t *want = json_of(want_text);
	char *text = got ? bl_json_dump(got) : NULL;

	if (!json_equal(got, want))
		print_error("got %s\n", text ? text : "nothing");
	free(text);
	assert_true(json_equal(got, want));
	json_decref(got);
}

static const char answer_text[] =
	"{\"host_ifname\":\"bl00\",\"host_mac\":\"02:00:00:00:00:01\",\"mac\":\"02:00:00:00:00:02\","
	"\"mtu\":1500,\"ips\":[{\"address\":\"10.0.0.5/32\",\"gateway\":\"169.254.1.1\"},"
	"{\"address\":\"fd00::5/128\",\"gateway\":\"fe80::1\"}]}";

static const struct bl_plugin_env env = {.ifname = "eth0", .netns = "/run/netns/x"};

static void newest_version_has_mtu_and_no_family(void **state)
{
	struct bl_plugin_conf conf = {.version = BL_PLUGIN_1_1_0};
	BL_JSON json_t *answer = json_of(answer_text);

	(void)state;
	expect(bl_plugin_result_add(&conf, &env, answer),
	       "{\"cniVersion\":\"1.1.0\",\"interfaces\":["
	       "{\"name\":\"bl00\",\"mac\":\"02:00:00:00:00:01\",\"mtu\":1500},"
	       "{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:02\",\"sandbox\":\"/run/netns/x\",\"mtu\":1500}],"
	       "\"ips\":[{\"address\":\"10.0.0.5/32\",\"gateway\":\"169.254.1.1\",\"interface\":1},"
	       "{\"address\":\"fd00::5/128\",\"gateway\":\"fe80::1\",\"interface\":1}],"
	       "\"routes\":[{\"dst\":\"0.0.0.0/0\",\"gw\":\"169.254.1.1\"},"
	       "{\"dst\":\"::/0\",\"gw\":\"fe80::1\"}],\"dns\":{}}");
}

static void old_versions_name_the_family_and_no_mtu(void **state)
{
	struct bl_plugin_conf conf = {.version = BL_PLUGIN_0_3_1};
	BL_JSON json_t *answer = json_of(answer_text);

	(void)state;
	expect(bl_plugin_result_add(&conf, &env, answer),
	       "{\"cniVersion\":\"0.3.1\",\"interfaces\":["
	       "{\"name\":\"bl00\",\"mac\":\"02:00:00:00:00:01\"},"
	       "{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:02\",\"sandbox\":\"/run/netns/x\"}],"
	       "\"ips\":[{\"version\":\"4\",\"address\":\"10.0.0.5/32\",\"gateway\":\"169.254.1.1\","
	       "\"interface\":1},{\"version\":\"6\",\"address\":\"fd00::5/128\",\"gateway\":\"fe80::1\","
	       "\"interface\":1}],\"routes\":[{\"dst\":\"0.0.0.0/0\",\"gw\":\"169.254.1.1\"},"
	       "{\"dst\":\"::/0\",\"gw\":\"fe80::1\"}],\"dns\":{}}");
}

static void result_of_the_plugin_before_is_kept_in_front(void **state)
{
	BL_JSON json_t *prev =
		json_of("{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":\"x0\"}],"
			"\"ips\":[{\"address\":\"1.2.3.4/24\",\"interface\":0}],"
			"\"dns\":{\"nameservers\":[\"1.1.1.1\"]}}");
	BL_JSON json_t *answer = json_of(answer_text);
	struct bl_plugin_conf conf = {.version = BL_PLUGIN_1_0_0, .prev = prev};
	BL_JSON json_t *got = bl_plugin_result_add(&conf, &env, answer);
	const json_t *ips = json_object_get(got, "ips");

	(void)state;
	assert_int_equal(json_array_size(json_object_get(got, "interfaces")), 3);
	assert_int_equal(json_array_size(ips), 3);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(ips, 0), "interface")),
			 0);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(ips, 1), "interface")),
			 2);
	assert_int_equal(json_array_size(bl_json_at(got, "dns", "nameservers", NULL)), 1);
	assert_int_equal(json_array_size(json_object_get(prev, "ips")), 1);
}

static void incomplete_answer_is_no_result(void **state)
{
	static const char *const answers[] = {
		"{}", "{\"host_ifname\":\"b\",\"host_mac\":\"m\",\"mac\":\"m\",\"ips\":[]}",
		"{\"host_ifname\":\"b\",\"host_mac\":\"m\",\"mac\":\"m\",\"ips\":[{\"address\":\"1.1.1.1/32\"}]}"};
	struct bl_plugin_conf conf = {.version = BL_PLUGIN_1_0_0};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		BL_JSON json_t *answer = json_of(answers[i]);

		assert_null(bl_plugin_result_add(&conf, &env, answer));
	}
}

static void addresses_of_the_containers_interface_are_found_again(void **state)
{
	struct bl_plugin_conf conf = {.version = BL_PLUGIN_1_0_0};
	BL_JSON json_t *answer = json_of(answer_text);
	BL_JSON json_t *result = bl_plugin_result_add(&conf, &env, answer);
	BL_JSON json_t *odd = json_of("{\"interfaces\":5,\"ips\":[{},{\"interface\":-1},7]}");

	(void)state;
	expect(bl_plugin_result_ips(result, "eth0"), "[\"10.0.0.5\",\"fd00::5\"]");
	expect(bl_plugin_result_ips(result, "bl00"), "[]");
	expect(bl_plugin_result_ips(odd, "eth0"), "[]");
}

static void error_and_version_have_their_forms(void **state)
{
	struct bl_ipc_failure f = {.code = 11, .msg = "later", .details = "why"};
	struct bl_ipc_failure odd = {.code = 7, .msg = "\xff"};

	(void)state;
	expect(bl_plugin_result_error(BL_PLUGIN_0_4_0, &f),
	       "{\"cniVersion\":\"0.4.0\",\"code\":11,\"msg\":\"later\",\"details\":\"why\"}");
	expect(bl_plugin_result_error(BL_PLUGIN_1_1_0, &odd),
	       "{\"cniVersion\":\"1.1.0\",\"code\":7,\"msg\":\"(text is not UTF-8)\"}");
	expect(bl_plugin_result_version("0.4.0"),
	       "{\"cniVersion\":\"0.4.0\",\"supportedVersions\":[\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newest_version_has_mtu_and_no_family),
		cmocka_unit_test(old_versions_name_the_family_and_no_mtu),
		cmocka_unit_test(result_of_the_plugin_before_is_kept_in_front),
		cmocka_unit_test(incomplete_answer_is_no_result),
		cmocka_unit_test(addresses_of_the_containers_interface_are_found_again),
		cmocka_unit_test(error_and_version_have_their_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
