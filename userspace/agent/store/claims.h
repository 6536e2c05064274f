/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_STORE_CLAIMS_H
#define BL_STORE_CLAIMS_H

/* Who asks for which NodePort, and for which port at an address beside ClusterIPs. Part of the store: nobody else includes
 * this. */

#include "agent/store/store.h"

struct bl_store_claims;

struct bl_store_claims *bl_store_claims_new(void);
struct bl_store_claims *bl_store_claims_free(struct bl_store_claims *c);

/* The Service comes or goes; fn is called for each other Service that asks for the same. */
typedef void (*bl_store_rival_fn)(void *arg, const struct bl_api_service *rival);
void bl_store_claims_add(struct bl_store_claims *c, const struct bl_api_service *service,
			 bl_store_rival_fn fn, void *arg);
void bl_store_claims_remove(struct bl_store_claims *c, const struct bl_api_service *service,
			    bl_store_rival_fn fn, void *arg);

const struct bl_api_service *bl_store_claims_holder(const struct bl_store_claims *c,
						    enum bl_store_claim kind,
						    const struct bl_ip *ip, uint16_t port,
						    uint8_t proto);

#endif
