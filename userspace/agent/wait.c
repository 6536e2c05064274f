// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Answers that come when the kernel is ready.
 *
 * `wait` is answered once the Service is programmed, with the number of backends that was asked for, if one was. Waiters
 * are looked at after each turn of apply, because only apply changes what they wait for; a timer of their own ends
 * the wait with the word of what is missing. `bgp-status` waits for BIRD's answer in the same way: each waiter is one
 * call that ends by an answer, by its timer, or because the peer went away.
 */

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "agent/agent.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "ipc/messages.h"

#define TIMEOUT_DEFAULT_MS 30000
#define TIMEOUT_MAX_MS	   86400000
#define WAITERS_MAX	   1024

struct bl_waiter {
	struct bl_waiter *prev, *next;
	struct bl_agent *agent;
	struct bl_call *call;
	struct bl_timer *timer;
	char *namespace;
	char *name;
	int64_t backends; /* -1: any number */
};

static void waiter_end(struct bl_waiter *w)
{
	DL_DELETE(w->agent->waiters, w);
	bl_timer_free(w->timer);
	free(w->namespace);
	free(w->name);
	free(w);
}

/* The backends that service-get would list: of every port and family. */
static int64_t count_backends(const struct bl_agent *a, const struct bl_waiter *w)
{
	BL_ARENA struct bl_arena *arena = bl_arena_new(4096);
	const struct bl_store_service *svc = bl_store_service(a->store, w->namespace, w->name);
	const struct bl_desired_service *want;
	size_t n = 0;

	if (!svc)
		return 0;
	want = bl_compile_service(a->store, &a->config->compile, svc, arena);
	for (size_t i = 0; i < want->n_sets; i++)
		n += bl_desired_is_part(want, i) ? 0 : bl_desired_live_targets(&want->sets[i]);
	return (int64_t)n;
}

/* Whether the wait is over; what is missing in *ret_why. */
static bool is_met(const struct bl_waiter *w, int64_t *ret_backends, const char **ret_why)
{
	if (!bl_agent_service_programmed(w->agent, w->namespace, w->name, ret_why))
		return false;
	*ret_backends = count_backends(w->agent, w);
	if (w->backends >= 0 && w->backends != *ret_backends) {
		*ret_why = "the number of backends is another";
		return false;
	}
	return true;
}

static bool try_answer(struct bl_waiter *w)
{
	const char *why;
	int64_t backends;

	if (!is_met(w, &backends, &why))
		return false;
	bl_server_reply(w->call,
			json_pack("{sb sI}", "programmed", 1, "backends", (json_int_t)backends));
	return true;
}

static void on_timeout(void *arg)
{
	struct bl_waiter *w = arg;
	const char *why = "";
	int64_t backends = 0;

	if (is_met(w, &backends, &why)) {
		(void)try_answer(w);
		waiter_end(w);
		return;
	}
	bl_server_fail(w->call, BL_IPC_TIMEOUT,
		       "Service '%s/%s' is not programmed: %s (backends: %lld)", w->namespace,
		       w->name, why, (long long)count_backends(w->agent, w));
	waiter_end(w);
}

static void on_cancelled(void *arg, struct bl_call *call)
{
	struct bl_waiter *w = arg;

	(void)call;
	waiter_end(w);
}

static void on_wait(void *arg, const json_t *request, int fd, struct bl_call *call)
{
	int64_t timeout = TIMEOUT_DEFAULT_MS, backends = -1;
	const char *namespace = NULL, *name = NULL;
	struct bl_agent *a = arg;
	struct bl_waiter *w;
	struct bl_err err = {};
	size_t count;

	(void)fd;
	if (bl_json_get_str(request, "namespace", &namespace, &err) ||
	    bl_json_get_str(request, "name", &name, &err) ||
	    bl_json_get_int(request, "backends", 0, INT32_MAX, &backends, &err) ||
	    bl_json_get_int(request, "timeout_ms", 0, TIMEOUT_MAX_MS, &timeout, &err)) {
		bl_server_fail(call, BL_IPC_BAD_REQUEST, "%s", bl_err_text(&err));
		return;
	}
	DL_COUNT(a->waiters, w, count);
	if (!namespace || !name || count >= WAITERS_MAX) {
		bl_server_fail(call, count >= WAITERS_MAX ? BL_IPC_BUSY : BL_IPC_BAD_REQUEST, "%s",
			       count >= WAITERS_MAX ? "too many wait already"
						    : "namespace and name must be given");
		return;
	}
	w = bl_new0(struct bl_waiter);
	w->agent = a;
	w->call = call;
	w->namespace = bl_strdup(namespace);
	w->name = bl_strdup(name);
	w->backends = backends;
	w->timer = bl_timer_new(a->loop, on_timeout, w);
	DL_APPEND(a->waiters, w);
	if (try_answer(w)) {
		waiter_end(w);
		return;
	}
	bl_timer_start(w->timer, (uint64_t)timeout);
	bl_server_defer(call, on_cancelled, w);
}

void bl_agent_wait_check(struct bl_agent *a)
{
	struct bl_waiter *w, *tmp;

	DL_FOREACH_SAFE (a->waiters, w, tmp) {
		if (try_answer(w))
			waiter_end(w);
	}
}

void bl_agent_wait_stop(struct bl_agent *a)
{
	struct bl_waiter *w, *tmp;

	DL_FOREACH_SAFE (a->waiters, w, tmp) {
		bl_server_fail(w->call, BL_IPC_INTERNAL, "the agent ends");
		waiter_end(w);
	}
}

/* A call that waits for BIRD. */
struct bgp_call {
	struct bl_agent *agent;
	struct bl_call *call; /* NULL: the peer went away */
};

static void on_bgp_cancelled(void *arg, struct bl_call *call)
{
	struct bgp_call *b = arg;

	(void)call;
	b->call = NULL;
}

static void on_bgp_fresh(void *arg)
{
	struct bgp_call *b = arg;
	json_t *out;

	if (b->call) {
		out = bl_bgp_status(b->agent->bgp);
		json_object_set_new(out, "enabled", json_true());
		bl_server_reply(b->call, out);
	}
	free(b);
}

static void on_bgp_status(void *arg, const json_t *request, int fd, struct bl_call *call)
{
	struct bl_agent *a = arg;
	struct bgp_call *b;

	(void)request;
	(void)fd;
	if (!a->bgp) {
		bl_server_reply(call, json_pack("{sb ss sb ss s[]}", "enabled", 0, "bird", "", "up",
						0, "error", "routing is direct", "sessions"));
		return;
	}
	b = bl_new0(struct bgp_call);
	b->agent = a;
	b->call = call;
	bl_server_defer(call, on_bgp_cancelled, b);
	bl_bgp_refresh(a->bgp, on_bgp_fresh, b);
}

static const struct bl_server_op ops[] = {
	{"wait", on_wait},
	{"bgp-status", on_bgp_status},
};

void bl_agent_wait_serve(struct bl_agent *a)
{
	bl_server_add(a->server, ops, BL_ARRAY_SIZE(ops), a);
}
