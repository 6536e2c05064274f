/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_BODY_H
#define BL_APISERVER_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apiserver/object.h"

/*
 * The body of an answer as a row of pieces that are sent one after the other without being joined: a list of 20,000
 * objects costs 20,000 references, not a copy. Zero-initialised is empty.
 */
struct bl_piece {
	struct bl_object *obj; /* the piece lies in its text, or NULL */
	char *text;	       /* owned, when obj is NULL */
	uint32_t off, len;
	const char *lead; /* a constant in front of it, or NULL */
};

struct bl_body {
	struct bl_piece *pieces;
	size_t count, cap;
	size_t total; /* bytes */
	size_t at;    /* reading: the piece */
	size_t done;  /* and the bytes of it that were given out, its lead included */
};

void bl_body_text(struct bl_body *b, char *text);	       /* takes */
void bl_body_bytes(struct bl_body *b, char *data, size_t len); /* takes; may hold zero bytes */
void bl_body_puts(struct bl_body *b, const char *text);
void bl_body_object(struct bl_body *b, struct bl_object *obj); /* a new reference */
/* As an item of a list: without apiVersion and kind, and a comma before all but the first. */
void bl_body_item(struct bl_body *b, struct bl_object *obj, bool first);

/* Copies the next bytes, at most max; 0 at the end. */
size_t bl_body_read(struct bl_body *b, char *to, size_t max);
void bl_body_free(struct bl_body *b);

#endif
