// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What the command line shows without an agent: written by the datapath, read back through the pins.
 */

#include "maps/maps.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/sandbox.h"
#include "agent/datapath/datapath.h"
#include "base/json.h"
#include "base/mem.h"

static struct sandbox box;
static bool has_box;

static struct bl_ip ip(const char *text)
{
	struct bl_ip out;

	assert_int_equal(bl_ip_parse(text, &out), 0);
	return out;
}

static void fill(struct bl_datapath *dp)
{
	struct bl_frontend fronts[] = {
		{.ip = ip("0.0.0.0"),
		 .port = 30080,
		 .proto = IPPROTO_TCP,
		 .scope = BL_SCOPE_NODEPORT},
		{.ip = ip("10.96.0.1"), .port = 80, .proto = IPPROTO_TCP},
		{.ip = ip("10.96.0.1"), .scope = BL_SCOPE_ADDR},
	};
	struct bl_target targets[] = {{.ip = ip("10.1.0.1"), .port = 8080, .local = true},
				      {.ip = ip("10.1.1.1"), .port = 8080}};
	struct bl_desired_set sets[] = {
		{.port_name = "", .family = 4, .frontends = &fronts[2], .n_frontends = 1},
		{.port_name = "web",
		 .family = 4,
		 .proto = IPPROTO_TCP,
		 .frontends = fronts,
		 .n_frontends = 2,
		 .targets = targets,
		 .n_targets = 2},
	};
	struct bl_desired_service want = {
		.namespace = "shop", .name = "cart", .uid = "u-1", .sets = sets, .n_sets = 2};
	struct bl_desired_endpoint ends[] = {
		{.ip = ip("10.1.0.1"),
		 .flags = BL_ENDPOINT_POD,
		 .ifindex = 1,
		 .mac = {2, 0, 0, 0, 0, 9}},
		{.ip = ip("192.0.2.1"), .flags = BL_ENDPOINT_HOST | BL_ENDPOINT_NODEPORT},
	};

	struct bl_cell_range range = {
		.first = 80, .last = 90, .proto = IPPROTO_TCP, .verdict = BL_VERDICT_ALLOW};
	struct bl_desired_cell cells[] = {
		{.key = {.set = 3, .class = 5}, .ranges = &range, .n_ranges = 1},
		{.key = {.set = 3, .class = 6}, .verdict = BL_VERDICT_ALLOW}};
	struct bl_desired_class class = {.ip = ip("10.1.1.1"), .class = 5};
	struct bl_desired_block block = {.class = 6};
	struct bl_desired_isolation pod = {.ip = ip("10.1.0.1"), .ingress = 3};
	struct bl_desired_policy policy = {.whole = true,
					   .classes = &class,
					   .n_classes = 1,
					   .blocks = &block,
					   .n_blocks = 1,
					   .cells = cells,
					   .n_cells = 2,
					   .pods = &pod,
					   .n_pods = 1};

	assert_int_equal(bl_cidr_parse("192.0.2.0/24", false, &block.cidr), 0);
	assert_int_equal(bl_datapath_set_policy(dp, &policy, NULL), 0);
	assert_int_equal(bl_datapath_set_service(dp, &want, NULL), 0);
	assert_int_equal(bl_datapath_set_endpoints(dp, ends, 2, NULL), 0);
}

static int setup(void **state)
{
	struct bl_datapath_opts opts = {.pin_dir = box.bpffs, .cgroup = box.cgroup};
	struct bl_datapath *dp = NULL;
	struct bl_err err = {};

	(void)state;
	has_box = sandbox_enter(&box);
	if (!has_box)
		return 0;
	if (bl_datapath_open(&opts, &dp, &err))
		fail_msg("%s", err.text);
	fill(dp);
	bl_datapath_close(dp);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (has_box)
		(void)bl_datapath_purge(box.bpffs, NULL);
	sandbox_leave(&box);
	return 0;
}

static void assert_json(json_t *have, const char *want)
{
	BL_FREE char *text = bl_json_dump(have);

	assert_string_equal(text, want);
}

/* Of the pod 10.1.0.1, which is isolated for ingress. */
static struct bl_maps_verdict judge(const char *pod, enum bl_direction dir, const char *peer,
				    uint16_t port)
{
	struct bl_maps_question q = {ip(pod), ip(peer), dir, IPPROTO_TCP, port};
	struct bl_maps_verdict v;

	assert_int_equal(bl_maps_policy(box.bpffs, &q, &v, NULL), 0);
	return v;
}

