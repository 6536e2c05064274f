// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Nodes: pod CIDRs in both spellings, addresses in order, labels that mean something.
 */

#include "api/node.h"

#include "decode.h"

static void node_has_cidrs_addresses_and_zone(void **state)
{
	struct bl_api_node *n = (struct bl_api_node *)decode_ok(
		BL_API_NODE,
		"{'metadata':{'name':'n1','labels':{'topology.kubernetes.io/zone':'z1',"
		"'node.kubernetes.io/exclude-from-external-load-balancers':''}},"
		"'spec':{'podCIDR':'10.244.1.0/24','podCIDRs':['10.244.1.0/24','fd00:1::/64']},"
		"'status':{'addresses':[{'type':'Hostname','address':'n1'},"
		"{'type':'InternalIP','address':'192.0.2.1'},{'type':'InternalIP','address':'2001:db8::1'},"
		"{'type':'ExternalIP','address':'198.51.100.1'}],"
		"'conditions':[{'type':'Ready','status':'True'}]}}");

	(void)state;
	assert_int_equal(n->n_pod_cidrs, 2);
	assert_int_equal(n->pod_cidrs[1].len, 64);
	assert_int_equal(n->n_internal_ips, 2);
	assert_int_equal(n->internal_ips[0].family, 4);
	assert_int_equal(n->n_external_ips, 1);
	assert_string_equal(n->zone, "z1");
	assert_true(n->ready);
	assert_true(n->excluded_from_lb);
	bl_api_free(&n->obj);
}

static void older_pod_cidr_counts_alone(void **state)
{
	struct bl_api_node *n = (struct bl_api_node *)decode_ok(
		BL_API_NODE, "{'metadata':{'name':'n1'},'spec':{'podCIDR':'10.244.1.0/24'}}");

	(void)state;
	assert_int_equal(n->n_pod_cidrs, 1);
	assert_int_equal(n->pod_cidrs[0].len, 24);
	assert_string_equal(n->zone, "");
	bl_api_free(&n->obj);
}

static void two_cidrs_of_one_family_are_refused(void **state)
{
	(void)state;
	decode_fails(BL_API_NODE,
		     "{'metadata':{'name':'n1'},'spec':{'podCIDRs':['10.0.0.0/24','10.0.1.0/24']}}",
		     "node 'n1': spec.podCIDRs: both are of one address family");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(node_has_cidrs_addresses_and_zone),
		cmocka_unit_test(older_pod_cidr_counts_alone),
		cmocka_unit_test(two_cidrs_of_one_family_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
