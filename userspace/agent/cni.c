// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The lives of attachments.
 *
 *     ADD: addresses, intent on disk, link ─ ADDING ─ applied, programmed, committed on disk ─ LIVE
 *     DEL, GC, failed ADD:                   any    ─ REMOVING ─ applied ─ link, file, addresses ─ gone
 *
 * This room makes links and records; the map entries, routes and programs of an attachment are made by the agent's apply, like
 * everything else in the kernel, from the list that bl_cni_attachments() lends. So an attachment waits in ADDING or REMOVING
 * for the next apply of a list that it is in, or is no longer in: `changes` counts the list's changes, and an apply answers
 * for those up to `taken`. An ADD is answered when its attachment is programmed, never before; a DEL when its link and
 * entries are gone, and only then may another pod get the address.
 *
 * An apply that failed somewhere is not necessarily this attachment's failure: ops.programmed is asked about each. An ADD
 * that failed is undone by the same way as a DEL before its caller hears of it, so nothing is left behind; so is one whose
 * caller went away.
 *
 * At start the files are read. An intent is undone. An attachment whose link is gone (the node was booted, the namespace
 * destroyed) stays on record with its addresses until the runtime gives it up by DEL or GC, as it must, but there is nothing
 * to program for it. ADD makes and commits a file, each fsync'd: that is what crash-safe costs.
 */

#include "agent/cni.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "agent/cni_priv.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define MTU_DEFAULT 1500

struct cni_attachment *cni_find(const struct bl_cni *c, const char *container_id,
				const char *ifname)
{
	struct cni_attachment *a;
	char key[16];

	bl_record_host_ifname(container_id, ifname, key);
	HASH_FIND_STR(c->all, key, a);
	return a;
}

/* Counts a change of the list that this attachment waits for. */
static void await_apply(struct cni_attachment *a)
{
	a->since = ++a->cni->changes;
	a->cni->ops.changed(a->cni->ops.arg);
}

void cni_detach(struct cni_attachment *a, int fail_code, const struct bl_err *why)
{
	a->state = CNI_REMOVING;
	if (why) {
		a->fail_code = fail_code;
		a->why = *why;
	}
	await_apply(a);
}

static void waiter_free(struct cni_waiter *w)
{
	DL_DELETE(w->of->waiters, w);
	free(w);
}

/* An ADD whose caller went away is undone; any other request is only forgotten. */
static void on_cancelled(void *arg, struct bl_call *call)
{
	struct cni_waiter *w = arg;
	struct cni_attachment *a = w->of;
	bool undo = w->add && a->state == CNI_ADDING;

	(void)call;
	waiter_free(w);
	if (undo)
		cni_detach(a, 0, NULL);
}

void cni_wait(struct cni_attachment *a, struct bl_call *call, bool add)
{
	struct cni_waiter *w = bl_new0(struct cni_waiter);

	*w = (struct cni_waiter){.call = call, .add = add, .of = a};
	DL_APPEND(a->waiters, w);
	bl_server_defer(call, on_cancelled, w);
}

/* The first request that waits, which no longer does then; *ret_add: it is an ADD. */
static struct bl_call *next_waiting(struct cni_attachment *a, bool *ret_add)
{
	struct cni_waiter *w = a->waiters;
	struct bl_call *call;

	if (!w)
		return NULL;
	call = w->call;
	*ret_add = w->add;
	waiter_free(w);
	return call;
}

static struct cni_attachment *insert(struct bl_cni *c, struct bl_record *r, enum cni_state state)
{
	struct cni_attachment *a = bl_new0(struct cni_attachment);

	a->cni = c;
	a->record = r;
	a->state = state;
	HASH_ADD_STR(c->all, record->a.host_ifname, a);
	return a;
}

static void attachment_free(struct cni_attachment *a)
{
	bool add;

	while (next_waiting(a, &add))
		;
	HASH_DEL(a->cni->all, a);
	bl_record_free(a->record);
	free(a);
}

static struct bl_pod_link link_of(const struct bl_attachment *a, int netns_fd)
{
	struct bl_pod_link link = {.netns_fd = netns_fd,
				   .pod_ifname = a->ifname,
				   .host_ifname = a->host_ifname,
				   .n_ips = a->n_ips,
				   .mtu = a->mtu,
				   .ifindex = a->ifindex};

	memcpy(link.ips, a->ips, sizeof(link.ips));
	memcpy(link.mac, a->mac, sizeof(link.mac));
	memcpy(link.host_mac, a->host_mac, sizeof(link.host_mac));
	return link;
}

