// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Server-side apply
 *
 * Two or three managers take turns on one object, as users and controllers do; after each turn the object and its
 * managers are what a real server has.
 */
#include "world.h"

static void another_value_is_a_conflict_unless_forced(void **state)
{
	struct world w = configmap();

	(void)state;
	update(&w, "kubectl", CM("{'a':'1'}"));
	assert_int_equal(try_apply(&w, "m1", false, CM("{'a':'9'}")), -EEXIST);
	assert_string_equal(w.err.text, "Apply failed with 1 conflict: conflict with \"kubectl\" "
					"using v1: .data.a");
	same(w.causes, "[{'reason':'FieldManagerConflict','field':'.data.a',"
		       "'message':'conflict with \\'kubectl\\' using v1'}]");
	has(&w, "data", "{'a':'1'}");
	assert_int_equal(try_apply(&w, "m1", true, CM("{'a':'9'}")), 0);
	has(&w, "data", "{'a':'9'}");
	managed(&w, "{'kubectl Update':{'f:data':{}},'m1 Apply':{'f:data':{'f:a':{}}}}");
	end(&w);
}

static void several_conflicts_are_listed_by_manager(void **state)
{
	struct world w = configmap();

	(void)state;
	apply(&w, "m1", CM("{'a':'1','b':'1'}"));
	apply(&w, "m2", CM("{'c':'1'}"));
	assert_int_equal(try_apply(&w, "m3", false, CM("{'a':'2','b':'2','c':'2'}")), -EEXIST);
	assert_string_equal(w.err.text, "Apply failed with 3 conflicts: conflicts with \"m1\":\n"
					"- .data.a\n- .data.b\nconflicts with \"m2\":\n- .data.c");
	assert_int_equal(json_array_size(w.causes), 3);
	end(&w);
}

static void same_value_is_shared(void **state)
{
	struct world w = configmap();

	(void)state;
	apply(&w, "m1", CM("{'a':'1'}"));
	apply(&w, "m2", CM("{'a':'1'}"));
	managed(&w, "{'m1 Apply':{'f:data':{'f:a':{}}},'m2 Apply':{'f:data':{'f:a':{}}}}");
	apply(&w, "m1", "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c'}}");
	has(&w, "data", "{'a':'1'}");
	managed(&w, "{'m2 Apply':{'f:data':{'f:a':{}}}}");
	end(&w);
}

static void what_is_no_longer_applied_goes(void **state)
{
	struct world w = configmap();

	(void)state;
	apply(&w, "m1", CM("{'a':'1','b':'2'}"));
	update(&w, "other", "{'data':{'c':'3'}}");
	apply(&w, "m1", CM("{'a':'1'}"));
	has(&w, "data", "{'a':'1','c':'3'}");
	managed(&w, "{'m1 Apply':{'f:data':{'f:a':{}}},'other Update':{'f:data':{'f:c':{}}}}");
	apply(&w, "m1", "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c'}}");
	has(&w, "data", "{'c':'3'}");
	end(&w);
}

static void list_elements_have_owners_by_their_keys(void **state)
{
	struct world w = service();

	(void)state;
	apply(&w, "m1", SVC("{'ports':[{'name':'a','port':80,'protocol':'TCP'}]}"));
	apply(&w, "m2", SVC("{'ports':[{'name':'b','port':81,'protocol':'TCP'}]}"));
	has(&w, "spec",
	    "{'ports':[{'name':'a','port':80,'protocol':'TCP','targetPort':0},"
	    "{'name':'b','port':81,'protocol':'TCP','targetPort':0}]}");
	apply(&w, "m1", SVC("{'ports':[]}"));
	has(&w, "spec", "{'ports':[{'name':'b','port':81,'protocol':'TCP','targetPort':0}]}");
	managed(&w,
		"{'m2 Apply':{'f:spec':{'f:ports':{'k:{\\'port\\':81,\\'protocol\\':\\'TCP\\'}':"
		"{'.':{},'f:name':{},'f:port':{},'f:protocol':{}}}}}}");
	end(&w);
}

static void absent_protocol_counts_as_tcp(void **state)
{
	struct world w = service();

	(void)state;
	apply(&w, "m1",
	      SVC("{'ports':[{'port':80,'protocol':'TCP'},{'port':80,'protocol':'UDP'}]}"));
	apply(&w, "m2", SVC("{'ports':[{'port':80,'name':'x'}]}"));
	has(&w, "spec",
	    "{'ports':[{'port':80,'protocol':'TCP','name':'x','targetPort':0},"
	    "{'port':80,'protocol':'UDP','targetPort':0}]}");
	end(&w);
}

static void server_defaults_below_an_owned_element_go_with_it(void **state)
{
	struct world w = service();

	(void)state;
	apply(&w, "m1",
	      SVC("{'ports':[{'port':80,'protocol':'TCP'},{'port':81,'protocol':'TCP'}]}"));
	/* the server fills in what belongs to nobody */
	json_object_set_new(bl_json_at(w.obj, "spec", NULL), "clusterIP", json_string("10.96.0.9"));
	json_object_set_new(json_array_get(bl_json_at(w.obj, "spec", "ports", NULL), 0), "nodePort",
			    json_integer(30001));
	apply(&w, "m1", SVC("{'ports':[{'port':81,'protocol':'TCP'}]}"));
	has(&w, "spec",
	    "{'clusterIP':'10.96.0.9',"
	    "'ports':[{'port':81,'protocol':'TCP','targetPort':0}]}");
	end(&w);
}

