// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Creates and updates.
 *
 * Every write of an object, however the client asked for it, ends in bl_write_create() or bl_write_update() with a decoded
 * object. The order of steps is the real server's, because it shows: who owns which field is recorded before the kind
 * prepares the object, a change is judged against what is stored, addresses are taken last.
 *
 * An update that changes nothing is answered with what is stored: no new revision, no event. An update that removes the
 * last finalizer of an object marked for deletion deletes it.
 */
#include "apiserver/write.h"

#include <string.h>

#include "apiserver/handlers.h"
#include "apiserver/kinds/meta.h"
#include "apiserver/patch.h"
#include "apiserver/server_priv.h"
#include "apiserver/status.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

json_t *bl_refuse_causes(struct bl_request *rq, const json_t *obj, struct bl_causes *c)
{
	const char *name = bl_json_str_at(obj, "metadata", "name", NULL);
	json_t *s = NULL;

	if (c->count)
		s = bl_status_invalid(rq->kind->group, rq->kind->kind, name, c);
	bl_causes_free(c);
	return s;
}

bool bl_parked(struct bl_request *rq, const char *ns, const char *name)
{
	BL_FREE char *key = bl_store_key(rq->st, ns, name);

	if (!bl_batch_holds(rq->srv->batch, key))
		return false;
	bl_batch_park(rq->srv->batch, rq);
	return true;
}

static void answer_written(struct bl_request *rq)
{
	bl_answer_object(rq, rq->good_code, rq->writes->result);
}

void bl_stage(struct bl_request *rq, struct bl_object *obj, struct bl_object *old,
	      struct bl_alloc_txn *txn)
{
	if (!rq->then)
		rq->then = answer_written;
	bl_batch_stage(rq->srv->batch, rq, rq->st, obj, old, txn);
}

static void record_manager(struct bl_request *rq, const json_t *old, json_t *obj)
{
	char now[32];
	struct bl_apply_opts o = {
		.manager = rq->opts.manager,
		.api_version = bl_json_str_at(obj, "apiVersion", NULL),
		.subresource = rq->sub && bl_streq(rq->sub, "status") ? "status" : "",
		.has_status = rq->kind->has_status,
		.now = bl_now_text(now),
	};

	bl_managed_update(rq->kind->schema, old, obj, &o);
}

static void collect_warnings(struct bl_request *rq, const json_t *obj, const json_t *old)
{
	BL_JSON json_t *warnings = json_array();
	const json_t *w;
	size_t i;

	if (rq->kind->warn)
		rq->kind->warn(obj, old, warnings);
	json_array_foreach (warnings, i, w)
		bl_request_warn(rq, json_string_value(w));
}

static void assign_addresses(struct bl_request *rq, json_t *obj, const json_t *old,
			     struct bl_alloc_txn *txn, struct bl_causes *c)
{
	if (rq->kind->allocates && !c->count)
		bl_alloc_assign(rq->srv->alloc, obj, old, txn, c);
}

/* Steps up to a valid object with its addresses. */
static json_t *prepare_create(struct bl_request *rq, json_t *obj, bool managed,
			      struct bl_alloc_txn *txn)
{
	const struct bl_kind *k = rq->kind;
	struct bl_causes c = {};
	json_t *s = bl_meta_fill_create(rq, obj);
	const char *name = bl_json_str_at(obj, "metadata", "name", NULL), *why;
	char buf[256];

	if (!s)
		s = bl_check_namespace(rq, name ? name : "");
	if (!s && k->forbids && (why = k->forbids(obj, buf)))
		s = bl_status_forbidden(k, name ? name : "", "%s", why);
	if (s)
		return s;
	if (!managed)
		record_manager(rq, NULL, obj);
	if (k->prepare_create)
		k->prepare_create(obj);
	if (k->allocates) {
		bl_alloc_fill(rq->srv->alloc, obj, NULL);
		bl_alloc_check_holder(obj, &c);
	}
	if (c.count)
		return bl_refuse_causes(rq, obj, &c);
	bl_meta_validate(k, obj, &c);
	if (k->validate)
		k->validate(obj, &c);
	assign_addresses(rq, obj, NULL, txn, &c);
	if (!c.count)
		collect_warnings(rq, obj, NULL);
	return bl_refuse_causes(rq, obj, &c);
}

