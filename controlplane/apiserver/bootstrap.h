/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_BOOTSTRAP_H
#define BL_APISERVER_BOOTSTRAP_H

#include "apiserver/server_priv.h"

/* Creates the namespaces and the `kubernetes` Service that are not there yet. */
int bl_bootstrap(struct bl_server *s, struct bl_err *err);

/* Brings the `kubernetes` EndpointSlice to the first listener that pods can reach; without one there is no slice. */
int bl_bootstrap_endpoints(struct bl_server *s, struct bl_err *err);

#endif
