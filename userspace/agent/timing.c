// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: How long the kernel lags behind the API.
 *
 * Two spans, measured where both ends are known, so that nobody has to guess them from outside:
 *
 *	full sync	from the turn of the loop in which the last kind came into sync (every list decoded, nothing applied)
 *			until the first turn of apply that leaves nothing undone. Once in an agent's life.
 *	last change	from the arrival of the first event that the kernel did not hold yet, before it is decoded, until apply
 *			leaves nothing undone again. Events that arrive meanwhile belong to the same span, so a burst counts
 *			as a whole, and a failure that is tried again lasts until it succeeds.
 *
 * An event that changes nothing the kernel holds ends its span too: the kernel was told to do nothing. The clock is the
 * caller's.
 */

#include "agent/timing.h"

void bl_timing_event(struct bl_timing *t, uint64_t now_ns)
{
	if (!t->event_ns)
		t->event_ns = now_ns;
}

void bl_timing_begin(struct bl_timing *t, uint64_t now_ns)
{
	if (!t->began_ns)
		t->began_ns = now_ns;
}

void bl_timing_done(struct bl_timing *t, uint64_t now_ns, uint64_t services, uint64_t writes)
{
	if (!t->full) {
		t->full = true;
		t->full_ns = now_ns - t->began_ns;
		t->full_services = services;
		t->full_writes = writes;
	} else if (t->event_ns) {
		t->change_ns = now_ns - t->event_ns;
		t->change_at_ns = t->event_ns;
	}
	t->event_ns = 0;
}

json_t *bl_timing_full_json(const struct bl_timing *t)
{
	if (!t->full)
		return json_null();
	return json_pack("{sI sI sI}", "ns", (json_int_t)t->full_ns, "services",
			 (json_int_t)t->full_services, "map_writes", (json_int_t)t->full_writes);
}

json_t *bl_timing_change_json(const struct bl_timing *t)
{
	return t->change_ns ? json_integer((json_int_t)t->change_ns) : json_null();
}

json_t *bl_timing_change_at_json(const struct bl_timing *t)
{
	return t->change_ns ? json_integer((json_int_t)t->change_at_ns) : json_null();
}
