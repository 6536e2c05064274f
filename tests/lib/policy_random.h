/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TESTS_POLICY_RANDOM_H
#define BL_TESTS_POLICY_RANDOM_H

#include <jansson.h>
#include <stdint.h>

/* Random events of a small cluster, the same for the same seed. */
struct policy_random {
	uint64_t state;
};

uint32_t policy_random_below(struct policy_random *r, uint32_t n);

/*
 * {"kind": "Pod" | "Namespace" | "NetworkPolicy", "put": object} or {..., "remove": {namespace, name}}, and "turn": whether the
 * tables are compiled behind it. Names come from few, so that objects change and go; pod i always has 10.1.0.i+1 and
 * fd00::i+1. spec.nodeName "here" is the node's own.
 */
json_t *policy_random_event(struct policy_random *r);

#endif
