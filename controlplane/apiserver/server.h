/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_SERVER_H
#define BL_APISERVER_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "apiserver/alloc.h"
#include "apiserver/kind.h"
#include "base/err.h"
#include "base/loop.h"
#include "storage/storage.h"

/*
 * The Kubernetes API over HTTPS on a loop. All strings of the options are lent for the time of the call.
 */
struct bl_server_opts {
	const char *data_dir;	   /* holds keys, certificates, tokens and admin.kubeconfig */
	const char *const *listen; /* "127.0.0.1:6443", "[::1]:0"; NULL-terminated */
	const char *const *
		tls_sans; /* further names and addresses of the certificate; NULL-terminated, or NULL */
	struct bl_alloc_config alloc;
	const struct bl_kind *const *kinds; /* bl_kinds, or a test's own rows */
};

struct bl_server;

/* Listens when it returns 0. The storage is taken on success. */
int bl_server_start(struct bl_loop *loop, struct bl_storage *storage,
		    const struct bl_server_opts *opts, struct bl_server **ret_server,
		    struct bl_err *err);
struct bl_server *bl_server_stop(struct bl_server *s);

/* "https://127.0.0.1:6443" of the first listener, with the port that it got. Lends. */
const char *bl_server_url(const struct bl_server *s);
/* D/admin.kubeconfig. Lends. */
const char *bl_server_kubeconfig(const struct bl_server *s);

/*
 * `beeline-controlplane kubeconfig`: a client certificate signed by the folder's CA for user and groups, as a kubeconfig on
 * standard output. server NULL: the one of admin.kubeconfig.
 */
int bl_server_mint_kubeconfig(const char *data_dir, const char *user, const char *const *groups,
			      const char *server, char **ret_text, struct bl_err *err);

#endif
