// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Service, pods and slices in; creates, updates and deletes out.
 *
 * A small server keeps the slices of a case: it applies a plan as the API server would, so that a case can change pods
 * and plan again. A plan is written down as a word of letters, one a write: C, U, D.
 */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "controllers/slices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define MAX_PODS 400

struct world {
	struct bl_api_object *service;
	struct bl_api_object *pods[MAX_PODS];
	size_t n_pods;
	json_t *slices; /* array */
	int named;
	char word[64];
};

static struct bl_api_object *decode(enum bl_api_kind kind, char *text)
{
	struct bl_api_object *obj = NULL;
	struct bl_err err = {};
	json_t *j = NULL;

	for (char *p = text; *p; p++) {
		if (*p == '\'')
			*p = '"';
	}
	if (bl_json_parse(text, strlen(text), &j, &err) || bl_api_decode(kind, j, &obj, &err))
		fail_msg("%s", bl_err_text(&err));
	json_decref(j);
	free(text);
	return obj;
}

static void set_service(struct world *w, const char *labels, const char *spec)
{
	bl_api_free(w->service);
	w->service = decode(BL_API_SERVICE,
			    bl_asprintf("{'metadata':{'name':'cart','namespace':'shop','uid':'s',"
					"'labels':{%s}},'spec':{'selector':{'app':'cart'},%s}}",
					labels, spec));
}

static void plain_service(struct world *w)
{
	set_service(w, "",
		    "'ipFamilies':['IPv4'],'ports':[{'name':'http','port':80,"
		    "'targetPort':'web'}]");
}

/* Pod number n; `port` is what its name web means, `status` goes on in the status object. */
static void set_pod(struct world *w, size_t n, int port, bool ready, const char *meta,
		    const char *status)
{
	if (n >= w->n_pods)
		w->n_pods = n + 1;
	bl_api_free(w->pods[n]);
	w->pods[n] = decode(
		BL_API_POD,
		bl_asprintf(
			"{'metadata':{'name':'cart-%zu','namespace':'shop','uid':'p%zu'%s},"
			"'spec':{'nodeName':'n1','hostname':'h','subdomain':'cart','containers':"
			"[{'ports':[{'name':'web','containerPort':%d}]}]},'status':{"
			"'podIPs':[{'ip':'10.0.%zu.%zu'},{'ip':'fd00::%zx'}],"
			"'conditions':[{'type':'Ready','status':'%s'}]%s}}",
			n, n, meta, port, n / 200, n % 200 + 1, n + 1, ready ? "True" : "False",
			status));
}

static void pods(struct world *w, size_t count)
{
	for (size_t i = 0; i < count; i++)
		set_pod(w, i, 8080, true, "", "");
}

static const char *zone_of(void *arg, const char *node)
{
	(void)arg;
	return bl_streq(node, "n1") ? "z1" : NULL;
}

static size_t index_of(struct world *w, const char *name)
{
	json_t *s;
	size_t i;

	json_array_foreach (w->slices, i, s) {
		if (bl_streq(bl_json_str_at(s, "metadata", "name", NULL), name))
			return i;
	}
	fail_msg("no slice %s", name);
	return 0;
}

static void apply(struct world *w, const struct bl_slices_action *a)
{
	size_t i;

	if (a->op == BL_SLICES_CREATE) {
		json_t *copy = json_deep_copy(a->slice);

		json_object_set_new(json_object_get(copy, "metadata"), "name",
				    json_sprintf("cart-%d", w->named++));
		json_array_append_new(w->slices, copy);
		return;
	}
	i = index_of(w, bl_json_str_at(a->slice, "metadata", "name", NULL));
	if (a->op == BL_SLICES_DELETE)
		json_array_remove(w->slices, i);
	else
		json_array_set_new(w->slices, i, json_deep_copy(a->slice));
}

