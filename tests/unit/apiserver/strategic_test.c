// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Strategic merge patch
 *
 * Patches as kubectl computes them, on pods, services and metadata: merge keys, order and each directive. The texts are
 * JSON with ' for ", to be read by people.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apiserver/patch.h"
#include "apiserver/schema_types.h"
#include "base/json.h"
#include "base/mem.h"

static json_t *parse(const char *text)
{
	char *s = bl_strdup(text);

	for (char *c = s; (c = strchr(c, '\''));)
		*c = '"';
	json_t *j = json_loads(s, 0, NULL);

	free(s);
	assert_non_null(j);
	return j;
}

struct row {
	const char *live, *patch, *want; /* want NULL: the patch cannot be read */
};

static void check(const struct bl_schema_type *type, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		BL_JSON json_t *live = parse(rows[i].live), *patch = parse(rows[i].patch);
		BL_JSON json_t *before = json_deep_copy(live), *sent = json_deep_copy(patch);
		BL_JSON json_t *got = NULL, *want = rows[i].want ? parse(rows[i].want) : NULL;
		struct bl_err err = {};
		int r = bl_patch_strategic(type, live, patch, &got, &err);

		if (r != (want ? 0 : -EINVAL))
			fail_msg("row %zu: %d %s", i, r, err.text);
		if (want && !json_equal(got, want)) {
			char *text = json_dumps(got, 0);

			print_error("row %zu: got %s\n", i, text);
			free(text);
			fail();
		}
		assert_true(json_equal(live, before));
		assert_true(json_equal(patch, sent));
	}
}

static void objects_and_scalars_merge(void **state)
{
	static const struct row rows[] = {
		{"{'spec':{'a':1,'type':'ClusterIP'}}", "{'spec':{'type':'NodePort'}}",
		 "{'spec':{'a':1,'type':'NodePort'}}"},
		{"{'metadata':{'labels':{'a':'1','b':'2'}}}",
		 "{'metadata':{'labels':{'a':null,'c':'3'}}}",
		 "{'metadata':{'labels':{'b':'2','c':'3'}}}"},
		{"{}", "{'metadata':{'labels':{'a':null,'c':'3'}}}",
		 "{'metadata':{'labels':{'c':'3'}}}"},
		{"{'spec':{'selector':{'a':'1'}}}", "{'spec':{'selector':{'b':'2'}}}",
		 "{'spec':{'selector':{'a':'1','b':'2'}}}"},
		{"{'spec':{'selector':{'a':'1'}}}", "{'spec':{'selector':null}}", "{'spec':{}}"},
		{"{'nothing':{'a':1}}", "{'nothing':{'b':[1]}}", "{'nothing':{'a':1,'b':[1]}}"},
	};

	(void)state;
	check(&bl_schema_service, rows, BL_ARRAY_SIZE(rows));
}

static void ports_merge_by_port(void **state)
{
	static const struct row rows[] = {
		{"{'spec':{'ports':[{'port':80,'name':'a'},{'port':81,'name':'b'}]}}",
		 "{'spec':{'ports':[{'port':81,'targetPort':8081}]}}",
		 "{'spec':{'ports':[{'port':80,'name':'a'},{'port':81,'name':'b','targetPort':8081}]}}"},
		{"{'spec':{'ports':[{'port':80}]}}", "{'spec':{'ports':[{'port':90,'x':null}]}}",
		 "{'spec':{'ports':[{'port':90},{'port':80}]}}"},
		{"{'spec':{'ports':[{'port':80}]}}", "{'spec':{'ports':[{'name':'x'}]}}", NULL},
		{"{'spec':{'ports':[{'port':80},{'port':81}]}}",
		 "{'spec':{'ports':[{'port':80,'$patch':'delete'}]}}",
		 "{'spec':{'ports':[{'port':81}]}}"},
		{"{'spec':{'ports':[{'port':80},{'port':81}]}}",
		 "{'spec':{'ports':[{'$patch':'replace'},{'port':90}]}}",
		 "{'spec':{'ports':[{'port':90}]}}"},
		{"{'spec':{'ports':[{'port':80}]}}", "{'spec':{'ports':[{'$patch':'delete'}]}}",
		 NULL},
		{"{'spec':{'ports':[{'port':80}]}}",
		 "{'spec':{'ports':[{'$patch':'odd','port':80}]}}", NULL},
		{"{'spec':{}}", "{'spec':{'ports':[{'port':80},{'port':81,'$patch':'delete'}]}}",
		 "{'spec':{'ports':[{'port':80}]}}"},
	};

	(void)state;
	check(&bl_schema_service, rows, BL_ARRAY_SIZE(rows));
}

