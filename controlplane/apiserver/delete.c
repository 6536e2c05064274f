// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: delete and deletecollection.
 *
 * Deleting takes an object away at once, unless something holds it: finalizers, a Namespace's contents (spec.finalizers),
 * or a grace period in which the node stops a bound Pod. Then it gets a deletionTimestamp and stays until the last holder
 * lets go: an update that removes the last finalizer, or the node's delete with grace 0. Propagation adds finalizers that
 * the garbage collector takes off (Orphan, Foreground); Background adds none.
 *
 * What the answer shows follows the real server: Pods and Services show their last state, other kinds a Status with the
 * identity, and whatever is still there shows itself.
 */
#include <stdio.h>
#include <string.h>

#include "apiserver/handlers.h"
#include "apiserver/listopts.h"
#include "apiserver/server_priv.h"
#include "apiserver/status.h"
#include "apiserver/write.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#define GRACE_DEFAULT 30

/* metav1.DeleteOptions */
struct delete_opts {
	int64_t grace; /* seconds; -1: not given */
	const char *propagation;
	const char *uid, *rev; /* preconditions */
};

/* Reads the body, or the parameters where there is none. Strings are lent by body and rq. */
static json_t *read_opts(struct bl_request *rq, json_t **body, struct delete_opts *o)
{
	const char *grace = bl_request_param(rq, "gracePeriodSeconds");
	json_t *s = bl_options_read(rq, "DeleteOptions", false);
	const json_t *v;

	*o = (struct delete_opts){.grace = -1};
	o->propagation = bl_request_param(rq, "propagationPolicy");
	if (!s && grace && *grace && bl_str_to_int(grace, INT32_MIN, INT32_MAX, &o->grace))
		s = bl_status_bad_request("gracePeriodSeconds is not a number: \"%s\"", grace);
	if (!s && rq->body.len)
		s = bl_read_body(rq, body);
	if (s || !*body)
		return s;
	if (!json_is_object(*body))
		return bl_status_bad_request("the body is no DeleteOptions");
	v = json_object_get(*body, "gracePeriodSeconds");
	if (json_is_integer(v))
		o->grace = json_integer_value(v);
	if (bl_json_str_at(*body, "propagationPolicy", NULL))
		o->propagation = bl_json_str_at(*body, "propagationPolicy", NULL);
	o->uid = bl_json_str_at(*body, "preconditions", "uid", NULL);
	o->rev = bl_json_str_at(*body, "preconditions", "resourceVersion", NULL);
	if (json_array_size(json_object_get(*body, "dryRun")))
		rq->opts.dry_run = true;
	return NULL;
}

static json_t *check_preconditions(const struct bl_request *rq, const char *name,
				   const struct delete_opts *o, const json_t *obj)
{
	const char *uid = bl_json_str_at(obj, "metadata", "uid", NULL);
	const char *rev = bl_json_str_at(obj, "metadata", "resourceVersion", NULL);
	BL_FREE char *why = NULL;

	if (o->uid && uid && !bl_streq(o->uid, uid))
		why = bl_asprintf("Precondition failed: UID in precondition: %.80s, UID in object "
				  "meta: %s",
				  o->uid, uid);
	else if (o->rev && rev && !bl_streq(o->rev, rev))
		why = bl_asprintf("Precondition failed: ResourceVersion in precondition: %.80s, "
				  "ResourceVersion in object meta: %s",
				  o->rev, rev);
	return why ? bl_status_conflict(rq->kind, name, why) : NULL;
}

/* How long a Pod may take: none when it is bound to no node or has ended. */
static int64_t pod_grace(const json_t *obj, const struct delete_opts *o)
{
	const char *node = bl_json_str_at(obj, "spec", "nodeName", NULL);
	const char *phase = bl_json_str_at(obj, "status", "phase", NULL);
	const json_t *own = bl_json_at(obj, "spec", "terminationGracePeriodSeconds", NULL);
	int64_t grace = o->grace;

	if (!node || !*node ||
	    (phase && (bl_streq(phase, "Failed") || bl_streq(phase, "Succeeded"))))
		return 0;
	if (grace == -1)
		grace = own ? json_integer_value(own) : GRACE_DEFAULT;
	return grace < 0 ? 1 : grace;
}

static void add_finalizer(json_t *meta, const char *name)
{
	json_t *list = json_object_get(meta, "finalizers");
	const json_t *f;
	size_t i;

	if (!list) {
		list = json_array();
		json_object_set_new(meta, "finalizers", list);
	}
	json_array_foreach (list, i, f) {
		if (bl_streq(json_string_value(f), name))
			return;
	}
	json_array_append_new(list, json_string(name));
}

