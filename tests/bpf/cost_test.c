// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: How many hashes and tries a packet costs, by path.
 *
 * Above a few thousand flows the lookups are the cost, not the code. So they are counted here, exactly: a path that needs one more than it
 * did fails, and whoever adds it says why. Nothing needs more than three, and a pod of this node none.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>

#include "../lib/talk.h"

/* Looks up for the frame, which must end like this. */
static uint64_t cost(struct rig *r, enum who from, const struct frame *f, enum bl_reason reason,
		     struct outcome *ret_outcome)
{
	struct outcome o = rig_run(r, from, f);

	assert_int_equal(o.reason, reason);
	if (ret_outcome)
		*ret_outcome = o;
	return o.lookups;
}

static void pod_to_pod_is_none(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, ALICE, BOB, IPPROTO_TCP, 40000, 80);

		assert_int_equal(cost(*state, ALICE, &f, BL_PASS_POD, NULL), 0);
	}
}

static void uplink_to_a_pod_or_the_node_is_none(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, CAROL, ALICE, IPPROTO_TCP, 40000, 80);
		struct frame g = talk_open(family, WORLD, NODE, IPPROTO_TCP, 40000, 22);

		assert_int_equal(cost(*state, CAROL, &f, BL_PASS_POD, NULL), 0);
		assert_int_equal(cost(*state, WORLD, &g, BL_PASS_STACK, NULL), 0);
	}
}

static void other_nodes_pod_is_three(void **state)
{
	FAMILIES(family)
	{
		struct frame f = talk_open(family, ALICE, CAROL, IPPROTO_TCP, 40000, 80);

		assert_int_equal(cost(*state, ALICE, &f, BL_PASS_FIB, NULL), 3);
	}
}

static void known_flow_to_a_service_is_one(void **state)
{
	static const enum who pods[] = {BOB, CAROL};

	FAMILIES(family)
	for (int i = 0; i < 2; i++) {
		struct rig *r = *state;
		struct frame f = talk_open(family, ALICE, SHOP, IPPROTO_TCP, 40000, 80), back;
		struct outcome o;

		rig_reset(r);
		talk_shop(r, family, pods[i], IPPROTO_TCP);
		rig_run(r, ALICE, &f);
		/* its backend is no address of this node: one more that finds nothing */
		assert_int_equal(cost(r, ALICE, &f, BL_PASS_SERVICE, &o), pods[i] == BOB ? 1 : 2);
		back = talk_answer(&o.out, pods[i]);
		assert_int_equal(cost(r, pods[i], &back, BL_PASS_REPLY, NULL), 1);
	}
}

static void known_flow_to_the_outside_is_one(void **state)
{
	FAMILIES(family)
	{
		struct rig *r = *state;
		struct frame f = talk_open(family, ALICE, WORLD, IPPROTO_TCP, 40000, 443), back;
		struct outcome o;

		rig_run(r, ALICE, &f);
		assert_int_equal(cost(r, ALICE, &f, BL_PASS_MASQUERADE, &o), 1);
		back = talk_answer(&o.out, WORLD);
		assert_int_equal(cost(r, WORLD, &back, BL_PASS_REPLY, NULL), 1);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, talk_reset)
	const struct CMUnitTest tests[] = {
		TEST(pod_to_pod_is_none),
		TEST(uplink_to_a_pod_or_the_node_is_none),
		TEST(other_nodes_pod_is_three),
		TEST(known_flow_to_a_service_is_one),
		TEST(known_flow_to_the_outside_is_one),
	};

	return cmocka_run_group_tests(tests, talk_setup, talk_teardown);
}
