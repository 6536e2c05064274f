// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Selectors
 *
 * Label and field selectors: their grammar, and what matches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "apiserver/selector.h"
#include "base/json.h"

static const char *node_of(const json_t *obj, const char *key, char buf[64])
{
	const char *node = bl_json_str_at(obj, "spec", "nodeName", NULL);

	(void)buf;
	if (strcmp(key, "spec.nodeName") != 0)
		return NULL;
	return node ? node : "";
}

static const struct bl_kind kind = {.kind = "Pod", .plural = "pods", .field_value = node_of};

static struct bl_object *object(void)
{
	BL_JSON json_t *v = json_pack("{s:{s:s, s:s, s:{s:s, s:s, s:s}}, s:{s:s}}", "metadata",
				      "name", "p", "namespace", "d", "labels", "app", "web", "n",
				      "7", "empty", "", "spec", "nodeName", "n1");

	return bl_object_new(v);
}

static int check(const char *labels, const char *fields)
{
	BL_OBJECT struct bl_object *o = object();
	struct bl_selector *s = NULL;
	int ret = bl_selector_parse(&kind, labels, fields, &s, NULL);

	if (ret)
		return ret;
	ret = bl_selector_matches(s, o);
	bl_selector_free(s);
	return ret;
}

static void every_operator_of_labels_decides(void **state)
{
	(void)state;
	assert_int_equal(check("app=web", NULL), 1);
	assert_int_equal(check("app==web", NULL), 1);
	assert_int_equal(check("app!=web", NULL), 0);
	assert_int_equal(check("app in (db, web)", NULL), 1);
	assert_int_equal(check("app notin (db,web)", NULL), 0);
	assert_int_equal(check("app", NULL), 1);
	assert_int_equal(check("!app", NULL), 0);
	assert_int_equal(check("n>6,n<8", NULL), 1);
	assert_int_equal(check("n>7", NULL), 0);
}

static void an_absent_key_satisfies_not_equal_and_notin_only(void **state)
{
	(void)state;
	assert_int_equal(check("none!=x", NULL), 1);
	assert_int_equal(check("none notin (x)", NULL), 1);
	assert_int_equal(check("!none", NULL), 1);
	assert_int_equal(check("none=x", NULL), 0);
	assert_int_equal(check("none>1", NULL), 0);
}

static void an_empty_value_is_a_value(void **state)
{
	(void)state;
	assert_int_equal(check("empty=", NULL), 1);
	assert_int_equal(check("app=", NULL), 0);
}

static void all_requirements_must_hold(void **state)
{
	(void)state;
	assert_int_equal(check("app=web,n=7", NULL), 1);
	assert_int_equal(check("app=web,n=8", NULL), 0);
}

static void broken_label_selectors_are_refused(void **state)
{
	static const char *const bad[] = {"a within (b)", "a in (b", "a b=1", "a=not ok", "a=1,",
					  "=x",		  "a>x",     "a=b=c", ",a"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(check(bad[i], NULL), -EINVAL);
}

static void fields_match_names_and_what_the_kind_knows(void **state)
{
	(void)state;
	assert_int_equal(check(NULL, "metadata.name=p,metadata.namespace=d"), 1);
	assert_int_equal(check(NULL, "metadata.name!=p"), 0);
	assert_int_equal(check(NULL, "spec.nodeName=n1"), 1);
	assert_int_equal(check(NULL, "spec.nodeName!=n1"), 0);
	assert_int_equal(check(NULL, "spec.other=x"), -EINVAL);
	assert_int_equal(check(NULL, "nothing"), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operator_of_labels_decides),
		cmocka_unit_test(an_absent_key_satisfies_not_equal_and_notin_only),
		cmocka_unit_test(an_empty_value_is_a_value),
		cmocka_unit_test(all_requirements_must_hold),
		cmocka_unit_test(broken_label_selectors_are_refused),
		cmocka_unit_test(fields_match_names_and_what_the_kind_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
