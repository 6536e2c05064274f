/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TESTS_POLICY_WORLD_H
#define BL_TESTS_POLICY_WORLD_H

#include <jansson.h>

#include "agent/compile/policy.h"

/*
 * One node's compiled policies, as the kernel would hold them: built from the answers alone, one after the other, and asked
 * through the verdict function that the programs are made of.
 */
struct policy_world;

struct policy_world *policy_world_new(uint32_t first_id);
struct policy_world *policy_world_free(struct policy_world *w);

/* An object as JSON. A policy that cannot be decoded is put in its closed form; any other object fails the test. */
void policy_world_put(struct policy_world *w, enum bl_api_kind kind, const json_t *json);
void policy_world_remove(struct policy_world *w, enum bl_api_kind kind, const char *namespace,
			 const char *name);
void policy_world_set_local(struct policy_world *w, const struct bl_policy_local *list, size_t n);

/* Compiles, and changes the tables by the answer; checks that they then equal a whole answer. */
void policy_world_compile(struct policy_world *w);

/* Each answer is shown to fn. */
void policy_world_watch(struct policy_world *w,
			void (*fn)(void *arg, const struct bl_desired_policy *d), void *arg);

/* May `pod`, an address of this node, be reached by (ingress) or reach (egress) the peer? Port 0: none. */
bool policy_world_allows(struct policy_world *w, bool ingress, const struct bl_ip *pod,
			 const struct bl_ip *peer, uint8_t proto, uint16_t port);

struct policy_world_size {
	size_t classes; /* addresses with an entry */
	size_t blocks;
	size_t cells;
	size_t ids;	/* classes that addresses and blocks have */
	size_t changed; /* entries that the last answer told of */
};
struct policy_world_size policy_world_size(const struct policy_world *w);

#endif
