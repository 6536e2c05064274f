// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: From the API's bytes to the store.
 *
 * One reflector a kind. An event decodes its object, puts it into the store and asks for a turn of apply; nothing else
 * happens here. An object that cannot be decoded is reported under its name and leaves what the store holds of it as it
 * is, so that one bad object takes nothing down and its last good state goes on working. But a NetworkPolicy is then closed: it
 * isolates what it selects and allows nothing, and an event says so.
 *
 * Apply starts when every kind has been listed whole: a node that knows its Services but not their endpoints would
 * refuse connections that the state in the kernel still serves.
 */

#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "api/networkpolicy.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"

static void on_begin(void *arg)
{
	struct bl_agent_watch *w = arg;

	w->listing = true;
	bl_store_begin(w->agent->store, w->kind);
}

static void label(const struct bl_agent_watch *w, const json_t *json, char *buf, size_t size)
{
	const char *namespace = bl_json_str_at(json, "metadata", "namespace", NULL);
	const char *name = bl_json_str_at(json, "metadata", "name", NULL);

	(void)snprintf(buf, size, "%s %.253s%s%.253s", bl_api_type(w->kind)->name,
		       namespace ? namespace : "", namespace ? "/" : "", name ? name : "?");
}

/* A policy that cannot be read: whoever wrote it is told once. Whether there is a closed form of it. */
static bool close_policy(struct bl_agent_watch *w, const json_t *json, const char *object,
			 const struct bl_err *err)
{
	const char *said = bl_failures_get(w->agent->failures, object);
	struct bl_api_object *closed = NULL;

	if (w->kind != BL_API_NETWORKPOLICY || !json ||
	    bl_api_networkpolicy_closed(json, &closed, NULL))
		return false;
	if (!said || !bl_streq(said, bl_err_text(err)))
		bl_events_warn(w->agent->events, w->kind, json, "PolicyClosed", bl_err_text(err));
	bl_store_put(w->agent->store, closed);
	bl_agent_mark(w->agent, false);
	return true;
}

static void refused(struct bl_agent_watch *w, const json_t *json, const struct bl_err *err)
{
	const char *namespace = bl_json_str_at(json, "metadata", "namespace", NULL);
	const char *name = bl_json_str_at(json, "metadata", "name", NULL);
	char object[640];
	bool closed;

	label(w, json, object, sizeof(object));
	closed = close_policy(w, json, object, err);
	bl_failures_set(w->agent->failures, object, err);
	if (name && !closed)
		bl_store_keep(w->agent->store, w->kind, namespace ? namespace : "", name);
}

/* What the slice's decoder left out is worth a line, once. */
static void report_refused_endpoints(struct bl_agent_watch *w, const struct bl_api_object *obj)
{
	const struct bl_api_endpointslice *slice = (const struct bl_api_endpointslice *)obj;
	struct bl_err err = {};
	char object[640];

	if (obj->kind != BL_API_ENDPOINTSLICE)
		return;
	(void)snprintf(object, sizeof(object), "EndpointSlice %s/%s endpoints", obj->meta.namespace,
		       obj->meta.name);
	if (slice->n_refused)
		(void)bl_err_set(&err, -EINVAL, "%zu endpoints refused, the first: %s",
				 slice->n_refused, slice->refused);
	bl_failures_set(w->agent->failures, object, slice->n_refused ? &err : NULL);
}

static void on_set(void *arg, const char *data, size_t len)
{
	struct bl_agent_watch *w = arg;
	struct bl_api_object *obj = NULL;
	BL_JSON json_t *json = NULL;
	struct bl_err err = {};
	char object[640];

	bl_timing_event(&w->agent->timing, bl_time_mono_ns());
	if (bl_json_parse(data, len, &json, &err) || bl_api_decode(w->kind, json, &obj, &err)) {
		refused(w, json, &err);
		return;
	}
	label(w, json, object, sizeof(object));
	bl_failures_set(w->agent->failures, object, NULL);
	report_refused_endpoints(w, obj);
	bl_store_put(w->agent->store, obj);
	bl_agent_mark(w->agent, false);
}

static void on_gone(void *arg, const char *data, size_t len)
{
	struct bl_agent_watch *w = arg;
	const char *namespace, *name;
	BL_JSON json_t *json = NULL;
	struct bl_err err = {};
	char object[640];

	bl_timing_event(&w->agent->timing, bl_time_mono_ns());
	if (bl_json_parse(data, len, &json, &err)) {
		refused(w, NULL, &err);
		return;
	}
	namespace = bl_json_str_at(json, "metadata", "namespace", NULL);
	name = bl_json_str_at(json, "metadata", "name", NULL);
	if (!name)
		return;
	label(w, json, object, sizeof(object));
	bl_failures_set(w->agent->failures, object, NULL);
	bl_store_remove(w->agent->store, w->kind, namespace ? namespace : "", name);
	bl_agent_mark(w->agent, false);
}

static void on_synced(void *arg)
{
	struct bl_agent_watch *w = arg;
	bool was = bl_agent_is_synced(w->agent);

	bl_store_synced(w->agent->store, w->kind);
	w->listing = false;
	w->synced = true;
	if (!was && bl_agent_is_synced(w->agent))
		bl_log_info("in sync with the API server services=%zu slices=%zu nodes=%zu "
			    "pods=%zu policies=%zu",
			    bl_store_count(w->agent->store, BL_API_SERVICE),
			    bl_store_count(w->agent->store, BL_API_ENDPOINTSLICE),
			    bl_store_count(w->agent->store, BL_API_NODE),
			    bl_store_count(w->agent->store, BL_API_POD),
			    bl_store_count(w->agent->store, BL_API_NETWORKPOLICY));
	bl_agent_mark(w->agent, true);
}

static void on_state(void *arg, bool connected, const char *why)
{
	struct bl_agent_watch *w = arg;

	(void)snprintf(w->why, sizeof(w->why), "%s", connected ? "" : why);
	if (connected)
		bl_log_info("watching kind=%s", bl_api_type(w->kind)->name);
	else
		bl_log_warn("lost the API server kind=%s why='%s', trying again",
			    bl_api_type(w->kind)->name, w->why);
}

static const struct bl_reflector_ops ops = {
	.begin = on_begin,
	.set = on_set,
	.gone = on_gone,
	.synced = on_synced,
	.state = on_state,
};

void bl_agent_watch_start(struct bl_agent *a)
{
	static const enum bl_api_kind kinds[BL_AGENT_KINDS] = {
		BL_API_NODE,	  BL_API_SERVICE, BL_API_ENDPOINTSLICE,
		BL_API_NAMESPACE, BL_API_POD,	  BL_API_NETWORKPOLICY,
	};

	for (size_t i = 0; i < BL_AGENT_KINDS; i++) {
		struct bl_reflector_opts opts = {
			.path = bl_api_type(kinds[i])->path,
			.field_selector = "",
			.label_selector = "",
		};

		a->watches[i].agent = a;
		a->watches[i].kind = kinds[i];
		(void)snprintf(a->watches[i].why, sizeof(a->watches[i].why), "connecting");
		a->watches[i].reflector = bl_reflector_new(a->client, &opts, &ops, &a->watches[i]);
	}
}

void bl_agent_watch_stop(struct bl_agent *a)
{
	for (size_t i = 0; i < BL_AGENT_KINDS; i++)
		a->watches[i].reflector = bl_reflector_free(a->watches[i].reflector);
}

bool bl_agent_is_synced(const struct bl_agent *a)
{
	for (size_t i = 0; i < BL_AGENT_KINDS; i++) {
		if (!a->watches[i].synced)
			return false;
	}
	return true;
}
