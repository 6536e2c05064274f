/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CONTROLLERS_EVENT_H
#define BL_CONTROLLERS_EVENT_H

#include "controllers/queue.h"

/* A core/v1 Event of type Warning about one object. */
struct bl_event_text {
	const char *kind, *namespace, *name, *uid; /* of the object; namespace NULL: it has none */
	const char *reason;			   /* one word in CamelCase */
	const char *message;
	const char *component;
};

/* Sends it as part of the item's work. A refused event is nobody's failure. */
void bl_event_send(struct bl_queue_item *item, const struct bl_event_text *e);

#endif
