/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_BGP_STATUS_H
#define BL_BGP_STATUS_H

#include <jansson.h>

/*
 * The BGP sessions in BIRD's answer to `show protocols all`, lines as bl_bird_reply has them: [{"name", "peer", "asn": N,
 * "state", "since", "info", "imported": N, "exported": N}], in BIRD's order. A new value. What is not understood is left out.
 */
json_t *bl_bgp_parse_sessions(const char *lines);

#endif
