/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Metadata, labels and selectors, by way of a ConfigMap and a NetworkPolicy.
 */
#include "kind_case.h"

static void names_follow_the_grammar_of_their_kind(void **state)
{
	static const struct kind_case subdomain[] = {
		{"{'metadata':{'name':'a.b-c'}}", ""},
		{"{'metadata':{'name':'A'}}", "Invalid metadata.name"},
		{"{'metadata':{'name':'a_b'}}", "Invalid metadata.name"},
		{"{'metadata':{'name':'-a'}}", "Invalid metadata.name"},
		{"{'metadata':{'generateName':'a-'}}", ""},
		{"{'metadata':{'generateName':'Ab-'}}", "Invalid metadata.generateName"},
	};
	static const struct kind_case label[] = {
		{"{'metadata':{'name':'a-b'}}", ""},
		{"{'metadata':{'name':'a.b'}}", "Invalid metadata.name"},
		{"{'metadata':{'name':'1a'}}", ""},
	};

	(void)state;
	KIND_CASES(&bl_kind_configmap, subdomain);
	KIND_CASES(&bl_kind_namespace, label);
}

static void labels_and_annotations_name_their_map(void **state)
{
	static const struct kind_case cases[] = {
		{"{'metadata':{'labels':{'a.b/c':'d','e':''}}}", ""},
		{"{'metadata':{'labels':{'a b':'c'}}}", "Invalid metadata.labels"},
		{"{'metadata':{'labels':{'a':'-'}}}", "Invalid metadata.labels"},
		{"{'metadata':{'labels':{'a/b/c':'d'}}}", "Invalid metadata.labels"},
		{"{'metadata':{'labels':{'':'d'}}}",
		 "Invalid metadata.labels; Invalid metadata.labels"},
		{"{'metadata':{'annotations':{'A.B/C':'any thing'}}}", ""},
		{"{'metadata':{'annotations':{'a b':''}}}", "Invalid metadata.annotations"},
	};

	(void)state;
	KIND_CASES(&bl_kind_configmap, cases);
}

static void annotations_are_bounded_together(void **state)
{
	BL_JSON json_t *obj = kind_object(&bl_kind_configmap, "{}");
	json_t *notes = bl_ensure(bl_ensure(obj, "metadata"), "annotations");
	BL_FREE char *half = bl_calloc(1, 128 * 1024 + 1);
	BL_FREE char *got = NULL;
	struct bl_causes c = {};

	(void)state;
	memset(half, 'x', 128 * 1024);
	bl_set_str(notes, "a", half);
	bl_set_str(notes, "b", half);
	bl_meta_validate(&bl_kind_configmap, obj, &c);
	got = kind_causes(&c);
	assert_string_equal(got, "TooLong metadata.annotations");
}

static void owners_are_complete_and_one_of_them_controls(void **state)
{
	static const struct kind_case cases[] = {
		{"{'metadata':{'ownerReferences':[{'apiVersion':'v1','kind':'Pod','name':'x',"
		 "'uid':'u','controller':true}]}}",
		 ""},
		{"{'metadata':{'ownerReferences':[{'kind':'Pod','name':'x'}]}}",
		 "Invalid metadata.ownerReferences.apiVersion; "
		 "Invalid metadata.ownerReferences.uid"},
		{"{'metadata':{'ownerReferences':["
		 "{'apiVersion':'v1','kind':'Pod','name':'x','uid':'x','controller':true},"
		 "{'apiVersion':'v1','kind':'Pod','name':'y','uid':'y','controller':true}]}}",
		 "Invalid metadata.ownerReferences"},
		{"{'metadata':{'ownerReferences':[{'apiVersion':'v1','kind':'Event','name':'x',"
		 "'uid':'u'}]}}",
		 "Invalid metadata.ownerReferences"},
	};

	(void)state;
	KIND_CASES(&bl_kind_configmap, cases);
}

static void finalizers_are_known_or_have_a_domain(void **state)
{
	static const struct kind_case cases[] = {
		{"{'metadata':{'finalizers':['example.com/x','orphan']}}", ""},
		{"{'metadata':{'finalizers':['mine']}}", "Invalid metadata.finalizers[0]"},
		{"{'metadata':{'finalizers':['a b/c']}}", "Invalid metadata.finalizers"},
		{"{'metadata':{'finalizers':['orphan','foregroundDeletion']}}",
		 "Invalid metadata.finalizers"},
	};

	(void)state;
	KIND_CASES(&bl_kind_configmap, cases);
}