/* Plans, applies, and gives the writes as letters. */
static const char *plan(struct world *w)
{
	const struct bl_api_pod *list[MAX_PODS];
	json_t *slices[64];
	size_t n = json_array_size(w->slices), n_pods = 0;
	struct bl_slices_plan p;
	struct bl_slices_input in = {.service = (struct bl_api_service *)w->service,
				     .pods = list,
				     .zone_of = zone_of,
				     .slices = slices,
				     .n_slices = n};

	for (size_t i = 0; i < w->n_pods; i++) {
		if (w->pods[i])
			list[n_pods++] = (struct bl_api_pod *)w->pods[i];
	}
	in.n_pods = n_pods;
	for (size_t i = 0; i < n; i++)
		slices[i] = json_array_get(w->slices, i);
	bl_slices_plan(&in, &p);
	for (size_t i = 0; i < p.count; i++)
		w->word[i] = "CUD"[p.list[i].op];
	w->word[p.count] = '\0';
	for (size_t i = 0; i < p.count; i++)
		apply(w, &p.list[i]);
	bl_slices_plan_free(&p);
	return w->word;
}

static json_t *slice(struct world *w, size_t i)
{
	return json_array_get(w->slices, i);
}

static size_t endpoints(struct world *w, size_t i)
{
	return json_array_size(json_object_get(slice(w, i), "endpoints"));
}

static json_t *endpoint(struct world *w, size_t i, size_t k)
{
	return json_array_get(json_object_get(slice(w, i), "endpoints"), k);
}

static void equals(const json_t *got, const char *want)
{
	BL_FREE char *text = bl_json_dump(got);

	for (char *p = text; *p; p++) {
		if (*p == '"')
			*p = '\'';
	}
	assert_string_equal(text, want);
}

