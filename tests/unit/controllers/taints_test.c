// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Taints by readiness; those of others stay.
 */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "controllers/taints.h"

#include "base/json.h"

static json_t *node(const char *key)
{
	if (!key)
		return json_pack("{s:{}}", "spec");
	return json_pack("{s:{s:[{s:s, s:s}, {s:s, s:s}]}}", "spec", "taints", "key", key, "effect",
			 "NoSchedule", "key", key, "effect", "NoExecute");
}

static void assert_wanted(const char *has, const char *ready, const char *want)
{
	BL_JSON json_t *n = node(has);
	BL_JSON json_t *list = bl_taints_wanted(n, ready);
	BL_FREE char *text = list ? bl_json_dump(list) : NULL;

	if (!want)
		assert_null(text);
	else
		assert_string_equal(text, want);
}

#define TAINTS(key)                                                       \
	"{\"key\":\"" key "\",\"effect\":\"NoSchedule\"},{\"key\":\"" key \
	"\",\"effect\":\"NoExecute\"}"
#define NOT_READY   "node.kubernetes.io/not-ready"
#define UNREACHABLE "node.kubernetes.io/unreachable"

static void taints_follow_readiness(void **state)
{
	(void)state;
	assert_wanted(NULL, "True", NULL);
	assert_wanted(NULL, "False", "[" TAINTS(NOT_READY) "]");
	assert_wanted(NULL, "Unknown", "[" TAINTS(UNREACHABLE) "]");
	assert_wanted(NOT_READY, "False", NULL);
	assert_wanted(NOT_READY, "Unknown", "[" TAINTS(UNREACHABLE) "]");
	assert_wanted(UNREACHABLE, "True", "[]");
}

static void taints_of_others_stay(void **state)
{
	(void)state;
	assert_wanted("example.com/gpu", "True", NULL);
	assert_wanted("example.com/gpu", "False",
		      "[" TAINTS("example.com/gpu") "," TAINTS(NOT_READY) "]");
}

static void node_without_the_condition_is_ready(void **state)
{
	BL_JSON json_t *bare = node(NULL);
	BL_JSON json_t *unknown =
		json_pack("{s:{s:[{s:s, s:s}, {s:s, s:s}]}}", "status", "conditions", "type",
			  "DiskPressure", "status", "False", "type", "Ready", "status", "Unknown");

	(void)state;
	assert_string_equal(bl_taints_ready_status(bare), "True");
	assert_string_equal(bl_taints_ready_status(unknown), "Unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taints_follow_readiness),
		cmocka_unit_test(taints_of_others_stay),
		cmocka_unit_test(node_without_the_condition_is_ready),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