static void lists_without_a_merge_key_are_replaced(void **state)
{
	static const struct row rows[] = {
		{"{'spec':{'externalIPs':['192.0.2.1']}}", "{'spec':{'externalIPs':['192.0.2.2']}}",
		 "{'spec':{'externalIPs':['192.0.2.2']}}"},
		{"{'spec':{'tolerations':[{'key':'a'}]}}", "{'spec':{'tolerations':[{'key':'b'}]}}",
		 "{'spec':{'tolerations':[{'key':'b'}]}}"},
	};

	(void)state;
	check(&bl_schema_service, rows, 1);
	check(&bl_schema_pod, rows + 1, 1);
}

static void nested_lists_merge_by_their_own_keys(void **state)
{
	static const struct row rows[] = {
		{"{'spec':{'containers':[{'name':'a','env':[{'name':'X','value':'1'}]},{'name':'b'}]}}",
		 "{'spec':{'containers':[{'name':'a','env':[{'name':'Y','value':'2'},"
		 "{'name':'X','value':'3'}]}]}}",
		 "{'spec':{'containers':[{'name':'a','env':[{'name':'Y','value':'2'},"
		 "{'name':'X','value':'3'}]},{'name':'b'}]}}"},
		{"{'spec':{'containers':[{'name':'a','image':'1'}]}}",
		 "{'spec':{'containers':[{'name':'a','$patch':'replace','image':'2'}]}}",
		 "{'spec':{'containers':[]}}"},
	};

	(void)state;
	check(&bl_schema_pod, rows, BL_ARRAY_SIZE(rows));
}

static void scalar_lists_merge_by_value_where_the_field_says_so(void **state)
{
	static const struct row rows[] = {
		{"{'metadata':{'finalizers':['a','b']}}", "{'metadata':{'finalizers':['b','c']}}",
		 "{'metadata':{'finalizers':['a','b','c']}}"},
		{"{'metadata':{'finalizers':['a','b']}}",
		 "{'metadata':{'$deleteFromPrimitiveList/finalizers':['a']}}",
		 "{'metadata':{'finalizers':['b']}}"},
		{"{'metadata':{'finalizers':['a','b','c']}}",
		 "{'metadata':{'$setElementOrder/finalizers':['d','c','a'],"
		 "'$deleteFromPrimitiveList/finalizers':['b'],'finalizers':['d']}}",
		 "{'metadata':{'finalizers':['d','c','a']}}"},
		{"{'metadata':{}}", "{'metadata':{'$deleteFromPrimitiveList/finalizers':['a']}}",
		 "{'metadata':{}}"},
		{"{'metadata':{'finalizers':['a']}}",
		 "{'metadata':{'$deleteFromPrimitiveList/finalizers':'a'}}", NULL},
	};

	(void)state;
	check(&bl_schema_pod, rows, BL_ARRAY_SIZE(rows));
}

