/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_STORE_INDEX_H
#define BL_STORE_INDEX_H

/* The index from a Service's name to itself and its slices, and the queue of dirty ones. Part of
 * the store: nobody else includes this. */

#include <stddef.h>

#include "agent/store/store.h"

/* "namespace/name" of at most 253 bytes each, by the API's grammar; the decoder has checked it. */
#define BL_STORE_KEY_MAX 512

/* Returns the length. */
size_t bl_store_key(char key[BL_STORE_KEY_MAX], const char *namespace, const char *name);

struct bl_store_index;

struct bl_store_index *bl_store_index_new(void);
struct bl_store_index *bl_store_index_free(struct bl_store_index *s);

/* The Service itself; NULL: it is gone. Lent by the store. Marks it dirty. */
void bl_store_index_set(struct bl_store_index *s, const char *namespace, const char *name,
			const struct bl_api_service *service);
/* A slice that names a Service; lent by the store. Marks the Service dirty. */
void bl_store_index_add_slice(struct bl_store_index *s, const struct bl_api_endpointslice *slice);
void bl_store_index_remove_slice(struct bl_store_index *s,
				 const struct bl_api_endpointslice *slice);

const struct bl_store_service *bl_store_index_find(const struct bl_store_index *s,
						   const char *namespace, const char *name);
void bl_store_index_each(const struct bl_store_index *s,
			 void (*fn)(void *arg, const struct bl_store_service *svc), void *arg);

const struct bl_store_service *bl_store_index_first_dirty(const struct bl_store_index *s);
size_t bl_store_index_list_dirty(const struct bl_store_index *s,
				 const struct bl_store_service **list, size_t max);
void bl_store_index_clean(struct bl_store_index *s, const struct bl_store_service *svc);
void bl_store_index_postpone(struct bl_store_index *s, const struct bl_store_service *svc);
bool bl_store_index_is_dirty(const struct bl_store_index *s, const struct bl_store_service *svc);
size_t bl_store_index_dirty_count(const struct bl_store_index *s);
void bl_store_index_touch_all(struct bl_store_index *s);
void bl_store_index_touch(struct bl_store_index *s, const char *namespace, const char *name);

/* Services that have addresses beside ClusterIPs, in no particular order. */
bool bl_store_index_is_outside(const struct bl_api_service *service);
void bl_store_index_each_outside(const struct bl_store_index *s,
				 void (*fn)(void *arg, const struct bl_store_service *svc),
				 void *arg);
void bl_store_index_touch_outside(struct bl_store_index *s);

#endif
