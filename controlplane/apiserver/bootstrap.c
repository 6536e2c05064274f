// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What a cluster has before anybody asks.
 *
 * The namespaces default, kube-system, kube-public and kube-node-lease; the Service `kubernetes` in default with the first
 * address of the service range; and its EndpointSlice, which points at this server. They are written as a client would
 * write them, through the same handlers, so defaults, validation and allocation hold for them too.
 *
 * Objects that exist stay as they are: an administrator may have labelled a namespace. Only the slice follows the listen
 * address of each start. Kinds that the table does not have are left out.
 */
#include "apiserver/bootstrap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apiserver/handlers.h"
#include "apiserver/http.h"
#include "apiserver/status.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

static struct bl_request *make_request(struct bl_server *s, const char *method, const char *path,
				       json_t *body)
{
	static const struct bl_identity self = {.user = (char *)"system:apiserver"};
	struct bl_request *rq = bl_new0(struct bl_request);
	BL_FREE char *text = bl_json_dump(body);

	rq->srv = s;
	rq->id = &self;
	rq->method = bl_strdup(method);
	rq->path = bl_strdup(path);
	rq->user_agent = bl_strdup("beeline-controlplane/1");
	bl_buf_puts(&rq->body, text);
	json_decref(body);
	return rq;
}

/* Runs one request to its end; `body` is taken. */
static int call(struct bl_server *s, const char *method, const char *path, json_t *body,
		int tolerated, struct bl_err *err)
{
	struct bl_request *rq = make_request(s, method, path, body);
	int code;
	char text[400] = "";

	bl_request_run(rq);
	if (rq->state == BL_REQUEST_WAITING)
		bl_batch_flush(s->batch);
	code = rq->code;
	bl_body_read(&rq->out, text, sizeof(text) - 1);
	bl_request_free(rq);
	if (code < 300 || code == tolerated || code == 404)
		return 0;
	return bl_err_set(err, -EIO, "write %s: status %d: %s", path, code, text);
}

static int create_namespace(struct bl_server *s, const char *name, struct bl_err *err)
{
	if (!s->namespaces || bl_store_get(s->namespaces, "", name))
		return 0;
	return call(s, "POST", "/api/v1/namespaces",
		    json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", "v1", "kind", "Namespace",
			      "metadata", "name", name),
		    409, err);
}

static json_t *kubernetes_service(const struct bl_server *s)
{
	struct bl_ip ip;
	char text[BL_IP_STRLEN] = "";

	if (bl_alloc_nth_address(s->alloc, 4, 1, &ip) == 0 ||
	    bl_alloc_nth_address(s->alloc, 6, 1, &ip) == 0)
		bl_ip_format(&ip, text);
	return json_pack(
		"{s:s, s:s, s:{s:s, s:s, s:{s:s, s:s}}, s:{s:s, s:s, s:[{s:s, s:i, s:i}]}}",
		"apiVersion", "v1", "kind", "Service", "metadata", "name", "kubernetes",
		"namespace", "default", "labels", "component", "apiserver", "provider",
		"kubernetes", "spec", "type", "ClusterIP", "clusterIP", text, "ports", "name",
		"https", "port", 443, "targetPort", 6443);
}

int bl_bootstrap(struct bl_server *s, struct bl_err *err)
{
	static const char *const names[] = {"default", "kube-system", "kube-public",
					    "kube-node-lease"};
	struct bl_store *services = bl_cache_store_by_kind(s->cache, "Service");
	int ret = 0;

	for (size_t i = 0; i < BL_ARRAY_SIZE(names) && !ret; i++)
		ret = create_namespace(s, names[i], err);
	if (ret || !services || bl_store_get(services, "default", "kubernetes"))
		return ret;
	return call(s, "POST", "/api/v1/namespaces/default/services", kubernetes_service(s), 409,
		    err);
}

static json_t *kubernetes_slice(const char *host, int port)
{
	return json_pack(
		"{s:s, s:s, s:{s:s, s:s, s:{s:s}}, s:s, s:[{s:[s], s:{s:b}}], s:[{s:s, s:s, s:i}]}",
		"apiVersion", "discovery.k8s.io/v1", "kind", "EndpointSlice", "metadata", "name",
		"kubernetes", "namespace", "default", "labels", "kubernetes.io/service-name",
		"kubernetes", "addressType", strchr(host, ':') ? "IPv6" : "IPv4", "endpoints",
		"addresses", host, "conditions", "ready", 1, "ports", "name", "https", "protocol",
		"TCP", "port", port);
}

/* The API refuses loopback endpoints (CVE-2021-25737): a server that listens there only has no slice. */
static bool can_be_endpoint(const char *host)
{
	struct bl_ip ip;

	return bl_ip_parse(host, &ip) == 0 && !bl_ip_is_loopback(&ip) &&
	       !bl_ip_is_unspecified(&ip) && !bl_ip_is_link_local(&ip);
}

/* "127.0.0.1:6443" or "[::1]:6443" in two. Whether the host can be an endpoint. */
static bool split(const char *address, char host[64], int *ret_port)
{
	const char *colon = strrchr(address, ':');
	bool v6 = address[0] == '[';

	snprintf(host, 64, "%.*s", (int)(colon - address) - 2 * v6, address + v6);
	*ret_port = atoi(colon + 1);
	return can_be_endpoint(host);
}

int bl_bootstrap_endpoints(struct bl_server *s, struct bl_err *err)
{
	struct bl_store *slices = bl_cache_store_by_kind(s->cache, "EndpointSlice");
	static const char path[] = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";
	BL_FREE char *item = bl_asprintf("%s/kubernetes", path);
	const struct bl_listener *l = s->listeners;
	char host[64];
	int port;

	while (l && !split(bl_listener_address(l), host, &port))
		l = bl_listener_next(l);
	if (!slices || !l)
		return 0;
	if (bl_store_get(slices, "default", "kubernetes"))
		return call(s, "PUT", item, kubernetes_slice(host, port), 422, err);
	return call(s, "POST", path, kubernetes_slice(host, port), 409, err);
}
