// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Lists and watches, as a client sees them
 *
 * Pages of one consistent state, states of the past, and what a watch is told: from nothing, from a revision, across a
 * selector's border, and when it is too late.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "../../lib/apiworld.h"
#include "apiserver/cache.h"
#include "base/json.h"
#include "base/mem.h"

#define MAPS "/api/v1/namespaces/default/configmaps"

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

static void put(struct apiworld *w, const char *name, const char *label)
{
	BL_FREE char *path = bl_asprintf(MAPS "/%s", name);
	BL_FREE char *body =
		bl_asprintf("{'metadata':{'name':'%s','labels':{'l':'%s'}}}", name, label);

	if (api_call(w, "GET", path, NULL, NULL)->code == 200)
		assert_int_equal(api_call(w, "PUT", path, NULL, body)->code, 200);
	else
		assert_int_equal(api_call(w, "POST", MAPS, NULL, body)->code, 201);
}

static void del(struct apiworld *w, const char *name)
{
	BL_FREE char *path = bl_asprintf(MAPS "/%s", name);

	assert_int_equal(api_call(w, "DELETE", path, NULL, NULL)->code, 200);
}

/* "ADDED a", or "" when there is nothing. */
static void expect_line(struct bl_request *watch, const char *text)
{
	BL_JSON json_t *line = api_watch_line(watch);
	const char *type = bl_json_str_at(line, "type", NULL);
	const char *name = bl_json_str_at(line, "object", "metadata", "name", NULL);
	BL_FREE char *got =
		bl_asprintf("%s%s%s", type ? type : "", name ? " " : "", name ? name : "");

	assert_string_equal(got, text);
}

static void pages_show_the_state_of_the_first(void **state)
{
	struct apiworld *w = *state;
	struct api_answer *a;
	BL_FREE char *next = NULL;

	put(w, "a", "1");
	put(w, "b", "1");
	put(w, "c", "1");
	a = api_call(w, "GET", MAPS "?limit=1", NULL, NULL);
	assert_string_equal(api_str(a, "items.0.metadata.name"), "a");
	next = bl_asprintf(MAPS "?limit=9&continue=%s", api_str(a, "metadata.continue"));
	del(w, "b");
	put(w, "bb", "1");
	a = api_call(w, "GET", next, NULL, NULL);
	assert_int_equal(json_array_size(json_object_get(a->body, "items")), 2);
	assert_string_equal(api_str(a, "items.0.metadata.name"), "b");
	assert_string_equal(api_str(a, "items.1.metadata.name"), "c");
}

static void an_exact_revision_shows_the_past(void **state)
{
	struct apiworld *w = *state;
	BL_FREE char *path = NULL;
	struct api_answer *a;

	put(w, "a", "1");
	a = api_call(w, "GET", MAPS, NULL, NULL);
	path = bl_asprintf(MAPS "?resourceVersionMatch=Exact&resourceVersion=%s",
			   api_str(a, "metadata.resourceVersion"));
	put(w, "a", "2");
	put(w, "b", "1");
	a = api_call(w, "GET", path, NULL, NULL);
	assert_int_equal(json_array_size(json_object_get(a->body, "items")), 1);
	assert_string_equal(api_str(a, "items.0.metadata.labels.l"), "1");
}

static void a_continue_token_of_a_forgotten_state_expires(void **state)
{
	struct apiworld *w = *state;
	BL_FREE char *token = NULL;
	struct api_answer *a;

	put(w, "a", "1");
	put(w, "b", "1");
	a = api_call(w, "GET", MAPS "?limit=1", NULL, NULL);
	token = bl_asprintf(MAPS "?continue=%s", api_str(a, "metadata.continue"));
	put(w, "c", "1");
	apiworld_restart(w);
	a = api_call(w, "GET", token, NULL, NULL);
	assert_int_equal(a->code, 410);
	assert_string_equal(api_reason(a), "Expired");
}

static void a_watch_from_nothing_starts_with_what_is_there(void **state)
{
	struct apiworld *w = *state;
	struct bl_request *watch;

	put(w, "a", "1");
	watch = api_watch(w, MAPS "?watch=1");
	expect_line(watch, "ADDED a");
	expect_line(watch, "");
	put(w, "a", "2");
	del(w, "a");
	expect_line(watch, "MODIFIED a");
	expect_line(watch, "DELETED a");
	expect_line(watch, "");
	bl_request_free(watch);
}

static void initial_events_end_with_a_bookmark(void **state)
{
	struct apiworld *w = *state;
	struct bl_request *watch;
	json_t *line;

	put(w, "a", "1");
	watch = api_watch(w, MAPS "?watch=1&sendInitialEvents=true&allowWatchBookmarks=true"
				  "&resourceVersionMatch=NotOlderThan&resourceVersion=0");
	expect_line(watch, "ADDED a");
	line = api_watch_line(watch);
	assert_string_equal(bl_json_str_at(line, "type", NULL), "BOOKMARK");
	assert_string_equal(bl_json_str_at(line, "object", "metadata", "annotations",
					   "k8s.io/initial-events-end", NULL),
			    "true");
	json_decref(line);
	bl_request_free(watch);
}

