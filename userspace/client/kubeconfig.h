/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CLIENT_KUBECONFIG_H
#define BL_CLIENT_KUBECONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"

/* A file that was read, and what it was then. */
struct bl_kubeconfig_file {
	char *path;
	struct stat stat;
};

/*
 * How to reach an API server and who to be there: kubeconfig's current context (client.authentication in
 * k8s.io/client-go/tools/clientcmd/api/v1), with every file that it names already read. Holds secrets: never printed.
 */
struct bl_kubeconfig {
	char *server;		 /* "https://host:port/prefix", without a slash at the end */
	char *server_name;	 /* tls-server-name; NULL: the server's host */
	char *proxy;		 /* proxy-url; NULL: none */
	bool insecure;		 /* insecure-skip-tls-verify */
	struct bl_buf ca;	 /* PEM; empty: the system's */
	struct bl_buf cert, key; /* PEM; both or none */
	char *token;		 /* NULL: none; no blanks or control characters in it */
	struct bl_kubeconfig_file files[8];
	size_t n_files;
};

/* `path` NULL: the service account of the pod that this process runs in. Errors name file and key. */
int bl_kubeconfig_load(const char *path, struct bl_kubeconfig **ret_config, struct bl_err *err);
struct bl_kubeconfig *bl_kubeconfig_free(struct bl_kubeconfig *k); /* wipes the secrets */

/* Whether a file that the configuration came from is another one now. */
bool bl_kubeconfig_changed(const struct bl_kubeconfig *k);

BL_DEFINE_CLEANUP(kubeconfig, struct bl_kubeconfig, bl_kubeconfig_free);
#define BL_KUBECONFIG BL_CLEANUP(bl_cleanup_kubeconfig)

#endif