void bl_write_create(struct bl_request *rq, json_t *obj, bool managed)
{
	BL_JSON json_t *owned = obj;
	struct bl_alloc_txn txn = {};
	json_t *s = prepare_create(rq, obj, managed, &txn);
	const char *name = bl_json_str_at(obj, "metadata", "name", NULL);

	if (!s && bl_parked(rq, rq->ns, name)) {
		bl_alloc_rollback(rq->srv->alloc, &txn);
		return;
	}
	if (!s && bl_store_get(rq->st, rq->ns, name))
		s = bl_status_exists(rq->kind, name);
	if (s || rq->opts.dry_run) {
		bl_alloc_rollback(rq->srv->alloc, &txn);
		if (s)
			bl_answer_status(rq, s);
		else
			bl_answer_value(rq, 201, bl_object_order_plain(obj));
		return;
	}
	rq->good_code = 201;
	bl_stage(rq, bl_object_new(obj), NULL, &txn);
}

/* Everything that the subresource or the object does not cover stays as it is stored. */
static void keep_other_part(struct bl_request *rq, json_t *obj, const json_t *old)
{
	bool status = rq->sub && bl_streq(rq->sub, "status");
	const char *key;
	json_t *v;
	void *tmp;

	if (!status) {
		v = json_object_get(old, "status");
		if (rq->kind->has_status && v)
			json_object_set_new(obj, "status", json_deep_copy(v));
		else if (rq->kind->has_status)
			json_object_del(obj, "status");
		return;
	}
	json_object_foreach_safe (obj, tmp, key, v) {
		if (!bl_streq(key, "status") && !bl_streq(key, "metadata"))
			json_object_del(obj, key);
	}
	json_object_foreach ((json_t *)old, key, v) {
		if (!bl_streq(key, "status") && !bl_streq(key, "metadata"))
			json_object_set_new(obj, key, json_deep_copy(v));
	}
}

/* Whether anything but metadata and status differs. */
static bool spec_differs(const json_t *a, const json_t *b)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)a, key, v) {
		if (bl_streq(key, "metadata") || bl_streq(key, "status"))
			continue;
		if (!json_equal(v, json_object_get(b, key)))
			return true;
	}
	return false;
}

static bool labels_differ(const json_t *a, const json_t *b)
{
	return !bl_same(bl_json_at(a, "metadata", "labels", NULL),
			bl_json_at(b, "metadata", "labels", NULL));
}

static void count_generation(const struct bl_kind *k, json_t *obj, const json_t *old)
{
	json_t *meta = json_object_get(obj, "metadata");
	const json_t *g = json_object_get(json_object_get(old, "metadata"), "generation");

	if (k->has_generation && (spec_differs(obj, old) || spec_differs(old, obj) ||
				  (k->generation_counts_labels && labels_differ(obj, old))))
		json_object_set_new(meta, "generation", json_integer(json_integer_value(g) + 1));
}

static void validate_change(struct bl_request *rq, const json_t *obj, const json_t *old,
			    bool status, struct bl_causes *c)
{
	const struct bl_kind *k = rq->kind;

	bl_meta_validate_update(k, obj, old, status, c);
	if (status) {
		if (k->validate_status)
			k->validate_status(obj, old, c);
		return;
	}
	if (k->validate)
		k->validate(obj, c);
	if (k->validate_update)
		k->validate_update(obj, old, c);
}

static json_t *prepare_update(struct bl_request *rq, json_t *obj, const json_t *old, bool managed,
			      struct bl_alloc_txn *txn)
{
	const struct bl_kind *k = rq->kind;
	bool status = rq->sub && bl_streq(rq->sub, "status");
	struct bl_causes c = {};
	json_t *s = bl_meta_fill_update(rq, obj, old);

	if (s)
		return s;
	keep_other_part(rq, obj, old);
	if (!managed)
		record_manager(rq, old, obj);
	if (status && k->prepare_status)
		k->prepare_status(obj, old);
	else if (!status && k->prepare_update && !rq->sub)
		k->prepare_update(obj, old);
	if (k->allocates && !status)
		bl_alloc_fill(rq->srv->alloc, obj, old);
	count_generation(k, obj, old);
	validate_change(rq, obj, old, status, &c);
	if (!status)
		assign_addresses(rq, obj, old, txn, &c);
	if (!c.count)
		collect_warnings(rq, obj, old);
	return bl_refuse_causes(rq, obj, &c);
}

