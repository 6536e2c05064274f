/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_ALLOC_H
#define BL_APISERVER_ALLOC_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "apiserver/causes.h"
#include "base/err.h"
#include "base/ip.h"

/*
 * Service addresses and NodePorts, given out inside the create or update that asks for them, as kube-apiserver does.
 *
 * The order of a write of a Service, old being what is stored (NULL at create):
 *   1. decode, set_defaults                        kinds/service.c
 *   2. prepare_create or prepare_update            kinds/service.c: drops what the type does not have (dropTypeDependentFields)
 *   3. bl_alloc_fill                               here: clusterIP = clusterIPs[0], values carried over from old
 *                                                  (patchAllocatedValues), trim at a change to SingleStack,
 *                                                  ipFamilyPolicy and ipFamilies inferred; pure but for the configuration
 *   4. validate (and validate_update)              kinds/service.c: the shape of clusterIP(s), ipFamilies, ipFamilyPolicy,
 *                                                  their agreement and immutability, ports; nothing that needs a range
 *   5. bl_alloc_assign                             here: takes addresses and ports; "not in range", "already allocated"
 *   6. commit to storage, then bl_alloc_commit or bl_alloc_rollback
 */
struct bl_alloc;

struct bl_alloc_config {
	struct bl_cidr service_cidrs[2]; /* the first is the default family; of two families */
	unsigned int service_cidr_count; /* 1 or 2 */
	uint16_t port_min, port_max;	 /* NodePorts, both inclusive, host byte order */
};

/* -EINVAL names what is wrong with the configuration. */
int bl_alloc_new(const struct bl_alloc_config *config, struct bl_alloc **ret_alloc,
		 struct bl_err *err);
struct bl_alloc *bl_alloc_free(struct bl_alloc *a);

/* Step 3. Changes svc; what cannot be inferred consistently is left for validation to name. */
void bl_alloc_fill(const struct bl_alloc *a, json_t *svc, const json_t *old);

/*
 * An address is held under the Service's name: a Service that needs one and has no name is refused for that, before
 * anything else about it is looked at (the real server's allocator does so). Adds a cause.
 */
void bl_alloc_check_holder(const json_t *svc, struct bl_causes *c);

/* What one write took and what it will give back; zero-initialised is empty. At most the addresses and ports of one Service. */
struct bl_alloc_txn {
	struct bl_alloc_item *taken, *released;
	size_t taken_count, released_count;
};

/*
 * Step 5. Writes clusterIP(s), nodePort and healthCheckNodePort into svc. Causes are added for what is out of range, taken
 * or exhausted; then nothing is held. What svc no longer uses of old is given back at commit.
 */
void bl_alloc_assign(struct bl_alloc *a, json_t *svc, const json_t *old, struct bl_alloc_txn *txn,
		     struct bl_causes *c);

/* The write is durable: what was released may be given to others. Empties txn. */
void bl_alloc_commit(struct bl_alloc *a, struct bl_alloc_txn *txn);
/* The write failed, or was a dry run: what was taken is free again. Empties txn. */
void bl_alloc_rollback(struct bl_alloc *a, struct bl_alloc_txn *txn);

/* A stored Service, at start: its addresses and ports are taken; those that another holds are ignored. */
void bl_alloc_adopt(struct bl_alloc *a, const json_t *svc);
/* A Service is gone. */
void bl_alloc_release(struct bl_alloc *a, const json_t *svc);

/* The n-th address of a family's range (1: the `kubernetes` Service); -ENOENT when the family is not configured. */
int bl_alloc_nth_address(const struct bl_alloc *a, uint8_t family, uint64_t n,
			 struct bl_ip *ret_ip);

#endif