static void crossing_a_selector_is_being_added_and_deleted(void **state)
{
	struct apiworld *w = *state;
	struct bl_request *watch;

	put(w, "a", "1");
	watch = api_watch(w, MAPS "?watch=1&labelSelector=l=2");
	expect_line(watch, "");
	put(w, "a", "2");
	expect_line(watch, "ADDED a");
	put(w, "a", "3");
	expect_line(watch, "DELETED a");
	put(w, "a", "4");
	expect_line(watch, "");
	bl_request_free(watch);
}

static void another_namespace_is_not_heard(void **state)
{
	struct apiworld *w = *state;
	struct bl_request *watch =
		api_watch(w, "/api/v1/namespaces/kube-system/configmaps?watch=1");

	put(w, "a", "1");
	expect_line(watch, "");
	bl_request_free(watch);
}

static void a_watch_from_a_forgotten_revision_is_told_410(void **state)
{
	struct apiworld *w = *state;
	struct bl_request *watch;
	json_t *line;

	put(w, "a", "1");
	apiworld_restart(w);
	watch = api_watch(w, MAPS "?watch=1&resourceVersion=1");
	line = api_watch_line(watch);
	assert_string_equal(bl_json_str_at(line, "type", NULL), "ERROR");
	assert_int_equal(json_integer_value(bl_json_at(line, "object", "code", NULL)), 410);
	json_decref(line);
	expect_line(watch, "");
	bl_request_free(watch);
}

static void a_watch_that_reads_too_slowly_is_cut_off(void **state)
{
	struct apiworld *w = *state;
	struct bl_request *watch = api_watch(w, MAPS "?watch=1");
	struct bl_store *st = bl_cache_store_by_kind(w->srv->cache, "ConfigMap");
	json_t *line;

	expect_line(watch, "");
	put(w, "a", "1");
	for (int i = 0; i < BL_HISTORY_EVENTS + 1; i++)
		bl_store_put(st, "default", "a",
			     bl_object_with_rev(bl_store_get(st, "default", "a"), 1000 + i),
			     1000 + i);
	line = api_watch_line(watch);
	assert_int_equal(json_integer_value(bl_json_at(line, "object", "code", NULL)), 410);
	json_decref(line);
	bl_request_free(watch);
}

/* kube-proxy asks like this for everything it watches. */
static void a_client_that_prefers_protobuf_gets_json(void **state)
{
	static const struct {
		const char *collection, *body;
	} kinds[] = {
		{"/api/v1/namespaces/default/services",
		 "{'metadata':{'name':'x'},'spec':{'ports':[{'port':80}]}}"},
		{"/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
		 "{'metadata':{'name':'x'},'addressType':'IPv4','endpoints':[],'ports':[]}"},
		{"/api/v1/nodes", "{'metadata':{'name':'x'}}"},
	};
	struct apiworld *w = *state;

	w->accept = "application/vnd.kubernetes.protobuf,application/json";
	for (size_t i = 0; i < BL_ARRAY_SIZE(kinds); i++) {
		const char *path = kinds[i].collection;
		BL_FREE char *open = bl_asprintf("%s?watch=1&allowWatchBookmarks=true", path);
		struct api_answer *a = api_call(w, "POST", path, NULL, kinds[i].body);
		struct bl_request *watch;
		json_t *line;

		assert_int_equal(a->code, 201);
		a = api_call(w, "GET", path, NULL, NULL);
		assert_int_equal(a->code, 200);
		assert_true(json_array_size(json_object_get(a->body, "items")) > 0);
		watch = api_watch(w, open);
		assert_string_equal(watch->type, "application/json");
		line = api_watch_line(watch);
		assert_string_equal(bl_json_str_at(line, "type", NULL), "ADDED");
		assert_non_null(bl_json_at(line, "object", "metadata", "name", NULL));
		json_decref(line);
		bl_request_free(watch);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(pages_show_the_state_of_the_first),
		T(an_exact_revision_shows_the_past),
		T(a_continue_token_of_a_forgotten_state_expires),
		T(a_watch_from_nothing_starts_with_what_is_there),
		T(initial_events_end_with_a_bookmark),
		T(crossing_a_selector_is_being_added_and_deleted),
		T(another_namespace_is_not_heard),
		T(a_watch_from_a_forgotten_revision_is_told_410),
		T(a_watch_that_reads_too_slowly_is_cut_off),
		T(a_client_that_prefers_protobuf_gets_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
