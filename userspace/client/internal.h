/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CLIENT_INTERNAL_H
#define BL_CLIENT_INTERNAL_H

#include "client/client.h"
#include "client/kubeconfig.h"
#include "client/multi.h"

/* What the files of this room share of a client. The configuration is read again first if its files changed. Lends. */
const struct bl_kubeconfig *bl_client_config(struct bl_client *c);
struct bl_multi *bl_client_multi(const struct bl_client *c);

/* The server said 401: the files are looked at again before the next request. */
void bl_client_unauthorized(struct bl_client *c);

#endif
