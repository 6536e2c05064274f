/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CLIENT_TRANSFER_H
#define BL_CLIENT_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/client.h"

/* One request whose answer is handed on as it arrives: what lists, watches and whole answers are made of. */
struct bl_transfer;

struct bl_transfer_ops {
	/* The answer's head is there. May be NULL. */
	void (*started)(void *arg, int status);
	/* A piece of its body; false ends the transfer as failed. */
	bool (*data)(void *arg, int status, const char *data, size_t len);
	/* The end. error NULL: the whole answer came. status 0: no answer at all. retry_after: seconds the server asks for, or 0. */
	void (*done)(void *arg, int status, const char *error, unsigned int retry_after);
};

struct bl_transfer_request {
	const char *method;
	const char *path;
	const char *content_type; /* NULL: application/json */
	const char *body;	  /* NULL: none; copied */
	size_t len;
	uint32_t timeout_ms; /* of the whole transfer */
};

/* Callbacks come from the loop, never from inside these two; none after a drop. */
struct bl_transfer *bl_transfer_start(struct bl_client *c, const struct bl_transfer_request *req,
				      const struct bl_transfer_ops *ops, void *arg);
void bl_transfer_drop(struct bl_transfer *t);

/* The loop that the client runs on. */
struct bl_loop *bl_client_loop(const struct bl_client *c);

#endif
