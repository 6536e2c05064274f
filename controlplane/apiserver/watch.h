/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_WATCH_H
#define BL_APISERVER_WATCH_H

#include "apiserver/request.h"

/*
 * A watch reads its kind's history from where it stands; it has no queue. One that is so slow that the history has moved on
 * gets a 410 event and ends.
 */
struct bl_watch;

/* Answers rq with a stream, or with a Status. */
void bl_watch_start(struct bl_request *rq);

/* The next bytes for the connection: 0: nothing yet, the connection sleeps until bl_watch_notify(); -1: the end. */
ssize_t bl_watch_read(struct bl_watch *w, char *to, size_t max);

/* Called (once a sleep) when there is something to read. */
void bl_watch_set_waker(struct bl_watch *w, void (*wake)(void *arg), void *arg);

/* The store has new events: wakes the watches that want one of them. */
void bl_watch_notify(struct bl_store *st);

/* Time for bookmarks on every watch of the store. */
void bl_watch_bookmarks(struct bl_store *st);

/* Ends every watch of the store: the server stops. */
void bl_watch_end_all(struct bl_store *st);

struct bl_watch *bl_watch_free(struct bl_watch *w);

#endif
