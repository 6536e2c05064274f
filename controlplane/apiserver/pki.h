/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_PKI_H
#define BL_APISERVER_PKI_H

#include "base/cleanup.h"
#include "base/err.h"

/* The folder's certificates: a CA of its own, made once; texts are PEM. */
struct bl_pki {
	char *ca_cert, *ca_key;
	char *server_cert, *server_key;
	char *admin_cert, *admin_key;
};

/*
 * Reads D/pki, makes what is missing (0600). The server's certificate is made anew when it does not hold every name and
 * address of `sans` (NULL-terminated) or ends within a month.
 */
int bl_pki_open(const char *data_dir, const char *const *sans, struct bl_pki **ret_pki,
		struct bl_err *err);
/* Only the CA, which must exist. */
int bl_pki_open_ca(const char *data_dir, struct bl_pki **ret_pki, struct bl_err *err);
struct bl_pki *bl_pki_free(struct bl_pki *p);
BL_DEFINE_CLEANUP(pki, struct bl_pki, bl_pki_free);
#define BL_PKI BL_CLEANUP(bl_cleanup_pki)

/* A client certificate: CN = user, an O for each group (NULL-terminated). The caller frees both texts. */
int bl_pki_issue_client(const struct bl_pki *p, const char *user, const char *const *groups,
			char **ret_cert, char **ret_key, struct bl_err *err);

/* A kubeconfig with everything embedded. The caller frees it. */
char *bl_pki_kubeconfig(const struct bl_pki *p, const char *server, const char *user,
			const char *cert, const char *key);

#endif
