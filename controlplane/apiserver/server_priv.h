/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_SERVER_PRIV_H
#define BL_APISERVER_SERVER_PRIV_H

#include "apiserver/auth.h"
#include "apiserver/batch.h"
#include "apiserver/cache.h"
#include "apiserver/request.h"
#include "apiserver/server.h"

struct bl_listener;

/* What the parts of the server share. */
struct bl_server {
	struct bl_loop *loop;
	struct bl_storage *storage;
	struct bl_cache *cache;
	struct bl_alloc *alloc;
	struct bl_batch *batch;
	struct bl_auth *auth;
	const struct bl_kind *const *kinds;
	struct bl_store *namespaces; /* NULL: not served */
	struct bl_listener *listeners;
	uv_timer_t bookmark_timer;
	char *url, *kubeconfig_path;
};

/* Reads the request and either answers it or leaves it waiting for a commit (route.c). */
void bl_request_run(struct bl_request *rq);

/* The answer of a waiting request is there (http.c). */
void bl_request_wake(struct bl_request *rq);

#endif
