// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Events for people.
 *
 * What a controller cannot do it says where people look: in an Event on the object (kubectl describe). Events about
 * cluster-scoped objects live in the namespace default, as kube-controller-manager's do. The name is the object's name
 * and the time in hexadecimal, which is how every Kubernetes component names its events.
 *
 * An event is advice, so its failure is ignored: the log has the same fact.
 */

#include "controllers/event.h"

#include <jansson.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/time.h"

static bool answered(void *arg, struct bl_queue_item *item, const struct bl_client_response *resp)
{
	(void)arg;
	(void)item;
	(void)resp;
	return true;
}

void bl_event_send(struct bl_queue_item *item, const struct bl_event_text *e)
{
	const char *ns = e->namespace ? e->namespace : "default";
	int64_t now = bl_time_wall_ns();
	char time[BL_TIME_STRLEN];
	BL_FREE char *name = bl_asprintf("%.200s.%llx", e->name, (unsigned long long)now);
	BL_FREE char *path = bl_asprintf("/api/v1/namespaces/%s/events", ns);
	BL_FREE char *body = NULL;
	struct bl_client_request req = {.method = "POST", .path = path};
	json_t *event, *object = json_pack("{s:s, s:s, s:s, s:s}", "apiVersion", "v1", "kind",
					   e->kind, "name", e->name, "uid", e->uid);

	if (e->namespace)
		json_object_set_new(object, "namespace", json_string(e->namespace));
	bl_time_format(now, 0, time);
	event = json_pack("{s:s, s:s, s:{s:s, s:s}, s:o, s:s, s:s, s:s, s:{s:s}, s:s, s:s, s:i}",
			  "apiVersion", "v1", "kind", "Event", "metadata", "name", name,
			  "namespace", ns, "involvedObject", object, "reason", e->reason, "message",
			  e->message, "type", "Warning", "source", "component", e->component,
			  "firstTimestamp", time, "lastTimestamp", time, "count", 1);
	body = bl_json_dump(event);
	json_decref(event);
	req.body = body;
	req.len = strlen(body);
	bl_queue_send(item, &req, answered, NULL);
}
