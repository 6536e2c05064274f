// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Apply: the only one that changes the kernel.
 *
 * Events mark; before the loop sleeps, one turn of apply brings the kernel to what the store says now. A turn does the
 * dirty Services, a bounded number at once so that the loop stays responsive while thousands are programmed, then policy
 * (policy.c) and what is compiled as a whole (node.c): what a route or a BGP announcement leads to is there before it. A Service
 * that fails stays dirty behind all others, is reported, and a timer comes back to it with growing intervals; a
 * success resets them.
 *
 * Nothing is applied before every kind is in sync, and nothing is swept before all that was found is applied: a restart
 * finds its own state in the kernel and is an ordinary delta over it.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#define SERVICES_A_TURN 256
#define RETRY_FIRST_MS	250
#define RETRY_MAX_MS	30000

static void object_name(const char *key, char buf[560])
{
	(void)snprintf(buf, 560, "Service %.520s programming", key);
}

/* Addresses that the Service may not have: a line, once. */
static void report_refused(struct bl_agent *a, const struct bl_desired_service *want)
{
	struct bl_err err = {};
	char object[560];

	(void)snprintf(object, sizeof(object), "Service %.253s/%.253s addresses", want->namespace,
		       want->name);
	if (want->n_refused)
		(void)bl_err_set(&err, -EINVAL, "%zu refused, the first: %s", want->n_refused,
				 want->refused);
	bl_failures_set(a->failures, object, want->n_refused ? &err : NULL);
}

struct turn {
	struct bl_agent *agent;
	const struct bl_store_service *list[SERVICES_A_TURN];
	struct bl_desired_service *wants[SERVICES_A_TURN];
	bool failed;
};

static void on_applied(void *arg, size_t index, const struct bl_err *err)
{
	struct turn *t = arg;
	const struct bl_store_service *svc = t->list[index];
	struct bl_agent *a = t->agent;
	char object[560];

	if (err || bl_failures_any(a->failures)) {
		object_name(svc->key, object);
		bl_failures_set(a->failures, object, err);
	}
	if (t->wants[index]->n_refused || bl_failures_any(a->failures))
		report_refused(a, t->wants[index]);
	t->failed |= err != NULL;
	if (err)
		bl_store_postpone(a->store, svc);
	else
		bl_store_clean(a->store, svc);
}

/* Each dirty Service at most once. Whether some are left that were not tried. */
static bool apply_services(struct bl_agent *a, bool *ret_failed)
{
	BL_ARENA struct bl_arena *arena = bl_arena_new(16384);
	size_t left = bl_store_dirty_count(a->store), n;
	struct turn t = {.agent = a};

	n = bl_store_dirty_services(a->store, t.list, SERVICES_A_TURN);
	for (size_t i = 0; i < n; i++)
		t.wants[i] = bl_compile_service(a->store, &a->config->compile, t.list[i], arena);
	bl_datapath_set_services(a->datapath, t.wants, n, on_applied, &t);
	*ret_failed |= t.failed;
	return left > n;
}

static void on_more(void *arg)
{
	struct bl_agent *a = arg;

	bl_defer_mark(&a->apply);
}

static void on_retry(void *arg)
{
	bl_agent_mark(arg, false); /* what failed is still dirty, and nothing else is */
}

static void on_collect(void *arg)
{
	struct bl_agent *a = arg;
	int ms = bl_datapath_collect(a->datapath);

	if (ms >= 0)
		bl_timer_start(a->collect, (uint64_t)ms);
}

static void schedule_retry(struct bl_agent *a, bool failed)
{
	if (!failed) {
		a->retry_ms = RETRY_FIRST_MS;
		bl_timer_stop(a->retry);
		return;
	}
	if (bl_timer_pending(a->retry))
		return;
	bl_timer_start(a->retry, a->retry_ms);
	a->retry_ms = a->retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : a->retry_ms * 2;
}

static void sweep(struct bl_agent *a)
{
	struct bl_err err = {};
	int rc;

	if (a->swept || bl_store_dirty_count(a->store))
		return;
	rc = bl_datapath_sweep(a->datapath, &err);
	bl_failures_set(a->failures, "sweep", rc ? &err : NULL);
	a->swept = rc == 0;
}

/* Tells the timing when the kernel holds everything. Counting it walks all Services: once, after the first sync. */
static void note_done(struct bl_agent *a)
{
	uint64_t now_ns = bl_time_mono_ns();
	struct bl_datapath_stats stats = {};

	if (bl_store_dirty_count(a->store) || a->node_dirty || a->policy_waits)
		return;
	if (!a->timing.full)
		bl_datapath_stats(a->datapath, &stats);
	bl_timing_done(&a->timing, now_ns, bl_store_count(a->store, BL_API_SERVICE),
		       stats.map_writes);
}

static void apply(void *arg)
{
	struct bl_agent *a = arg;
	bool failed = false, more;
	int rc, ms;

	if (!bl_agent_is_synced(a))
		return;
	bl_timing_begin(&a->timing, bl_time_mono_ns());
	more = apply_services(a, &failed);
	if (bl_store_take_changed(a->store, BL_API_NODE))
		a->node_dirty = true;
	if (bl_store_take_outside_changed(a->store))
		a->node_dirty = true;
	if (a->node_dirty && !more) {
		bl_agent_apply_node(a);
	} else {
		rc = bl_agent_apply_policy(a, false);
		failed |= rc && rc != -EAGAIN;
	}
	note_done(a);
	if (more)
		bl_timer_start(a->more, 0);
	else
		sweep(a);
	schedule_retry(a, failed || (a->node_dirty && !more && !a->policy_waits));
	ms = bl_datapath_collect(a->datapath);
	if (ms >= 0 && !bl_timer_pending(a->collect))
		bl_timer_start(a->collect, (uint64_t)ms);
	bl_agent_wait_check(a);
}

void bl_agent_apply_init(struct bl_agent *a)
{
	bl_defer_init(&a->apply, a->loop, apply, a);
	a->more = bl_timer_new(a->loop, on_more, a);
	a->retry = bl_timer_new(a->loop, on_retry, a);
	a->collect = bl_timer_new(a->loop, on_collect, a);
	a->retry_ms = RETRY_FIRST_MS;
	a->node_dirty = true;
}

void bl_agent_apply_stop(struct bl_agent *a)
{
	bl_defer_cancel(&a->apply);
	a->more = bl_timer_free(a->more);
	a->retry = bl_timer_free(a->retry);
	a->collect = bl_timer_free(a->collect);
	a->node_arena = bl_arena_free(a->node_arena);
}

void bl_agent_mark(struct bl_agent *a, bool node)
{
	a->node_dirty |= node;
	bl_defer_mark(&a->apply);
}

bool bl_agent_service_programmed(const struct bl_agent *a, const char *namespace, const char *name,
				 const char **ret_why)
{
	const struct bl_store_service *svc = bl_store_service(a->store, namespace, name);
	const char *text;
	char object[560];

	*ret_why = "";
	if (!bl_agent_is_synced(a)) {
		*ret_why = "the agent is not in sync with the API server";
	} else if (!svc || !svc->service) {
		*ret_why = "the API server has no such Service";
	} else {
		object_name(svc->key, object);
		text = bl_failures_get(a->failures, object);
		if (text)
			*ret_why = text;
		else if (bl_store_is_dirty(a->store, svc))
			*ret_why = "it is about to be programmed";
	}
	return !**ret_why;
}
