// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The requests of the CNI plugin.
 *
 * Each handler turns a request into a step of an attachment's life (cni.c) or into an answer; codes are those of the CNI
 * specification, which the plugin passes on as they are. What comes over the socket comes from root, but is read as
 * strictly as anything from outside: the strings are bounded, the descriptor is checked to be a container's network
 * namespace, addresses are parsed.
 *
 * DEL succeeds for what is not on record, and then still removes a link of that attachment's name, should the records have
 * been lost. GC looks at attachments of its own network only, since another configuration may use the same agent; it removes
 * all that it can and reports the first failure. CHECK compares the record with what the runtime believes, the link and the
 * pod's side of it with the record, and asks whether the kernel holds what the agent should have programmed.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "agent/cni_priv.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "ipc/netns.h"

json_t *cni_add_answer(const struct bl_attachment *a)
{
	char mac[BL_MAC_STRLEN], host_mac[BL_MAC_STRLEN], cidr[BL_CIDR_STRLEN];
	json_t *ips = json_array();

	for (size_t i = 0; i < a->n_ips; i++) {
		struct bl_cidr host = bl_ip_host(&a->ips[i]);

		json_array_append_new(ips,
				      json_pack("{s:s, s:s}", "address",
						bl_cidr_format(&host, cidr), "gateway",
						a->ips[i].family == 4 ? "169.254.1.1" : "fe80::1"));
	}
	return json_pack("{s:s, s:s, s:s, s:I, s:o}", "host_ifname", a->host_ifname, "host_mac",
			 bl_mac_format(a->host_mac, host_mac), "mac", bl_mac_format(a->mac, mac),
			 "mtu", (json_int_t)a->mtu, "ips", ips);
}

/* The code of an ADD that failed. */
static int code_of(int rc)
{
	switch (rc) {
	case -EBADF:
		return BL_CNI_BAD_ENVIRONMENT;
	case -EADDRINUSE:
		return BL_CNI_ADDRESS_IN_USE;
	case -ENOSPC:
		return BL_CNI_NO_ADDRESS;
	case -EEXIST:
		return BL_CNI_EXISTS;
	case -EINVAL:
	case -ERANGE:
		return BL_CNI_BAD_CONFIG;
	default:
		return BL_CNI_IO_FAILURE;
	}
}

/* -EBADF: what came with the request is no container's network namespace. */
static int check_netns(int fd, const struct bl_attachment *a, struct bl_err *err)
{
	if (!bl_netns_check(fd, err))
		return 0;
	bl_err_wrap(err, "network namespace %s", a->netns);
	return -EBADF;
}

static int add(struct bl_cni *c, const json_t *request, int fd, struct bl_call *call,
	       struct bl_err *err)
{
	struct bl_record *r = NULL;
	const json_t *ips = NULL;
	int rc = bl_record_new(request, &r, err);

	if (rc)
		return rc;
	if (cni_find(c, r->a.container_id, r->a.ifname))
		rc = bl_err_set(err, -EEXIST, "container %s has an attachment %s already",
				r->a.container_id, r->a.ifname);
	if (!rc)
		rc = check_netns(fd, &r->a, err);
	if (!rc)
		rc = bl_json_get_arr(request, "ips", &ips, err);
	if (!rc)
		rc = cni_take_ips(c, ips, &r->a, err);
	if (rc) {
		bl_record_free(r);
		return rc;
	}
	return cni_attach(c, r, fd, call, err);
}

static void on_add(void *arg, const json_t *request, int fd, struct bl_call *call)
{
	struct bl_cni *c = arg;
	struct bl_err err = {};
	int rc;

	if (bl_cni_unready(c)) {
		bl_server_fail(call, BL_CNI_TRY_AGAIN, "%s", bl_cni_unready(c));
		return;
	}
	rc = add(c, request, fd, call, &err);
	if (rc)
		bl_server_fail(call, code_of(rc), "%s", bl_err_text(&err));
}

/* The attachment that a request names. *ret is NULL where there is none; false: the request was answered. */
static bool find_named(struct bl_cni *c, const json_t *request, struct bl_call *call,
		       struct cni_attachment **ret_attachment)
{
	const char *id = bl_json_str_at(request, "container_id", NULL);
	const char *ifname = bl_json_str_at(request, "ifname", NULL);

	if (!id || !ifname) {
		bl_server_fail(call, BL_IPC_BAD_REQUEST, "container_id and ifname: must be set");
		return false;
	}
	*ret_attachment = cni_find(c, id, ifname);
	return true;
}

/* Nothing on record: a link of that name is none of anybody's. */
static void delete_unknown(struct bl_cni *c, const json_t *request, struct bl_call *call)
{
	struct bl_err err = {};
	char name[16];

	bl_record_host_ifname(bl_json_str_at(request, "container_id", NULL),
			      bl_json_str_at(request, "ifname", NULL), name);
	if (bl_net_pod_link_del(c->net, name, &err))
		bl_server_fail(call, BL_CNI_TRY_AGAIN, "%s", bl_err_text(&err));
	else
		bl_server_reply(call, json_object());
}

static void on_del(void *arg, const json_t *request, int fd, struct bl_call *call)
{
	struct cni_attachment *a = NULL;

	(void)fd;
	if (!find_named(arg, request, call, &a))
		return;
	if (!a) {
		delete_unknown(arg, request, call);
		return;
	}
	cni_wait(a, call, false);
	cni_detach(a, 0, NULL);
	cni_settle(arg);
}

