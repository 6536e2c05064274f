/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_STORE_STORE_H
#define BL_STORE_STORE_H

/*
 * The objects that the API server holds, by kind and key, with the indexes that compile needs and
 * the keys that changed. Putting an object only changes memory.
 */

#include <stdbool.h>
#include <stddef.h>

#include "api/endpointslice.h"
#include "api/node.h"
#include "api/object.h"
#include "api/service.h"

struct bl_store;

struct bl_store *bl_store_new(void);
struct bl_store *bl_store_free(struct bl_store *s);

/*
 * From now on a change of this Node's zone makes every Service dirty. A change of any Node's addresses always makes those dirty
 * that have external addresses, which must not be a Node's.
 */
void bl_store_watch_zone(struct bl_store *s, const char *node);

/*
 * Who follows every object: told of one that comes or changes, which lives until its next call, and of one before it goes. Lends
 * the arguments; there is one listener.
 */
struct bl_store_listener {
	void (*put)(void *arg, const struct bl_api_object *obj);
	void (*gone)(void *arg, enum bl_api_kind kind, const char *namespace, const char *name);
	void *arg;
};
void bl_store_listen(struct bl_store *s, const struct bl_store_listener *listener);

/* A list of the kind begins: what is not put again before bl_store_synced() is gone. */
void bl_store_begin(struct bl_store *s, enum bl_api_kind kind);
void bl_store_synced(struct bl_store *s, enum bl_api_kind kind);

/* Takes the object. The same uid and resourceVersion as before changes nothing. */
void bl_store_put(struct bl_store *s, struct bl_api_object *obj);

/* An object that cannot be read: what the store holds of it stays, also at the end of a list. */
void bl_store_keep(struct bl_store *s, enum bl_api_kind kind, const char *namespace,
		   const char *name);
void bl_store_remove(struct bl_store *s, enum bl_api_kind kind, const char *namespace,
		     const char *name);

/* Lends. */
const struct bl_api_object *bl_store_get(const struct bl_store *s, enum bl_api_kind kind,
					 const char *namespace, const char *name);
size_t bl_store_count(const struct bl_store *s, enum bl_api_kind kind);

/* Calls fn for each object of the kind, ordered by namespace and name. */
void bl_store_each(const struct bl_store *s, enum bl_api_kind kind,
		   void (*fn)(void *arg, const struct bl_api_object *obj), void *arg);

/*
 * All that concerns one Service: itself, and the slices that name it. It exists as long as either
 * does, or while it is dirty. Slices are ordered by name.
 */
struct bl_store_service {
	const char *key; /* "namespace/name" */
	const char *namespace;
	const char *name;
	const struct bl_api_service *service; /* NULL: only slices name it */
	const struct bl_api_endpointslice **slices;
	size_t n_slices;
};

/* NULL where neither exists. Lends, until the next change of the store. */
const struct bl_store_service *bl_store_service(const struct bl_store *s, const char *namespace,
						const char *name);
void bl_store_each_service(const struct bl_store *s,
			   void (*fn)(void *arg, const struct bl_store_service *svc), void *arg);

/* The Service that has been dirty longest, or NULL. bl_store_clean() ends that and may free it. */
const struct bl_store_service *bl_store_dirty_service(const struct bl_store *s);
void bl_store_clean(struct bl_store *s, const struct bl_store_service *svc);
/* The first of them, at most `max`, each once; how many. */
size_t bl_store_dirty_services(const struct bl_store *s, const struct bl_store_service **list,
			       size_t max);
/* Puts a dirty one behind all others: it failed, others may go on. */
void bl_store_postpone(struct bl_store *s, const struct bl_store_service *svc);
bool bl_store_is_dirty(const struct bl_store *s, const struct bl_store_service *svc);
size_t bl_store_dirty_count(const struct bl_store *s);
void bl_store_touch_all_services(struct bl_store *s);

/*
 * Who has the NodePort, or the port at the address of a load balancer or at an external one: the oldest of the Services that ask
 * for it in that way, NULL where none does. When that changes, those that ask are dirty. `ip` is NULL for NodePorts. Lends.
 */
enum bl_store_claim { BL_CLAIM_NODE_PORT, BL_CLAIM_BALANCER, BL_CLAIM_EXTERNAL };
const struct bl_api_service *bl_store_holder(const struct bl_store *s, enum bl_store_claim kind,
					     const struct bl_ip *ip, uint16_t port, uint8_t proto);

/*
 * Services that have addresses beside ClusterIPs: of load balancers, or external ones. In no particular order. Whether any of
 * them came, went or changed since the last call.
 */
void bl_store_each_outside(const struct bl_store *s,
			   void (*fn)(void *arg, const struct bl_store_service *svc), void *arg);
bool bl_store_take_outside_changed(struct bl_store *s);

/* Whether any object of the kind changed since the last call. */
bool bl_store_take_changed(struct bl_store *s, enum bl_api_kind kind);

#endif
