/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_ALLOC_PRIV_H
#define BL_APISERVER_ALLOC_PRIV_H

#include "apiserver/alloc.h"
#include "apiserver/alloc_range.h"

#define BL_ALLOC_PORTS 2 /* range number of the NodePorts; 0 and 1 are the families */

struct bl_alloc_item {
	unsigned int range;
	uint32_t n;
};

struct bl_alloc {
	struct {
		struct bl_cidr cidr;
		struct bl_range range;
	} families[2];
	unsigned int family_count;
	struct bl_range ports;
	uint16_t port_min;
};

/* Every number that one Service holds: two addresses, NodePorts (no more than the default range has), one for health. */
struct bl_alloc_places {
	struct bl_alloc_item item[3072];
	size_t count;
};

void bl_alloc_places_of(const struct bl_alloc *a, const json_t *svc, struct bl_alloc_places *p);
bool bl_alloc_places_have(const struct bl_alloc_places *p, struct bl_alloc_item item);

/* -EINVAL: no address; -ERANGE: in no range. */
int bl_alloc_place_ip(const struct bl_alloc *a, const char *text, struct bl_alloc_item *ret_item);
int bl_alloc_place_port(const struct bl_alloc *a, json_int_t port, struct bl_alloc_item *ret_item);

/* As bl_range_take() and bl_range_take_any(), remembered in txn. */
int bl_alloc_take(struct bl_alloc *a, struct bl_alloc_txn *txn, struct bl_alloc_item item);
int bl_alloc_take_any(struct bl_alloc *a, struct bl_alloc_txn *txn, unsigned int range,
		      struct bl_alloc_item *ret_item);
void bl_alloc_drop(struct bl_alloc_txn *txn, struct bl_alloc_item item);

/* What a Service's type asks for. */
bool bl_alloc_wants_ip(const json_t *svc);
bool bl_alloc_wants_ports(const json_t *svc);
bool bl_alloc_wants_health(const json_t *svc);

#endif