/* Marks obj as being deleted. A mark that is there is only ever brought forward. */
static void mark(const struct bl_kind *k, json_t *obj, int64_t grace)
{
	json_t *meta = json_object_get(obj, "metadata");
	const json_t *was = json_object_get(meta, "deletionGracePeriodSeconds");
	bool marked = json_object_get(meta, "deletionTimestamp") != NULL;
	json_t *g = json_object_get(meta, "generation");
	char when[BL_TIME_STRLEN];

	if (marked && json_integer_value(was) <= grace)
		return;
	bl_time_format(bl_time_wall_ns() + grace * (int64_t)BL_NSEC_PER_SEC, 0, when);
	json_object_set_new(meta, "deletionTimestamp", json_string(when));
	if (!bl_streq(k->kind, "Namespace"))
		json_object_set_new(meta, "deletionGracePeriodSeconds", json_integer(grace));
	if (!marked && json_integer_value(g) > 0)
		json_object_set_new(meta, "generation", json_integer(json_integer_value(g) + 1));
	if (bl_streq(k->kind, "Namespace") && json_is_object(json_object_get(obj, "status")))
		json_object_set_new(json_object_get(obj, "status"), "phase",
				    json_string("Terminating"));
}

/* The object as it stands after the request; whether it is gone then is bl_is_free_to_go(). */
static json_t *mark_deleted(const struct bl_kind *k, struct bl_object *live,
			    const struct delete_opts *o)
{
	json_t *obj = bl_object_decode(live);
	json_t *meta = json_object_get(obj, "metadata");

	if (o->propagation && bl_streq(o->propagation, "Orphan"))
		add_finalizer(meta, "orphan");
	else if (o->propagation && bl_streq(o->propagation, "Foreground"))
		add_finalizer(meta, "foregroundDeletion");
	mark(k, obj, k->graceful_delete ? pod_grace(obj, o) : 0);
	/* what nothing holds shows no mark, except where the mark is part of the answer */
	return obj;
}

static void answer_gone(struct bl_request *rq)
{
	const struct bl_object *old = rq->writes->old;
	BL_JSON json_t *obj = bl_object_decode(old);

	bl_answer_status(rq, bl_status_deleted(rq->kind, bl_object_name(old),
					       bl_json_str_at(obj, "metadata", "uid", NULL)));
}

/* What the deletion of an object that is really gone answers. Lends obj: its last, marked state. */
static json_t *last_state(const struct bl_kind *k, const json_t *marked, struct bl_object *live)
{
	if (k->graceful_delete)
		return bl_object_order_plain(marked);
	return bl_object_decode(live);
}

static void answer_last(struct bl_request *rq)
{
	struct bl_write *w = rq->writes;
	BL_JSON json_t *obj = bl_object_decode(w->old);

	if (rq->kind->graceful_delete)
		mark(rq->kind, obj, 0);
	bl_answer_value(rq, 200, bl_object_order_plain(obj));
}

static void answer_dry(struct bl_request *rq, const json_t *marked, struct bl_object *live)
{
	bool gone = bl_is_free_to_go(marked);

	if (gone && !rq->kind->returns_deleted)
		bl_answer_status(
			rq, bl_status_deleted(rq->kind, rq->name,
					      bl_json_str_at(marked, "metadata", "uid", NULL)));
	else
		bl_answer_value(rq, 200,
				gone ? last_state(rq->kind, marked, live)
				     : bl_object_order_plain(marked));
}

static void stage_deletion(struct bl_request *rq, struct bl_object *live, const json_t *marked)
{
	BL_OBJECT struct bl_object *now = bl_object_new(marked);

	if (bl_is_free_to_go(marked)) {
		bl_stage(rq, NULL, live, NULL);
		return;
	}
	bl_stage(rq, bl_take_ptr(now), live, NULL);
}

static bool same_as(const struct bl_object *live, const json_t *obj)
{
	BL_JSON json_t *old = bl_object_decode(live);

	return json_equal(old, obj);
}

static void delete_one(struct bl_request *rq, struct bl_object *live, const struct delete_opts *o)
{
	BL_JSON json_t *marked = mark_deleted(rq->kind, live, o);
	bool gone = bl_is_free_to_go(marked);

	if (rq->opts.dry_run) {
		answer_dry(rq, marked, live);
		return;
	}
	if (!gone && same_as(live, marked)) {
		bl_answer_object(rq, 200, live);
		return;
	}
	rq->good_code = 200;
	rq->then = !gone ? NULL : rq->kind->returns_deleted ? answer_last : answer_gone;
	stage_deletion(rq, live, marked);
}

void bl_handle_delete(struct bl_request *rq)
{
	BL_JSON json_t *body = NULL;
	struct delete_opts o;
	struct bl_object *live;
	json_t *s = read_opts(rq, &body, &o);

	if (!s && bl_parked(rq, rq->ns, rq->name))
		return;
	live = bl_store_get(rq->st, rq->ns, rq->name);
	if (!s && !live)
		s = bl_status_not_found(rq->kind, rq->name);
	if (!s && rq->kind->stays && rq->kind->stays(rq->name))
		s = bl_status_forbidden(rq->kind, rq->name, "this %s may not be deleted",
					rq->kind->singular);
	if (!s) {
		BL_JSON json_t *obj = bl_object_decode(live);

		s = check_preconditions(rq, rq->name, &o, obj);
	}
	if (s)
		bl_answer_status(rq, s);
	else
		delete_one(rq, live, &o);
}