static void set_element_order_orders_the_list(void **state)
{
	static const struct row rows[] = {
		{"{'spec':{'containers':[{'name':'a'},{'name':'b'},{'name':'c'}]}}",
		 "{'spec':{'$setElementOrder/containers':[{'name':'c'},{'name':'a'}]}}",
		 "{'spec':{'containers':[{'name':'b'},{'name':'c'},{'name':'a'}]}}"},
		{"{'spec':{'containers':[{'name':'a'},{'name':'b'}]}}",
		 "{'spec':{'$setElementOrder/containers':[{'name':'a'},{'name':'n'},{'name':'b'}],"
		 "'containers':[{'name':'n','image':'i'}]}}",
		 "{'spec':{'containers':[{'name':'a'},{'name':'n','image':'i'},{'name':'b'}]}}"},
		{"{'spec':{'containers':[{'name':'a'},{'name':'b'}]}}",
		 "{'spec':{'$setElementOrder/containers':[{'name':'b'}],"
		 "'containers':[{'name':'a','$patch':'delete'}]}}",
		 "{'spec':{'containers':[{'name':'b'}]}}"},
		{"{'spec':{}}",
		 "{'spec':{'$setElementOrder/containers':[{'name':'b'},{'name':'a'}],"
		 "'containers':[{'name':'a'},{'name':'b'}]}}",
		 "{'spec':{'containers':[{'name':'b'},{'name':'a'}]}}"},
		{"{'spec':{}}", "{'spec':{'$setElementOrder/containers':[{'name':'b'}]}}",
		 "{'spec':{}}"},
		{"{'spec':{'containers':[{'name':'a'}]}}",
		 "{'spec':{'$setElementOrder/containers':[{'name':'a'}],'containers':[{'name':'x'}]}}",
		 NULL},
		{"{'spec':{'containers':[{'name':'a'}]}}",
		 "{'spec':{'$setElementOrder/containers':1}}", NULL},
	};

	(void)state;
	check(&bl_schema_pod, rows, BL_ARRAY_SIZE(rows));
}

static void retain_keys_drops_the_other_members_of_a_union(void **state)
{
	static const struct row rows[] = {
		{"{'spec':{'volumes':[{'name':'v','emptyDir':{}}]}}",
		 "{'spec':{'volumes':[{'name':'v','$retainKeys':['name','hostPath'],"
		 "'hostPath':{'path':'/x'}}]}}",
		 "{'spec':{'volumes':[{'name':'v','hostPath':{'path':'/x'}}]}}"},
		{"{'spec':{'volumes':[{'name':'v','emptyDir':{}}]}}",
		 "{'spec':{'volumes':[{'name':'v','$retainKeys':['name'],'hostPath':{'path':'/x'}}]}}",
		 NULL},
		{"{'spec':{'volumes':[{'name':'v'}]}}",
		 "{'spec':{'volumes':[{'name':'v','$retainKeys':'name'}]}}", NULL},
		{"{'spec':{}}",
		 "{'spec':{'volumes':[{'name':'v','$retainKeys':['name','emptyDir'],'emptyDir':{}}]}}",
		 "{'spec':{'volumes':[{'name':'v','emptyDir':{}}]}}"},
	};

	(void)state;
	check(&bl_schema_pod, rows, BL_ARRAY_SIZE(rows));
}

static void patch_directive_replaces_or_deletes_an_object(void **state)
{
	static const struct row rows[] = {
		{"{'spec':{'selector':{'a':'1'}}}",
		 "{'spec':{'selector':{'$patch':'replace','b':'2'}}}",
		 "{'spec':{'selector':{'b':'2'}}}"},
		{"{'spec':{'selector':{'a':'1'}}}", "{'spec':{'selector':{'$patch':'delete'}}}",
		 "{'spec':{'selector':{}}}"},
		{"{'spec':{'selector':{'a':'1'}}}",
		 "{'spec':{'selector':{'$patch':'merge','b':'2'}}}",
		 "{'spec':{'selector':{'a':'1','b':'2'}}}"},
		{"{'spec':{'selector':{'a':'1'}}}", "{'spec':{'selector':{'$patch':'odd'}}}", NULL},
		{"{'spec':{}}", "[]", NULL},
	};

	(void)state;
	check(&bl_schema_service, rows, BL_ARRAY_SIZE(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_and_scalars_merge),
		cmocka_unit_test(ports_merge_by_port),
		cmocka_unit_test(lists_without_a_merge_key_are_replaced),
		cmocka_unit_test(nested_lists_merge_by_their_own_keys),
		cmocka_unit_test(scalar_lists_merge_by_value_where_the_field_says_so),
		cmocka_unit_test(set_element_order_orders_the_list),
		cmocka_unit_test(retain_keys_drops_the_other_members_of_a_union),
		cmocka_unit_test(patch_directive_replaces_or_deletes_an_object),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