static void policy_is_judged_by_the_pinned_tables(void **state)
{
	struct bl_maps_verdict v;

	(void)state;
	if (!has_box)
		skip();
	v = judge("10.1.0.1", BL_INGRESS, "10.1.1.1", 90);
	assert_true(v.local && v.allowed && v.place);
	assert_int_equal(v.set, 3);
	assert_int_equal(v.class, 5);
	assert_false(judge("10.1.0.1", BL_INGRESS, "10.1.1.1", 91).allowed);
	assert_true(judge("10.1.0.1", BL_INGRESS, "192.0.2.7", 91).allowed);
	assert_false(judge("10.1.0.1", BL_INGRESS, "192.0.3.7", 80).allowed);
	assert_true(judge("10.1.0.1", BL_EGRESS, "192.0.3.7", 80).allowed);
	assert_false(judge("192.0.2.1", BL_INGRESS, "10.1.1.1", 90).local);
	assert_false(judge("10.1.1.1", BL_INGRESS, "10.1.0.1", 90).local);
}

static void services_have_names_frontends_and_backends(void **state)
{
	BL_JSON json_t *list = NULL;

	(void)state;
	if (!has_box)
		skip();
	assert_int_equal(bl_maps_services(box.bpffs, &list, NULL), 0);
	assert_json(
		list,
		"[{\"namespace\":\"shop\",\"name\":\"cart\",\"uid\":\"u-1\",\"frontends\":["
		"{\"address\":\"\",\"port\":30080,\"protocol\":\"TCP\",\"scope\":\"nodeport\","
		"\"name\":\"web\",\"family\":4,\"policy\":\"Cluster\"},"
		"{\"address\":\"10.96.0.1\",\"port\":80,\"protocol\":\"TCP\",\"scope\":\"cluster\","
		"\"name\":\"web\",\"family\":4,\"policy\":\"Cluster\"}],\"backends\":["
		"{\"address\":\"10.1.0.1\",\"port\":8080,\"protocol\":\"TCP\",\"name\":\"web\","
		"\"local\":true},"
		"{\"address\":\"10.1.1.1\",\"port\":8080,\"protocol\":\"TCP\",\"name\":\"web\","
		"\"local\":false}]}]");
}

static void endpoints_have_kinds_and_interfaces(void **state)
{
	BL_JSON json_t *list = NULL;

	(void)state;
	if (!has_box)
		skip();
	assert_int_equal(bl_maps_endpoints(box.bpffs, &list, NULL), 0);
	assert_json(list, "[{\"address\":\"10.1.0.1\",\"kind\":\"pod\",\"interface\":\"lo\","
			  "\"ifindex\":1,\"mac\":\"02:00:00:00:00:09\",\"nodeport\":false},"
			  "{\"address\":\"192.0.2.1\",\"kind\":\"host\",\"interface\":\"\","
			  "\"ifindex\":0,\"mac\":\"\",\"nodeport\":true}]");
}

static void every_map_dumps(void **state)
{
	(void)state;
	if (!has_box)
		skip();
	for (int i = 0; i < BL_MAP_COUNT; i++) {
		BL_JSON json_t *dump = NULL;

		assert_int_equal(bl_maps_dump(box.bpffs, (enum bl_map)i, &dump, NULL), 0);
		assert_string_equal(bl_json_str_at(dump, "name", NULL), bl_map_table[i].name);
		assert_int_equal(json_integer_value(json_object_get(dump, "count")),
				 json_array_size(json_object_get(dump, "entries")));
	}
}

static void without_pins_the_missing_map_is_named(void **state)
{
	BL_JSON json_t *list = NULL;
	struct bl_err err = {};

	(void)state;
	if (!has_box)
		skip();
	assert_int_equal(bl_maps_services("/sys/fs/bpf/no-such-folder", &list, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/maps/service4"));
	assert_null(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_have_names_frontends_and_backends),
		cmocka_unit_test(endpoints_have_kinds_and_interfaces),
		cmocka_unit_test(policy_is_judged_by_the_pinned_tables),
		cmocka_unit_test(every_map_dumps),
		cmocka_unit_test(without_pins_the_missing_map_is_named),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
