// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Events: what is wrong with an object, said where its author looks.
 *
 * An event's name is made of the object's name and a hash of its uid, its version and the text. So the first node that says it makes the
 * event, and the others hear that it exists (409), which is as good: one event a wrong version, in a cluster of any size, also when
 * agents restart. Events are for people; nothing waits for one, and one that cannot be sent is a line in the log.
 */

#include "agent/event.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#define UNDER_WAY_MAX 64
#define MESSAGE_MAX   1000 /* the API allows 1024 */
#define NAME_MAX_LEN  230  /* of 253, with the hash behind it */

struct bl_events {
	struct bl_client *client;
	const char *node;
	size_t under_way;
};

struct bl_events *bl_events_new(struct bl_client *client, const char *node)
{
	struct bl_events *e = bl_new0(struct bl_events);

	e->client = client;
	e->node = node;
	return e;
}

struct bl_events *bl_events_free(struct bl_events *e)
{
	free(e);
	return NULL;
}

static void on_done(void *arg, const struct bl_client_response *resp)
{
	struct bl_events *e = arg;

	e->under_way--;
	if (resp->status / 100 != 2 && resp->status != 409)
		bl_log_warn("an event was not taken status=%d error='%s', ignoring", resp->status,
			    resp->error ? resp->error : "");
}

static const char *meta(const json_t *object, const char *field)
{
	const char *s = bl_json_str_at(object, "metadata", field, NULL);

	return s ? s : "";
}

static char *name_of(const json_t *object, const char *message)
{
	BL_FREE char *what = bl_asprintf("%s/%s/%s", meta(object, "uid"),
					 meta(object, "resourceVersion"), message);

	return bl_asprintf("%.*s.%016llx", NAME_MAX_LEN, meta(object, "name"),
			   (unsigned long long)XXH64(what, strlen(what), 0));
}

/* "networking.k8s.io/v1", by the path of the kind: items of lists do not say it. */
static char *version_of(enum bl_api_kind kind)
{
	const char *path = bl_api_type(kind)->path;
	const char *from = path + strlen(bl_str_starts(path, "/apis/") ? "/apis/" : "/api/");

	return bl_strndup(from, (size_t)(strrchr(path, '/') - from));
}

static json_t *event_of(const struct bl_events *e, enum bl_api_kind kind, const json_t *object,
			const char *reason, const char *message)
{
	BL_FREE char *name = name_of(object, message);
	BL_FREE char *version = version_of(kind);
	BL_FREE char *text = bl_strndup(message, strnlen(message, MESSAGE_MAX));
	char now[BL_TIME_STRLEN];

	(void)bl_time_format((int64_t)bl_time_wall_ns(), 0, now);
	return json_pack("{ss ss s{ss ss} s{ss ss ss ss ss ss} ss ss ss s{ss ss} ss ss si ss ss}",
			 "apiVersion", "v1", "kind", "Event", "metadata", "name", name, "namespace",
			 meta(object, "namespace"), "involvedObject", "apiVersion", version, "kind",
			 bl_api_type(kind)->name, "namespace", meta(object, "namespace"), "name",
			 meta(object, "name"), "uid", meta(object, "uid"), "resourceVersion",
			 meta(object, "resourceVersion"), "type", "Warning", "reason", reason,
			 "message", text, "source", "component", "beelined", "host", e->node,
			 "firstTimestamp", now, "lastTimestamp", now, "count", 1,
			 "reportingComponent", "beelined", "reportingInstance", e->node);
}

void bl_events_warn(struct bl_events *e, enum bl_api_kind kind, const json_t *object,
		    const char *reason, const char *message)
{
	const char *namespace = meta(object, "namespace");
	BL_FREE char *path = NULL, *body = NULL;
	struct bl_client_request req = {.method = "POST"};
	BL_JSON json_t *event = NULL;

	/* They become part of a path. */
	if (e->under_way >= UNDER_WAY_MAX || !bl_str_is_dns_label(namespace) ||
	    !bl_str_is_dns_subdomain(meta(object, "name")))
		return;
	event = event_of(e, kind, object, reason, message);
	if (!event)
		return; /* text that is no UTF-8 */
	path = bl_asprintf("/api/v1/namespaces/%s/events", namespace);
	body = bl_json_dump(event);
	req.path = path;
	req.body = body;
	req.len = strlen(body);
	e->under_way++;
	bl_client_send(e->client, &req, on_done, e);
}
