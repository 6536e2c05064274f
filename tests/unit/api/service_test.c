// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Services as the API server writes them, as it may write them, and as it must not.
 */

#include "api/service.h"

#include <netinet/in.h>

#include "decode.h"

#define META "'metadata':{'name':'cart','namespace':'shop'}"

static struct bl_api_service *service(const char *spec_and_status)
{
	char *text = bl_asprintf("{" META ",%s}", spec_and_status);
	struct bl_api_object *obj = decode_ok(BL_API_SERVICE, text);

	free(text);
	return (struct bl_api_service *)obj;
}

static void service_error(const char *spec_and_status, const char *error)
{
	char *text = bl_asprintf("{" META ",%s}", spec_and_status);

	decode_fails(BL_API_SERVICE, text, error);
	free(text);
}

static void fields_of_a_dual_stack_service_are_read(void **state)
{
	struct bl_api_service *s = service(
		"'spec':{'type':'NodePort','clusterIP':'10.96.0.9','clusterIPs':['10.96.0.9','fd00::9'],"
		"'ipFamilies':['IPv4','IPv6'],'selector':{'app':'cart'},'externalTrafficPolicy':'Local',"
		"'sessionAffinity':'ClientIP','loadBalancerSourceRanges':[' 10.0.0.0/8 '],"
		"'ports':[{'name':'http','port':80,'targetPort':'web','nodePort':30080},"
		"{'name':'dns','protocol':'UDP','port':53,'targetPort':5353}]},"
		"'status':{'loadBalancer':{'ingress':[{'hostname':'x'},{'ip':'192.0.2.1','ipMode':'Proxy'}]}}");

	(void)state;
	assert_string_equal(s->obj.meta.namespace, "shop");
	assert_int_equal(s->type, BL_SERVICE_NODE_PORT);
	assert_int_equal(s->n_cluster_ips, 2);
	assert_int_equal(s->cluster_ips[1].family, 6);
	assert_int_equal(s->families[1], 6);
	assert_int_equal(s->affinity_seconds, 10800);
	assert_true(s->external_local);
	assert_false(s->internal_local);
	assert_int_equal(s->n_source_ranges, 1);
	assert_int_equal(s->source_ranges[0].len, 8);
	assert_int_equal(s->n_ports, 2);
	assert_string_equal(s->ports[0].target_name, "web");
	assert_int_equal(s->ports[0].node_port, 30080);
	assert_int_equal(s->ports[0].proto, IPPROTO_TCP);
	assert_int_equal(s->ports[1].proto, IPPROTO_UDP);
	assert_int_equal(s->ports[1].target_port, 5353);
	assert_int_equal(s->n_ingress, 1);
	assert_true(s->ingress[0].proxy);
	assert_string_equal(bl_api_pairs_get(&s->selector, "app"), "cart");
	bl_api_free(&s->obj);
}

static void headless_and_unallocated_are_two_things(void **state)
{
	struct bl_api_service *headless =
		service("'spec':{'clusterIP':'None','clusterIPs':['None']}");
	struct bl_api_service *pending = service("'spec':{}");

	(void)state;
	assert_true(headless->headless);
	assert_int_equal(headless->n_cluster_ips, 0);
	assert_false(pending->headless);
	assert_int_equal(pending->n_cluster_ips, 0);
	bl_api_free(&headless->obj);
	bl_api_free(&pending->obj);
}

static void error_names_object_and_field(void **state)
{
	(void)state;
	service_error("'spec':{'ports':[{'port':70000}]}",
		      "service 'shop/cart': spec.ports[0].port: 70000 out of range 1 to 65535");
	service_error("'spec':{'ports':[{'port':1},{'port':'x'}]}",
		      "service 'shop/cart': spec.ports[1].port: must be an integer");
	service_error(
		"'spec':{'ports':[{'port':1,'protocol':'ICMP'}]}",
		"service 'shop/cart': spec.ports[0].protocol: 'ICMP' is not TCP, UDP or SCTP");
	service_error("'spec':{'ports':[{'name':'a'}]}",
		      "service 'shop/cart': spec.ports[0].port: is missing");
	service_error("'spec':{'type':'Magic'}",
		      "service 'shop/cart': spec.type: 'Magic' is not known");
	service_error("'spec':{'externalIPs':['010.0.0.1']}",
		      "service 'shop/cart': spec.externalIPs[0]: '010.0.0.1' is not an IP address");
	service_error("'spec':{'clusterIP':'10.0.0.1','clusterIPs':['10.0.0.1','10.0.0.2']}",
		      "service 'shop/cart': spec.clusterIPs: both are of one address family");
	service_error(
		"'spec':{'loadBalancerSourceRanges':['10.0.0.0/8 x']}",
		"service 'shop/cart': spec.loadBalancerSourceRanges[0]: '10.0.0.0/8 x' is not an "
		"address range");
	service_error("'spec':{'selector':{'app':1}}",
		      "service 'shop/cart': spec.selector.app: must be a string");
	service_error("'spec':[]", "service 'shop/cart': spec: must be an object");
}

static void affinity_timeout_has_bounds(void **state)
{
	struct bl_api_service *s =
		service("'spec':{'sessionAffinity':'ClientIP','sessionAffinityConfig':"
			"{'clientIP':{'timeoutSeconds':86400}}}");

	(void)state;
	assert_int_equal(s->affinity_seconds, 86400);
	bl_api_free(&s->obj);
	service_error(
		"'spec':{'sessionAffinity':'ClientIP','sessionAffinityConfig':"
		"{'clientIP':{'timeoutSeconds':86401}}}",
		"service 'shop/cart': spec.sessionAffinityConfig.clientIP.timeoutSeconds: 86401 "
		"out of range 1 to 86400");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_of_a_dual_stack_service_are_read),
		cmocka_unit_test(headless_and_unallocated_are_two_things),
		cmocka_unit_test(error_names_object_and_field),
		cmocka_unit_test(affinity_timeout_has_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