/* What the runtime believes to be the addresses, where it said so, are those on record. */
static int check_ips(const struct bl_attachment *a, const json_t *ips, struct bl_err *err)
{
	for (size_t i = 0; i < json_array_size(ips); i++) {
		const char *s = json_string_value(json_array_get(ips, i));
		bool known = false;
		struct bl_ip ip;

		if (!s || bl_ip_parse(s, &ip))
			return bl_err_set(err, -EINVAL, "ips: must be a list of addresses");
		for (size_t k = 0; k < a->n_ips; k++)
			if (!bl_ip_cmp(&a->ips[k], &ip))
				known = true;
		if (!known)
			return bl_err_set(err, -EINVAL, "address %s is not this attachment's", s);
	}
	if (json_array_size(ips) && json_array_size(ips) != a->n_ips)
		return bl_err_set(err, -EINVAL, "the attachment has %zu addresses, not %zu",
				  a->n_ips, json_array_size(ips));
	return 0;
}

static int check(struct bl_cni *c, const struct bl_attachment *a, const json_t *request, int fd,
		 struct bl_err *err)
{
	struct bl_net_link link = {};
	const json_t *ips = NULL;
	int rc = bl_json_get_arr(request, "ips", &ips, err);

	if (!rc)
		rc = check_ips(a, ips, err);
	if (!rc)
		rc = check_netns(fd, a, err);
	if (rc)
		return rc;
	rc = bl_net_link_get(c->net, a->host_ifname, 0, &link);
	if (rc || !link.up)
		return bl_err_set(err, -ENODEV, "link %s is %s", a->host_ifname,
				  rc ? "gone" : "down");
	rc = cni_check_link(c, a, fd, err);
	return rc ? rc : c->ops.programmed(c->ops.arg, a, err);
}

static void on_check(void *arg, const json_t *request, int fd, struct bl_call *call)
{
	struct cni_attachment *a = NULL;
	struct bl_err err = {};

	if (!find_named(arg, request, call, &a))
		return;
	if (!a || a->state != CNI_LIVE)
		bl_server_fail(call, BL_CNI_UNKNOWN_CONTAINER, "there is no such attachment");
	else if (check(arg, &a->record->a, request, fd, &err))
		bl_server_fail(call, BL_CNI_DIFFERS, "%s", bl_err_text(&err));
	else
		bl_server_reply(call, json_object());
}

static bool is_valid(const json_t *valid, const struct bl_attachment *a)
{
	for (size_t i = 0; i < json_array_size(valid); i++) {
		const json_t *entry = json_array_get(valid, i);
		const char *id = bl_json_str_at(entry, "container_id", NULL);
		const char *ifname = bl_json_str_at(entry, "ifname", NULL);

		if (id && ifname && bl_streq(id, a->container_id) && bl_streq(ifname, a->ifname))
			return true;
	}
	return false;
}

static void on_gc_cancelled(void *arg, struct bl_call *call)
{
	struct cni_gc *gc = arg;

	(void)call;
	DL_DELETE(gc->cni->gcs, gc);
	free(gc);
}

static void on_gc(void *arg, const json_t *request, int fd, struct bl_call *call)
{
	struct bl_cni *c = arg;
	const char *network = bl_json_str_at(request, "network", NULL);
	const json_t *valid = json_object_get(request, "valid");
	struct cni_attachment *a, *tmp;
	struct cni_gc *gc;

	(void)fd;
	if (!network || !json_is_array(valid)) {
		bl_server_fail(call, BL_IPC_BAD_REQUEST, "network and valid: must be set");
		return;
	}
	gc = bl_new0(struct cni_gc);
	*gc = (struct cni_gc){.call = call, .cni = c};
	HASH_ITER (hh, c->all, a, tmp) {
		if (a->state == CNI_ADDING || !bl_streq(a->record->a.network, network) ||
		    is_valid(valid, &a->record->a))
			continue;
		cni_detach(a, 0, NULL);
		gc->removed++;
	}
	if (!gc->removed) {
		free(gc);
		bl_server_reply(call, json_pack("{s:i}", "removed", 0));
		return;
	}
	gc->since = c->changes;
	DL_APPEND(c->gcs, gc);
	bl_server_defer(call, on_gc_cancelled, gc);
	cni_settle(c);
}

static void on_status(void *arg, const json_t *request, int fd, struct bl_call *call)
{
	const struct bl_cni *c = arg;
	const char *why = bl_cni_unready(c);

	(void)request;
	(void)fd;
	for (size_t f = 0; !why && f < 2; f++)
		if (c->pools[f] && bl_ipam_full(c->pools[f]))
			why = "no address is free";
	if (why)
		bl_server_fail(call, BL_CNI_NOT_AVAILABLE, "%s", why);
	else
		bl_server_reply(call, json_object());
}

void bl_cni_serve(struct bl_cni *c, struct bl_server *server)
{
	static const struct bl_server_op ops[] = {{"cni-add", on_add},
						  {"cni-del", on_del},
						  {"cni-check", on_check},
						  {"cni-gc", on_gc},
						  {"cni-status", on_status}};

	bl_server_add(server, ops, BL_ARRAY_SIZE(ops), c);
}
