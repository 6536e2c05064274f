/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CLIENT_CLIENT_H
#define BL_CLIENT_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"

/*
 * A Kubernetes API client over libcurl's multi interface on the loop: TLS 1.2 at least with name and chain verified,
 * client certificate or bearer token, both read again when their files change.
 */
struct bl_client;

/* From a kubeconfig's current context; NULL path: the in-cluster service account. Errors name file and key. */
int bl_client_new(struct bl_loop *loop, const char *kubeconfig, struct bl_client **ret_client,
		  struct bl_err *err);
/* Cancels what is not answered yet; reflectors must have been freed before. */
struct bl_client *bl_client_free(struct bl_client *c);
const char *bl_client_server(const struct bl_client *c); /* the URL; lends */

struct bl_client_response {
	int status;	  /* HTTP status; 0: no answer, `error` says why */
	const char *body; /* whole body, terminated; lent for the call */
	size_t len;
	const char *error;
};

struct bl_client_request {
	const char *method;
	const char *path;	  /* with query, already escaped */
	const char *content_type; /* NULL: "application/json" */
	const char *body;	  /* NULL: none; copied */
	size_t len;
	size_t max_body;     /* of the answer; 0: 16 MiB */
	uint32_t timeout_ms; /* 0: 30 s */
};

/* Sends one request; `done` is called once, from the loop, never from inside this call. */
struct bl_client_call *bl_client_send(struct bl_client *c, const struct bl_client_request *req,
				      void (*done)(void *arg,
						   const struct bl_client_response *resp),
				      void *arg);
/* Forgets it: `done` is not called any more. */
void bl_client_cancel(struct bl_client_call *call);

#endif
