/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: NetworkPolicy.
 */
#include "kind_case.h"

#define IN(rule)  "{'spec':{'podSelector':{},'ingress':[{" rule "}]}}"
#define OUT(rule) "{'spec':{'podSelector':{},'egress':[{" rule "}]}}"

static void peers_are_one_thing(void **state)
{
	static const struct kind_case cases[] = {
		{IN("'from':[{'podSelector':{},'namespaceSelector':{}}]"), ""},
		{IN("'from':[{}]"), "Required spec.ingress[0].from[0]"},
		{OUT("'to':[{}]"), "Required spec.egress[0].to[0]"},
		{IN("'from':[{'podSelector':{},'ipBlock':{'cidr':'10.0.0.0/8'}}]"),
		 "Forbidden spec.ingress[0].from[0]"},
		{IN("'from':[{'podSelector':{'matchLabels':{'a':'not ok'}}}]"),
		 "Invalid spec.ingress[0].from[0].podSelector.matchLabels"},
	};

	(void)state;
	KIND_CASES(&bl_kind_networkpolicy, cases);
}

static void blocks_hold_their_exceptions(void **state)
{
	static const struct kind_case cases[] = {
		{IN("'from':[{'ipBlock':{'cidr':'10.0.0.0/8','except':['10.1.0.0/16']}}]"), ""},
		{IN("'from':[{'ipBlock':{'cidr':''}}]"),
		 "Required spec.ingress[0].from[0].ipBlock.cidr"},
		{IN("'from':[{'ipBlock':{'cidr':'10.1.2.3/8'}}]"),
		 "Invalid spec.ingress[0].from[0].ipBlock.cidr"},
		{IN("'from':[{'ipBlock':{'cidr':'nowhere'}}]"),
		 "Invalid spec.ingress[0].from[0].ipBlock.cidr"},
		{IN("'from':[{'ipBlock':{'cidr':'10.0.0.0/8','except':['11.0.0.0/16',"
		    "'10.0.0.0/8','fd00::/64']}}]"),
		 "Invalid spec.ingress[0].from[0].ipBlock.except[0]; "
		 "Invalid spec.ingress[0].from[0].ipBlock.except[1]; "
		 "Invalid spec.ingress[0].from[0].ipBlock.except[2]"},
		{IN("'from':[{'ipBlock':{'cidr':'fd00::/16','except':['fd00:1::/32']}}]"), ""},
	};

	(void)state;
	KIND_CASES(&bl_kind_networkpolicy, cases);
}

static void ports_and_ranges(void **state)
{
	static const struct kind_case cases[] = {
		{IN("'ports':[{'port':80,'endPort':90},{'port':'web'},{'protocol':'SCTP'}]"), ""},
		{IN("'ports':[{'port':0}]"), "Invalid spec.ingress[0].ports[0].port"},
		{OUT("'ports':[{'port':65536}]"), "Invalid spec.egress[0].ports[0].port"},
		{IN("'ports':[{'port':'Web'}]"), "Invalid spec.ingress[0].ports[0].port"},
		{IN("'ports':[{'endPort':90}]"), "Invalid spec.ingress[0].ports[0].endPort"},
		{IN("'ports':[{'port':90,'endPort':80}]"),
		 "Invalid spec.ingress[0].ports[0].endPort"},
		{IN("'ports':[{'port':90,'endPort':70000}]"),
		 "Invalid spec.ingress[0].ports[0].endPort"},
		{IN("'ports':[{'port':'web','endPort':80}]"),
		 "Invalid spec.ingress[0].ports[0].endPort"},
		{IN("'ports':[{'protocol':'ICMP'}]"),
		 "NotSupported spec.ingress[0].ports[0].protocol"},
	};

	(void)state;
	KIND_CASES(&bl_kind_networkpolicy, cases);
}

static void types_are_two_at_most(void **state)
{
	static const struct kind_case cases[] = {
		{"{'spec':{'podSelector':{},'policyTypes':['Sideways']}}",
		 "NotSupported spec.policyTypes[0]"},
		{"{'spec':{'podSelector':{},'policyTypes':['Ingress','Egress','Ingress']}}",
		 "Invalid spec.policyTypes"},
	};
	BL_JSON json_t *in = kind_object(&bl_kind_networkpolicy, "{'spec':{}}");
	BL_JSON json_t *both = kind_object(&bl_kind_networkpolicy, OUT("'ports':[{'port':1}]"));

	(void)state;
	KIND_CASES(&bl_kind_networkpolicy, cases);
	kind_check_has(in, "{'spec':{'podSelector':{},'policyTypes':['Ingress']}}");
	kind_check_has(both, "{'spec':{'policyTypes':['Ingress','Egress'],"
			     "'egress':[{'ports':[{'port':1,'protocol':'TCP'}]}]}}");
}

static void a_change_is_checked_as_the_object_is(void **state)
{
	(void)state;
	kind_check_update(&bl_kind_networkpolicy, "{'spec':{}}", IN("'from':[{}]"),
			  "Required spec.ingress[0].from[0]");
}

static void a_block_that_is_not_canonical_warns(void **state)
{
	BL_JSON json_t *obj =
		kind_object(&bl_kind_networkpolicy, IN("'from':[{'ipBlock':{'cidr':'fd00:0::/16',"
						       "'except':['fd00:1::/32']}}]"));
	BL_JSON json_t *warnings = json_array();

	(void)state;
	bl_kind_networkpolicy.warn(obj, NULL, warnings);
	assert_int_equal(json_array_size(warnings), 1);
}

static void rows_show_the_selector(void **state)
{
	(void)state;
	kind_check_row(&bl_kind_networkpolicy, "{'spec':{'podSelector':{'matchLabels':{'a':'b'}}}}",
		       "x | a=b | 60m");
	kind_check_row(&bl_kind_networkpolicy, "{'spec':{}}", "x | <none> | 60m");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peers_are_one_thing),
		cmocka_unit_test(blocks_hold_their_exceptions),
		cmocka_unit_test(ports_and_ranges),
		cmocka_unit_test(types_are_two_at_most),
		cmocka_unit_test(a_change_is_checked_as_the_object_is),
		cmocka_unit_test(a_block_that_is_not_canonical_warns),
		cmocka_unit_test(rows_show_the_selector),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
