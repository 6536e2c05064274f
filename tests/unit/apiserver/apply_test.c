// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Server-side apply and managedFields
 *
 * Two or three managers take turns on one object, as users and controllers do; after each turn the object and its
 * managers are what a real server has. The texts are JSON with ' for ", to be read by people. Managers are written as
 * {"NAME OPERATION": fieldsV1}.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apiserver/patch.h"
#include "apiserver/schema_types.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

struct world {
	const struct bl_schema_type *type;
	const char *version;
	bool has_status;
	int clock;
	json_t *obj;
	json_t *causes; /* of the last refused apply */
	struct bl_err err;
};

static json_t *parse(const char *text)
{
	char *s = bl_strdup(text);

	for (char *c = s; (c = strchr(c, '\''));)
		*c = '"';
	json_t *j = json_loads(s, 0, NULL);

	if (!j)
		print_error("cannot read %s\n", s);
	free(s);
	assert_non_null(j);
	return j;
}

static void end(struct world *w)
{
	json_decref(w->obj);
	json_decref(w->causes);
}

static struct bl_apply_opts turn(struct world *w, const char *manager, char now[32])
{
	(void)snprintf(now, 32, "2026-01-01T00:%02d:%02dZ", w->clock / 60 % 60, w->clock % 60);
	w->clock++;
	return (struct bl_apply_opts){.manager = manager,
				      .api_version = w->version,
				      .subresource = "",
				      .has_status = w->has_status,
				      .now = now};
}

static void put(struct world *w, json_t *obj)
{
	assert_int_equal(bl_schema_decode(w->type, obj, NULL, &w->err), 0);
	json_decref(w->obj);
	w->obj = obj;
}

static int try_apply(struct world *w, const char *manager, bool force, const char *config)
{
	char now[32];
	struct bl_apply_opts opts = turn(w, manager, now);
	BL_JSON json_t *c = parse(config);
	json_t *obj = NULL;

	opts.force = force;
	json_decref(w->causes);
	w->causes = NULL;
	int r = bl_patch_apply(w->type, w->obj, c, &opts, &obj, &w->causes, &w->err);

	if (!r)
		put(w, obj);
	return r;
}

static void apply(struct world *w, const char *manager, const char *config)
{
	int r = try_apply(w, manager, false, config);

	if (r)
		fail_msg("%s: %s", manager, w->err.text);
}

/* A create, or a merge patch of what is there, on a side of the object. */
static void update_side(struct world *w, const char *manager, const char *side, const char *patch)
{
	char now[32];
	struct bl_apply_opts opts = turn(w, manager, now);
	BL_JSON json_t *p = parse(patch), *empty = json_object();
	json_t *obj;

	opts.subresource = side;
	assert_int_equal(bl_patch_merge(w->obj ? w->obj : empty, p, &obj, NULL), 0);
	assert_int_equal(bl_schema_decode(w->type, obj, NULL, NULL), 0);
	bl_managed_update(w->type, w->obj, obj, &opts);
	put(w, obj);
}

static void update(struct world *w, const char *manager, const char *patch)
{
	update_side(w, manager, "", patch);
}

static void same(const json_t *got, const char *want_text)
{
	BL_JSON json_t *want = parse(want_text);

	if (!json_equal(got, want)) {
		char *text = json_dumps(got, JSON_SORT_KEYS);

		print_error("got  %s\nwant %s\n", text, want_text);
		free(text);
		fail();
	}
}

static void has(const struct world *w, const char *key, const char *want)
{
	same(json_object_get(w->obj, key), want);
}

static void managed(const struct world *w, const char *want)
{
	const json_t *list = bl_json_at(w->obj, "metadata", "managedFields", NULL);
	BL_JSON json_t *got = json_object();
	size_t i;
	json_t *entry;

	json_array_foreach (list, i, entry) {
		const char *sub = bl_json_str_at(entry, "subresource", NULL);
		BL_FREE char *key = bl_asprintf("%s %s%s%s", bl_json_str_at(entry, "manager", NULL),
						bl_json_str_at(entry, "operation", NULL),
						sub ? " " : "", sub ? sub : "");

		json_object_set(got, key, json_object_get(entry, "fieldsV1"));
	}
	same(got, want);
}

static struct world configmap(void)
{
	return (struct world){.type = &bl_schema_configmap, .version = "v1"};
}

static struct world service(void)
{
	return (struct world){.type = &bl_schema_service, .version = "v1", .has_status = true};
}

#define CM(data)  "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c'},'data':" data "}"
#define SVC(spec) "{'apiVersion':'v1','kind':'Service','metadata':{'name':'s'},'spec':" spec "}"

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
		cmocka_unit_test(another_value_is_a_conflict_unless_forced),
		cmocka_unit_test(several_conflicts_are_listed_by_manager),
		cmocka_unit_test(same_value_is_shared),
		cmocka_unit_test(what_is_no_longer_applied_goes),
		cmocka_unit_test(update_takes_fields_over),
		cmocka_unit_test(list_elements_have_owners_by_their_keys),
		cmocka_unit_test(absent_protocol_counts_as_tcp),
		cmocka_unit_test(server_defaults_below_an_owned_element_go_with_it),
		cmocka_unit_test(order_of_both_sides_is_kept),
		cmocka_unit_test(atomic_values_are_owned_whole),
		cmocka_unit_test(spec_and_status_have_owners_of_their_own),
		cmocka_unit_test(apply_that_changes_nothing_keeps_its_times),
		cmocka_unit_test(object_without_managers_gets_one_before_its_first_apply),
		cmocka_unit_test(clients_may_set_and_clear_managers),
		cmocka_unit_test(old_updates_are_merged_into_one),
		cmocka_unit_test(refused_configurations_say_why),
		cmocka_unit_test(kubectl_moves_from_client_side_without_conflict),
		cmocka_unit_test(duplicate_keys_of_live_lists_compare_as_a_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
