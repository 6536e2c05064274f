// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Writes, as a client sees them
 *
 * Creates, updates, patches and deletes against a whole server: conflicts, preconditions, namespaces, dry runs, finalizers,
 * and what is still there after a restart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "../../lib/apiworld.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define MAPS "/api/v1/namespaces/default/configmaps"
#define SVCS "/api/v1/namespaces/default/services"
#define PODS "/api/v1/namespaces/default/pods"

static int set_up(void **state)
{
	*state = apiworld_new();
	return 0;
}

static int tear_down(void **state)
{
	apiworld_free(*state);
	return 0;
}

static void two_creates_of_one_name_in_one_turn_give_one_object(void **state)
{
	int first;
	struct api_answer *a = api_call_both(*state, "POST", MAPS, "{'metadata':{'name':'c'}}",
					     "{'metadata':{'name':'c'}}", &first);

	assert_int_equal(first, 201);
	assert_int_equal(a->code, 409);
	assert_string_equal(api_reason(a), "AlreadyExists");
}

static void a_stale_put_is_a_conflict_and_changes_nothing(void **state)
{
	api_call(*state, "POST", MAPS, NULL, "{'metadata':{'name':'c'},'data':{'a':'1'}}");
	struct api_answer *a =
		api_call(*state, "PUT", MAPS "/c", NULL,
			 "{'metadata':{'name':'c','resourceVersion':'1'},'data':{'a':'2'}}");

	assert_int_equal(a->code, 409);
	a = api_call(*state, "GET", MAPS "/c", NULL, NULL);
	assert_string_equal(api_str(a, "data.a"), "1");
}

static void a_put_that_changes_nothing_keeps_the_revision(void **state)
{
	struct api_answer *a =
		api_call(*state, "POST", MAPS, NULL, "{'metadata':{'name':'c'},'data':{'a':'1'}}");
	BL_FREE char *rev = bl_strdup(api_str(a, "metadata.resourceVersion"));

	a = api_call(*state, "PUT", MAPS "/c", NULL, "{'metadata':{'name':'c'},'data':{'a':'1'}}");
	assert_int_equal(a->code, 200);
	assert_string_equal(api_str(a, "metadata.resourceVersion"), rev);
}

static void what_was_answered_is_there_after_a_restart(void **state)
{
	struct api_answer *a =
		api_call(*state, "POST", MAPS, NULL, "{'metadata':{'name':'c'},'data':{'a':'1'}}");
	BL_FREE char *uid = bl_strdup(api_str(a, "metadata.uid"));
	BL_FREE char *rev = bl_strdup(api_str(a, "metadata.resourceVersion"));

	apiworld_restart(*state);
	a = api_call(*state, "GET", MAPS "/c", NULL, NULL);
	assert_string_equal(api_str(a, "metadata.uid"), uid);
	assert_string_equal(api_str(a, "metadata.resourceVersion"), rev);
}

static void an_address_is_not_given_twice_after_a_restart(void **state)
{
	api_call(*state, "POST", SVCS, NULL,
		 "{'metadata':{'name':'a'},'spec':{'clusterIP':'10.96.9.9','ports':[{'port':1}]}}");
	apiworld_restart(*state);
	struct api_answer *a = api_call(
		*state, "POST", SVCS, NULL,
		"{'metadata':{'name':'b'},'spec':{'clusterIP':'10.96.9.9','ports':[{'port':1}]}}");

	assert_int_equal(a->code, 422);
	assert_string_equal(api_str(a, "details.causes.0.field"), "spec.clusterIPs");
}

static void a_dry_run_leaves_neither_object_nor_address(void **state)
{
	static const char body[] =
		"{'metadata':{'name':'a'},'spec':{'clusterIP':'10.96.9.9','ports':[{'port':1}]}}";
	struct api_answer *a = api_call(*state, "POST", SVCS "?dryRun=All", NULL, body);

	assert_int_equal(a->code, 201);
	assert_string_equal(api_str(a, "metadata.resourceVersion"), "");
	assert_int_equal(api_call(*state, "GET", SVCS "/a", NULL, NULL)->code, 404);
	assert_int_equal(api_call(*state, "POST", SVCS, NULL, body)->code, 201);
}

