/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: What kubectl get shows of a Pod; and resource quantities.
 */
#include "apiserver/kinds/quantity.h"
#include "kind_case.h"

#define SPEC                                                                        \
	"'spec':{'containers':[{'name':'a','image':'i'},{'name':'b','image':'i'}]," \
	"'initContainers':[{'name':'i','image':'i'}]}"
#define STATUS(rest) "{" SPEC ",'status':{" rest "}}"

static void check(const char *object, const char *head)
{
	BL_FREE char *row = bl_asprintf("x | %s | 60m | <none> | <none> | <none> | <none>", head);

	kind_check_row(&bl_kind_pod, object, row);
}

static void the_phase_is_the_status_when_nothing_else_is_known(void **state)
{
	(void)state;
	check(STATUS("'phase':'Pending'"), "0/2 | Pending | 0");
	check(STATUS("'phase':'Failed','reason':'Evicted'"), "0/2 | Evicted | 0");
	check(STATUS("'phase':'Pending','conditions':[{'type':'PodScheduled','status':'False',"
		     "'reason':'SchedulingGated'}]"),
	      "0/2 | SchedulingGated | 0");
}

static void containers_say_more_than_the_phase(void **state)
{
	(void)state;
	check(STATUS("'phase':'Running','containerStatuses':["
		     "{'name':'a','ready':true,'restartCount':1,'state':{'running':{}}},"
		     "{'name':'b','ready':true,'restartCount':2,'state':{'running':{}},"
		     "'lastState':{'terminated':{'exitCode':1,"
		     "'finishedAt':'2026-01-01T00:58:00Z'}}}]"),
	      "2/2 | Running | 3 (2m ago)");
	check(STATUS("'phase':'Running','containerStatuses':["
		     "{'name':'a','state':{'waiting':{'reason':'CrashLoopBackOff'}}},"
		     "{'name':'b','ready':true,'state':{'running':{}}}]"),
	      "1/2 | CrashLoopBackOff | 0");
	check(STATUS("'phase':'Failed','containerStatuses':["
		     "{'name':'a','state':{'terminated':{'exitCode':3}}}]"),
	      "0/2 | ExitCode:3 | 0");
	check(STATUS("'phase':'Running','containerStatuses':["
		     "{'name':'a','state':{'terminated':{'exitCode':0,'reason':'Completed'}}},"
		     "{'name':'b','ready':true,'state':{'running':{}}}]"),
	      "1/2 | NotReady | 0");
}

static void init_containers_come_first(void **state)
{
	(void)state;
	check(STATUS("'phase':'Pending','initContainerStatuses':[{'name':'i',"
		     "'state':{'running':{}}}]"),
	      "0/2 | Init:0/1 | 0");
	check(STATUS("'phase':'Pending','initContainerStatuses':[{'name':'i','restartCount':4,"
		     "'state':{'terminated':{'exitCode':1,'reason':'Error'}}}]"),
	      "0/2 | Init:Error | 4");
	check(STATUS("'phase':'Pending','initContainerStatuses':[{'name':'i',"
		     "'state':{'waiting':{'reason':'ImagePullBackOff'}}}]"),
	      "0/2 | Init:ImagePullBackOff | 0");
	check(STATUS("'phase':'Running','initContainerStatuses':[{'name':'i','restartCount':4,"
		     "'state':{'terminated':{'exitCode':0}}}]"),
	      "0/2 | Running | 0");
}

static void a_deleted_pod_is_terminating(void **state)
{
	(void)state;
	check("{'metadata':{'deletionTimestamp':'2026-01-01T00:00:00Z'}," SPEC
	      ",'status':{'phase':'Running'}}",
	      "0/2 | Terminating | 0");
	check("{'metadata':{'deletionTimestamp':'2026-01-01T00:00:00Z'}," SPEC
	      ",'status':{'phase':'Succeeded'}}",
	      "0/2 | Succeeded | 0");
}

static void wide_rows_show_where_it_runs(void **state)
{
	(void)state;
	kind_check_row(&bl_kind_pod,
		       "{'spec':{'nodeName':'n','containers':[],'readinessGates':["
		       "{'conditionType':'a'},{'conditionType':'b'}]},"
		       "'status':{'phase':'Running','podIP':'10.0.0.1','conditions':["
		       "{'type':'a','status':'True'},{'type':'b','status':'False'}]}}",
		       "x | 0/0 | Running | 0 | 60m | 10.0.0.1 | n | <none> | 1/2");
}

static void quantities_are_read_in_thousandths(void **state)
{
	static const struct {
		const char *text;
		long long nano;
	} cases[] = {
		{"'1'", BL_QUANTITY_ONE},
		{"1", BL_QUANTITY_ONE},
		{"1.5", 1500000000},
		{"'500m'", 500000000},
		{"'-1'", -1000000000},
		{"'1k'", 1000000000000},
		{"'1Ki'", 1024000000000},
		{"'1.5Ki'", 1536000000000},
		{"'1e3'", 1000000000000},
		{"'1E-3'", 1000000},
		{"'1n'", 1},
		{"'-.1n'", -1},
		{"'.5'", 500000000},
		{"'0'", 0},
	};
	static const char *const bad[] = {"'one'", "''", "'1x'", "'m'", "'1.2.3'", "'1 '", "true"};
	__int128 nano;

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(cases); i++) {
		BL_JSON json_t *value = kind_json(cases[i].text);

		assert_int_equal(bl_quantity_parse(value, &nano), 0);
		assert_int_equal((long long)nano, cases[i].nano);
	}
	for (size_t i = 0; i < BL_ARRAY_SIZE(bad); i++) {
		BL_JSON json_t *value = kind_json(bad[i]);

		assert_int_not_equal(bl_quantity_parse(value, &nano), 0);
	}
}

static void quantities_compare_and_are_whole(void **state)
{
	BL_JSON json_t *a = json_string("1Gi");
	BL_JSON json_t *b = json_string("1024Mi");
	BL_JSON json_t *c = json_string("1E");
	BL_JSON json_t *huge = json_string("99999999999999999999E");

	(void)state;
	assert_int_equal(bl_quantity_cmp(a, b), 0);
	assert_int_equal(bl_quantity_cmp(a, c), -1);
	assert_int_equal(bl_quantity_cmp(huge, c), 1);
	assert_true(bl_quantity_is_whole(a));
	BL_JSON json_t *half = json_string("500m");
	assert_false(bl_quantity_is_whole(half));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_phase_is_the_status_when_nothing_else_is_known),
		cmocka_unit_test(containers_say_more_than_the_phase),
		cmocka_unit_test(init_containers_come_first),
		cmocka_unit_test(a_deleted_pod_is_terminating),
		cmocka_unit_test(wide_rows_show_where_it_runs),
		cmocka_unit_test(quantities_are_read_in_thousandths),
		cmocka_unit_test(quantities_compare_and_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