int cni_check_link(const struct bl_cni *c, const struct bl_attachment *a, int netns_fd,
		   struct bl_err *err)
{
	struct bl_pod_link link = link_of(a, netns_fd);

	return bl_net_pod_link_check(c->net, &link, err);
}

static int make_link(struct bl_cni *c, struct bl_attachment *a, int netns_fd, struct bl_err *err)
{
	struct bl_pod_link link = link_of(a, netns_fd);
	int rc = bl_net_pod_link_add(c->net, &link, err);

	if (rc)
		return rc;
	a->ifindex = link.ifindex;
	memcpy(a->mac, link.mac, sizeof(a->mac));
	memcpy(a->host_mac, link.host_mac, sizeof(a->host_mac));
	return 0;
}

int cni_attach(struct bl_cni *c, struct bl_record *r, int netns_fd, struct bl_call *call,
	       struct bl_err *err)
{
	struct cni_attachment *a;
	int rc;

	if (!r->a.mtu)
		r->a.mtu = c->mtu;
	rc = bl_record_save(c->dir, r, err);
	if (!rc)
		rc = make_link(c, &r->a, netns_fd, err);
	if (rc) {
		(void)bl_record_remove(c->dir, r, NULL);
		cni_give_ips(c, &r->a);
		bl_record_free(r);
		return rc;
	}
	a = insert(c, r, CNI_ADDING);
	cni_wait(a, call, true);
	await_apply(a);
	return 0;
}

/* An ADD's end: told only what is on disk. */
static void finish_add(struct cni_attachment *a)
{
	struct bl_err err = {};
	struct bl_call *call;
	bool add;

	a->record->committed = true;
	if (bl_record_save(a->cni->dir, a->record, &err)) {
		cni_detach(a, BL_CNI_IO_FAILURE, &err);
		return;
	}
	a->state = CNI_LIVE;
	while ((call = next_waiting(a, &add)))
		bl_server_reply(call, cni_add_answer(&a->record->a));
}

static void check_added(struct cni_attachment *a)
{
	struct bl_cni *c = a->cni;
	struct bl_err err = {};
	int rc = a->record->a.ifindex ? c->ops.programmed(c->ops.arg, &a->record->a, &err)
				      : bl_err_set(&err, -ENODEV, "the link went away");

	if (rc)
		cni_detach(a, BL_CNI_TRY_AGAIN, &err);
	else
		finish_add(a);
}

/* What a request that waited for the removal hears. */
static void answer_removed(const struct cni_attachment *a, struct bl_call *call, bool add, int rc,
			   const struct bl_err *err)
{
	if (!add && !rc)
		bl_server_reply(call, json_object());
	else if (!add)
		bl_server_fail(call, BL_CNI_TRY_AGAIN, "%s", bl_err_text(err));
	else if (a->fail_code)
		bl_server_fail(call, a->fail_code, "not programmed: %s", bl_err_text(&a->why));
	else
		bl_server_fail(call, BL_CNI_TRY_AGAIN, "the attachment was removed meanwhile");
}

static int finish_remove(struct cni_attachment *a, struct bl_err *err)
{
	struct bl_cni *c = a->cni;
	int rc = bl_net_pod_link_del(c->net, a->record->a.host_ifname, err);
	struct bl_call *call;
	bool add;

	if (!rc)
		rc = bl_record_remove(c->dir, a->record, err);
	while ((call = next_waiting(a, &add)))
		answer_removed(a, call, add, rc, err);
	if (rc)
		return rc;
	cni_give_ips(c, &a->record->a);
	attachment_free(a);
	return 0;
}

static void finish_gcs(struct bl_cni *c, const struct bl_err *failed)
{
	struct cni_gc *gc, *tmp;

	DL_FOREACH_SAFE (c->gcs, gc, tmp) {
		if (gc->since > c->taken)
			continue;
		DL_DELETE(c->gcs, gc);
		if (failed->code)
			bl_server_fail(gc->call, BL_CNI_TRY_AGAIN, "%s", bl_err_text(failed));
		else
			bl_server_reply(gc->call,
					json_pack("{s:I}", "removed", (json_int_t)gc->removed));
		free(gc);
	}
}

/* Every attachment that waited for an apply of a list up to `taken`. */
static void settle(struct bl_cni *c)
{
	struct cni_attachment *a, *tmp;
	struct bl_err failed = {};

	HASH_ITER (hh, c->all, a, tmp) {
		struct bl_err why = {};

		if (a->state == CNI_LIVE || a->since > c->taken)
			continue;
		if (a->state == CNI_ADDING)
			check_added(a);
		else if (finish_remove(a, &why) && !failed.code)
			failed = why;
	}
	finish_gcs(c, &failed);
}

