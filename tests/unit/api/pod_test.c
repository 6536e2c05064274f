// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Pods: which ports count, both forms of addresses, phases.
 */

#include "api/pod.h"

#include "decode.h"

#define META "'metadata':{'name':'cart-1','namespace':'shop','labels':{'app':'cart'}}"

static void pod_with_sidecar_has_ports_of_both(void **state)
{
	struct bl_api_pod *p = (struct bl_api_pod *)decode_ok(
		BL_API_POD,
		"{" META ",'spec':{'nodeName':'n1','hostname':'h','subdomain':'s',"
		"'containers':[{'ports':[{'name':'web','containerPort':8080,'hostPort':80,"
		"'hostIP':'192.0.2.1'}]}],"
		"'initContainers':[{'ports':[{'name':'once','containerPort':1}]},"
		"{'restartPolicy':'Always','ports':[{'name':'side','containerPort':9,"
		"'protocol':'UDP'}]}]},"
		"'status':{'phase':'Running','podIP':'10.244.0.5','podIPs':[{'ip':'10.244.0.5'},"
		"{'ip':'fd00::5'}],'conditions':[{'type':'Ready','status':'True'}]}}");

	(void)state;
	assert_int_equal(p->n_ports, 2);
	assert_string_equal(p->ports[0].name, "web");
	assert_int_equal(p->ports[0].host_port, 80);
	assert_int_equal(p->ports[0].host_ip.family, 4);
	assert_string_equal(p->ports[1].name, "side");
	assert_int_equal(p->n_ips, 2);
	assert_int_equal(p->ips[1].family, 6);
	assert_true(p->ready);
	assert_int_equal(p->phase, BL_POD_RUNNING);
	assert_string_equal(p->node, "n1");
	bl_api_free(&p->obj);
}

static void pod_ip_alone_counts(void **state)
{
	struct bl_api_pod *p = (struct bl_api_pod *)decode_ok(
		BL_API_POD, "{" META ",'status':{'podIP':'10.244.0.5'}}");

	(void)state;
	assert_int_equal(p->n_ips, 1);
	assert_int_equal(p->phase, BL_POD_PENDING);
	assert_false(p->ready);
	bl_api_free(&p->obj);
}

static void bad_address_and_port_are_named(void **state)
{
	(void)state;
	decode_fails(BL_API_POD, "{" META ",'status':{'podIPs':[{'ip':'10.0.0.256'}]}}",
		     "pod 'shop/cart-1': status.podIPs[0].ip: '10.0.0.256' is not an IP address");
	decode_fails(
		BL_API_POD, "{" META ",'spec':{'containers':[{},{'ports':[{'containerPort':0}]}]}}",
		"pod 'shop/cart-1': spec.containers[1].ports[0].containerPort: 0 out of range 1 "
		"to 65535");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pod_with_sidecar_has_ports_of_both),
		cmocka_unit_test(pod_ip_alone_counts),
		cmocka_unit_test(bad_address_and_port_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