static void order_of_both_sides_is_kept(void **state)
{
	struct world w = {.type = &bl_schema_pod, .version = "v1", .has_status = true};

	(void)state;
	update(&w, "u", "{'metadata':{'finalizers':['a','b','c','d']}}");
	apply(&w, "m", "{'apiVersion':'v1','kind':'Pod','metadata':{'finalizers':['x','c','a']}}");
	same(bl_json_at(w.obj, "metadata", "finalizers", NULL), "['b','x','c','d','a']");
	end(&w);
}

static void atomic_values_are_owned_whole(void **state)
{
	struct world w = service();

	(void)state;
	apply(&w, "m1", SVC("{'selector':{'a':'1'},'externalIPs':['192.0.2.1']}"));
	managed(&w, "{'m1 Apply':{'f:spec':{'f:externalIPs':{},'f:selector':{}}}}");
	assert_int_equal(try_apply(&w, "m2", false, SVC("{'selector':{'b':'2'}}")), -EEXIST);
	assert_int_equal(try_apply(&w, "m2", true, SVC("{'selector':{'b':'2'}}")), 0);
	has(&w, "spec", "{'selector':{'b':'2'},'externalIPs':['192.0.2.1']}");
	managed(&w, "{'m1 Apply':{'f:spec':{'f:externalIPs':{}}},"
		    "'m2 Apply':{'f:spec':{'f:selector':{}}}}");
	end(&w);
}

static void apply_that_changes_nothing_keeps_its_times(void **state)
{
	struct world w = service();

	(void)state;
	apply(&w, "m1", SVC("{'ports':[{'port':80,'protocol':'TCP'}]}"));
	BL_JSON json_t *before = json_deep_copy(w.obj);

	apply(&w, "m1", SVC("{'ports':[{'port':80,'protocol':'TCP'}]}"));
	assert_true(json_equal(w.obj, before));
	update(&w, "m2", "{}");
	assert_true(json_equal(w.obj, before));
	apply(&w, "m1", SVC("{'ports':[{'port':80,'protocol':'TCP','name':'x'}]}"));
	assert_false(json_equal(bl_json_at(w.obj, "metadata", NULL),
				bl_json_at(before, "metadata", NULL)));
	end(&w);
}

static void refused_configurations_say_why(void **state)
{
	static const struct {
		const char *config, *why;
	} rows[] = {
		{"{'kind':'Service','metadata':{'name':'s'}}",
		 "Incorrect version specified in apply patch. Specified patch version: , expected: v1"},
		{"{'apiVersion':'v2'}",
		 "Incorrect version specified in apply patch. Specified patch version: v2, expected: "
		 "v1"},
		{"{'apiVersion':'v1','metadata':{'managedFields':[]}}",
		 "metadata.managedFields must be nil"},
		{SVC("{'foo':1}"),
		 "failed to create typed patch object: .spec.foo: field not declared in schema"},
		{SVC("{'ports':[{'name':'x'}]}"),
		 "failed to create typed patch object: .spec.ports[0]: associative list with keys has "
		 "an element that omits key field \"port\" (and doesn't have default value)"},
		{SVC("{'ports':[{'port':80},{'port':80,'protocol':'TCP'}]}"),
		 "failed to create typed patch object: .spec.ports: duplicate entries for key "
		 "{\"port\":80,\"protocol\":\"TCP\"}"},
		{SVC("{'ports':[null]}"),
		 "failed to create typed patch object: .spec.ports[0]: associative list with keys may "
		 "not have a null element"},
		{SVC("{'type':1}"),
		 "failed to create typed patch object: json: cannot unmarshal number into Go struct "
		 "field ServiceSpec.spec.type of type string"},
	};
	struct world w = service();

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(rows); i++) {
		assert_int_equal(try_apply(&w, "m", false, rows[i].config), -EINVAL);
		assert_string_equal(w.err.text, rows[i].why);
	}
	assert_null(w.obj);
	end(&w);
}

static void kubectl_moves_from_client_side_without_conflict(void **state)
{
	struct world w = configmap();
	const char *annotation;

	(void)state;
	update(&w, "kubectl-client-side-apply",
	       "{'metadata':{'name':'c','annotations':{'kubectl.kubernetes.io/"
	       "last-applied-configuration':'{\\'apiVersion\\':\\'v1\\',\\'data\\':{\\'a\\':"
	       "\\'1\\'},\\'kind\\':\\'ConfigMap\\',\\'metadata\\':{\\'name\\':\\'c\\'}}'}},"
	       "'data':{'a':'1'}}");
	assert_int_equal(try_apply(&w, "m", false, CM("{'a':'2'}")), -EEXIST);
	apply(&w, "kubectl", CM("{'a':'2'}"));
	has(&w, "data", "{'a':'2'}");
	annotation = bl_json_str_at(w.obj, "metadata", "annotations",
				    "kubectl.kubernetes.io/last-applied-configuration", NULL);
	assert_non_null(strstr(annotation, "\"data\":{\"a\":\"2\"}"));
	update(&w, "edit", "{'data':{'a':'3'}}");
	assert_int_equal(try_apply(&w, "kubectl", false, CM("{'a':'4'}")), -EEXIST);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_value_is_a_conflict_unless_forced),
		cmocka_unit_test(several_conflicts_are_listed_by_manager),
		cmocka_unit_test(same_value_is_shared),
		cmocka_unit_test(what_is_no_longer_applied_goes),
		cmocka_unit_test(list_elements_have_owners_by_their_keys),
		cmocka_unit_test(absent_protocol_counts_as_tcp),
		cmocka_unit_test(server_defaults_below_an_owned_element_go_with_it),
		cmocka_unit_test(order_of_both_sides_is_kept),
		cmocka_unit_test(atomic_values_are_owned_whole),
		cmocka_unit_test(apply_that_changes_nothing_keeps_its_times),
		cmocka_unit_test(refused_configurations_say_why),
		cmocka_unit_test(kubectl_moves_from_client_side_without_conflict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
