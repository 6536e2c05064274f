// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Policy, applied.
 *
 * The store tells the compiler of every Pod, Namespace and NetworkPolicy, the attachments tell it which pods are here, and a turn of apply
 * that finds anything told compiles it and has the kernel's tables changed. The tables may have to wait for packets of their last
 * change, so a timer comes back to them.
 *
 * Endpoints lead to a pod's sets by their place, which a pod has once its first change is in force. So the steps of what is compiled as a
 * whole (node.c) that concern endpoints wait for policy: a pod that comes is isolated before any program knows it, a pod that goes is
 * forgotten by the programs first.
 *
 * The first answer after a start is a whole one, compiled when every kind is in sync; until then the tables of the agent before
 * stay in force.
 */

#include <errno.h>
#include <string.h>

#include "agent/agent.h"
#include "base/mem.h"
#include "base/str.h"

static void on_put(void *arg, const struct bl_api_object *obj)
{
	struct bl_agent *a = arg;

	if (obj->kind != BL_API_POD && obj->kind != BL_API_NAMESPACE &&
	    obj->kind != BL_API_NETWORKPOLICY)
		return;
	bl_policies_put(a->policies, obj);
	a->policy_dirty = true;
}

static void on_gone(void *arg, enum bl_api_kind kind, const char *namespace, const char *name)
{
	struct bl_agent *a = arg;

	if (kind != BL_API_POD && kind != BL_API_NAMESPACE && kind != BL_API_NETWORKPOLICY)
		return;
	bl_policies_remove(a->policies, kind, namespace, name);
	a->policy_dirty = true;
}

static void on_timer(void *arg)
{
	bl_agent_mark(arg, false);
}

void bl_agent_policy_open(struct bl_agent *a)
{
	struct bl_store_listener listener = {on_put, on_gone, a};

	a->policies = bl_policies_new(bl_datapath_policy_first_id(a->datapath));
	a->policy_timer = bl_timer_new(a->loop, on_timer, a);
	bl_store_listen(a->store, &listener);
}

void bl_agent_policy_close(struct bl_agent *a)
{
	if (a->policy_timer)
		a->policy_timer = bl_timer_free(a->policy_timer);
	a->policies = bl_policies_free(a->policies);
}

/* --- attachments --------------------------------------------------------------------------------------------------------- */

static int by_pod(const void *x, const void *y)
{
	const struct bl_attachment *const *a = x, *const *b = y;
	int rc = strcmp((*a)->pod_namespace, (*b)->pod_namespace);

	return rc ? rc : strcmp((*a)->pod_name, (*b)->pod_name);
}

static bool same_pod(const struct bl_policy_local *l, const struct bl_attachment *att)
{
	return bl_streq(l->namespace, att->pod_namespace) && bl_streq(l->name, att->pod_name);
}

static int add_addresses(struct bl_policy_local *l, const struct bl_attachment *att,
			 struct bl_err *err)
{
	if (l->n_ips + att->n_ips > BL_POLICY_LOCAL_IPS)
		return bl_err_set(err, -E2BIG, "Pod %s/%s has more than %d addresses on this node",
				  l->namespace, l->name, BL_POLICY_LOCAL_IPS);
	memcpy(&l->ips[l->n_ips], att->ips, att->n_ips * sizeof(*att->ips));
	l->n_ips += att->n_ips;
	return 0;
}

/* An attachment that the runtime named no pod for is nobody that a policy could select. */
static int set_local(struct bl_agent *a, struct bl_arena *arena, struct bl_err *err)
{
	size_t n, kept = 0;
	const struct bl_attachment *list = bl_cni_attachments(a->cni, &n);
	const struct bl_attachment **named = bl_arena_array(arena, n, const struct bl_attachment *);
	struct bl_policy_local *pods = bl_arena_array(arena, n, struct bl_policy_local);
	size_t n_pods = 0;
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		if (*list[i].pod_name)
			named[kept++] = &list[i];
	}
	if (kept)
		qsort(named, kept, sizeof(*named), by_pod);
	for (size_t i = 0; !rc && i < kept; i++) {
		if (!n_pods || !same_pod(&pods[n_pods - 1], named[i]))
			pods[n_pods++] = (struct bl_policy_local){
				.namespace = named[i]->pod_namespace, .name = named[i]->pod_name};
		rc = add_addresses(&pods[n_pods - 1], named[i], err);
	}
	if (!rc)
		bl_policies_set_local(a->policies, pods, n_pods);
	return rc;
}

/* --- a turn -------------------------------------------------------------------------------------------------------------- */

/* The tables take note of an answer also where they fail, so each change is told to them once. */
static int change(struct bl_agent *a, struct bl_arena *arena, struct bl_err *err)
{
	const struct bl_desired_policy *want;

	if (!a->policy_dirty)
		return bl_datapath_set_policy(a->datapath, NULL, err);
	want = bl_policies_compile(a->policies, !a->policy_whole, arena);
	a->policy_whole = true;
	a->policy_dirty = false;
	return bl_datapath_set_policy(a->datapath, want, err);
}

int bl_agent_apply_policy(struct bl_agent *a, bool node)
{
	BL_ARENA struct bl_arena *arena = bl_arena_new(16384);
	struct bl_err err = {};
	int rc = 0, ms;

	if (node) {
		rc = set_local(a, arena, &err);
		a->policy_dirty = true;
	}
	if (!rc)
		rc = change(a, arena, &err);
	a->policy_waits = rc == -EAGAIN;
	if (!a->policy_waits)
		bl_failures_set(a->failures, "policy", rc ? &err : NULL);
	ms = bl_datapath_policy_next(a->datapath);
	if (ms > 0 || (!ms && a->policy_waits))
		bl_timer_start(a->policy_timer, (uint64_t)ms);
	return rc;
}
