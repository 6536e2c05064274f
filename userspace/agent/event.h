/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_AGENT_EVENT_H
#define BL_AGENT_EVENT_H

#include <jansson.h>

#include "api/object.h"
#include "client/client.h"

/* Warnings about objects as core/v1 Events, for whoever wrote the object: `kubectl describe` shows them. */
struct bl_events;

struct bl_events *bl_events_new(struct bl_client *client, const char *node); /* lends both */
/* What is not answered yet is the client's to forget, which must be freed before. */
struct bl_events *bl_events_free(struct bl_events *e);

/*
 * About this object of the kind, as the API sent it. Sent once a version of the object and text, however many nodes say it. A failure is
 * logged and not tried again; while many are under way, more are left out.
 */
void bl_events_warn(struct bl_events *e, enum bl_api_kind kind, const json_t *object,
		    const char *reason, const char *message);

#endif
