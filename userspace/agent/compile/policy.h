/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_COMPILE_POLICY_H
#define BL_COMPILE_POLICY_H

/*
 * Policies, namespaces and pods to classes, sets and cells (beeline/policy.h), for the pods of one node. What they mean
 * is a function of the objects alone, in whatever order these came; only the numbers of classes and sets tell of the past.
 * Telling is cheap and marks; bl_policies_compile() then does what the marks ask for and no more.
 */

#include "agent/state/policy.h"
#include "api/namespace.h"
#include "api/networkpolicy.h"
#include "api/pod.h"
#include "base/arena.h"

struct bl_policies;

/* Classes and sets are numbered from `first_id` (at least 1) on: behind all that an earlier agent used. */
struct bl_policies *bl_policies_new(uint32_t first_id);
struct bl_policies *bl_policies_free(struct bl_policies *p);

/*
 * An object that is there now: a Pod, a Namespace or a NetworkPolicy; other kinds are not looked at. It is lent until it is put
 * again or removed, and the store's events have just this life.
 */
void bl_policies_put(struct bl_policies *p, const struct bl_api_object *obj);
void bl_policies_remove(struct bl_policies *p, enum bl_api_kind kind, const char *namespace,
			const char *name);

/*
 * The pods that are attached to this node, all of them, each once. A pod has more than two addresses while its sandbox is made
 * anew, or with several interfaces. Their addresses are these, whatever the API says yet. One that the
 * API does not know (yet, or any more) is isolated in both directions and may do nothing.
 */
#define BL_POLICY_LOCAL_IPS 8
struct bl_policy_local {
	const char *namespace;
	const char *name;
	struct bl_ip ips[BL_POLICY_LOCAL_IPS];
	size_t n_ips;
};
void bl_policies_set_local(struct bl_policies *p, const struct bl_policy_local *list, size_t n);

/* What changed since the last call, or everything; into the arena. */
struct bl_desired_policy *bl_policies_compile(struct bl_policies *p, bool whole,
					      struct bl_arena *arena);

/*
 * What the tables say, as they were compiled last, of packets between a pod of this node and a peer; by the function that the
 * programs run. `port` is the destination's, 0: none is known. false: the address is of no pod of this node.
 */
struct bl_policy_question {
	struct bl_ip pod, peer; /* of one family */
	enum bl_direction dir;	/* as the pod sees it */
	uint8_t proto;
	uint16_t port;
};
struct bl_policy_answer {
	uint32_t set; /* BL_SET_OPEN: not isolated */
	uint32_t class;
	bool allowed;
};
bool bl_policies_ask(const struct bl_policies *p, const struct bl_policy_question *q,
		     struct bl_policy_answer *ret_answer);

#endif
