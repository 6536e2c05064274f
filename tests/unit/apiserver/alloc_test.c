// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Addresses and ports of Services
 *
 * What a write takes, keeps, gives back, and is refused; both families.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "apiserver/alloc.h"
#include "base/json.h"

static struct bl_alloc *make(void)
{
	struct bl_alloc_config c = {.service_cidr_count = 2, .port_min = 30000, .port_max = 32767};
	struct bl_alloc *a = NULL;

	bl_cidr_parse("10.96.0.0/16", false, &c.service_cidrs[0]);
	bl_cidr_parse("fd00:10:96::/112", false, &c.service_cidrs[1]);
	assert_int_equal(bl_alloc_new(&c, &a, NULL), 0);
	return a;
}

static json_t *parse(const char *text)
{
	json_t *v = json_loads(text, 0, NULL);

	assert_non_null(v);
	return v;
}

/* One whole write; NULL when it was refused. Takes both. */
static json_t *write_one(struct bl_alloc *a, json_t *svc, json_t *old, bool commit)
{
	struct bl_alloc_txn txn = {};
	struct bl_causes c = {};

	bl_alloc_fill(a, svc, old);
	bl_alloc_assign(a, svc, old, &txn, &c);
	if (commit)
		bl_alloc_commit(a, &txn);
	else
		bl_alloc_rollback(a, &txn);
	json_decref(old);
	if (c.count) {
		json_decref(svc);
		svc = NULL;
	}
	bl_causes_free(&c);
	return svc;
}

static const char *ip_at(const json_t *svc, size_t i)
{
	const char *s =
		json_string_value(json_array_get(bl_json_at(svc, "spec", "clusterIPs", NULL), i));

	return s ? s : "";
}

static void a_plain_service_gets_one_address_of_the_first_family(void **state)
{
	struct bl_alloc *a = make();
	json_t *s = write_one(a, parse("{\"spec\":{\"ports\":[{\"port\":80}]}}"), NULL, true);

	(void)state;
	assert_memory_equal(ip_at(s, 0), "10.96.", 6);
	assert_string_equal(ip_at(s, 1), "");
	assert_string_equal(bl_json_str_at(s, "spec", "clusterIP", NULL), ip_at(s, 0));
	assert_string_equal(bl_json_str_at(s, "spec", "ipFamilyPolicy", NULL), "SingleStack");
	json_decref(s);
	bl_alloc_free(a);
}

static void families_keep_the_order_that_was_asked_for(void **state)
{
	struct bl_alloc *a = make();
	json_t *s = write_one(a,
			      parse("{\"spec\":{\"ipFamilyPolicy\":\"RequireDualStack\","
				    "\"ipFamilies\":[\"IPv6\"]}}"),
			      NULL, true);

	(void)state;
	assert_memory_equal(ip_at(s, 0), "fd00:10:96:", 11);
	assert_memory_equal(ip_at(s, 1), "10.96.", 6);
	json_decref(s);
	bl_alloc_free(a);
}

static void a_chosen_address_belongs_to_one_service(void **state)
{
	static const char text[] = "{\"spec\":{\"clusterIP\":\"10.96.1.1\"}}";
	struct bl_alloc *a = make();
	json_t *s = write_one(a, parse(text), NULL, true);

	(void)state;
	assert_non_null(s);
	assert_null(write_one(a, parse(text), NULL, true));
	bl_alloc_release(a, s);
	json_decref(s);
	s = write_one(a, parse(text), NULL, true);
	assert_non_null(s);
	json_decref(s);
	bl_alloc_free(a);
}

static void a_write_that_fails_leaves_nothing_taken(void **state)
{
	static const char text[] = "{\"spec\":{\"clusterIP\":\"10.96.1.1\"}}";
	struct bl_alloc *a = make();

	(void)state;
	json_decref(write_one(a, parse(text), NULL, false));
	json_decref(write_one(a, parse(text), NULL, true));
	bl_alloc_free(a);
}

static void addresses_outside_of_every_range_are_refused(void **state)
{
	struct bl_alloc *a = make();

	(void)state;
	assert_null(write_one(a, parse("{\"spec\":{\"clusterIP\":\"192.168.1.1\"}}"), NULL, true));
	assert_null(
		write_one(a, parse("{\"spec\":{\"clusterIP\":\"10.96.255.255\"}}"), NULL, true));
	assert_null(write_one(a, parse("{\"spec\":{\"clusterIP\":\"10.96.0.0\"}}"), NULL, true));
	bl_alloc_free(a);
}

