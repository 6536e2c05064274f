/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TESTS_LIB_APIWORLD_H
#define BL_TESTS_LIB_APIWORLD_H

#include <jansson.h>

#include "apiserver/server_priv.h"

/* An API server in a folder of its own, and requests that go to it without a socket in between. */
struct apiworld {
	struct bl_loop *loop;
	struct bl_server *srv;
	char dir[40];
	const char *accept; /* of every request from now on; NULL: none */
};

/* What came back. */
struct api_answer {
	int code;
	json_t *body; /* NULL: no JSON */
	char *text;
	json_t *warnings;
};

struct apiworld *apiworld_new(void);
void apiworld_restart(struct apiworld *w); /* a new server on the same folder */
void apiworld_free(struct apiworld *w);

/*
 * One request, to its answer. The path may carry a query. body is JSON with ' for ", or NULL; type NULL: JSON. The answer
 * is lent until the next call.
 */
struct api_answer *api_call(struct apiworld *w, const char *method, const char *path,
			    const char *type, const char *body);

/* A GET without an identity. */
struct api_answer *api_call_as_stranger(struct apiworld *w, const char *path);

/* Two requests of one turn of the loop, in order; the second answer is lent too. */
struct api_answer *api_call_both(struct apiworld *w, const char *method, const char *path,
				 const char *body1, const char *body2, int *ret_first_code);

/* A watch that is open; its lines are read with api_watch_line(): a new value, NULL: none yet or the end. */
struct bl_request *api_watch(struct apiworld *w, const char *path);
json_t *api_watch_line(struct bl_request *watch);

const char *api_reason(const struct api_answer *a); /* of a Status, "" where there is none */
const char *api_str(const struct api_answer *a,
		    const char *dotted); /* "metadata.name"; "" where absent */

#endif
