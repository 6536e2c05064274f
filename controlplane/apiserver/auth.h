/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_AUTH_H
#define BL_APISERVER_AUTH_H

#include <gnutls/gnutls.h>

#include "apiserver/request.h"
#include "base/err.h"

/*
 * Who may ask: the holders of client certificates signed by the folder's CA, and of the bearer tokens in tokens.csv.
 * There is no authorization beyond that: every authenticated user may do everything.
 */
struct bl_auth;

int bl_auth_new(const char *data_dir, struct bl_auth **ret_auth, struct bl_err *err);
struct bl_auth *bl_auth_free(struct bl_auth *a);

/* The identity behind an Authorization header, NULL when it is unknown. Lends until the tokens are read again. */
const struct bl_identity *bl_auth_token(struct bl_auth *a, const char *header);

/* The identity of a verified client certificate: user = CN, groups = O. NULL: none was shown. The caller frees it. */
struct bl_identity *bl_auth_certificate(gnutls_session_t session);
struct bl_identity *bl_identity_free(struct bl_identity *id);

#endif
