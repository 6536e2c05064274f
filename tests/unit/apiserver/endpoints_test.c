/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: EndpointSlice and Endpoints.
 */
#include "kind_case.h"

#define SLICE(endpoint, ports) \
	"{'addressType':'IPv4','endpoints':[" endpoint "],'ports':[" ports "]}"
#define ONE "{'addresses':['10.1.2.3']}"

static void slices_have_a_type_and_addresses_of_it(void **state)
{
	static const struct kind_case cases[] = {
		{SLICE(ONE, "{'port':80}"), ""},
		{"{'endpoints':[],'ports':[]}", "Required addressType"},
		{"{'addressType':'ip','endpoints':[" ONE "]}", "NotSupported addressType"},
		{SLICE("{'addresses':[]}", ""), "Required endpoints[0].addresses"},
		{SLICE("{'addresses':['fd00::1']}", ""), "Invalid endpoints[0].addresses[0]"},
		{SLICE("{'addresses':['bad']}", ""), "Invalid endpoints[0].addresses[0]"},
		{SLICE("{'addresses':['0.0.0.0']}", ""), "Invalid endpoints[0].addresses[0]"},
		{SLICE("{'addresses':['224.0.0.1']}", ""), "Invalid endpoints[0].addresses[0]"},
		{"{'addressType':'IPv6','endpoints':[{'addresses':['fd00::1']}]}", ""},
		{"{'addressType':'IPv6','endpoints':[{'addresses':['::1']}]}",
		 "Invalid endpoints[0].addresses[0]"},
		{"{'addressType':'FQDN','endpoints':[{'addresses':['a.b']}]}", ""},
		{"{'addressType':'FQDN','endpoints':[{'addresses':['a']}]}",
		 "Invalid endpoints[0].addresses[0]"},
	};

	(void)state;
	KIND_CASES(&bl_kind_endpointslice, cases);
}

static void slices_name_bad_details(void **state)
{
	static const struct kind_case cases[] = {
		{SLICE("{'addresses':['10.1.2.3'],'nodeName':'Bad','hostname':'a.b'}", ""),
		 "Invalid endpoints[0].hostname; Invalid endpoints[0].nodeName"},
		{SLICE("{'addresses':['10.1.2.3'],'hints':{'forZones':[{'name':'z'},"
		       "{'name':'z'}]}}",
		       ""),
		 "Duplicate endpoints[0].hints.forZones[1].name"},
		{SLICE("{'addresses':['10.1.2.3'],'hints':{'forNodes':[{'name':'N'}]}}", ""),
		 "Invalid endpoints[0].hints.forNodes[0].name"},
		{SLICE(ONE, "{'name':'a','port':1},{'name':'a','port':2}"),
		 "Duplicate ports[1].name"},
		{SLICE(ONE, "{'port':1},{'port':2}"), "Duplicate ports[1].name"},
		{SLICE(ONE, "{'port':1,'protocol':'ICMP','appProtocol':'a b'}"),
		 "Invalid ports[0].appProtocol; NotSupported ports[0].protocol"},
		{SLICE(ONE, "{'port':70000}"), ""},
	};

	(void)state;
	KIND_CASES(&bl_kind_endpointslice, cases);
}

/* A slice with so many endpoints of so many addresses and so many ports. */
static json_t *slice_of(size_t endpoints, size_t addresses, size_t ports)
{
	json_t *obj = kind_object(&bl_kind_endpointslice, "{'addressType':'IPv4'}");
	json_t *list = json_array();
	json_t *port_list = json_array();

	for (size_t i = 0; i < endpoints; i++) {
		json_t *ips = json_array();

		for (size_t k = 0; k < addresses; k++)
			json_array_append_new(ips, json_string("10.0.0.1"));
		json_array_append_new(list, json_pack("{s:o}", "addresses", ips));
	}
	for (size_t i = 0; i < ports; i++) {
		BL_FREE char *name = bl_asprintf("p%zu", i);

		json_array_append_new(port_list, json_pack("{s:s,s:i,s:s}", "name", name, "port",
							   (int)i + 1, "protocol", "TCP"));
	}
	json_object_set_new(obj, "endpoints", list);
	json_object_set_new(obj, "ports", port_list);
	return obj;
}

