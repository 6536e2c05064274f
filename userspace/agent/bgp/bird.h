/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_BGP_BIRD_H
#define BL_BGP_BIRD_H

#include "base/buf.h"
#include "base/loop.h"

/* BIRD's control socket: a few commands on one connection, without blocking the loop. */

/* The answer to one command. */
struct bl_bird_reply {
	int code; /* of its last line: 0xxx done, 8xxx run-time error, 9xxx parse error */
	struct bl_buf lines; /* "NNNN text\n" each; a continued line repeats its code */
};

struct bl_bird_job;

/*
 * `n` is how many commands were answered: all, or up to the first whose answer is an error (code >= 8000). rc: 0; -ECONNREFUSED
 * and others when BIRD cannot be reached; -ETIMEDOUT; -EPROTO for what is no answer of BIRD; -EMSGSIZE. `version` is "" before
 * the greeting. Lends.
 */
typedef void (*bl_bird_done)(void *arg, int rc, const char *version,
			     const struct bl_bird_reply *replies, size_t n);

#define BL_BIRD_COMMANDS_MAX 4

/* Commands have no newline and outlive the job. `done` is called from the loop, once; the job is gone then. */
struct bl_bird_job *bl_bird_run(struct bl_loop *loop, const char *socket,
				const char *const *commands, size_t n, bl_bird_done done,
				void *arg);
/* Ends a job without calling `done`. */
struct bl_bird_job *bl_bird_cancel(struct bl_bird_job *job);

/*
 * Takes one line (without its newline) into a reply. 1: it was the reply's last; 0: more to come; -EPROTO: no line of BIRD's.
 */
int bl_bird_line(struct bl_bird_reply *reply, const char *line);

#endif
