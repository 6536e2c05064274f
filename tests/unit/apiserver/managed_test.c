// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: managedFields
 *
 * Who owns which fields after creates, updates and applies, as a real server shows it.
 */
#include "world.h"

static void applied_fields_are_the_managers(void **state)
{
	struct world w = configmap();

	(void)state;
	apply(&w, "m1", CM("{'a':'1'}"));
	managed(&w, "{'m1 Apply':{'f:data':{'f:a':{}}}}");
	update(&w, "kubectl-edit", "{'data':{'b':'1'}}");
	managed(&w,
		"{'m1 Apply':{'f:data':{'f:a':{}}},'kubectl-edit Update':{'f:data':{'f:b':{}}}}");
	has(&w, "data", "{'a':'1','b':'1'}");
	end(&w);
}

static void create_owns_new_maps_themselves(void **state)
{
	struct world w = configmap();

	(void)state;
	update(&w, "kubectl", CM("{'a':'1'}"));
	managed(&w, "{'kubectl Update':{'f:data':{'.':{},'f:a':{}}}}");
	end(&w);
	w = service();
	update(&w, "kubectl-create",
	       "{'metadata':{'name':'s','labels':{'app':'x'}},'spec':{'ports':[{'port':80,"
	       "'protocol':'TCP','targetPort':80}],'selector':{'a':'b'},'type':'ClusterIP'}}");
	managed(&w, "{'kubectl-create Update':{'f:metadata':{'f:labels':{'.':{},'f:app':{}}},"
		    "'f:spec':{'f:ports':{'.':{},'k:{\\'port\\':80,\\'protocol\\':\\'TCP\\'}':"
		    "{'.':{},'f:port':{},'f:protocol':{},'f:targetPort':{}}},"
		    "'f:selector':{},'f:type':{}}}}");
	end(&w);
}

static void pod_create_owns_what_a_real_server_shows(void **state)
{
	struct world w = {.type = &bl_schema_pod, .version = "v1", .has_status = true};

	(void)state;
	update(&w, "kubectl-run",
	       "{'metadata':{'name':'p'},'spec':{'containers':[{'name':'c','image':'i'}],"
	       "'securityContext':{},'tolerations':[{'key':'a'}]},'status':{'phase':'Pending'}}");
	managed(&w, "{'kubectl-run Update':{'f:spec':{'f:containers':{'k:{\\'name\\':\\'c\\'}':"
		    "{'.':{},'f:image':{},'f:name':{},'f:resources':{}}},"
		    "'f:securityContext':{},'f:tolerations':{}}}}");
	end(&w);
}

static void update_takes_fields_over(void **state)
{
	struct world w = configmap();

	(void)state;
	apply(&w, "m1", CM("{'a':'1','b':'1'}"));
	update(&w, "edit", "{'data':{'a':'2'}}");
	managed(&w, "{'edit Update':{'f:data':{'f:a':{}}},'m1 Apply':{'f:data':{'f:b':{}}}}");
	update(&w, "edit", "{'data':{'b':null}}");
	managed(&w, "{'edit Update':{'f:data':{'f:a':{}}}}");
	update(&w, "edit", "{'data':{'c':'1'}}");
	managed(&w, "{'edit Update':{'f:data':{'f:a':{},'f:c':{}}}}");
	end(&w);
}

static void spec_and_status_have_owners_of_their_own(void **state)
{
	struct world w = service();

	(void)state;
	update(&w, "kubectl", SVC("{'type':'LoadBalancer'}"));
	update_side(&w, "lb", "status",
		    "{'status':{'loadBalancer':{'ingress':[{'ip':'192.0.2.1'}]}}}");
	managed(&w, "{'kubectl Update':{'f:spec':{'f:type':{}}},"
		    "'lb Update status':{'f:status':{'f:loadBalancer':{'f:ingress':{}}}}}");
	update_side(&w, "lb", "status", "{'spec':{'type':'NodePort'}}");
	managed(&w, "{'kubectl Update':{'f:spec':{'f:type':{}}},"
		    "'lb Update status':{'f:status':{'f:loadBalancer':{'f:ingress':{}}}}}");
	end(&w);
}

