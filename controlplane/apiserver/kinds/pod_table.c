/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: A Pod's row of a Table.
 *
 * What people know a pod by is one word, its status. It is the phase, unless something more
 * telling is known, later ones over earlier ones: why the pod as a whole is as it is, how far its
 * init containers came ("Init:1/2"), why a container waits or how it ended, and that the pod is
 * being deleted. Ready counts containers (and init containers that keep running); restarts are
 * summed up, with the time of the last.
 *
 * The order of the rules matters more than the rules: it is that of the real server, since people
 * and scripts know its words.
 */
#include <stdio.h>

#include "apiserver/kinds/cells.h"
#include "apiserver/kinds/kinds.h"
#include "apiserver/kinds/pod.h"
#include "base/str.h"

const struct bl_column bl_pod_columns[] = {
	BL_COLUMN_NAME,
	{"Ready", "string", "", "The aggregate readiness state of this pod for accepting traffic.",
	 0},
	{"Status", "string", "", "The aggregate status of the containers in this pod.", 0},
	{"Restarts", "string", "", "How often containers of the pod were started again.", 0},
	BL_COLUMN_AGE,
	{"IP", "string", "", "The primary address of the pod.", 1},
	{"Node", "string", "", "The node that the pod is bound to.", 1},
	{"Nominated Node", "string", "", "The node that room is being made on.", 1},
	{"Readiness Gates", "string", "", "How many of the readiness gates are open.", 1},
	{},
};

struct summary {
	struct bl_buf reason;
	long long restarts;
	const char *last_restart; /* RFC 3339, "" where there was none */
	size_t ready;
	size_t total;
};

static void set_reason(struct summary *s, const char *prefix, const char *reason)
{
	bl_buf_clear(&s->reason);
	bl_buf_printf(&s->reason, "%s%s", prefix, reason);
}

/* How a container ended: its reason, else its signal or exit code. */
static void set_ended(struct summary *s, const char *prefix, const json_t *ended)
{
	char text[64];

	if (bl_has_str(ended, "reason")) {
		set_reason(s, prefix, bl_str(ended, "reason"));
		return;
	}
	if (bl_int(ended, "signal"))
		(void)snprintf(text, sizeof(text), "Signal:%lld", bl_int(ended, "signal"));
	else
		(void)snprintf(text, sizeof(text), "ExitCode:%lld", bl_int(ended, "exitCode"));
	set_reason(s, prefix, text);
}

static void add_restarts(struct summary *s, const json_t *status)
{
	const char *at = bl_str(bl_get(bl_get(status, "lastState"), "terminated"), "finishedAt");

	s->restarts += bl_int(status, "restartCount");
	/* RFC 3339 in UTC sorts as text. */
	if (strcmp(at, s->last_restart) > 0)
		s->last_restart = at;
}

static bool keeps_running(const json_t *spec, const char *name)
{
	const json_t *inits = bl_get(spec, "initContainers");

	for (size_t i = 0; i < json_array_size(inits); i++) {
		const json_t *container = json_array_get(inits, i);

		if (bl_streq(bl_str(container, "name"), name))
			return bl_streq(bl_str(container, "restartPolicy"), "Always");
	}
	return false;
}

/* True: this init container is not done, and is what the pod waits for. */
static bool init_pending(struct summary *s, const json_t *spec, const json_t *status, size_t i)
{
	const json_t *state = bl_get(status, "state");
	const json_t *ended = bl_get(state, "terminated");
	const char *waits = bl_str(bl_get(state, "waiting"), "reason");
	char text[64];

	if (ended && bl_int(ended, "exitCode") == 0)
		return false;
	if (keeps_running(spec, bl_str(status, "name")) && bl_bool(status, "started")) {
		s->ready += bl_bool(status, "ready");
		return false;
	}
	if (ended) {
		set_ended(s, "Init:", ended);
	} else if (*waits && !bl_streq(waits, "PodInitializing")) {
		set_reason(s, "Init:", waits);
	} else {
		(void)snprintf(text, sizeof(text), "%zu/%zu", i, bl_count(spec, "initContainers"));
		set_reason(s, "Init:", text);
	}
	return true;
}

static bool add_inits(struct summary *s, const json_t *spec, const json_t *statuses)
{
	for (size_t i = 0; i < json_array_size(statuses); i++) {
		const json_t *status = json_array_get(statuses, i);

		add_restarts(s, status);
		if (init_pending(s, spec, status, i))
			return true;
	}
	return false;
}

/* Restarts of init containers count on only for those that keep running. */
static void keep_init_restarts(struct summary *s, const json_t *spec, const json_t *statuses)
{
	s->restarts = 0;
	s->last_restart = "";
	for (size_t i = 0; i < json_array_size(statuses); i++) {
		const json_t *status = json_array_get(statuses, i);

		if (keeps_running(spec, bl_str(status, "name")))
			add_restarts(s, status);
	}
}