bool bl_is_free_to_go(const json_t *obj)
{
	const json_t *meta = json_object_get(obj, "metadata");
	const json_t *spec = json_object_get(obj, "spec");

	return json_object_get(meta, "deletionTimestamp") &&
	       !json_array_size(json_object_get(meta, "finalizers")) &&
	       !json_array_size(json_object_get(spec, "finalizers")) &&
	       json_integer_value(json_object_get(meta, "deletionGracePeriodSeconds")) == 0;
}

/* Answers without writing: nothing changed, or a dry run. */
static void answer_unwritten(struct bl_request *rq, json_t *obj, struct bl_object *live,
			     struct bl_alloc_txn *txn, bool same)
{
	bl_alloc_rollback(rq->srv->alloc, txn);
	if (same)
		bl_answer_object(rq, 200, live);
	else
		bl_answer_value(rq, 200, bl_object_order_plain(obj));
}

static bool same_text(const struct bl_object *a, const struct bl_object *b)
{
	size_t len_a, len_b;
	BL_FREE char *x = bl_object_stored_text(a, &len_a);
	BL_FREE char *y = bl_object_stored_text(b, &len_b);

	return len_a == len_b && memcmp(x, y, len_a) == 0;
}

void bl_write_update(struct bl_request *rq, json_t *obj, struct bl_object *live, bool managed)
{
	BL_JSON json_t *owned = obj;
	BL_JSON json_t *old = bl_object_decode(live);
	BL_OBJECT struct bl_object *now = NULL;
	struct bl_alloc_txn txn = {};
	json_t *s;
	bool same;

	s = prepare_update(rq, obj, old, managed, &txn);
	if (s) {
		bl_alloc_rollback(rq->srv->alloc, &txn);
		bl_answer_status(rq, s);
		return;
	}
	now = bl_object_new(obj);
	same = same_text(now, live);
	if (same || rq->opts.dry_run) {
		answer_unwritten(rq, obj, live, &txn, same);
		return;
	}
	rq->good_code = 200;
	if (bl_is_free_to_go(obj)) {
		bl_alloc_rollback(rq->srv->alloc, &txn);
		bl_stage(rq, NULL, live, NULL);
		return;
	}
	bl_stage(rq, bl_take_ptr(now), live, &txn);
}

/* --- verbs ------------------------------------------------------------------------------------- */

void bl_handle_create(struct bl_request *rq)
{
	BL_JSON json_t *obj = NULL;
	json_t *s = bl_options_read(rq, "CreateOptions", false);

	if (!s)
		s = bl_read_body(rq, &obj);
	if (!s)
		s = bl_decode_object(rq, obj);
	if (s)
		bl_answer_status(rq, s);
	else
		bl_write_create(rq, bl_take_ptr(obj), false);
}

/* PUT namespaces/NAME/finalize changes spec.finalizers and nothing else. */
static json_t *only_finalizers(struct bl_object *live, const json_t *obj)
{
	json_t *out = bl_object_decode(live);
	json_t *list = bl_json_at(obj, "spec", "finalizers", NULL);
	json_t *spec = json_object_get(out, "spec");

	if (!spec) {
		spec = json_object();
		json_object_set_new(out, "spec", spec);
	}
	if (json_array_size(list))
		json_object_set(spec, "finalizers", list);
	else
		json_object_del(spec, "finalizers");
	json_object_set(json_object_get(out, "metadata"), "resourceVersion",
			bl_json_at(obj, "metadata", "resourceVersion", NULL));
	return out;
}

void bl_handle_update(struct bl_request *rq)
{
	BL_JSON json_t *obj = NULL;
	struct bl_object *live;
	json_t *s = bl_options_read(rq, "UpdateOptions", false);

	if (!s)
		s = bl_read_body(rq, &obj);
	if (!s)
		s = bl_decode_object(rq, obj);
	if (s) {
		bl_answer_status(rq, s);
		return;
	}
	if (bl_parked(rq, rq->ns, rq->name))
		return;
	live = bl_store_get(rq->st, rq->ns, rq->name);
	if (!live && rq->kind->create_on_update && !rq->sub)
		bl_write_create(rq, bl_take_ptr(obj), false);
	else if (!live)
		bl_answer_status(rq, bl_status_not_found(rq->kind, rq->name));
	else if (rq->sub && bl_streq(rq->sub, "finalize"))
		bl_write_update(rq, only_finalizers(live, obj), live, true);
	else
		bl_write_update(rq, bl_take_ptr(obj), live, false);
}
