// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Watch events, read without parsing the object.
 *
 * An event is an envelope {"type": ..., "object": ...}. Its reader needs the type, where the object's bytes lie, and the
 * object's resourceVersion; the object itself goes to whoever knows its kind. So the envelope is looked through by spans:
 * keys of one level, values skipped by their brackets. Servers write metadata first, which makes that a few hundred bytes.
 *
 * Types that are not known are an error, as the API says: a client that skipped one would miss a change.
 */

#include "client/event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static int read_type(struct bl_span type, enum bl_event_type *ret)
{
	static const char *const names[] = {"ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!bl_span_eq(type, names[i]))
			continue;
		*ret = (enum bl_event_type)i;
		return 0;
	}
	return -EINVAL;
}

static int read_code(struct bl_span object)
{
	struct bl_span s = bl_span_of(object.data, object.len, "code");
	char text[8] = "";

	if (!s.len || s.len >= sizeof(text))
		return 0;
	memcpy(text, s.data, s.len);
	return atoi(text);
}

int bl_event_read(const char *json, size_t len, struct bl_event *ret_event, struct bl_err *err)
{
	struct bl_span whole = {json, len};
	struct bl_event e = {};

	if (read_type(bl_span_str(whole, "type"), &e.type))
		return bl_err_set(err, -EINVAL, "a watch event is of no known type");
	e.object = bl_span_of(json, len, "object");
	if (e.object.len < 2 || e.object.data[0] != '{')
		return bl_err_set(err, -EINVAL, "a watch event has no object");
	if (e.type == BL_EVENT_ERROR) {
		e.code = read_code(e.object);
		e.message = bl_span_str(e.object, "message");
	} else {
		struct bl_span meta = bl_span_of(e.object.data, e.object.len, "metadata");

		e.version = bl_span_str(meta, "resourceVersion");
		if (e.version.len >= BL_VERSION_MAX)
			return bl_err_set(err, -EINVAL, "a resourceVersion is too long");
	}
	*ret_event = e;
	return 0;
}

uint64_t bl_version_number(struct bl_span version)
{
	char text[24] = "";
	int64_t n;

	if (!version.len || version.len >= sizeof(text))
		return 0;
	memcpy(text, version.data, version.len);
	return bl_str_to_int(text, 1, INT64_MAX, &n) ? 0 : (uint64_t)n;
}