static void object_without_managers_gets_one_before_its_first_apply(void **state)
{
	struct world w = configmap();

	(void)state;
	put(&w, parse(CM("{'a':'1'}")));
	update(&w, "u", "{'data':{'b':'1'}}");
	managed(&w, "{}");
	apply(&w, "m", CM("{'c':'1'}"));
	managed(&w, "{'before-first-apply Update':{'f:data':{'.':{},'f:a':{},'f:b':{}}},"
		    "'m Apply':{'f:data':{'f:c':{}}}}");
	end(&w);
}

static void clients_may_set_and_clear_managers(void **state)
{
	struct world w = configmap();

	(void)state;
	apply(&w, "m", CM("{'a':'1'}"));
	update(&w, "u", "{'metadata':{'managedFields':[]}}");
	managed(&w, "{'m Apply':{'f:data':{'f:a':{}}}}");
	update(&w, "u",
	       "{'metadata':{'managedFields':[{'manager':'n','operation':'Apply',"
	       "'apiVersion':'v1','fieldsType':'FieldsV1','fieldsV1':{'f:data':{'f:a':{}}}}]}}");
	managed(&w, "{'n Apply':{'f:data':{'f:a':{}}}}");
	update(&w, "u", "{'metadata':{'managedFields':[{}]}}");
	managed(&w, "{}");
	end(&w);
}

static void old_updates_are_merged_into_one(void **state)
{
	struct world w = configmap();
	char manager[16], patch[64];

	(void)state;
	update(&w, "first", CM("{'a':'1'}"));
	for (int i = 0; i < 11; i++) {
		(void)snprintf(manager, sizeof(manager), "u%02d", i);
		(void)snprintf(patch, sizeof(patch), "{'data':{'k%02d':'v'}}", i);
		update(&w, manager, patch);
	}
	const json_t *list = bl_json_at(w.obj, "metadata", "managedFields", NULL);

	assert_int_equal(json_array_size(list), 10);
	assert_string_equal(bl_json_str_at(json_array_get(list, 0), "manager", NULL),
			    "ancient-changes");
	same(json_object_get(json_array_get(list, 0), "fieldsV1"),
	     "{'f:data':{'.':{},'f:a':{},'f:k00':{},'f:k01':{}}}");
	end(&w);
}

static void duplicate_keys_of_live_lists_compare_as_a_whole(void **state)
{
	struct world w = {.type = &bl_schema_node, .version = "v1", .has_status = true};

	(void)state;
	update(&w, "u", "{'metadata':{'name':'n'},'spec':{'unschedulable':true}}");
	update_side(&w, "kubelet", "status",
		    "{'status':{'addresses':[{'type':'InternalIP','address':'192.0.2.1'},"
		    "{'type':'InternalIP','address':'2001:db8::1'}]}}");
	managed(&w, "{'u Update':{'f:spec':{'f:unschedulable':{}}},"
		    "'kubelet Update status':{'f:status':{'f:addresses':"
		    "{'.':{},'k:{\\'type\\':\\'InternalIP\\'}':{}}}}}");
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(applied_fields_are_the_managers),
		cmocka_unit_test(create_owns_new_maps_themselves),
		cmocka_unit_test(pod_create_owns_what_a_real_server_shows),
		cmocka_unit_test(update_takes_fields_over),
		cmocka_unit_test(spec_and_status_have_owners_of_their_own),
		cmocka_unit_test(object_without_managers_gets_one_before_its_first_apply),
		cmocka_unit_test(clients_may_set_and_clear_managers),
		cmocka_unit_test(old_updates_are_merged_into_one),
		cmocka_unit_test(duplicate_keys_of_live_lists_compare_as_a_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
