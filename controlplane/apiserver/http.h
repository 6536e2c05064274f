/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_HTTP_H
#define BL_APISERVER_HTTP_H

#include <stdint.h>

#include "apiserver/request.h"
#include "base/err.h"

/* Sizes that a client can reach. */
#define BL_HTTP_BODY_MAX	(3 << 20)
#define BL_HTTP_CONNECTIONS_MAX 1000

struct bl_listener;

/* Listens on "ADDR:PORT" or "[ADDR]:PORT" with TLS; requests go to bl_request_run(). PEM texts are copied. */
int bl_listener_open(struct bl_server *srv, const char *where, const char *cert_pem,
		     const char *key_pem, const char *ca_pem, struct bl_listener **ret_listener,
		     struct bl_err *err);
/* Frees the whole chain. */
void bl_listeners_close(struct bl_listener *l);
const struct bl_listener *bl_listener_next(const struct bl_listener *l);
void bl_listener_chain(struct bl_listener *l, struct bl_listener *next);
/* Sends what became ready outside of the loop's own events; before closing. */
void bl_listeners_run(struct bl_listener *l);

/* "127.0.0.1:6443", the address it really listens on. Lends. */
const char *bl_listener_address(const struct bl_listener *l);

#endif
