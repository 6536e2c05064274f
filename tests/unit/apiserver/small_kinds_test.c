/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: The kinds of few rules: ConfigMap, Secret, ServiceAccount, Namespace, Lease, Event, Node.
 */
#include "apiserver/kinds/data.h"
#include "kind_case.h"

static void config_maps_have_keys_and_a_size(void **state)
{
	static const struct kind_case cases[] = {
		{"{'data':{'a':'1'},'binaryData':{'b':'AAEC'}}", ""},
		{"{'data':{'a b':'1'}}", "Invalid data[a b]"},
		{"{'data':{'..':'1'}}", "Invalid data[..]"},
		{"{'binaryData':{'a/b':'AAEC'}}", "Invalid binaryData[a/b]"},
		{"{'data':{'a':'1'},'binaryData':{'a':'AAEC'}}", "Invalid data[a]"},
	};
	BL_JSON json_t *big = kind_object(&bl_kind_configmap, "{}");
	BL_FREE char *text = bl_calloc(1, BL_DATA_MAX + 2);
	BL_FREE char *got = NULL;
	struct bl_causes c = {};

	(void)state;
	KIND_CASES(&bl_kind_configmap, cases);
	memset(text, 'x', BL_DATA_MAX + 1);
	bl_set_str(bl_ensure(big, "data"), "a", text);
	bl_kind_configmap.validate(big, &c);
	got = kind_causes(&c);
	assert_string_equal(got, "TooLong ");
}

static void what_is_immutable_stays(void **state)
{
	static const char fixed[] = "{'immutable':true,'data':{'a':'MQ=='}}";

	(void)state;
	kind_check_update(&bl_kind_configmap, fixed, fixed, "");
	kind_check_update(&bl_kind_configmap, fixed, "{'data':{'a':'Mg=='}}",
			  "Forbidden data; Forbidden immutable");
	kind_check_update(&bl_kind_secret, fixed, "{'immutable':true,'data':{'a':'Mg=='}}",
			  "Forbidden data");
	kind_check_update(&bl_kind_secret, "{}", "{'type':'a/b'}", "Invalid type");
}

static void secrets_take_text_and_hold_bytes(void **state)
{
	BL_JSON json_t *obj = kind_object(&bl_kind_secret, "{'data':{'a':'MQ==','b':'Mg=='},"
							   "'stringData':{'a':'hello','c':''}}");

	(void)state;
	kind_check_has(obj, "{'type':'Opaque','data':{'a':'aGVsbG8=','b':'Mg==','c':''}}");
	assert_null(bl_get(obj, "stringData"));
}

static void secret_types_want_their_keys(void **state)
{
	static const struct kind_case cases[] = {
		{"{'type':'kubernetes.io/tls'}", "Required data[tls.crt]; Required data[tls.key]"},
		{"{'type':'kubernetes.io/tls','data':{'tls.crt':'','tls.key':''}}", ""},
		{"{'type':'kubernetes.io/basic-auth'}",
		 "Required data[password]; Required data[username]"},
		{"{'type':'kubernetes.io/basic-auth','data':{'username':'YQ=='}}", ""},
		{"{'type':'kubernetes.io/ssh-auth'}", "Required data[ssh-privatekey]"},
		{"{'type':'kubernetes.io/dockerconfigjson'}", "Required data[.dockerconfigjson]"},
		{"{'type':'kubernetes.io/dockerconfigjson','data':{'.dockerconfigjson':'YQ=='}}",
		 "Invalid data[.dockerconfigjson]"},
		{"{'type':'kubernetes.io/dockerconfigjson','data':{'.dockerconfigjson':'e30='}}",
		 ""},
		{"{'type':'kubernetes.io/service-account-token'}",
		 "Required metadata.annotations[kubernetes.io/service-account.name]"},
	};

	(void)state;
	KIND_CASES(&bl_kind_secret, cases);
}

static void base64_round_trips(void **state)
{
	static const char *const texts[] = {"", "a", "ab", "abc", "abcd"};

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(texts); i++) {
		BL_FREE char *base64 = bl_data_encode(texts[i], strlen(texts[i]));
		size_t len;
		BL_FREE char *bytes = bl_data_decode(base64, &len);

		assert_int_equal(len, strlen(texts[i]));
		assert_string_equal(bytes, texts[i]);
		assert_int_equal(bl_data_decoded_size(base64), len);
	}
}

