// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Values seen through the schema
 *
 * The paths of values, their differences, merges and removals, one rule of structured-merge-diff a test.
 */
#include "apiserver/patch/typed.h"

#include "world.h"

static const struct bl_schema_type *const svc = &bl_schema_service;

static void paths(const char *value, const char *want)
{
	BL_JSON json_t *v = parse(value), *set = bl_typed_set(bl_typed_root(svc), v);
	BL_JSON json_t *got = bl_set_encode(set);

	same(got, want);
}

static void paths_follow_the_types(void **state)
{
	(void)state;
	paths("{'spec':{'type':'NodePort','selector':{'a':'b'},'externalIPs':['1.2.3.4']}}",
	      "{'f:spec':{'f:type':{},'f:selector':{},'f:externalIPs':{}}}");
	paths("{'metadata':{'labels':{'a':'b'},'finalizers':['x']}}",
	      "{'f:metadata':{'f:labels':{'f:a':{}},'f:finalizers':{'v:\\'x\\'':{}}}}");
	paths("{'spec':{'ports':[{'port':80}]}}",
	      "{'f:spec':{'f:ports':{'k:{\\'port\\':80,\\'protocol\\':\\'TCP\\'}':"
	      "{'.':{},'f:port':{}}}}}");
}

static void empty_maps_are_paths_and_empty_lists_are_not(void **state)
{
	(void)state;
	paths("{'metadata':{'labels':{}},'spec':{'ports':[]}}", "{'f:metadata':{'f:labels':{}}}");
	paths("{'spec':{'ports':null}}", "{'f:spec':{'f:ports':{}}}");
	paths("{'spec':{}}", "{'f:spec':{}}");
}

static void differ(const char *before, const char *after, const char *added, const char *modified,
		   const char *removed)
{
	BL_JSON json_t *l = parse(before), *r = parse(after);
	struct bl_comparison c = bl_typed_compare(bl_typed_root(svc), l, r);
	BL_JSON json_t *a = bl_set_encode(c.added), *m = bl_set_encode(c.modified);
	BL_JSON json_t *d = bl_set_encode(c.removed);

	same(a, added);
	same(m, modified);
	same(d, removed);
	bl_comparison_free(&c);
}

static void differences_are_added_modified_or_removed(void **state)
{
	(void)state;
	differ("{'spec':{'type':'a','clusterIP':'x'}}", "{'spec':{'type':'b','externalName':'y'}}",
	       "{'f:spec':{'f:externalName':{}}}", "{'f:spec':{'f:type':{}}}",
	       "{'f:spec':{'f:clusterIP':{}}}");
	differ("{'spec':{'selector':{'a':'1'}}}", "{'spec':{'selector':{'a':'1','b':'2'}}}", "{}",
	       "{'f:spec':{'f:selector':{}}}", "{}");
	differ("{'a':1}", "{'a':1}", "{}", "{}", "{}");
}

static void new_containers_are_added_with_what_is_in_them(void **state)
{
	(void)state;
	differ("{'metadata':{}}", "{'metadata':{'labels':{'a':'1'}}}",
	       "{'f:metadata':{'f:labels':{'.':{},'f:a':{}}}}", "{}", "{}");
	differ("{'metadata':{'labels':{'a':'1'}}}", "{'metadata':{'labels':{'a':'1','b':'1'}}}",
	       "{'f:metadata':{'f:labels':{'f:b':{}}}}", "{}", "{}");
	differ("{'metadata':{'labels':{'a':'1'}}}", "{'metadata':{}}", "{}", "{}",
	       "{'f:metadata':{'f:labels':{'.':{},'f:a':{}}}}");
}

static void order_of_a_keyed_list_is_no_difference(void **state)
{
	(void)state;
	differ("{'spec':{'ports':[{'port':1},{'port':2}]}}",
	       "{'spec':{'ports':[{'port':2},{'port':1}]}}", "{}", "{}", "{}");
}

static void merges(const char *live, const char *config, const char *want)
{
	BL_JSON json_t *l = parse(live), *c = parse(config);
	BL_JSON json_t *got = bl_typed_merge(bl_typed_root(svc), l, c);

	same(got, want);
}

static void configuration_wins_and_the_rest_stays(void **state)
{
	(void)state;
	merges("{'spec':{'type':'a','clusterIP':'x'}}", "{'spec':{'type':'b'}}",
	       "{'spec':{'type':'b','clusterIP':'x'}}");
	merges("{'spec':{'selector':{'a':'1'}}}", "{'spec':{'selector':{'b':'2'}}}",
	       "{'spec':{'selector':{'b':'2'}}}");
	merges("{'spec':{'ports':[{'port':1,'name':'a'},{'port':2}]}}",
	       "{'spec':{'ports':[{'port':1,'nodePort':9},{'port':3}]}}",
	       "{'spec':{'ports':[{'port':1,'name':'a','nodePort':9},{'port':2},{'port':3}]}}");
	merges("{'spec':{'ports':[{'port':1}]}}", "{'spec':{'ports':[]}}",
	       "{'spec':{'ports':[{'port':1}]}}");
	merges("{}", "{'spec':{'ports':[]}}", "{'spec':{'ports':[]}}");
}

static void removal_leaves_null_where_nothing_is_left(void **state)
{
	BL_JSON json_t *value = parse("{'metadata':{'labels':{'a':'1'}},'spec':{'ports':"
				      "[{'port':1,'name':'x'},{'port':2}],'type':'t'}}");
	BL_JSON json_t *fields =
		parse("{'f:metadata':{'f:labels':{'f:a':{}}},'f:spec':{'f:ports':{'k:{\\'port\\':2,"
		      "\\'protocol\\':\\'TCP\\'}':{},'k:{\\'port\\':1,\\'protocol\\':\\'TCP\\'}':"
		      "{'f:name':{}}}}}");
	BL_JSON json_t *set = NULL, *got = NULL;

	(void)state;
	assert_int_equal(bl_set_decode(fields, &set), 0);
	got = bl_typed_remove(bl_typed_root(svc), value, set);
	same(got, "{'metadata':{'labels':null},'spec':{'ports':[{'port':1}],'type':'t'}}");
}

static void named_fields_on_the_way_become_members(void **state)
{
	BL_JSON json_t *fields = parse("{'f:metadata':{'f:labels':{'f:a':{}}}}");
	BL_JSON json_t *set = NULL, *got = NULL;

	(void)state;
	assert_int_equal(bl_set_decode(fields, &set), 0);
	BL_JSON json_t *with = bl_typed_with_parents(bl_typed_root(svc), set);

	got = bl_set_encode(with);
	same(got, "{'f:metadata':{'.':{},'f:labels':{'.':{},'f:a':{}}}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_follow_the_types),
		cmocka_unit_test(empty_maps_are_paths_and_empty_lists_are_not),
		cmocka_unit_test(differences_are_added_modified_or_removed),
		cmocka_unit_test(new_containers_are_added_with_what_is_in_them),
		cmocka_unit_test(order_of_a_keyed_list_is_no_difference),
		cmocka_unit_test(configuration_wins_and_the_rest_stays),
		cmocka_unit_test(removal_leaves_null_where_nothing_is_left),
		cmocka_unit_test(named_fields_on_the_way_become_members),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
