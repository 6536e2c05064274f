// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: POST pods/NAME/binding.
 *
 * What a scheduler does with its decision: the Pod gets its node, and the condition PodScheduled says so. A Pod that has a
 * node keeps it: binding it again, to whichever node, is a conflict, so that two schedulers cannot both win.
 */
#include "apiserver/handlers.h"
#include "apiserver/server_priv.h"
#include "apiserver/status.h"
#include "apiserver/write.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

static void answer_bound(struct bl_request *rq)
{
	json_t *s = bl_status_new(201, NULL, "%s", "");

	json_object_set_new(s, "status", json_string("Success"));
	json_object_del(s, "message");
	bl_answer_status(rq, s);
}

static void set_scheduled(json_t *pod)
{
	json_t *status = json_object_get(pod, "status");
	json_t *list = json_object_get(status, "conditions");
	json_t *c = json_object();
	const json_t *have;
	char now[32];
	size_t i;

	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(status, "conditions", list);
	}
	json_array_foreach (list, i, have) {
		const char *type = bl_json_str_at(have, "type", NULL);

		if (type && bl_streq(type, "PodScheduled")) {
			json_array_remove(list, i);
			break;
		}
	}
	json_object_set_new(c, "type", json_string("PodScheduled"));
	json_object_set_new(c, "status", json_string("True"));
	json_object_set_new(c, "lastProbeTime", json_null());
	json_object_set_new(c, "lastTransitionTime", json_string(bl_now_text(now)));
	json_array_append_new(list, c);
}

static json_t *bind_pod(struct bl_request *rq, json_t *pod, const json_t *binding)
{
	const char *node = bl_json_str_at(binding, "target", "name", NULL);
	const char *bound = bl_json_str_at(pod, "spec", "nodeName", NULL);
	BL_FREE char *why = NULL;

	if (!node || !*node)
		return bl_status_bad_request("target.name is required");
	if (bl_json_str_at(pod, "metadata", "deletionTimestamp", NULL))
		return bl_status_conflict(rq->kind, rq->name,
					  "pod is being deleted, cannot be assigned to a host");
	if (bound && *bound) {
		why = bl_asprintf("pod %s is already assigned to node \"%s\"", rq->name, bound);
		return bl_status_conflict(rq->kind, rq->name, why);
	}
	json_object_set_new(json_object_get(pod, "spec"), "nodeName", json_string(node));
	set_scheduled(pod);
	return NULL;
}

void bl_handle_binding(struct bl_request *rq)
{
	BL_JSON json_t *body = NULL;
	BL_JSON json_t *pod = NULL;
	struct bl_object *live;
	json_t *s = bl_options_read(rq, "CreateOptions", false);

	if (!s)
		s = bl_read_body(rq, &body);
	if (!s && bl_parked(rq, rq->ns, rq->name))
		return;
	live = bl_store_get(rq->st, rq->ns, rq->name);
	if (!s && !live)
		s = bl_status_not_found(rq->kind, rq->name);
	if (!s) {
		pod = bl_object_decode(live);
		s = bind_pod(rq, pod, body);
	}
	if (s) {
		bl_answer_status(rq, s);
		return;
	}
	rq->then = answer_bound;
	if (rq->opts.dry_run)
		answer_bound(rq);
	else
		bl_stage(rq, bl_object_new(pod), live, NULL);
}
