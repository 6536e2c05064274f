/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Service: rules, defaults, changes of type, table cells.
 */
#include "kind_case.h"

/* With what the allocator would have filled in. */
#define IP "'clusterIP':'10.96.0.9','clusterIPs':['10.96.0.9']"

static void ports_are_checked_alone_and_together(void **state)
{
	static const struct kind_case cases[] = {
		{"{'spec':{'ports':[{'port':80}]}}", ""},
		{"{'spec':{}}", "Required spec.ports"},
		{"{'spec':{'ports':[{'port':0}]}}",
		 "Invalid spec.ports[0].port; Invalid spec.ports[0].targetPort"},
		{"{'spec':{'ports':[{'port':80,'targetPort':'123'}]}}",
		 "Invalid spec.ports[0].targetPort"},
		{"{'spec':{'ports':[{'port':80,'targetPort':'no--good-'}]}}",
		 "Invalid spec.ports[0].targetPort; Invalid spec.ports[0].targetPort"},
		{"{'spec':{'ports':[{'port':80,'protocol':'ICMP'}]}}",
		 "NotSupported spec.ports[0].protocol"},
		{"{'spec':{'ports':[{'port':80},{'port':81}]}}",
		 "Required spec.ports[0].name; Required spec.ports[1].name"},
		{"{'spec':{'ports':[{'name':'a','port':80},{'name':'a','port':81}]}}",
		 "Duplicate spec.ports[1].name"},
		{"{'spec':{'ports':[{'name':'a','port':80},{'name':'b','port':80}]}}",
		 "Duplicate spec.ports[1]"},
		{"{'spec':{'ports':[{'name':'a','port':80},"
		 "{'name':'b','port':80,'protocol':'UDP'}]}}",
		 ""},
		{"{'spec':{'ports':[{'port':80,'nodePort':30000}]}}",
		 "Forbidden spec.ports[0].nodePort"},
		{"{'spec':{'type':'NodePort','ports':[{'name':'a','port':1,'nodePort':30000},"
		 "{'name':'b','port':2,'nodePort':30000}]}}",
		 "Duplicate spec.ports[1].nodePort"},
	};

	(void)state;
	KIND_CASES(&bl_kind_service, cases);
}

static void types_allow_different_fields(void **state)
{
	static const struct kind_case cases[] = {
		{"{'spec':{'type':'Odd','ports':[{'port':80}]}}", "NotSupported spec.type"},
		{"{'spec':{'type':'ExternalName'}}", "Required spec.externalName"},
		{"{'spec':{'type':'ExternalName','externalName':'a.b.'}}", ""},
		{"{'spec':{'type':'ExternalName','externalName':'a b'}}",
		 "Invalid spec.externalName"},
		{"{'spec':{'type':'ExternalName','externalName':'a','ipFamilies':['IPv4'],"
		 "'ipFamilyPolicy':'SingleStack'," IP "}}",
		 "Forbidden spec.clusterIPs; Forbidden spec.ipFamilies; "
		 "Forbidden spec.ipFamilyPolicy"},
		{"{'spec':{'type':'NodePort','clusterIP':'None','clusterIPs':['None'],"
		 "'ports':[{'port':80}]}}",
		 "Invalid spec.clusterIPs[0]"},
		{"{'spec':{'allocateLoadBalancerNodePorts':false,'ports':[{'port':80}]}}",
		 "Forbidden spec.allocateLoadBalancerNodePorts"},
		{"{'spec':{'loadBalancerClass':'a/b','ports':[{'port':80}]}}",
		 "Forbidden spec.loadBalancerClass"},
		{"{'spec':{'loadBalancerSourceRanges':['10.0.0.0/8'],'ports':[{'port':80}]}}",
		 "Forbidden spec.LoadBalancerSourceRanges"},
		{"{'spec':{'type':'LoadBalancer','loadBalancerSourceRanges':[' 10.0.0.0/8 ',"
		 "'10.0.0.1/8'],'ports':[{'port':80}]}}",
		 "Invalid spec.LoadBalancerSourceRanges[1]"},
	};

	(void)state;
	KIND_CASES(&bl_kind_service, cases);
}

