// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The store: lists, dirty keys, and the index of slices by Service.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/store/store.h"
#include "base/json.h"
#include "base/str.h"

static int setup(void **state)
{
	*state = bl_store_new();
	return 0;
}

static int teardown(void **state)
{
	bl_store_free(*state);
	return 0;
}

static void put(struct bl_store *s, enum bl_api_kind kind, json_t *json)
{
	struct bl_api_object *obj = NULL;
	struct bl_err err = {};

	if (bl_api_decode(kind, json, &obj, &err))
		fail_msg("%s", bl_err_text(&err));
	json_decref(json);
	bl_store_put(s, obj);
}

static void put_service(struct bl_store *s, const char *name, const char *version)
{
	put(s, BL_API_SERVICE,
	    json_pack("{s{ss ss ss ss} s{ss s[s] s[{si}]}}", "metadata", "namespace", "shop",
		      "name", name, "uid", name, "resourceVersion", version, "spec", "clusterIP",
		      "10.96.0.1", "clusterIPs", "10.96.0.1", "ports", "port", 80));
}

static void put_slice(struct bl_store *s, const char *name, const char *service,
		      const char *version)
{
	put(s, BL_API_ENDPOINTSLICE,
	    json_pack("{s{ss ss ss ss s{ss}} ss s[] s[]}", "metadata", "namespace", "shop", "name",
		      name, "uid", name, "resourceVersion", version, "labels",
		      "kubernetes.io/service-name", service, "addressType", "IPv4", "endpoints",
		      "ports"));
}

/* The name of the next dirty Service, which is then clean; "" where none is. */
static const char *next_dirty(struct bl_store *s)
{
	const struct bl_store_service *svc = bl_store_dirty_service(s);
	static char name[64];

	name[0] = '\0';
	if (svc) {
		strncat(name, svc->name, sizeof(name) - 1);
		bl_store_clean(s, svc);
	}
	return name;
}

static void same_version_marks_nothing(void **state)
{
	struct bl_store *s = *state;

	put_service(s, "cart", "1");
	assert_string_equal(next_dirty(s), "cart");
	put_service(s, "cart", "1");
	assert_string_equal(next_dirty(s), "");
	put_service(s, "cart", "2");
	assert_string_equal(next_dirty(s), "cart");
}

static void a_list_removes_what_it_does_not_name(void **state)
{
	struct bl_store *s = *state;

	put_service(s, "cart", "1");
	put_service(s, "pay", "1");
	while (*next_dirty(s))
		;
	bl_store_begin(s, BL_API_SERVICE);
	put_service(s, "pay", "1");
	assert_int_equal(bl_store_count(s, BL_API_SERVICE), 2);
	bl_store_synced(s, BL_API_SERVICE);
	assert_int_equal(bl_store_count(s, BL_API_SERVICE), 1);
	assert_string_equal(next_dirty(s), "cart");
	assert_string_equal(next_dirty(s), "");
	assert_null(bl_store_service(s, "shop", "cart"));
}

static void an_unreadable_object_survives_a_list(void **state)
{
	struct bl_store *s = *state;

	put_service(s, "cart", "1");
	bl_store_begin(s, BL_API_SERVICE);
	bl_store_keep(s, BL_API_SERVICE, "shop", "cart");
	bl_store_synced(s, BL_API_SERVICE);
	assert_non_null(bl_store_get(s, BL_API_SERVICE, "shop", "cart"));
}

static void a_slice_that_moves_dirties_both_services(void **state)
{
	struct bl_store *s = *state;

	put_slice(s, "slice", "cart", "1");
	while (*next_dirty(s))
		;
	put_slice(s, "slice", "pay", "2");
	assert_string_equal(next_dirty(s), "cart");
	assert_string_equal(next_dirty(s), "pay");
	assert_null(bl_store_service(s, "shop", "cart"));
	assert_int_equal(bl_store_service(s, "shop", "pay")->n_slices, 1);
}

static void slices_are_ordered_whatever_came_first(void **state)
{
	const struct bl_store_service *svc;
	struct bl_store *s = *state;

	put_slice(s, "c", "cart", "1");
	put_slice(s, "a", "cart", "1");
	put_slice(s, "b", "cart", "1");
	bl_store_remove(s, BL_API_ENDPOINTSLICE, "shop", "b");
	put_slice(s, "b", "cart", "2");
	svc = bl_store_service(s, "shop", "cart");
	assert_int_equal(svc->n_slices, 3);
	assert_string_equal(svc->slices[0]->obj.meta.name, "a");
	assert_string_equal(svc->slices[1]->obj.meta.name, "b");
	assert_string_equal(svc->slices[2]->obj.meta.name, "c");
}

