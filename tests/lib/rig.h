/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TEST_RIG_H
#define BL_TEST_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "beeline/maps.h"
#include "beeline/reason.h"
#include "frame.h"

/*
 * The packet programs on a stage of their own: a network namespace with real links and routes, loaded programs that share their
 * maps, and a cast whose addresses exist in both families.
 *
 *   alice, bob   pods of this node, on links of their own
 *   carol        a pod of the other node, by way of the fabric
 *   node         this node's address, NodePorts are served on it
 *   other        the other node
 *   world        somebody outside
 *   balancer     a load balancer's address, which a router sends to this node
 *   shop         a service's address; `lost` lies in the service range and belongs to nobody
 */
enum who { ALICE, BOB, CAROL, NODE, OTHER, WORLD, SHOP, LOST, MARKET, BALANCER, WHO_COUNT };

enum hook { HOOK_POD, HOOK_HOST, HOOK_NODE };

struct rig;

struct rig *rig_new(void); /* fails the test when the kernel lacks something */
struct rig *rig_free(struct rig *r);
void rig_reset(struct rig *r); /* the maps as at the start: the cast known, no service, no flow */

void rig_addr(int family, enum who who, uint8_t ret_addr[16]);
const uint8_t *rig_mac(enum who who);
int rig_prog(const struct rig *r, enum hook hook);
uint32_t rig_link(const struct rig *r, enum who from); /* the link that its packets come from */

/* Whether checksums are changed in place (needs bpf_cast_to_kern_ctx) or by helpers. */
bool rig_in_place(const struct rig *r);
struct rig *rig_new_with(bool in_place);
/* Counting lookups costs time; `flows` is the room for entries of flows. */
struct rig *rig_new_sized(bool in_place, bool count, uint32_t flows);

uint64_t rig_counted(const struct rig *r, enum bl_reason reason); /* packets so far */

/* Any entry of any map, by the map's name. */
int rig_map(const struct rig *r, const char *map); /* its descriptor */
void rig_put(const struct rig *r, const char *map, const void *key, const void *value);
void rig_get(const struct rig *r, const char *map, const void *key, void *ret_value);
uint32_t rig_take_slots(struct rig *r, uint32_t n); /* the first of them */

/* A service of the given frontend with backends; port numbers in host order. */
void rig_service(struct rig *r, int family, enum who vip, uint16_t port, uint8_t proto,
		 uint32_t slots, const uint32_t *backends);
void rig_nodeport(struct rig *r, int family, uint16_t port, uint8_t proto, uint32_t slots,
		  const uint32_t *backends);
/* What clients outside of the cluster see of it, where that is something else. */
void rig_nodeport_outside(struct rig *r, int family, uint16_t port, uint8_t proto, uint32_t slots,
			  const uint32_t *backends);
/* An address of a load balancer, inside and outside. */
void rig_balancer(struct rig *r, int family, enum who vip, uint16_t port, uint8_t proto,
		  uint32_t slots, const uint32_t *backends);
/* The frontend's clients keep their backends for so long; `vip` WHO_COUNT is a NodePort. */
void rig_affinity(struct rig *r, int family, enum who vip, uint16_t port, uint8_t proto,
		  uint8_t scope, uint32_t seconds);
void rig_own(struct rig *r, int family, enum who vip); /* the address belongs to some service */
void rig_backend(struct rig *r, uint32_t id, int family, enum who pod, uint16_t port, uint8_t proto,
		 uint32_t generation);
void rig_backend_gone(struct rig *r, uint32_t id);
void rig_ports(struct rig *r, uint16_t first, uint16_t last); /* the range for translation */
uint32_t rig_translated(struct rig *r, int family, enum who pod);
void rig_age_flows(struct rig *r, int family, uint64_t seconds);
unsigned int rig_flows(struct rig *r, int family);

/* A frame from one of the cast to another: addresses and MACs as that link has them. */
struct frame rig_frame(int family, enum who from, enum who to, uint8_t proto, uint16_t sport,
		       uint16_t dport);

/* Attaches the programs to their links, for packets that really travel. */
void rig_attach(struct rig *r);

struct outcome {
	int verdict;
	enum bl_reason reason; /* the one that was counted */
	struct frame out;
	struct frame quoted; /* if `out` is an ICMP error */
	uint8_t bytes[FRAME_MAX];
	uint32_t len;
	uint64_t lookups; /* in hashes and tries */
};

#define UNCOUNTED  BL_REASON_COUNT
#define TO_STACK   (-1)
#define DROPPED	   2
#define REDIRECTED 7

/*
 * Runs a frame as sent by `from`: a pod at its link, the node where its packets leave, all others at the uplink. Exactly one
 * reason must have been counted; none, UNCOUNTED, only for what the node sends as it is.
 */
struct outcome rig_run(struct rig *r, enum who from, const struct frame *f);
struct outcome rig_run_bytes(struct rig *r, enum who from, const uint8_t *buf, uint32_t len,
			     uint32_t gso_size);

#endif
