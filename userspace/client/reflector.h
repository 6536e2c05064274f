/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CLIENT_REFLECTOR_H
#define BL_CLIENT_REFLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/client.h"

/*
 * List and watch of one collection, for ever: it lists in pages, watches from the list's version with bookmarks,
 * reconnects with back-off, lists again on 410 or a broken stream. It hands out bytes and knows no kinds: a list is cut
 * into its items without building a tree of the whole.
 */
struct bl_reflector;

struct bl_reflector_ops {
	/* A list begins: what is not handed out before `synced` no longer exists. */
	void (*begin)(void *arg);
	/* One object's JSON, from the list or as ADDED or MODIFIED. Lent for the call. */
	void (*set)(void *arg, const char *json, size_t len);
	/* DELETED, with the object's last state. */
	void (*gone)(void *arg, const char *json, size_t len);
	/* The list is complete. Called after every list. */
	void (*synced)(void *arg);
	/* The connection's state changed, for people: `why` is "" when connected. */
	void (*state)(void *arg, bool connected, const char *why);
};

struct bl_reflector_opts {
	const char *path;	    /* "/api/v1/pods" */
	const char *field_selector; /* "" for none */
	const char *label_selector;
	uint32_t page; /* list limit; 0: 500 */
};

/*
 * What it hands out never goes back in time: a list or event that is older than what was handed out is refused. A list
 * without any object, after there were some, is asked for again before it counts; if it is older as well it never does.
 * Not to be freed from its own callbacks.
 */
struct bl_reflector *bl_reflector_new(struct bl_client *client,
				      const struct bl_reflector_opts *opts,
				      const struct bl_reflector_ops *ops, void *arg);
struct bl_reflector *bl_reflector_free(struct bl_reflector *r);
bool bl_reflector_connected(const struct bl_reflector *r);

#endif
