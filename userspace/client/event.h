/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CLIENT_EVENT_H
#define BL_CLIENT_EVENT_H

#include <stdint.h>

#include "base/err.h"
#include "client/cutter.h"

enum bl_event_type {
	BL_EVENT_ADDED,
	BL_EVENT_MODIFIED,
	BL_EVENT_DELETED,
	BL_EVENT_BOOKMARK,
	BL_EVENT_ERROR,
};

#define BL_VERSION_MAX 64 /* bytes of a resourceVersion, with the terminator */

/* metav1.WatchEvent, its parts being spans of the text it was read from. */
struct bl_event {
	enum bl_event_type type;
	struct bl_span object;
	struct bl_span version; /* metadata.resourceVersion, unless it is an error */
	int code;		/* BL_EVENT_ERROR: of the Status; 0: none */
	struct bl_span message; /* BL_EVENT_ERROR */
};

/* -EINVAL: not an event. */
int bl_event_read(const char *json, size_t len, struct bl_event *ret_event, struct bl_err *err);

/* A resourceVersion as a number (KEP-5504); 0: absent or not one. */
uint64_t bl_version_number(struct bl_span version);

#endif
