/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CLIENT_CUTTER_H
#define BL_CLIENT_CUTTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum bl_cutter_mode {
	BL_CUT_STREAM, /* objects behind each other, as a watch sends them */
	BL_CUT_LIST,   /* one object: the elements of its "items", and its "metadata" */
};

/* A non-zero answer ends the feeding with that code, and the error's text is theirs to set. The bytes are lent for the call and not terminated. */
struct bl_cutter_ops {
	int (*item)(void *arg, const char *json, size_t len);
	int (*meta)(void *arg, const char *json, size_t len); /* BL_CUT_LIST */
};

/*
 * Cuts JSON into objects as its bytes arrive, in pieces of any size, without building a tree. It follows strings and
 * brackets only: what it hands out is a balanced object and still to be parsed.
 */
struct bl_cutter {
	enum bl_cutter_mode mode;
	const struct bl_cutter_ops *ops;
	void *arg;
	size_t max; /* of one object */

	unsigned int depth;
	bool in_string, escaped, done;
	bool wants_key; /* the next string at depth 1 is a key */
	bool reads_key; /* it is being read */
	char key[16];	/* the last key at depth 1; cut to what the two names need */
	size_t key_len;
	bool in_items;	    /* inside the list "items" */
	unsigned int from;  /* an object is being cut: the depth it began at; 0: none */
	struct bl_buf held; /* its bytes from earlier pieces */
};

void bl_cutter_init(struct bl_cutter *c, enum bl_cutter_mode mode, size_t max,
		    const struct bl_cutter_ops *ops, void *arg);
void bl_cutter_free(struct bl_cutter *c); /* frees what it holds, not the cutter */

/* -EINVAL: not JSON of this shape; -EFBIG: an object above the bound. */
int bl_cutter_feed(struct bl_cutter *c, const char *data, size_t len, struct bl_err *err);

/* Nothing more comes: -EPIPE when that is in the middle. */
int bl_cutter_end(const struct bl_cutter *c, struct bl_err *err);

/* The raw value of a key of an object that is well-formed or not: a span inside it, or len 0. Nothing is unescaped. */
struct bl_span {
	const char *data;
	size_t len;
};

struct bl_span bl_span_of(const char *json, size_t len, const char *key);
/* The same of a string value, without its quotes; len 0 also for a string with escapes. */
struct bl_span bl_span_str(struct bl_span object, const char *key);
bool bl_span_eq(struct bl_span s, const char *text);

#endif