static void families_addresses_and_policy_agree(void **state)
{
	static const struct kind_case cases[] = {
		{"{'spec':{" IP ",'ipFamilies':['IPv4'],'ports':[{'port':80}]}}", ""},
		{"{'spec':{" IP ",'ipFamilies':['IPv6'],'ports':[{'port':80}]}}",
		 "Invalid spec.clusterIPs[0]"},
		{"{'spec':{'clusterIP':'10.96.0.9','clusterIPs':['10.96.0.8'],"
		 "'ports':[{'port':80}]}}",
		 "Invalid spec.clusterIPs"},
		{"{'spec':{'clusterIP':'10.96.0.9','clusterIPs':['10.96.0.9','10.96.0.8'],"
		 "'ipFamilyPolicy':'PreferDualStack','ports':[{'port':80}]}}",
		 "Invalid spec.clusterIPs"},
		{"{'spec':{'clusterIP':'010.96.0.9','clusterIPs':['010.96.0.9'],"
		 "'ports':[{'port':80}]}}",
		 "Invalid spec.clusterIPs[0]"},
		{"{'spec':{'ipFamilies':['IPv4','IPv6','IPv4'],'ports':[{'port':80}]}}",
		 "Duplicate spec.ipFamilies[2]"},
		{"{'spec':{'ipFamilies':['IPv5'],'ports':[{'port':80}]}}",
		 "NotSupported spec.ipFamilies[0]"},
		{"{'spec':{'ipFamilies':['IPv4','IPv6'],'ipFamilyPolicy':'SingleStack',"
		 "'ports':[{'port':80}]}}",
		 "Invalid spec.ipFamilyPolicy"},
		{"{'spec':{'ipFamilyPolicy':'Dual','ports':[{'port':80}]}}",
		 "NotSupported spec.ipFamilyPolicy"},
		{"{'spec':{'clusterIP':'None','clusterIPs':['None','fd00::1']}}",
		 "Invalid spec.clusterIPs"},
	};

	(void)state;
	KIND_CASES(&bl_kind_service, cases);
}

static void traffic_fields_have_their_values(void **state)
{
	static const struct kind_case cases[] = {
		{"{'spec':{'sessionAffinity':'Cookie','ports':[{'port':80}]}}",
		 "NotSupported spec.sessionAffinity"},
		{"{'spec':{'sessionAffinity':'ClientIP','sessionAffinityConfig':"
		 "{'clientIP':{'timeoutSeconds':0}},'ports':[{'port':80}]}}",
		 "Invalid spec.sessionAffinityConfig.clientIP.timeoutSeconds"},
		{"{'spec':{'externalTrafficPolicy':'Local','ports':[{'port':80}]}}",
		 "Invalid spec.externalTrafficPolicy"},
		{"{'spec':{'type':'NodePort','externalTrafficPolicy':'Near',"
		 "'ports':[{'port':80}]}}",
		 "NotSupported spec.externalTrafficPolicy"},
		{"{'spec':{'type':'LoadBalancer','healthCheckNodePort':30999,"
		 "'ports':[{'port':80}]}}",
		 "Invalid spec.healthCheckNodePort"},
		{"{'spec':{'internalTrafficPolicy':'Near','ports':[{'port':80}]}}",
		 "NotSupported spec.internalTrafficPolicy"},
		{"{'spec':{'trafficDistribution':'PreferFar','ports':[{'port':80}]}}",
		 "NotSupported spec.trafficDistribution"},
		{"{'spec':{'externalIPs':['169.254.1.1','127.0.0.1','::','x'],"
		 "'ports':[{'port':80}]}}",
		 "Invalid spec.externalIPs[0]; Invalid spec.externalIPs[1]; "
		 "Invalid spec.externalIPs[2]; Invalid spec.externalIPs[3]"},
		{"{'spec':{'selector':{'a':'not ok!'},'ports':[{'port':80}]}}",
		 "Invalid spec.selector"},
	};

	(void)state;
	KIND_CASES(&bl_kind_service, cases);
}

static void defaults_follow_the_type(void **state)
{
	BL_JSON json_t *cluster = kind_object(&bl_kind_service, "{'spec':{'ports':[{'port':80}]}}");
	BL_JSON json_t *balancer = kind_object(
		&bl_kind_service, "{'spec':{'type':'LoadBalancer','sessionAffinity':'ClientIP',"
				  "'ports':[{'port':80,'targetPort':'web'}]}}");
	BL_JSON json_t *name = kind_object(&bl_kind_service, "{'spec':{'type':'ExternalName'}}");

	(void)state;
	kind_check_has(cluster, "{'spec':{'type':'ClusterIP','sessionAffinity':'None',"
				"'internalTrafficPolicy':'Cluster','ports':[{'port':80,"
				"'protocol':'TCP','targetPort':80}]}}");
	assert_null(bl_get(bl_get(cluster, "spec"), "externalTrafficPolicy"));
	kind_check_has(balancer, "{'spec':{'externalTrafficPolicy':'Cluster',"
				 "'allocateLoadBalancerNodePorts':true,"
				 "'sessionAffinityConfig':{'clientIP':{'timeoutSeconds':10800}},"
				 "'ports':[{'port':80,'protocol':'TCP','targetPort':'web'}]}}");
	assert_null(bl_get(bl_get(name, "spec"), "internalTrafficPolicy"));
}