static void a_deleted_service_frees_its_address(void **state)
{
	static const char body[] =
		"{'metadata':{'name':'a'},'spec':{'clusterIP':'10.96.9.9','ports':[{'port':1}]}}";

	api_call(*state, "POST", SVCS, NULL, body);
	assert_int_equal(api_call(*state, "DELETE", SVCS "/a", NULL, NULL)->code, 200);
	assert_int_equal(api_call(*state, "POST", SVCS, NULL, body)->code, 201);
}

static void a_missing_namespace_takes_no_objects(void **state)
{
	struct api_answer *a = api_call(*state, "POST", "/api/v1/namespaces/none/configmaps", NULL,
					"{'metadata':{'name':'c'}}");

	assert_int_equal(a->code, 404);
	assert_string_equal(api_str(a, "details.kind"), "namespaces");
}

static void a_terminating_namespace_stays_and_takes_no_objects(void **state)
{
	api_call(*state, "POST", "/api/v1/namespaces", NULL, "{'metadata':{'name':'n'}}");
	struct api_answer *a = api_call(*state, "DELETE", "/api/v1/namespaces/n", NULL, NULL);

	assert_int_equal(a->code, 200);
	assert_string_equal(api_str(a, "status.phase"), "Terminating");
	a = api_call(*state, "POST", "/api/v1/namespaces/n/configmaps", NULL,
		     "{'metadata':{'name':'c'}}");
	assert_int_equal(a->code, 403);
	assert_string_equal(api_str(a, "details.causes.0.reason"), "NamespaceTerminating");
}

static void a_finalized_namespace_is_gone(void **state)
{
	api_call(*state, "POST", "/api/v1/namespaces", NULL, "{'metadata':{'name':'n'}}");
	api_call(*state, "DELETE", "/api/v1/namespaces/n", NULL, NULL);
	struct api_answer *a = api_call(*state, "PUT", "/api/v1/namespaces/n/finalize", NULL,
					"{'metadata':{'name':'n'},'spec':{'finalizers':[]}}");

	assert_int_equal(a->code, 200);
	assert_int_equal(api_call(*state, "GET", "/api/v1/namespaces/n", NULL, NULL)->code, 404);
}

static void a_finalizer_holds_until_it_is_removed(void **state)
{
	api_call(*state, "POST", MAPS, NULL,
		 "{'metadata':{'name':'c','finalizers':['example.com/hold']}}");
	api_call(*state, "DELETE", MAPS "/c", NULL, NULL);
	struct api_answer *a = api_call(*state, "GET", MAPS "/c", NULL, NULL);

	assert_int_equal(a->code, 200);
	assert_string_not_equal(api_str(a, "metadata.deletionTimestamp"), "");
	a = api_call(*state, "PATCH", MAPS "/c", "application/merge-patch+json",
		     "{'metadata':{'finalizers':null}}");
	assert_int_equal(a->code, 200);
	assert_int_equal(api_call(*state, "GET", MAPS "/c", NULL, NULL)->code, 404);
}

static void a_precondition_on_another_uid_refuses_a_delete(void **state)
{
	api_call(*state, "POST", MAPS, NULL, "{'metadata':{'name':'c'}}");
	assert_int_equal(
		api_call(*state, "DELETE", MAPS "/c", NULL, "{'preconditions':{'uid':'other'}}")
			->code,
		409);
	assert_int_equal(api_call(*state, "GET", MAPS "/c", NULL, NULL)->code, 200);
}

static void a_binding_gives_a_pod_its_node_once(void **state)
{
	static const char bind[] = "{'target':{'name':'n1'}}";

	api_call(*state, "POST", PODS, NULL,
		 "{'metadata':{'name':'p'},'spec':{'containers':[{'name':'c','image':'i'}]}}");
	assert_int_equal(api_call(*state, "POST", PODS "/p/binding", NULL, bind)->code, 201);
	assert_string_equal(
		api_str(api_call(*state, "GET", PODS "/p", NULL, NULL), "spec.nodeName"), "n1");
	assert_int_equal(api_call(*state, "POST", PODS "/p/binding", NULL, bind)->code, 409);
}