static void a_namespace_is_its_servers(void **state)
{
	BL_JSON json_t *obj = kind_object(&bl_kind_namespace, "{'spec':{'finalizers':['mine']},"
							      "'status':{'phase':'Terminating'}}");

	(void)state;
	bl_kind_namespace.prepare_create(obj);
	kind_check_has(obj, "{'metadata':{'labels':{'kubernetes.io/metadata.name':'x'}},"
			    "'spec':{'finalizers':['kubernetes']},'status':{'phase':'Active'}}");
	kind_check_status(&bl_kind_namespace, "{}", "{'status':{'phase':'Terminating'}}",
			  "Invalid status.Phase");
	kind_check_status(&bl_kind_namespace, "{}",
			  "{'metadata':{'deletionTimestamp':'2026-01-01T00:00:00Z'},"
			  "'status':{'phase':'Terminating'}}",
			  "");
	kind_check_row(&bl_kind_namespace, "{}", "x | Active | 60m");
	assert_true(bl_kind_namespace.stays("kube-system"));
	assert_false(bl_kind_namespace.stays("mine"));
}

static void leases_count_forwards(void **state)
{
	static const struct kind_case cases[] = {
		{"{'spec':{'leaseDurationSeconds':40,'holderIdentity':'a'}}", ""},
		{"{'spec':{'leaseDurationSeconds':0}}", "Invalid spec.leaseDurationSeconds"},
		{"{'spec':{'leaseTransitions':-1}}", "Invalid spec.leaseTransitions"},
		{"{'spec':{'preferredHolder':'b'}}", ""},
	};

	(void)state;
	KIND_CASES(&bl_kind_lease, cases);
	kind_check_row(&bl_kind_lease, "{'spec':{'holderIdentity':'a'}}", "x | a | 60m");
}

static void events_lie_beside_their_object(void **state)
{
	static const struct kind_case cases[] = {
		{"{'involvedObject':{'namespace':'ns'}}", ""},
		{"{'involvedObject':{'namespace':'other'}}", "Invalid involvedObject.namespace"},
		{"{'involvedObject':{}}", "Invalid involvedObject.namespace"},
		{"{'metadata':{'namespace':'default'},'involvedObject':{}}", ""},
		{"{'involvedObject':{'namespace':'ns'},'eventTime':'2026-01-01T00:00:00.000000Z'}",
		 "Invalid reportingComponent; Invalid reportingComponent; Required action; "
		 "Required reason; Required reportingComponent; Required reportingInstance"},
		{"{'involvedObject':{'namespace':'ns'},'eventTime':'2026-01-01T00:00:00.000000Z',"
		 "'reportingComponent':'a.b/c','reportingInstance':'i','action':'a',"
		 "'reason':'r'}",
		 ""},
	};
	BL_JSON json_t *obj =
		kind_object(&bl_kind_event, "{'involvedObject':{'kind':'Pod','name':'p'},"
					    "'reason':'R','source':{'component':'c'}}");
	char buf[64];

	(void)state;
	KIND_CASES(&bl_kind_event, cases);
	assert_string_equal(bl_kind_event.field_value(obj, "involvedObject.name", buf), "p");
	assert_string_equal(bl_kind_event.field_value(obj, "source", buf), "c");
	assert_null(bl_kind_event.field_value(obj, "message", buf));
	kind_check_row(&bl_kind_event,
		       "{'involvedObject':{'kind':'Pod','name':'p','fieldPath':'f'},'reason':'R',"
		       "'source':{'component':'c','host':'h'},'message':' m ','type':'Normal',"
		       "'count':3,'firstTimestamp':'2026-01-01T00:00:00Z',"
		       "'lastTimestamp':'2026-01-01T00:59:00Z'}",
		       "60s | Normal | R | pod/p | f | c, h | m | 60m | 3 | x");
}

