// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The client.
 *
 * Holds the configuration and the connections, and does whole requests: one body out, one body of bounded size back.
 *
 * Before a request the files that the configuration came from are looked at, once a second at most: a rotated
 * certificate or token is used from the next request on (libcurl does not reuse a connection that was made with
 * another certificate). A configuration that cannot be read at that moment leaves the old one in force and is logged once
 * until it can be read again, so a rotation seen half-way costs nothing.
 *
 * An answer's body is collected whole, since requests of this kind are small; lists and watches go through the
 * reflector, which does not collect.
 */

#include "client/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "client/internal.h"
#include "client/transfer.h"

#define DEFAULT_MAX_BODY   (16U * 1024 * 1024)
#define DEFAULT_TIMEOUT_MS 30000
#define CHECK_NS	   BL_NSEC_PER_SEC

struct bl_client {
	struct bl_loop *loop;
	struct bl_multi *multi;
	struct bl_kubeconfig *config;
	char *path; /* NULL: in-cluster */
	uint64_t checked_ns;
	bool reload_failed;
	bool shares;		      /* HTTP/2: see bl_client_shares() */
	struct bl_client_call *calls; /* that are not answered yet */
};

struct bl_client_call {
	struct bl_client_call *next, **prev;
	struct bl_client *client;
	struct bl_transfer *transfer;
	void (*done)(void *arg, const struct bl_client_response *resp);
	void *arg;
	struct bl_buf body;
	size_t max_body;
	bool too_large;
};

int bl_client_new(struct bl_loop *loop, const char *kubeconfig, struct bl_client **ret_client,
		  struct bl_err *err)
{
	struct bl_kubeconfig *config;
	struct bl_client *c;
	int rc = bl_kubeconfig_load(kubeconfig, &config, err);

	if (rc)
		return rc;
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	c = bl_new0(struct bl_client);
	c->loop = loop;
	c->config = config;
	c->path = kubeconfig ? bl_strdup(kubeconfig) : NULL;
	c->checked_ns = bl_time_mono_ns();
	c->multi = bl_multi_new(loop);
	*ret_client = c;
	return 0;
}

static void free_call(struct bl_client_call *call)
{
	*call->prev = call->next;
	if (call->next)
		call->next->prev = call->prev;
	bl_buf_free(&call->body);
	free(call);
}

void bl_client_cancel(struct bl_client_call *call)
{
	if (!call)
		return;
	bl_transfer_drop(call->transfer);
	free_call(call);
}

struct bl_client *bl_client_free(struct bl_client *c)
{
	if (!c)
		return NULL;
	while (c->calls)
		bl_client_cancel(c->calls);
	bl_multi_free(c->multi);
	bl_kubeconfig_free(c->config);
	free(c->path);
	free(c);
	return NULL;
}

const char *bl_client_server(const struct bl_client *c)
{
	return c->config->server;
}

struct bl_loop *bl_client_loop(const struct bl_client *c)
{
	return c->loop;
}

struct bl_multi *bl_client_multi(const struct bl_client *c)
{
	return c->multi;
}

bool bl_client_shares(const struct bl_client *c)
{
	return c->shares;
}

void bl_client_set_shares(struct bl_client *c, bool shares)
{
	c->shares = shares;
}

void bl_client_unauthorized(struct bl_client *c)
{
	c->checked_ns = 0;
}

const struct bl_kubeconfig *bl_client_config(struct bl_client *c)
{
	uint64_t now = bl_time_mono_ns();
	struct bl_kubeconfig *fresh;
	struct bl_err err = {};

	if (c->checked_ns && now - c->checked_ns < CHECK_NS)
		return c->config;
	c->checked_ns = now;
	if (!bl_kubeconfig_changed(c->config))
		return c->config;
	if (bl_kubeconfig_load(c->path, &fresh, &err)) {
		if (!c->reload_failed)
			bl_log_warn("changed credentials cannot be read, keeping the old ones "
				    "error=\"%s\"",
				    bl_err_text(&err));
		c->reload_failed = true;
		return c->config;
	}
	bl_log_info("credentials read again server=%s", fresh->server);
	c->reload_failed = false;
	bl_kubeconfig_free(c->config);
	c->config = fresh;
	return c->config;
}

static bool on_data(void *arg, int status, const char *data, size_t len)
{
	struct bl_client_call *call = arg;

	(void)status;
	if (len > call->max_body - call->body.len) {
		call->too_large = true;
		return false;
	}
	bl_buf_append(&call->body, data, len);
	return true;
}

static void on_done(void *arg, int status, const char *error, unsigned int retry_after)
{
	struct bl_client_call *call = arg;
	char too_large[64];
	struct bl_client_response resp = {.status = status, .error = error};

	(void)retry_after;
	if (status == 401)
		bl_client_unauthorized(call->client);
	if (call->too_large) {
		(void)snprintf(too_large, sizeof(too_large), "answer is larger than %zu bytes",
			       call->max_body);
		resp.error = too_large;
	}
	if (resp.error) {
		resp.status = 0;
		bl_buf_clear(&call->body);
	}
	bl_buf_append(&call->body, "", 0);
	resp.body = call->body.data;
	resp.len = call->body.len;
	call->done(call->arg, &resp);
	free_call(call);
}

static const struct bl_transfer_ops call_ops = {.data = on_data, .done = on_done};

struct bl_client_call *bl_client_send(struct bl_client *c, const struct bl_client_request *req,
				      void (*done)(void *arg,
						   const struct bl_client_response *resp),
				      void *arg)
{
	struct bl_client_call *call = bl_new0(struct bl_client_call);
	struct bl_transfer_request t = {
		.method = req->method,
		.path = req->path,
		.content_type = req->content_type,
		.body = req->body,
		.len = req->len,
		.timeout_ms = req->timeout_ms ? req->timeout_ms : DEFAULT_TIMEOUT_MS,
	};

	call->client = c;
	call->next = c->calls;
	call->prev = &c->calls;
	if (call->next)
		call->next->prev = &call->next;
	c->calls = call;
	call->done = done;
	call->arg = arg;
	call->max_body = req->max_body ? req->max_body : DEFAULT_MAX_BODY;
	call->transfer = bl_transfer_start(c, &t, &call_ops, call);
	return call;
}