static void a_node_port_is_one_service_for_all_protocols(void **state)
{
	struct bl_alloc *a = make();
	json_t *s = write_one(
		a,
		parse("{\"spec\":{\"type\":\"NodePort\",\"ports\":[{\"port\":1,\"nodePort\":31000,"
		      "\"protocol\":\"TCP\"}]}}"),
		NULL, true);

	(void)state;
	assert_non_null(s);
	assert_null(write_one(
		a,
		parse("{\"spec\":{\"type\":\"NodePort\",\"ports\":[{\"port\":1,\"nodePort\":31000,"
		      "\"protocol\":\"UDP\"}]}}"),
		NULL, true));
	json_decref(s);
	bl_alloc_free(a);
}

static void ports_of_one_number_share_their_node_port(void **state)
{
	struct bl_alloc *a = make();
	json_t *s = write_one(
		a,
		parse("{\"spec\":{\"type\":\"NodePort\",\"ports\":[{\"port\":53,\"protocol\":\"TCP\"},"
		      "{\"port\":53,\"protocol\":\"UDP\"}]}}"),
		NULL, true);
	const json_t *ports = bl_json_at(s, "spec", "ports", NULL);

	(void)state;
	assert_in_range(json_integer_value(json_object_get(json_array_get(ports, 0), "nodePort")),
			30000, 32767);
	assert_true(json_equal(json_object_get(json_array_get(ports, 0), "nodePort"),
			       json_object_get(json_array_get(ports, 1), "nodePort")));
	json_decref(s);
	bl_alloc_free(a);
}

static void a_change_to_cluster_ip_gives_the_node_port_back(void **state)
{
	static const char node[] =
		"{\"spec\":{\"type\":\"NodePort\",\"ports\":[{\"port\":1,\"nodePort\":31000}]}}";
	struct bl_alloc *a = make();
	json_t *s = write_one(a, parse(node), NULL, true);
	json_t *now = json_deep_copy(s);

	(void)state;
	json_object_set_new(json_object_get(now, "spec"), "type", json_string("ClusterIP"));
	json_object_del(json_array_get(bl_json_at(now, "spec", "ports", NULL), 0), "nodePort");
	now = write_one(a, now, s, true);
	assert_non_null(now);
	json_decref(now);
	now = write_one(a, parse(node), NULL, true);
	assert_non_null(now);
	json_decref(now);
	bl_alloc_free(a);
}

static void going_dual_keeps_the_first_address(void **state)
{
	struct bl_alloc *a = make();
	json_t *s = write_one(a, parse("{\"spec\":{\"clusterIP\":\"10.96.1.1\"}}"), NULL, true);
	json_t *now = json_deep_copy(s);

	(void)state;
	json_object_set_new(json_object_get(now, "spec"), "ipFamilyPolicy",
			    json_string("RequireDualStack"));
	now = write_one(a, now, s, true);
	assert_string_equal(ip_at(now, 0), "10.96.1.1");
	assert_memory_equal(ip_at(now, 1), "fd00:10:96:", 11);
	s = json_deep_copy(now);
	json_object_set_new(json_object_get(s, "spec"), "ipFamilyPolicy",
			    json_string("SingleStack"));
	s = write_one(a, s, now, true);
	assert_string_equal(ip_at(s, 0), "10.96.1.1");
	assert_string_equal(ip_at(s, 1), "");
	json_decref(s);
	bl_alloc_free(a);
}

static void ranges_that_make_no_sense_are_refused(void **state)
{
	struct bl_alloc_config c = {.service_cidr_count = 1, .port_min = 2, .port_max = 1};
	struct bl_alloc *a = NULL;

	(void)state;
	bl_cidr_parse("10.96.0.0/16", false, &c.service_cidrs[0]);
	assert_int_equal(bl_alloc_new(&c, &a, NULL), -EINVAL);
	c.port_max = 3;
	bl_cidr_parse("10.0.0.0/8", false, &c.service_cidrs[0]);
	assert_int_equal(bl_alloc_new(&c, &a, NULL), -EINVAL);
	bl_cidr_parse("10.0.0.0/31", false, &c.service_cidrs[0]);
	assert_int_equal(bl_alloc_new(&c, &a, NULL), -EINVAL);
	assert_null(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_service_gets_one_address_of_the_first_family),
		cmocka_unit_test(families_keep_the_order_that_was_asked_for),
		cmocka_unit_test(a_chosen_address_belongs_to_one_service),
		cmocka_unit_test(a_write_that_fails_leaves_nothing_taken),
		cmocka_unit_test(addresses_outside_of_every_range_are_refused),
		cmocka_unit_test(a_node_port_is_one_service_for_all_protocols),
		cmocka_unit_test(ports_of_one_number_share_their_node_port),
		cmocka_unit_test(a_change_to_cluster_ip_gives_the_node_port_back),
		cmocka_unit_test(going_dual_keeps_the_first_address),
		cmocka_unit_test(ranges_that_make_no_sense_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
