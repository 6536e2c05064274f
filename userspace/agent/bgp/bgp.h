/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_BGP_BGP_H
#define BL_BGP_BGP_H

#include <jansson.h>

#include "agent/state/desired.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"

/*
 * BIRD: one generated file that BIRD's main configuration includes, and BIRD's control socket. BIRD is a process of its
 * own; this room never starts or ends it.
 */
struct bl_bgp;

struct bl_bgp_opts {
	const char *config; /* the generated file */
	const char *socket; /* BIRD's control socket */
};

int bl_bgp_new(struct bl_loop *loop, const struct bl_bgp_opts *opts, struct bl_bgp **ret_bgp);
struct bl_bgp *bl_bgp_free(struct bl_bgp *b);

/* The file's text: pure, the same for the same input. -EINVAL names what cannot be written safely. */
int bl_bgp_render(const struct bl_desired_bgp *want, struct bl_buf *out, struct bl_err *err);

/*
 * Writes the file when it differs, has BIRD check it and then load it; retries with back-off while BIRD does not answer. A
 * text that BIRD refuses is taken back (the file has the last good text again) and reported in the status.
 */
int bl_bgp_set(struct bl_bgp *b, const struct bl_desired_bgp *want, struct bl_err *err);

/* {"bird": "2.0.12", "up": true, "error": "", "sessions": [{name, peer, asn, state, since, info, imported, exported}]}, kept
 * fresh over the control socket; lends nothing: a new value. */
json_t *bl_bgp_status(const struct bl_bgp *b);
/* Asks BIRD for a fresh status and calls done afterwards, also on failure. */
void bl_bgp_refresh(struct bl_bgp *b, void (*done)(void *arg), void *arg);

#endif
