/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_STORE_SERVICES_H
#define BL_STORE_SERVICES_H

/* The index from a Service's name to itself and its slices, and the queue of dirty ones. Part of
 * the store: nobody else includes this. */

#include <stddef.h>

#include "agent/store/store.h"

/* "namespace/name" of at most 253 bytes each, by the API's grammar; the decoder has checked it. */
#define BL_STORE_KEY_MAX 512

/* Returns the length. */
size_t bl_store_key(char key[BL_STORE_KEY_MAX], const char *namespace, const char *name);

struct bl_services;

struct bl_services *bl_services_new(void);
struct bl_services *bl_services_free(struct bl_services *s);

/* The Service itself; NULL: it is gone. Lent by the store. Marks it dirty. */
void bl_services_set(struct bl_services *s, const char *namespace, const char *name,
		     const struct bl_api_service *service);
/* A slice that names a Service; lent by the store. Marks the Service dirty. */
void bl_services_add_slice(struct bl_services *s, const struct bl_api_endpointslice *slice);
void bl_services_remove_slice(struct bl_services *s, const struct bl_api_endpointslice *slice);

const struct bl_store_service *bl_services_find(const struct bl_services *s, const char *namespace,
						const char *name);
void bl_services_each(const struct bl_services *s,
		      void (*fn)(void *arg, const struct bl_store_service *svc), void *arg);

const struct bl_store_service *bl_services_first_dirty(const struct bl_services *s);
void bl_services_clean(struct bl_services *s, const struct bl_store_service *svc);
void bl_services_postpone(struct bl_services *s, const struct bl_store_service *svc);
bool bl_services_is_dirty(const struct bl_services *s, const struct bl_store_service *svc);
size_t bl_services_dirty_count(const struct bl_services *s);
void bl_services_touch_all(struct bl_services *s);

#endif