static void nodes_keep_their_prefixes(void **state)
{
	static const struct kind_case cases[] = {
		{"{'spec':{'podCIDRs':['10.1.0.0/24','fd00::/64']}}", ""},
		{"{'spec':{'podCIDRs':['10.1.0.1/24']}}", "Invalid spec.podCIDRs[0]"},
		{"{'spec':{'podCIDRs':['10.1.0.0/24','10.2.0.0/24']}}", "Invalid spec.podCIDRs"},
		{"{'spec':{'taints':[{'key':'a','effect':'Odd'}]}}",
		 "NotSupported metadata.taints[0].effect"},
		{"{'spec':{'taints':[{'key':'a b'}]}}",
		 "Invalid metadata.taints[0].key; Required metadata.taints[0].effect"},
		{"{'spec':{'taints':[{'key':'a','effect':'NoSchedule'},"
		 "{'key':'a','effect':'NoSchedule'}]}}",
		 "Duplicate metadata.taints[1]"},
		{"{'status':{'capacity':{'cpu':'-1'}}}",
		 "Invalid status.allocatable.cpu; Invalid status.capacity.cpu"},
	};
	static const char cidr[] = "{'spec':{'podCIDR':'10.1.0.0/24'}}";

	(void)state;
	KIND_CASES(&bl_kind_node, cases);
	kind_check_update(&bl_kind_node, "{}", cidr, "");
	kind_check_update(&bl_kind_node, cidr, cidr, "");
	kind_check_update(&bl_kind_node, cidr, "{'spec':{'podCIDR':'10.2.0.0/24'}}",
			  "Forbidden spec.podCIDRs");
	kind_check_update(&bl_kind_node, "{'spec':{'providerID':'a'}}",
			  "{'spec':{'providerID':'b'}}", "Forbidden spec.providerID");
}

static void a_new_node_is_not_ready(void **state)
{
	BL_JSON json_t *obj = kind_object(&bl_kind_node, "{'spec':{'podCIDRs':['10.1.0.0/24']}}");

	(void)state;
	bl_kind_node.prepare_create(obj);
	kind_check_has(obj, "{'spec':{'podCIDR':'10.1.0.0/24','taints':[{'effect':'NoSchedule',"
			    "'key':'node.kubernetes.io/not-ready'}]}}");
}

static void node_rows_show_status_and_roles(void **state)
{
	(void)state;
	kind_check_row(&bl_kind_node,
		       "{'metadata':{'labels':{'node-role.kubernetes.io/b':'',"
		       "'node-role.kubernetes.io/a':''}},'spec':{'unschedulable':true},"
		       "'status':{'conditions':[{'type':'Ready','status':'True'}],'addresses':["
		       "{'type':'InternalIP','address':'192.0.2.1'}],"
		       "'nodeInfo':{'kubeletVersion':'v1'}}}",
		       "x | Ready,SchedulingDisabled | a,b | 60m | v1 | 192.0.2.1 | <none> | "
		       "<unknown> | <unknown> | <unknown>");
	kind_check_row(&bl_kind_node, "{}",
		       "x | Unknown | <none> | 60m |  | <none> | <none> | <unknown> | <unknown> | "
		       "<unknown>");
}

static void rows_of_data_count_keys(void **state)
{
	(void)state;
	kind_check_row(&bl_kind_configmap, "{'data':{'a':'1'},'binaryData':{'b':'AAEC'}}",
		       "x | 2 | 60m");
	kind_check_row(&bl_kind_secret, "{}", "x | Opaque | 0 | 60m");
	kind_check_row(&bl_kind_serviceaccount, "{'secrets':[{'name':'a'}]}", "x | 1 | 60m");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_maps_have_keys_and_a_size),
		cmocka_unit_test(what_is_immutable_stays),
		cmocka_unit_test(secrets_take_text_and_hold_bytes),
		cmocka_unit_test(secret_types_want_their_keys),
		cmocka_unit_test(base64_round_trips),
		cmocka_unit_test(a_namespace_is_its_servers),
		cmocka_unit_test(leases_count_forwards),
		cmocka_unit_test(events_lie_beside_their_object),
		cmocka_unit_test(nodes_keep_their_prefixes),
		cmocka_unit_test(a_new_node_is_not_ready),
		cmocka_unit_test(node_rows_show_status_and_roles),
		cmocka_unit_test(rows_of_data_count_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