void bl_cni_applied(struct bl_cni *c, const struct bl_err *err)
{
	(void)err;
	c->applied = true;
	settle(c);
}

void cni_settle(struct bl_cni *c)
{
	if (c->applied)
		return;
	c->taken = c->changes;
	settle(c);
}

static int by_address(const void *x, const void *y)
{
	const struct bl_attachment *a = x, *b = y;

	return bl_ip_cmp(&a->ips[0], &b->ips[0]);
}

const struct bl_attachment *bl_cni_attachments(struct bl_cni *c, size_t *ret_n)
{
	const struct cni_attachment *a, *tmp;
	size_t n = 0;

	free(c->list);
	c->list = bl_calloc(HASH_COUNT(c->all) + 1, sizeof(*c->list));
	HASH_ITER (hh, c->all, a, tmp) {
		if (a->state != CNI_REMOVING && a->record->a.ifindex)
			c->list[n++] = a->record->a;
	}
	qsort(c->list, n, sizeof(*c->list), by_address);
	c->taken = c->changes;
	*ret_n = n;
	return c->list;
}

size_t bl_cni_count(const struct bl_cni *c)
{
	return HASH_COUNT(c->all);
}

/* Whether the link's index is another than it was: 0 stands for none. */
static bool look_at_link(struct bl_cni *c, struct bl_attachment *a)
{
	struct bl_net_link link = {};
	uint32_t was = a->ifindex;

	a->ifindex = bl_net_link_get(c->net, a->host_ifname, 0, &link) ? 0 : link.ifindex;
	return a->ifindex != was;
}

void bl_cni_links_changed(struct bl_cni *c)
{
	struct cni_attachment *a, *tmp;
	bool any = false;

	HASH_ITER (hh, c->all, a, tmp) {
		if (look_at_link(c, &a->record->a))
			any = true;
	}
	if (!any)
		return;
	c->changes++;
	c->ops.changed(c->ops.arg);
}

static void on_loaded(void *arg, struct bl_record *r)
{
	struct bl_cni *c = arg;
	struct bl_err err = {};

	if (r->committed) {
		(void)look_at_link(c, &r->a);
		insert(c, r, CNI_LIVE);
		return;
	}
	if (bl_net_pod_link_del(c->net, r->a.host_ifname, &err) ||
	    bl_record_remove(c->dir, r, &err))
		bl_log_warn("half-made attachment not undone container=%s interface=%s error=%s",
			    r->a.container_id, r->a.ifname, bl_err_text(&err));
	else
		bl_log_info("half-made attachment undone container=%s interface=%s",
			    r->a.container_id, r->a.ifname);
	bl_record_free(r);
}

static void on_bad_file(void *arg, const struct bl_err *err)
{
	(void)arg;
	bl_log_warn("attachment cannot be read, ignoring error=%s", bl_err_text(err));
}

int bl_cni_new(const struct bl_cni_opts *opts, struct bl_cni **ret_cni, struct bl_err *err)
{
	struct bl_cni *c = bl_new0(struct bl_cni);
	int rc;

	c->dir = bl_strdup(opts->dir);
	c->net = opts->net;
	c->ops = opts->ops;
	c->mtu = MTU_DEFAULT;
	rc = bl_record_load(c->dir, on_loaded, on_bad_file, c, err);
	if (rc)
		bl_cni_free(c);
	else
		*ret_cni = c;
	return rc;
}

struct bl_cni *bl_cni_free(struct bl_cni *c)
{
	struct cni_attachment *a, *tmp;
	struct cni_gc *gc, *next;

	if (!c)
		return NULL;
	HASH_ITER (hh, c->all, a, tmp) {
		attachment_free(a);
	}
	DL_FOREACH_SAFE (c->gcs, gc, next) {
		free(gc);
	}
	bl_ipam_free(c->pools[0]);
	bl_ipam_free(c->pools[1]);
	free(c->list);
	free(c->unready);
	free(c->dir);
	free(c);
	return NULL;
}

void bl_cni_set_mtu(struct bl_cni *c, uint32_t mtu)
{
	c->mtu = mtu;
}

void bl_cni_set_unready(struct bl_cni *c, const char *reason)
{
	char *copy = reason ? bl_strdup(reason) : NULL;

	free(c->unready);
	c->unready = copy;
}

const char *bl_cni_unready(const struct bl_cni *c)
{
	if (c->unready)
		return c->unready;
	return c->pools[0] || c->pools[1] ? NULL : "the node has no pod prefix yet";
}