static void a_postponed_service_lets_others_go_first(void **state)
{
	struct bl_store *s = *state;

	put_service(s, "bad", "1");
	put_service(s, "good", "1");
	bl_store_postpone(s, bl_store_dirty_service(s));
	assert_int_equal(bl_store_dirty_count(s), 2);
	assert_string_equal(next_dirty(s), "good");
	assert_string_equal(next_dirty(s), "bad");
}

static void a_removed_service_is_seen_once_more(void **state)
{
	const struct bl_store_service *svc;
	struct bl_store *s = *state;

	put_service(s, "cart", "1");
	next_dirty(s);
	bl_store_remove(s, BL_API_SERVICE, "shop", "cart");
	svc = bl_store_dirty_service(s);
	assert_non_null(svc);
	assert_null(svc->service);
	assert_string_equal(svc->namespace, "shop");
	bl_store_clean(s, svc);
	assert_null(bl_store_service(s, "shop", "cart"));
}

static void count_name(void *arg, const struct bl_api_object *obj)
{
	strcat(arg, obj->meta.name);
}

static void objects_are_walked_in_order_and_changes_are_told_once(void **state)
{
	struct bl_store *s = *state;
	char names[16] = "";

	put_service(s, "c", "1");
	put_service(s, "a", "1");
	put_service(s, "b", "1");
	bl_store_each(s, BL_API_SERVICE, count_name, names);
	assert_string_equal(names, "abc");
	assert_true(bl_store_take_changed(s, BL_API_SERVICE));
	assert_false(bl_store_take_changed(s, BL_API_SERVICE));
	assert_false(bl_store_take_changed(s, BL_API_NODE));
}

static void put_node(struct bl_store *s, const char *name, const char *zone, const char *version)
{
	put(s, BL_API_NODE,
	    json_pack("{s{ss ss ss s{ss}}}", "metadata", "name", name, "uid", name,
		      "resourceVersion", version, "labels", "topology.kubernetes.io/zone", zone));
}

static void the_own_zones_change_dirties_every_service(void **state)
{
	struct bl_store *s = *state;

	bl_store_watch_zone(s, "one");
	put_service(s, "cart", "1");
	while (*next_dirty(s))
		;
	put_node(s, "two", "a", "1");
	assert_string_equal(next_dirty(s), "");
	put_node(s, "one", "a", "1");
	assert_string_equal(next_dirty(s), "cart");
	put_node(s, "one", "a", "2");
	assert_string_equal(next_dirty(s), "");
	put_node(s, "one", "b", "3");
	assert_string_equal(next_dirty(s), "cart");
	bl_store_remove(s, BL_API_NODE, "", "one");
	assert_string_equal(next_dirty(s), "cart");
}

struct follower {
	char told[256];
	const struct bl_api_object *last; /* lent until the next call */
};

static void on_put(void *arg, const struct bl_api_object *obj)
{
	struct follower *f = arg;

	strcat(f->told, "+");
	strcat(f->told, obj->meta.name);
	if (f->last)
		strcat(f->told, f->last->meta.resource_version);
	f->last = obj;
}

static void on_gone(void *arg, enum bl_api_kind kind, const char *namespace, const char *name)
{
	struct follower *f = arg;

	assert_int_equal(kind, BL_API_SERVICE);
	assert_string_equal(namespace, "shop");
	strcat(f->told, "-");
	strcat(f->told, name);
	strcat(f->told, f->last->meta.resource_version);
	f->last = NULL;
}

static void a_listener_is_told_before_what_it_was_lent_goes(void **state)
{
	struct follower f = {};
	struct bl_store_listener listener = {on_put, on_gone, &f};
	struct bl_store *s = *state;

	bl_store_listen(s, &listener);
	put_service(s, "a", "1");
	put_service(s, "a", "1");
	put_service(s, "a", "2");
	assert_string_equal(f.told, "+a+a1");
	bl_store_remove(s, BL_API_SERVICE, "shop", "b");
	bl_store_begin(s, BL_API_SERVICE);
	bl_store_synced(s, BL_API_SERVICE);
	assert_string_equal(f.told, "+a+a1-a2");
}

#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(same_version_marks_nothing),
		STORE_TEST(a_list_removes_what_it_does_not_name),
		STORE_TEST(an_unreadable_object_survives_a_list),
		STORE_TEST(a_slice_that_moves_dirties_both_services),
		STORE_TEST(slices_are_ordered_whatever_came_first),
		STORE_TEST(a_postponed_service_lets_others_go_first),
		STORE_TEST(a_removed_service_is_seen_once_more),
		STORE_TEST(the_own_zones_change_dirties_every_service),
		STORE_TEST(a_listener_is_told_before_what_it_was_lent_goes),
		STORE_TEST(objects_are_walked_in_order_and_changes_are_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
