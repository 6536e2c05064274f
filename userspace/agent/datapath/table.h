/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_DATAPATH_TABLE_H
#define BL_DATAPATH_TABLE_H

/*
 * What services.c, change.c and load.c share: the service maps' content in memory. Nobody else includes this.
 *
 *	service --> set --> frontend    (service4/6: the entry's key, and the value that the map holds for it)
 *	             |---> ids          (slot, backend: the backends of slots [first, first + n_slots), then draining ones)
 *	             '---> id           (service_meta: one for each port name of the Service)
 */

#include <stdbool.h>
#include <stdint.h>

#include "agent/datapath/chains.h"
#include "agent/datapath/services.h"
#include "agent/datapath/tunnels.h"
#include "agent/datapath/writes.h"

/* A frontend's identity, as bytes: padding is zero. */
struct bl_front_key {
	uint8_t addr[16];
	uint16_t port; /* host byte order */
	uint8_t proto;
	uint8_t scope;
	uint8_t family;
	uint8_t pad[3];
};

struct bl_front {
	struct bl_chain chain;
	struct bl_front_key key;
	struct bl_service value; /* what the map holds */
	struct bl_set *set;
	struct bl_set *to;	      /* where a change under way wants it; NULL: none wants it */
	struct bl_front *prev, *next; /* of the set */
	bool held;		      /* the map has an entry for it */
	bool unsure;		      /* which may have another value */
};

struct bl_set {
	struct bl_svc *svc;
	struct bl_set *next; /* of the Service */
	uint32_t id;
	uint32_t first;	  /* slots; n_slots 0: none */
	uint32_t n_slots; /* this set's to release */
	uint32_t n_ids;	  /* n_slots, and those that only keep their connections */
	uint32_t *
		ids; /* backends, each time with a reference; 0: a slot that named nothing usable */
	struct bl_front *fronts;
	uint8_t family;
	uint8_t proto;
	uint8_t flags; /* BL_SERVICE_*: a port may have a set of each kind */
	bool wanted;
	char port[];
};

struct bl_svc {
	struct bl_chain chain;
	char uid[40];
	struct bl_set *sets;
	bool claimed;
	bool changing; /* a change is under way */
	char key[];    /* "namespace/name"; "" owns what no name is known of */
};

struct bl_services {
	struct bl_map_io *io;
	struct bl_backends backends;
	struct bl_ranges slots;
	struct bl_ranges ids; /* service ids */
	uint32_t last_id;
	struct bl_grave grave; /* of slot ranges */
	struct bl_chains svcs; /* by key */
	struct bl_chains fronts;
	struct bl_chains members; /* as the map holds them */
	struct bl_writes slot_writes, meta_writes, front4_writes, front6_writes;
};

/* The Service behind `svc`, in no order; NULL asks for the first. A walk may drop the one before. */
struct bl_svc *bl_table_next_svc(const struct bl_services *s, const struct bl_svc *svc);
struct bl_svc *bl_table_find_svc(struct bl_services *s, const char *key);
struct bl_svc *bl_table_svc(struct bl_services *s, const char *key); /* made where missing */
void bl_table_drop_svc(struct bl_services *s, struct bl_svc *svc);   /* which has no sets */
/* A new empty set of the Service. */
struct bl_set *bl_table_add_set(struct bl_svc *svc, uint8_t family, uint8_t proto, uint8_t flags,
				const char *port);
struct bl_set *bl_table_find_set(const struct bl_svc *svc, uint8_t family, uint8_t proto,
				 uint8_t flags, const char *port);
/* Gives the set's slots, backends and memory back; it has no frontends. The maps are not written. */
void bl_table_drop_set(struct bl_services *s, struct bl_set *set);

struct bl_front *bl_table_find_front(struct bl_services *s, const struct bl_front_key *key);
struct bl_front *bl_table_add_front(struct bl_services *s, struct bl_set *set,
				    const struct bl_front_key *key);
void bl_table_move_front(struct bl_front *f, struct bl_set *set);
void bl_table_drop_front(struct bl_services *s, struct bl_front *f);

/* Whether any set of the Service has this id. */
bool bl_table_uses_id(const struct bl_svc *svc, uint32_t id);
/* Gives back what the slots' range and the backends of a set were; ids is freed. */
void bl_table_release(struct bl_services *s, uint32_t first, uint32_t n_slots, uint32_t *ids,
		      uint32_t n_ids);

/* "10.96.0.1 port 80 TCP" */
#define BL_FRONT_STRLEN (BL_IP_STRLEN + sizeof(" port 65535 SCTP"))
const char *bl_front_format(const struct bl_front_key *key, char buf[BL_FRONT_STRLEN]);

/* The entry of service4/6. */
void bl_table_add_write(struct bl_services *s, const struct bl_front_key *key,
			const struct bl_service *value, void *owner);
int bl_table_write_front(struct bl_services *s, const struct bl_front_key *key,
			 const struct bl_service *value, struct bl_err *err);
int bl_table_erase_front(struct bl_services *s, const struct bl_front_key *key, struct bl_err *err);
/*
 * Makes the Service hold no frontend and no set that is not marked as wanted. What becomes of its backends is written by
 * bl_backends_flush().
 */
int bl_table_prune(struct bl_services *s, struct bl_svc *svc, struct bl_err *err);

#endif
