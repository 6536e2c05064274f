// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The loop: deferred work, timers that outlive their owner's free.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/loop.h"
#include "base/mem.h"

struct counter {
	struct bl_loop *loop;
	struct bl_defer defer;
	struct bl_defer second;
	struct bl_timer *timer;
	int runs;
	int second_runs;
	int fired;
};

static void count(void *arg)
{
	struct counter *c = arg;

	c->runs++;
	bl_defer_mark(&c->second);
}

static void count_second(void *arg)
{
	struct counter *c = arg;

	c->second_runs++;
	bl_timer_start(c->timer, 1);
}

static void fire(void *arg)
{
	struct counter *c = arg;

	c->fired++;
	if (c->fired < 3) {
		bl_defer_mark(&c->defer);
		bl_defer_mark(&c->defer);
	} else {
		bl_loop_stop(c->loop);
	}
}

static void deferred_work_runs_once_a_turn(void **state)
{
	struct counter c = {.loop = bl_loop_new()};

	(void)state;
	c.timer = bl_timer_new(c.loop, fire, &c);
	bl_defer_init(&c.defer, c.loop, count, &c);
	bl_defer_init(&c.second, c.loop, count_second, &c);
	bl_defer_mark(&c.defer);
	bl_defer_mark(&c.defer);
	bl_loop_run(c.loop);
	assert_int_equal(c.runs, 3);
	assert_int_equal(c.second_runs, 3);
	assert_int_equal(c.fired, 3);
	bl_timer_free(c.timer);
	bl_loop_free(c.loop);
}

static void cancelled_work_does_not_run(void **state)
{
	struct counter c = {.loop = bl_loop_new(), .fired = 2};

	(void)state;
	c.timer = bl_timer_new(c.loop, fire, &c);
	bl_defer_init(&c.defer, c.loop, count, &c);
	bl_defer_init(&c.second, c.loop, count_second, &c);
	bl_defer_mark(&c.second);
	bl_defer_mark(&c.defer);
	bl_defer_cancel(&c.second);
	bl_defer_cancel(&c.defer);
	bl_timer_start(c.timer, 0);
	bl_loop_run(c.loop);
	assert_int_equal(c.runs, 0);
	assert_int_equal(c.second_runs, 0);
	bl_timer_free(c.timer);
	bl_loop_free(c.loop);
}

static void a_stopped_timer_is_not_pending(void **state)
{
	struct counter c = {.loop = bl_loop_new()};

	(void)state;
	c.timer = bl_timer_new(c.loop, fire, &c);
	assert_false(bl_timer_pending(c.timer));
	bl_timer_start(c.timer, 1000);
	assert_true(bl_timer_pending(c.timer));
	bl_timer_stop(c.timer);
	assert_false(bl_timer_pending(c.timer));
	bl_timer_free(c.timer);
	bl_loop_free(c.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deferred_work_runs_once_a_turn),
		cmocka_unit_test(cancelled_work_does_not_run),
		cmocka_unit_test(a_stopped_timer_is_not_pending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