static const json_t *condition_of(const json_t *status, const char *type)
{
	const json_t *conditions = bl_get(status, "conditions");

	for (size_t i = 0; i < json_array_size(conditions); i++) {
		if (bl_streq(bl_str(json_array_get(conditions, i), "type"), type))
			return json_array_get(conditions, i);
	}
	return NULL;
}

static bool condition_holds(const json_t *status, const char *type)
{
	return bl_streq(bl_str(condition_of(status, type), "status"), "True");
}

static void add_containers(struct summary *s, const json_t *status)
{
	const json_t *statuses = bl_get(status, "containerStatuses");
	bool running = false;

	/* From the last to the first, so that the first has the last word. */
	for (size_t i = json_array_size(statuses); i-- > 0;) {
		const json_t *one = json_array_get(statuses, i);
		const json_t *state = bl_get(one, "state");
		const char *waits = bl_str(bl_get(state, "waiting"), "reason");

		add_restarts(s, one);
		if (*waits) {
			set_reason(s, "", waits);
		} else if (bl_has(state, "terminated")) {
			set_ended(s, "", bl_get(state, "terminated"));
		} else if (bl_bool(one, "ready") && bl_has(state, "running")) {
			running = true;
			s->ready++;
		}
	}
	if (running && s->reason.data && bl_streq(s->reason.data, "Completed"))
		set_reason(s, "", condition_holds(status, "Ready") ? "Running" : "NotReady");
}

static void summarize(struct summary *s, const json_t *obj)
{
	const json_t *spec = bl_get(obj, "spec");
	const json_t *status = bl_get(obj, "status");
	const json_t *inits = bl_get(status, "initContainerStatuses");
	const char *phase = bl_str(status, "phase");
	bool over = bl_streq(phase, "Succeeded") || bl_streq(phase, "Failed");

	set_reason(s, "", bl_has_str(status, "reason") ? bl_str(status, "reason") : phase);
	if (bl_streq(bl_str(condition_of(status, "PodScheduled"), "reason"), "SchedulingGated"))
		set_reason(s, "", "SchedulingGated");
	s->total = bl_count(spec, "containers");
	for (size_t i = 0; i < bl_count(spec, "initContainers"); i++) {
		const json_t *init = json_array_get(bl_get(spec, "initContainers"), i);

		s->total += bl_streq(bl_str(init, "restartPolicy"), "Always");
	}
	if (!add_inits(s, spec, inits) || condition_holds(status, "Initialized")) {
		keep_init_restarts(s, spec, inits);
		add_containers(s, status);
	}
	if (!bl_has(bl_get(obj, "metadata"), "deletionTimestamp"))
		return;
	if (bl_streq(bl_str(status, "reason"), "NodeLost"))
		set_reason(s, "", "Unknown");
	else if (!over)
		set_reason(s, "", "Terminating");
}

static void cell_restarts(json_t *row, const struct summary *s, long long now_ns)
{
	char since[BL_SINCE_LEN];
	char text[96];

	if (s->restarts && *s->last_restart)
		(void)snprintf(text, sizeof(text), "%lld (%s ago)", s->restarts,
			       bl_since(s->last_restart, now_ns, since));
	else
		(void)snprintf(text, sizeof(text), "%lld", s->restarts);
	bl_cell_str(row, text);
}

static void cell_gates(json_t *row, const json_t *gates, const json_t *status)
{
	size_t open = 0;
	char text[64];

	for (size_t i = 0; i < json_array_size(gates); i++)
		open += condition_holds(status, bl_str(json_array_get(gates, i), "conditionType"));
	(void)snprintf(text, sizeof(text), "%zu/%zu", open, json_array_size(gates));
	bl_cell_str(row, json_array_size(gates) ? text : "<none>");
}

json_t *bl_pod_cells(const json_t *obj, long long now_ns)
{
	const json_t *spec = bl_get(obj, "spec");
	const json_t *status = bl_get(obj, "status");
	struct summary s = {.last_restart = ""};
	json_t *row = json_array();
	char ready[64];

	summarize(&s, obj);
	(void)snprintf(ready, sizeof(ready), "%zu/%zu", s.ready, s.total);
	bl_cell_name(row, obj);
	bl_cell_str(row, ready);
	bl_cell_buf(row, &s.reason, "");
	cell_restarts(row, &s, now_ns);
	bl_cell_age(row, obj, now_ns);
	bl_cell_str_or(row, bl_str(json_array_get(bl_get(status, "podIPs"), 0), "ip"), "<none>");
	bl_cell_str_or(row, bl_str(spec, "nodeName"), "<none>");
	bl_cell_str_or(row, bl_str(status, "nominatedNodeName"), "<none>");
	cell_gates(row, bl_get(spec, "readinessGates"), status);
	return row;
}
