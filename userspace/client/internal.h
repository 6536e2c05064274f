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

/*
 * Whether the server shared a connection between requests (HTTP/2) when it was last asked. Only then a request may wait for a
 * connection that is being made: libcurl 8.14 leaves it waiting for as long as the first request takes, a watch's whole life, if that
 * connection then turns out to be HTTP/1.1.
 */
bool bl_client_shares(const struct bl_client *c);
void bl_client_set_shares(struct bl_client *c, bool shares);

#endif