static void an_eviction_of_an_unbound_pod_deletes_it(void **state)
{
	api_call(*state, "POST", PODS, NULL,
		 "{'metadata':{'name':'p'},'spec':{'containers':[{'name':'c','image':'i'}]}}");
	assert_int_equal(api_call(*state, "POST", PODS "/p/eviction", NULL, "{}")->code, 201);
	assert_int_equal(api_call(*state, "GET", PODS "/p", NULL, NULL)->code, 404);
}

static void a_collection_is_deleted_by_selector(void **state)
{
	api_call(*state, "POST", MAPS, NULL, "{'metadata':{'name':'a','labels':{'x':'1'}}}");
	api_call(*state, "POST", MAPS, NULL, "{'metadata':{'name':'b','labels':{'x':'2'}}}");
	struct api_answer *a = api_call(*state, "DELETE", MAPS "?labelSelector=x=1", NULL, NULL);

	assert_int_equal(a->code, 200);
	assert_string_equal(api_str(a, "items.0.metadata.name"), "a");
	assert_int_equal(api_call(*state, "GET", MAPS "/a", NULL, NULL)->code, 404);
	assert_int_equal(api_call(*state, "GET", MAPS "/b", NULL, NULL)->code, 200);
}

static void broken_bodies_are_refused_and_leave_the_object(void **state)
{
	static const char *const bad[] = {"{",
					  "[]",
					  "{'metadata':{'name':'c'},'metadata':{}}",
					  "{'kind':'Pod','metadata':{'name':'c'}}",
					  "{'apiVersion':'v9','metadata':{'name':'c'}}",
					  "{'metadata':{'name':'c'},'data':{'a':1}}"};

	api_call(*state, "POST", MAPS, NULL, "{'metadata':{'name':'c'},'data':{'a':'1'}}");
	for (size_t i = 0; i < BL_ARRAY_SIZE(bad); i++) {
		struct api_answer *a = api_call(*state, "PUT", MAPS "/c", NULL, bad[i]);

		assert_int_equal(a->code, 400);
		assert_string_equal(api_reason(a), "BadRequest");
	}
	assert_string_equal(api_str(api_call(*state, "GET", MAPS "/c", NULL, NULL), "data.a"), "1");
}

static void unknown_fields_warn_or_refuse_as_asked(void **state)
{
	static const char body[] = "{'metadata':{'name':'c'},'odd':1}";
	struct api_answer *a = api_call(*state, "POST", MAPS "?fieldValidation=Strict", NULL, body);

	assert_int_equal(a->code, 400);
	a = api_call(*state, "POST", MAPS "?fieldValidation=Warn", NULL, body);
	assert_int_equal(a->code, 201);
	assert_int_equal(json_array_size(a->warnings), 1);
}

static void a_stranger_learns_only_version_and_health(void **state)
{
	assert_int_equal(api_call_as_stranger(*state, "/version")->code, 200);
	assert_int_equal(api_call_as_stranger(*state, "/readyz")->code, 200);
	assert_int_equal(api_call_as_stranger(*state, "/api")->code, 401);
	assert_int_equal(api_call_as_stranger(*state, "/nowhere")->code, 401);
	assert_int_equal(api_call_as_stranger(*state, MAPS "/c")->code, 401);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(two_creates_of_one_name_in_one_turn_give_one_object),
		T(a_stale_put_is_a_conflict_and_changes_nothing),
		T(a_put_that_changes_nothing_keeps_the_revision),
		T(what_was_answered_is_there_after_a_restart),
		T(an_address_is_not_given_twice_after_a_restart),
		T(a_dry_run_leaves_neither_object_nor_address),
		T(a_deleted_service_frees_its_address),
		T(a_missing_namespace_takes_no_objects),
		T(a_terminating_namespace_stays_and_takes_no_objects),
		T(a_finalized_namespace_is_gone),
		T(a_finalizer_holds_until_it_is_removed),
		T(a_precondition_on_another_uid_refuses_a_delete),
		T(a_binding_gives_a_pod_its_node_once),
		T(an_eviction_of_an_unbound_pod_deletes_it),
		T(a_collection_is_deleted_by_selector),
		T(broken_bodies_are_refused_and_leave_the_object),
		T(unknown_fields_warn_or_refuse_as_asked),
		T(a_stranger_learns_only_version_and_health),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