static void fields_of_the_old_type_go_unless_they_were_changed(void **state)
{
	BL_JSON json_t *old = kind_object(
		&bl_kind_service,
		"{'spec':{'type':'LoadBalancer','externalTrafficPolicy':'Local',"
		"'healthCheckNodePort':30001," IP ",'ports':[{'port':80,'nodePort':30000}]}}");
	BL_JSON json_t *plain = json_deep_copy(old);
	BL_JSON json_t *changed = json_deep_copy(old);
	json_t *spec = bl_get(plain, "spec");
	const json_t *port;

	(void)state;
	bl_set_str(spec, "type", "ClusterIP");
	bl_kind_service.prepare_update(plain, old);
	port = json_array_get(bl_get(spec, "ports"), 0);
	assert_null(bl_get(port, "nodePort"));
	assert_null(bl_get(spec, "healthCheckNodePort"));
	assert_null(bl_get(spec, "externalTrafficPolicy"));
	assert_null(bl_get(spec, "allocateLoadBalancerNodePorts"));
	assert_string_equal(bl_str(spec, "clusterIP"), "10.96.0.9");

	spec = bl_get(changed, "spec");
	bl_set_str(spec, "type", "ClusterIP");
	bl_set_int(json_array_get(bl_get(spec, "ports"), 0), "nodePort", 30005);
	bl_kind_service.prepare_update(changed, old);
	port = json_array_get(bl_get(spec, "ports"), 0);
	assert_int_equal(bl_int(port, "nodePort"), 30005);
}

static void addresses_go_with_the_type_external_name(void **state)
{
	BL_JSON json_t *old = kind_object(&bl_kind_service,
					  "{'spec':{" IP ",'ipFamilies':['IPv4'],"
					  "'ipFamilyPolicy':'SingleStack','ports':[{'port':80}]}}");
	BL_JSON json_t *now = json_deep_copy(old);
	json_t *spec = bl_get(now, "spec");

	(void)state;
	bl_set_str(spec, "type", "ExternalName");
	bl_kind_service.prepare_update(now, old);
	assert_null(bl_get(spec, "clusterIP"));
	assert_null(bl_get(spec, "clusterIPs"));
	assert_null(bl_get(spec, "ipFamilies"));
	assert_null(bl_get(spec, "ipFamilyPolicy"));
}

static void the_primary_address_never_changes(void **state)
{
	static const char v4[] = "{'spec':{" IP ",'ipFamilies':['IPv4'],'ports':[{'port':80}]}}";
	static const char dual[] = "{'spec':{'clusterIP':'10.96.0.9',"
				   "'clusterIPs':['10.96.0.9','fd00::9'],"
				   "'ipFamilyPolicy':'RequireDualStack',"
				   "'ipFamilies':['IPv4','IPv6'],'ports':[{'port':80}]}}";

	(void)state;
	kind_check_update(&bl_kind_service, v4, v4, "");
	kind_check_update(&bl_kind_service, v4, dual, "");
	kind_check_update(&bl_kind_service, v4,
			  "{'spec':{'clusterIP':'10.96.0.8','clusterIPs':['10.96.0.8'],"
			  "'ipFamilies':['IPv4'],'ports':[{'port':80}]}}",
			  "Invalid spec.clusterIPs[0]");
	kind_check_update(&bl_kind_service, dual, v4,
			  "Invalid spec.ipFamilyPolicy; Invalid spec.ipFamilyPolicy");
	kind_check_update(&bl_kind_service, dual,
			  "{'spec':{" IP ",'ipFamilyPolicy':'SingleStack','ipFamilies':['IPv4'],"
			  "'ports':[{'port':80}]}}",
			  "");
	kind_check_update(&bl_kind_service, v4, "{'spec':{'type':'ExternalName'}}", "");
	/* What does not agree in itself is named by validate(), alone. */
	kind_check_update(&bl_kind_service, v4,
			  "{'spec':{" IP ",'ipFamilies':['IPv6'],'ports':[{'port':80}]}}", "");
}

