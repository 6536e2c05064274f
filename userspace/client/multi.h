/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CLIENT_MULTI_H
#define BL_CLIENT_MULTI_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/loop.h"

/*
 * libcurl's multi interface on the loop. libcurl forbids to add or remove a transfer from inside its callbacks; here both are
 * allowed everywhere, because they happen before the loop sleeps.
 */
struct bl_multi;

struct bl_multi *bl_multi_new(struct bl_loop *loop);
struct bl_multi *bl_multi_free(struct bl_multi *m); /* every transfer must have been dropped */

/* A transfer; its owner embeds it, after setting `easy`, `done` and `dropped`. */
struct bl_multi_entry {
	CURL *easy;
	/* It ended by itself and is no longer libcurl's; the last call about it, unless it was dropped before. */
	void (*done)(struct bl_multi_entry *e, CURLcode result);
	/* It was dropped and is no longer libcurl's: its memory may go. */
	void (*dropped)(struct bl_multi_entry *e);
	struct bl_multi *multi;
	struct bl_multi_entry *next;
	bool running, dead;
};

void bl_multi_add(struct bl_multi *m, struct bl_multi_entry *e);
void bl_multi_drop(struct bl_multi_entry *e);

#endif