static int set_up(void **state)
{
	struct world *w = bl_new0(struct world);

	w->slices = json_array();
	plain_service(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	bl_api_free(w->service);
	for (size_t i = 0; i < w->n_pods; i++)
		bl_api_free(w->pods[i]);
	json_decref(w->slices);
	free(w);
	return 0;
}

static void slice_says_all_of_its_service_and_pod(void **state)
{
	struct world *w = *state;

	set_service(w, "'team':'a','kubernetes.io/service-name':'lie'",
		    "'ipFamilies':['IPv4'],'ports':[{'name':'http','port':80,'targetPort':'web',"
		    "'appProtocol':'h2c'}]");
	set_pod(w, 0, 8080, true, "", "");
	assert_string_equal(plan(w), "C");
	equals(json_object_get(json_object_get(slice(w, 0), "metadata"), "labels"),
	       "{'team':'a','kubernetes.io/service-name':'cart',"
	       "'endpointslice.kubernetes.io/managed-by':'endpointslice-controller.k8s.io'}");
	equals(json_object_get(json_object_get(slice(w, 0), "metadata"), "ownerReferences"),
	       "[{'apiVersion':'v1','kind':'Service','name':'cart','uid':'s','controller':true,"
	       "'blockOwnerDeletion':true}]");
	equals(json_object_get(slice(w, 0), "ports"),
	       "[{'name':'http','port':8080,'protocol':'TCP','appProtocol':'h2c'}]");
	equals(endpoint(w, 0, 0),
	       "{'addresses':['10.0.0.1'],'conditions':{'ready':true,'serving':true,"
	       "'terminating':false},'targetRef':{'kind':'Pod','namespace':'shop','name':'cart-0',"
	       "'uid':'p0'},'nodeName':'n1','zone':'z1','hostname':'h'}");
	assert_string_equal(plan(w), "");
}

static void dual_stack_service_has_slices_of_both_families(void **state)
{
	struct world *w = *state;

	set_service(w, "", "'ipFamilies':['IPv6','IPv4'],'ports':[{'port':80}]");
	pods(w, 2);
	assert_string_equal(plan(w), "CC");
	assert_string_equal(bl_json_str_at(slice(w, 1), "addressType", NULL), "IPv6");
	plain_service(w);
	set_service(w, "", "'ipFamilies':['IPv6'],'ports':[{'port':80}]");
	assert_string_equal(plan(w), "D");
}

static void named_port_of_two_numbers_makes_two_slices(void **state)
{
	struct world *w = *state;

	set_pod(w, 0, 8080, true, "", "");
	set_pod(w, 1, 8081, true, "", "");
	set_pod(w, 2, 8080, true, "", "");
	assert_string_equal(plan(w), "CC");
	assert_int_equal(endpoints(w, 0) + endpoints(w, 1), 3);
	/* a pod moves over: its slice loses it, the other gets it */
	set_pod(w, 2, 8081, true, "", "");
	assert_string_equal(plan(w), "UU");
	assert_string_equal(plan(w), "");
}

static void readiness_and_deletion_become_conditions(void **state)
{
	struct world *w = *state;
	const char *deleting = ",'deletionTimestamp':'2026-11-24T10:00:00Z'";

	set_pod(w, 0, 8080, false, "", "");
	set_pod(w, 1, 8080, true, deleting, "");
	plan(w);
	equals(json_object_get(endpoint(w, 0, 0), "conditions"),
	       "{'ready':false,'serving':false,'terminating':false}");
	equals(json_object_get(endpoint(w, 0, 1), "conditions"),
	       "{'ready':false,'serving':true,'terminating':true}");
	set_service(w, "",
		    "'ipFamilies':['IPv4'],'publishNotReadyAddresses':true,"
		    "'ports':[{'name':'http','port':80,'targetPort':'web'}]");
	assert_string_equal(plan(w), "U");
	equals(json_object_get(endpoint(w, 0, 0), "conditions"),
	       "{'ready':true,'serving':false,'terminating':false}");
}

static void pods_that_ended_or_lost_their_node_are_left_out(void **state)
{
	struct world *w = *state;

	set_pod(w, 0, 8080, true, "", ",'phase':'Succeeded'");
	set_pod(w, 1, 8080, true, "", ",'phase':'Failed'");
	set_pod(w, 2, 8080, true, "", "");
	((struct bl_api_pod *)w->pods[2])->node = "gone";
	assert_string_equal(plan(w), "C");
	assert_int_equal(endpoints(w, 0), 0);
	assert_string_equal(plan(w), "");
}

static void slices_hold_a_hundred_and_are_filled_before_new_ones(void **state)
{
	struct world *w = *state;

	pods(w, 250);
	assert_string_equal(plan(w), "CCC");
	assert_int_equal(endpoints(w, 2), 50);
	set_pod(w, 250, 8080, true, "", "");
	assert_string_equal(plan(w), "U");
	assert_int_equal(endpoints(w, 2), 51);
	/* one goes from a full slice: only that slice is written */
	bl_api_free(w->pods[7]);
	w->pods[7] = NULL;
	assert_string_equal(plan(w), "U");
	assert_int_equal(endpoints(w, 0), 99);
	/* one comes: into the fullest with room */
	set_pod(w, 7, 8080, true, "", "");
	assert_string_equal(plan(w), "U");
	assert_int_equal(endpoints(w, 0), 100);
	/* what is written anyway takes what is new */
	set_pod(w, 120, 8080, false, "", "");
	bl_api_free(w->pods[121]);
	w->pods[121] = NULL;
	set_pod(w, 251, 8080, true, "", "");
	assert_string_equal(plan(w), "U");
	assert_int_equal(endpoints(w, 1), 100);
}

static void scaling_to_nobody_and_back_is_one_write_each(void **state)
{
	struct world *w = *state;

	pods(w, 1);
	assert_string_equal(plan(w), "C");
	w->n_pods = 0;
	assert_string_equal(plan(w), "U");
	assert_int_equal(endpoints(w, 0), 0);
	equals(json_object_get(slice(w, 0), "ports"), "[]");
	assert_string_equal(plan(w), "");
	w->n_pods = 1;
	assert_string_equal(plan(w), "U");
	assert_int_equal(endpoints(w, 0), 1);
}

static void order_of_pods_endpoints_and_ports_is_no_change(void **state)
{
	struct world *w = *state;
	struct bl_api_object *first;
	json_t *ports;

	set_service(w, "",
		    "'ipFamilies':['IPv4'],'ports':[{'name':'a','port':80},"
		    "{'name':'b','port':81}]");
	pods(w, 3);
	plan(w);
	first = w->pods[0];
	w->pods[0] = w->pods[2];
	w->pods[2] = first;
	ports = json_object_get(slice(w, 0), "ports");
	json_array_append(ports, json_array_get(ports, 0));
	json_array_remove(ports, 0);
	assert_string_equal(plan(w), "");
}

static void fields_of_others_are_no_change_and_stay(void **state)
{
	struct world *w = *state;

	pods(w, 1);
	plan(w);
	json_object_set_new(endpoint(w, 0, 0), "deprecatedTopology", json_object());
	json_object_set_new(json_object_get(slice(w, 0), "metadata"), "annotations",
			    json_pack("{s:s}", "a", "b"));
	assert_string_equal(plan(w), "");
	set_pod(w, 0, 8080, false, "", "");
	assert_string_equal(plan(w), "U");
	assert_non_null(bl_json_str_at(slice(w, 0), "metadata", "annotations", "a", NULL));
}

static void labels_follow_the_service(void **state)
{
	struct world *w = *state;

	pods(w, 1);
	plan(w);
	set_service(w, "'team':'b'",
		    "'clusterIP':'None','ipFamilies':['IPv4'],'ports':[{'name':"
		    "'http','port':80,'targetPort':'web'}]");
	assert_string_equal(plan(w), "U");
	assert_non_null(bl_json_str_at(slice(w, 0), "metadata", "labels", "team", NULL));
	assert_non_null(bl_json_str_at(slice(w, 0), "metadata", "labels",
				       "service.kubernetes.io/headless", NULL));
}

static void pod_that_was_made_anew_is_another_endpoint(void **state)
{
	struct world *w = *state;

	pods(w, 1);
	plan(w);
	w->pods[0]->meta.uid = "other";
	assert_string_equal(plan(w), "U");
	assert_int_equal(endpoints(w, 0), 1);
	assert_string_equal(bl_json_str_at(endpoint(w, 0, 0), "targetRef", "uid", NULL), "other");
}

static void traffic_distribution_gives_hints_to_ready_endpoints(void **state)
{
	struct world *w = *state;

	set_service(w, "",
		    "'ipFamilies':['IPv4'],'trafficDistribution':'PreferClose',"
		    "'ports':[{'port':80}]");
	set_pod(w, 0, 8080, true, "", "");
	set_pod(w, 1, 8080, false, "", "");
	plan(w);
	equals(json_object_get(endpoint(w, 0, 0), "hints"), "{'forZones':[{'name':'z1'}]}");
	assert_null(json_object_get(endpoint(w, 0, 1), "hints"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(slice_says_all_of_its_service_and_pod),
		TEST(dual_stack_service_has_slices_of_both_families),
		TEST(named_port_of_two_numbers_makes_two_slices),
		TEST(readiness_and_deletion_become_conditions),
		TEST(pods_that_ended_or_lost_their_node_are_left_out),
		TEST(slices_hold_a_hundred_and_are_filled_before_new_ones),
		TEST(scaling_to_nobody_and_back_is_one_write_each),
		TEST(order_of_pods_endpoints_and_ports_is_no_change),
		TEST(fields_of_others_are_no_change_and_stay),
		TEST(labels_follow_the_service),
		TEST(pod_that_was_made_anew_is_another_endpoint),
		TEST(traffic_distribution_gives_hints_to_ready_endpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
