/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TESTS_WISH_H
#define BL_TESTS_WISH_H

#include "agent/datapath/services.h"
#include "base/arena.h"
#include "fake_maps.h"

/*
 * The service maps' bookkeeping over maps in memory. Wishes are text: "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080" is a set of
 * one frontend and two backends, "~" before a backend lets it drain, a port's name may follow the frontend
 * ("10.0.0.1:80=web>..."), "!>" makes the set this node's part of the port, "%>" gives it affinity, "#>" a Maglev table of 7 slots, "$>" direct return with it ("+" before a backend: on this node), and several sets are separated by blanks.
 */
struct world {
	struct fake_maps maps;
	struct bl_map_io io;
	struct bl_services *s;
	struct bl_arena *arena;
	struct bl_err err;
};

/* cmocka's fixtures. */
int wish_setup(void **state);
int wish_teardown(void **state);

/* An agent killed and started again over the same maps; the maps' count of calls starts at 0. */
void wish_restart(struct world *w);

/* Service shop/NAME as text says; strings are lent, the rest is of the world's arena. */
struct bl_desired_service *wish_make(struct world *w, const char *name, const char *uid,
				     const char *wish);
/* Service shop/NAME, with the uid "u1" in the second. Results of bl_services_set(). */
int wish_set_uid(struct world *w, const char *name, const char *uid, const char *wish);
int wish_set(struct world *w, const char *name, const char *wish);

/* Where an IPv4 frontend leads by the maps alone: "name>backend,backend", "" without entry. */
const char *wish_follow(struct world *w, const char *front);
/* The backend's entry, NULL where none is live. */
const struct bl_backend *wish_backend_of(struct world *w, const char *addr);

/* A grace period later. */
void wish_collect(struct world *w);

#endif