static void only_load_balancers_have_points_of_entry(void **state)
{
	static const char balancer[] = "{'spec':{'type':'LoadBalancer','ports':[{'port':80}]},"
				       "'status':{'loadBalancer':{'ingress':[%s]}}}";
	static const char plain[] = "{'spec':{'ports':[{'port':80}]},"
				    "'status':{'loadBalancer':{'ingress':[{'ip':'192.0.2.1'}]}}}";
	char now[256];

	(void)state;
	kind_check_status(&bl_kind_service, plain, plain, "Forbidden status.loadBalancer.ingress");
	(void)snprintf(now, sizeof(now), balancer, "{'ip':'192.0.2.1'}");
	kind_check_status(&bl_kind_service, now, now, "");
	(void)snprintf(now, sizeof(now), balancer, "{'ip':'x'}");
	kind_check_status(&bl_kind_service, now, now, "Invalid status.loadBalancer.ingress[0].ip");
	(void)snprintf(now, sizeof(now), balancer, "{'hostname':'1.2.3.4'}");
	kind_check_status(&bl_kind_service, now, now,
			  "Invalid status.loadBalancer.ingress[0].hostname");
}

static void rows_show_addresses_and_ports(void **state)
{
	(void)state;
	kind_check_row(&bl_kind_service,
		       "{'spec':{'type':'NodePort'," IP ",'selector':{'b':'c','a':'b'},"
		       "'ports':[{'port':80,'nodePort':31000},{'port':53,'protocol':'UDP'}]}}",
		       "x | NodePort | 10.96.0.9 | <none> | 80:31000/TCP,53/UDP | 60m | a=b,b=c");
	kind_check_row(&bl_kind_service, "{'spec':{'type':'LoadBalancer','ports':[{'port':80}]}}",
		       "x | LoadBalancer | <none> | <pending> | 80/TCP | 60m | <none>");
	kind_check_row(&bl_kind_service,
		       "{'spec':{'type':'LoadBalancer','externalIPs':['192.0.2.9'],"
		       "'ports':[{'port':80}]},'status':{'loadBalancer':{'ingress':["
		       "{'ip':'192.0.2.2'},{'hostname':'a.b'},{'ip':'192.0.2.1'}]}}}",
		       "x | LoadBalancer | <none> | 192.0.2.1,192.0.2.2,a.b,192.0.2.9 | 80/TCP | "
		       "60m | <none>");
	kind_check_row(&bl_kind_service, "{'spec':{'type':'ExternalName','externalName':'a.b'}}",
		       "x | ExternalName | <none> | a.b | <none> | 60m | <none>");
}

static void what_is_deprecated_or_ignored_warns(void **state)
{
	static const struct {
		const char *object;
		size_t warnings;
	} cases[] = {
		{"{'spec':{'ports':[{'port':80}]}}", 0},
		{"{'spec':{'trafficDistribution':'PreferClose','ports':[{'port':80}]}}", 1},
		{"{'spec':{'externalIPs':['192.0.2.1'],'ports':[{'port':80}]}}", 1},
		{"{'spec':{'clusterIP':'fd00::0:1','clusterIPs':['fd00::0:1'],"
		 "'ports':[{'port':80}]}}",
		 1},
		{"{'spec':{'externalName':'a.b','ports':[{'port':80}]}}", 1},
	};

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(cases); i++) {
		BL_JSON json_t *obj = kind_object(&bl_kind_service, cases[i].object);
		BL_JSON json_t *warnings = json_array();

		bl_kind_service.warn(obj, NULL, warnings);
		assert_int_equal(json_array_size(warnings), cases[i].warnings);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_are_checked_alone_and_together),
		cmocka_unit_test(types_allow_different_fields),
		cmocka_unit_test(families_addresses_and_policy_agree),
		cmocka_unit_test(traffic_fields_have_their_values),
		cmocka_unit_test(defaults_follow_the_type),
		cmocka_unit_test(fields_of_the_old_type_go_unless_they_were_changed),
		cmocka_unit_test(addresses_go_with_the_type_external_name),
		cmocka_unit_test(the_primary_address_never_changes),
		cmocka_unit_test(only_load_balancers_have_points_of_entry),
		cmocka_unit_test(rows_show_addresses_and_ports),
		cmocka_unit_test(what_is_deprecated_or_ignored_warns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