/* The causes of metadata alone on an update. */
static void check_update(const struct bl_kind *kind, const char *old, const char *now,
			 const char *causes)
{
	BL_JSON json_t *before = kind_object(kind, old);
	BL_JSON json_t *after = kind_object(kind, now);
	BL_FREE char *got = NULL;
	struct bl_causes c = {};

	bl_meta_validate_update(kind, after, before, false, &c);
	got = kind_causes(&c);
	assert_string_equal(got, causes);
}

static void an_update_keeps_identity(void **state)
{
	(void)state;
	check_update(&bl_kind_configmap, "{'metadata':{'uid':'a'}}", "{'metadata':{'uid':'a'}}",
		     "");
	check_update(&bl_kind_configmap, "{'metadata':{'uid':'a'}}", "{'metadata':{'uid':'b'}}",
		     "Invalid metadata.uid; Invalid metadata.uid");
}

static void a_bad_label_counts_as_often_as_the_real_server_looks(void **state)
{
	static const char four[] = "Invalid metadata.labels; Invalid metadata.labels; "
				   "Invalid metadata.labels; Invalid metadata.labels";

	(void)state;
	check_update(&bl_kind_service, "{}", "{'metadata':{'labels':{'a':'b c'}}}", four);
	check_update(&bl_kind_lease, "{}", "{'metadata':{'labels':{'a':'b c'}}}",
		     four + strlen("Invalid metadata.labels; "));
}

static void an_object_on_its_way_out_takes_no_new_finalizers(void **state)
{
	static const char old[] = "{'metadata':{'deletionTimestamp':'2026-01-01T00:00:00Z',"
				  "'finalizers':['a.b/c']}}";

	(void)state;
	check_update(&bl_kind_configmap, old, old, "");
	check_update(&bl_kind_configmap, old,
		     "{'metadata':{'deletionTimestamp':'2026-01-01T00:00:00Z',"
		     "'finalizers':['a.b/c','a.b/d']}}",
		     "Forbidden metadata.finalizers; Forbidden metadata.finalizers");
}

static void selectors_want_what_their_operator_needs(void **state)
{
	static const struct kind_case cases[] = {
		{"{'spec':{'podSelector':{'matchExpressions':["
		 "{'key':'a','operator':'In','values':['b']},{'key':'a','operator':'Exists'}]}}}",
		 ""},
		{"{'spec':{'podSelector':{'matchExpressions':[{'key':'a','operator':'In'}]}}}",
		 "Required spec.podSelector.matchExpressions[0].values"},
		{"{'spec':{'podSelector':{'matchExpressions':["
		 "{'key':'a','operator':'DoesNotExist','values':['b']}]}}}",
		 "Forbidden spec.podSelector.matchExpressions[0].values"},
		{"{'spec':{'podSelector':{'matchExpressions':[{'key':'a','operator':'Near'}]}}}",
		 "Invalid spec.podSelector.matchExpressions[0].operator"},
		{"{'spec':{'podSelector':{'matchExpressions':["
		 "{'key':'a b','operator':'In','values':['c d']}]}}}",
		 "Invalid spec.podSelector.matchExpressions[0].key; "
		 "Invalid spec.podSelector.matchExpressions[0].values[0]"},
	};

	(void)state;
	KIND_CASES(&bl_kind_networkpolicy, cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_follow_the_grammar_of_their_kind),
		cmocka_unit_test(labels_and_annotations_name_their_map),
		cmocka_unit_test(annotations_are_bounded_together),
		cmocka_unit_test(owners_are_complete_and_one_of_them_controls),
		cmocka_unit_test(finalizers_are_known_or_have_a_domain),
		cmocka_unit_test(an_update_keeps_identity),
		cmocka_unit_test(a_bad_label_counts_as_often_as_the_real_server_looks),
		cmocka_unit_test(an_object_on_its_way_out_takes_no_new_finalizers),
		cmocka_unit_test(selectors_want_what_their_operator_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
