/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_AGENT_TIMING_H
#define BL_AGENT_TIMING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * How long the kernel lags behind the API: the first programming of everything, and the last change. Times are
 * nanoseconds of CLOCK_MONOTONIC. All zero is the state of an agent that has just started.
 */
struct bl_timing {
	uint64_t event_ns; /* the first event that is not in the kernel yet; 0: none */
	uint64_t began_ns; /* when every kind was in sync; 0: not yet */
	bool full;	   /* the rest is filled */
	uint64_t full_ns;
	uint64_t full_services;
	uint64_t full_writes;
	uint64_t change_ns;    /* 0: nothing has changed since */
	uint64_t change_at_ns; /* the arrival of that change's first event */
};

/* An event has arrived, before its object is decoded. */
void bl_timing_event(struct bl_timing *t, uint64_t now_ns);

/* A turn of apply begins with every kind in sync. */
void bl_timing_begin(struct bl_timing *t, uint64_t now_ns);

/* A turn of apply has left nothing undone. Services and map writes since the start: asked for while `full` is false. */
void bl_timing_done(struct bl_timing *t, uint64_t now_ns, uint64_t services, uint64_t writes);

/* {"ns", "services", "map_writes"}, null before; and nanoseconds, and the clock when they began, null before. */
json_t *bl_timing_full_json(const struct bl_timing *t);
json_t *bl_timing_change_json(const struct bl_timing *t);
json_t *bl_timing_change_at_json(const struct bl_timing *t);

#endif