/* --- collections ---------------------------------------------------------------------------------- */

static void begin_list(struct bl_request *rq)
{
	const struct bl_kind *k = rq->kind;

	bl_body_free(&rq->out);
	bl_body_text(&rq->out,
		     bl_asprintf("{\"kind\":\"%sList\",\"apiVersion\":\"%s%s%s\",\"metadata\":"
				 "{\"resourceVersion\":\"%lld\"},\"items\":[",
				 k->kind, k->group, *k->group ? "/" : "", k->version,
				 (long long)bl_storage_revision(rq->srv->storage)));
}

static void end_list(struct bl_request *rq)
{
	bl_body_puts(&rq->out, "]}\n");
	rq->code = 200;
	rq->type = "application/json";
	rq->state = BL_REQUEST_ANSWERED;
}

/* The writes are in reverse order of staging. */
static void answer_collection(struct bl_request *rq)
{
	size_t count = 0, i;
	struct bl_object **list;

	for (struct bl_write *w = rq->writes; w; w = w->next)
		count++;
	list = bl_calloc(count + 1, sizeof(*list));
	i = count;
	for (struct bl_write *w = rq->writes; w; w = w->next)
		list[--i] = w->obj ? w->result : w->old;
	begin_list(rq);
	for (i = 0; i < count; i++)
		bl_body_item(&rq->out, list[i], i == 0);
	end_list(rq);
	free(list);
}

static bool any_parked(struct bl_request *rq, struct bl_object **all, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bl_parked(rq, bl_object_ns(all[i]), bl_object_name(all[i])))
			return true;
	}
	return false;
}

static void delete_all(struct bl_request *rq, const struct bl_list_opts *lo,
		       const struct delete_opts *o, struct bl_object **all, size_t count)
{
	size_t hits = 0;

	rq->then = answer_collection;
	if (!rq->opts.dry_run && any_parked(rq, all, count))
		return;
	begin_list(rq);
	for (size_t i = 0; i < count; i++) {
		BL_JSON json_t *marked = NULL;

		if (!bl_selector_matches(lo->sel, all[i]))
			continue;
		marked = mark_deleted(rq->kind, all[i], o);
		if (rq->opts.dry_run)
			bl_body_item(&rq->out, all[i], hits++ == 0);
		else if (bl_is_free_to_go(marked) || !same_as(all[i], marked))
			stage_deletion(rq, all[i], marked);
	}
	if (rq->state != BL_REQUEST_WAITING)
		end_list(rq);
}

void bl_handle_delete_collection(struct bl_request *rq)
{
	BL_JSON json_t *body = NULL;
	struct bl_list_opts lo = {};
	struct delete_opts o;
	struct bl_object **all = NULL;
	size_t count = 0;
	json_t *s = read_opts(rq, &body, &o);

	if (!s)
		s = bl_list_opts_read(rq, false, &lo);
	if (s) {
		bl_answer_status(rq, s);
	} else {
		bl_store_snapshot(rq->st, rq->ns, bl_storage_revision(rq->srv->storage), &all,
				  &count);
		delete_all(rq, &lo, &o, all, count);
	}
	bl_objects_free(all, count);
	bl_list_opts_free(&lo);
}

/* POST pods/NAME/eviction: a delete with the options that the Eviction carries. */
static void answer_evicted(struct bl_request *rq)
{
	json_t *s = bl_status_new(201, NULL, "%s", "");

	json_object_set_new(s, "status", json_string("Success"));
	json_object_del(s, "message");
	bl_answer_status(rq, s);
}

void bl_handle_eviction(struct bl_request *rq)
{
	BL_JSON json_t *body = NULL;
	BL_JSON json_t *marked = NULL;
	struct delete_opts o = {.grace = -1};
	struct bl_object *live;
	json_t *s = bl_options_read(rq, "CreateOptions", false);

	if (!s)
		s = bl_read_body(rq, &body);
	if (!s && bl_parked(rq, rq->ns, rq->name))
		return;
	live = bl_store_get(rq->st, rq->ns, rq->name);
	if (!s && !live)
		s = bl_status_not_found(rq->kind, rq->name);
	if (s) {
		bl_answer_status(rq, s);
		return;
	}
	if (json_is_integer(bl_json_at(body, "deleteOptions", "gracePeriodSeconds", NULL)))
		o.grace = json_integer_value(
			bl_json_at(body, "deleteOptions", "gracePeriodSeconds", NULL));
	marked = mark_deleted(rq->kind, live, &o);
	rq->then = answer_evicted;
	if (rq->opts.dry_run || (!bl_is_free_to_go(marked) && same_as(live, marked)))
		answer_evicted(rq);
	else
		stage_deletion(rq, live, marked);
}
