/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CONTROLLERS_QUEUE_H
#define BL_CONTROLLERS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "client/client.h"

/*
 * Work by key. A key that was added any number of times is worked on once, before the loop sleeps; one that is added
 * while it is worked on comes again afterwards. A piece of work may send requests; its key is free again when all are
 * answered, and comes again after a back-off when one failed.
 */
struct bl_queue;
struct bl_queue_item;

struct bl_queue *bl_queue_new(struct bl_loop *loop, struct bl_client *client,
			      void (*work)(void *arg, struct bl_queue_item *item, const char *key),
			      void *arg);
struct bl_queue *bl_queue_free(struct bl_queue *q); /* gives up what is under way */

/* Nothing is worked on before the first start. */
void bl_queue_start(struct bl_queue *q);
void bl_queue_add(struct bl_queue *q, const char *key);
void bl_queue_add_after(struct bl_queue *q, const char *key, uint32_t ms);

/*
 * Sends a request as part of the item's work. `answered` judges the answer (false: failed, the key comes again) and may
 * send more for the item; NULL: 2xx is success, and so is 404 for a DELETE.
 */
typedef bool (*bl_queue_answered)(void *arg, struct bl_queue_item *item,
				  const struct bl_client_response *resp);
void bl_queue_send(struct bl_queue_item *item, const struct bl_client_request *req,
		   bl_queue_answered answered, void *arg);
const char *bl_queue_key(const struct bl_queue_item *item);

/* The key comes again after a back-off although no request failed. */
void bl_queue_retry(struct bl_queue_item *item);

#endif