static void slices_are_bounded(void **state)
{
	static const struct {
		size_t endpoints, addresses, ports;
		const char *causes;
	} cases[] = {
		{1000, 1, 100, ""},
		{1001, 1, 1, "TooMany endpoints"},
		{1, 101, 1, "TooMany endpoints[0].addresses"},
		{1, 1, 101, "TooMany ports"},
	};

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(cases); i++) {
		BL_JSON json_t *obj =
			slice_of(cases[i].endpoints, cases[i].addresses, cases[i].ports);
		BL_FREE char *got = NULL;
		struct bl_causes c = {};

		bl_kind_endpointslice.validate(obj, &c);
		got = kind_causes(&c);
		assert_string_equal(got, cases[i].causes);
	}
}

static void the_type_of_a_slice_is_fixed(void **state)
{
	(void)state;
	kind_check_update(&bl_kind_endpointslice, "{'addressType':'IPv4'}",
			  "{'addressType':'IPv6'}", "Invalid addressType");
}

static void slice_rows_show_three(void **state)
{
	(void)state;
	kind_check_row(&bl_kind_endpointslice,
		       SLICE("{'addresses':['10.0.0.1','10.0.0.2']},{'addresses':['10.0.0.3']},"
			     "{'addresses':['10.0.0.4']}",
			     "{'port':80},{'name':'any'}"),
		       "x | IPv4 | 80,any | 10.0.0.1,10.0.0.2,10.0.0.3 + 1 more... | 60m");
	kind_check_row(&bl_kind_endpointslice, "{'addressType':'IPv4'}",
		       "x | IPv4 | <unset> | <unset> | 60m");
}

static void endpoints_have_addresses(void **state)
{
	static const struct kind_case cases[] = {
		{"{'subsets':[{'addresses':[{'ip':'10.1.1.1'}],'ports':[{'port':80}]}]}", ""},
		{"{'subsets':[{}]}", "Required subsets[0]"},
		{"{'subsets':[{'addresses':[{'ip':'127.0.0.1'}]}]}",
		 "Invalid subsets[0].addresses[0].ip"},
		{"{'subsets':[{'notReadyAddresses':[{'ip':'bad','hostname':'A'}]}]}",
		 "Invalid subsets[0].notReadyAddresses[0].hostname; "
		 "Invalid subsets[0].notReadyAddresses[0].ip; "
		 "Invalid subsets[0].notReadyAddresses[0].ip"},
		{"{'subsets':[{'addresses':[{'ip':'10.1.1.1'}],'ports':[{'port':0},"
		 "{'name':'a','port':1,'protocol':'X'}]}]}",
		 "Invalid subsets[0].ports[0].port; NotSupported subsets[0].ports[1].protocol; "
		 "Required subsets[0].ports[0].name"},
	};

	(void)state;
	KIND_CASES(&bl_kind_endpoints, cases);
	kind_check_row(&bl_kind_endpoints, "{}", "x | <none> | 60m");
	kind_check_row(&bl_kind_endpoints,
		       "{'subsets':[{'addresses':[{'ip':'10.0.0.1'},{'ip':'fd00::1'}],"
		       "'ports':[{'name':'a','port':80},{'name':'b','port':81}]}]}",
		       "x | 10.0.0.1:80,[fd00::1]:80,10.0.0.1:81 + 1 more... | 60m");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_have_a_type_and_addresses_of_it),
		cmocka_unit_test(slices_name_bad_details),
		cmocka_unit_test(slices_are_bounded),
		cmocka_unit_test(the_type_of_a_slice_is_fixed),
		cmocka_unit_test(slice_rows_show_three),
		cmocka_unit_test(endpoints_have_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
