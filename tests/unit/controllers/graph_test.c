// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Owners and dependents, in every order of events.
 */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "controllers/graph.h"

#include "base/buf.h"

static struct bl_buf looked;

static void look(void *arg, const char *uid)
{
	(void)arg;
	bl_buf_puts(&looked, uid);
}

static void set(struct bl_graph *g, const char *uid, const char *owner, unsigned int round)
{
	struct bl_graph_object o = {.uid = uid,
				    .path = "/p",
				    .owners = &owner,
				    .n_owners = owner ? 1 : 0,
				    .round = round};

	bl_graph_set(g, &o);
}

/* What was looked at since the last call. */
static void assert_looked(const char *want)
{
	bl_buf_append(&looked, "", 0);
	assert_string_equal(looked.data, want);
	bl_buf_free(&looked);
}

static void dependent_is_looked_at_when_its_owner_goes(void **state)
{
	struct bl_graph g = {.look = look};

	(void)state;
	set(&g, "a", NULL, 1);
	set(&g, "b", "a", 1);
	assert_looked("");
	bl_graph_gone(&g, "a");
	assert_looked("b");
	assert_true(bl_graph_is_garbage(bl_graph_find(&g, "b")));
	bl_graph_gone(&g, "b");
	assert_null(g.nodes);
	bl_graph_free(&g);
}

static void dependent_may_come_before_its_owner(void **state)
{
	struct bl_graph g = {.look = look};

	(void)state;
	set(&g, "b", "a", 1);
	assert_looked("b");
	set(&g, "a", NULL, 1);
	assert_false(bl_graph_is_garbage(bl_graph_find(&g, "b")));
	bl_graph_free(&g);
}

static void one_owner_of_two_is_enough(void **state)
{
	struct bl_graph g = {.look = look};
	const char *owners[] = {"a", "c"};
	struct bl_graph_object b = {.uid = "b", .path = "/p", .owners = owners, .n_owners = 2};

	(void)state;
	set(&g, "a", NULL, 1);
	set(&g, "c", NULL, 1);
	bl_graph_set(&g, &b);
	bl_graph_gone(&g, "a");
	assert_looked("");
	bl_graph_gone(&g, "c");
	assert_looked("b");
	bl_graph_free(&g);
}

static void owner_that_waits_is_looked_at_when_a_dependent_goes(void **state)
{
	struct bl_graph g = {.look = look};
	struct bl_graph_object a = {.uid = "a", .path = "/p", .waits = true};

	(void)state;
	set(&g, "b", "a", 1);
	assert_looked("b");
	bl_graph_set(&g, &a);
	assert_looked("a");
	bl_graph_gone(&g, "b");
	assert_looked("a");
	bl_graph_free(&g);
}

static void what_a_list_no_longer_holds_is_gone(void **state)
{
	struct bl_graph g = {.look = look};

	(void)state;
	set(&g, "a", NULL, 1);
	set(&g, "b", "a", 1);
	set(&g, "c", "b", 1);
	set(&g, "c", "b", 2);
	bl_graph_sweep(&g, 0, 2);
	assert_null(bl_graph_find(&g, "a"));
	assert_true(bl_graph_is_garbage(bl_graph_find(&g, "c")));
	bl_buf_free(&looked);
	bl_graph_free(&g);
}

static void object_that_owns_itself_is_freed(void **state)
{
	struct bl_graph g = {.look = look};

	(void)state;
	set(&g, "a", "a", 1);
	set(&g, "a", NULL, 1);
	bl_graph_gone(&g, "a");
	assert_null(g.nodes);
	bl_buf_free(&looked);
	bl_graph_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dependent_is_looked_at_when_its_owner_goes),
		cmocka_unit_test(dependent_may_come_before_its_owner),
		cmocka_unit_test(one_owner_of_two_is_enough),
		cmocka_unit_test(owner_that_waits_is_looked_at_when_a_dependent_goes),
		cmocka_unit_test(what_a_list_no_longer_holds_is_gone),
		cmocka_unit_test(object_that_owns_itself_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
