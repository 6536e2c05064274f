// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Server-side apply
 *
 * A manager sends what it wants of an object, and only that. The server merges it into the live object by the schema,
 * remembers which fields the manager has named, and takes away what the manager named last time and names no more, as
 * long as nobody else owns it. A field that another manager owns and that would get another value is a conflict: the
 * whole request is refused, unless it is forced, and then the others lose the field.
 *
 * Taking away ("prune") is done in three steps over sets of paths, as structured-merge-diff does it: remove what was
 * applied last time; put back what somebody owns; put back what was not applied last time, such as a default of the
 * server below something that stays.
 *
 * kubectl's own move from client-side to server-side apply is eased as the real server does: for the manager `kubectl`,
 * fields that stand in the last-applied-configuration annotation with their live values are no conflicts, and where the
 * annotation is there, it is kept up to date, so that one may go back.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "apiserver/patch/managed.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define LAST_APPLIED	 "kubectl.kubernetes.io/last-applied-configuration"
#define LAST_APPLIED_MAX (256 * 1024)

struct apply {
	struct bl_typed t;
	const struct bl_apply_opts *opts;
	const json_t *config;
	json_t *live;	  /* without managedFields */
	json_t *managers; /* as they were before this request */
	json_t *set;	  /* what the configuration names */
	json_t *result;	  /* the merged and pruned object */
	struct bl_comparison change;
};

static json_t *without_managed(const json_t *obj)
{
	json_t *copy = json_copy((json_t *)obj);
	json_t *metadata = json_copy(json_object_get(obj, "metadata"));

	if (metadata) {
		json_object_del(metadata, "managedFields");
		json_object_set_new(copy, "metadata", metadata);
	}
	return copy;
}

static int check_config(const struct bl_schema_type *type, const json_t *config,
			const struct bl_apply_opts *opts, struct bl_err *err)
{
	const char *version = bl_json_str_at(config, "apiVersion", NULL);
	const json_t *managed = bl_json_at(config, "metadata", "managedFields", NULL);

	if (!json_is_object(config))
		return bl_err_set(err, -EINVAL, "error decoding YAML: the body is no object");
	if (managed && !json_is_null(managed))
		return bl_err_set(err, -EINVAL, "metadata.managedFields must be nil");
	if (!version || !bl_streq(version, opts->api_version))
		return bl_err_set(
			err, -EINVAL,
			"Incorrect version specified in apply patch. Specified patch version: "
			"%s, expected: %s",
			version ? version : "", opts->api_version);
	if (bl_typed_check(type, config, err))
		return bl_err_wrap(err, "failed to create typed patch object");
	return 0;
}

static json_t *all_owned(const struct apply *a, const json_t *self)
{
	json_t *all = bl_set_union(a->set, NULL), *entry;
	size_t i;

	json_array_foreach (a->managers, i, entry) {
		json_t *more = entry == self
				       ? NULL
				       : bl_set_union(all, json_object_get(entry, "fieldsV1"));

		if (more) {
			json_decref(all);
			all = more;
		}
	}
	return all;
}

/* The paths of a value, with the fields on the way to them. */
static json_t *paths(struct bl_typed t, const json_t *value)
{
	BL_JSON json_t *set = bl_typed_set(t, value);

	return bl_typed_with_parents(t, set);
}

static json_t *prune(const struct apply *a, const json_t *merged, const json_t *self)
{
	const json_t *last_set = json_object_get(self, "fieldsV1");

	if (bl_set_empty(last_set))
		return json_deep_copy(merged);
	BL_JSON json_t *last = bl_typed_with_parents(a->t, last_set);
	BL_JSON json_t *owned_set = all_owned(a, self);
	BL_JSON json_t *owned = bl_typed_with_parents(a->t, owned_set);
	BL_JSON json_t *merged_paths = paths(a->t, merged);
	BL_JSON json_t *bare = bl_typed_remove(a->t, merged, last);
	BL_JSON json_t *bare_paths = paths(a->t, bare);
	BL_JSON json_t *keep = bl_set_union(bare_paths, owned);
	BL_JSON json_t *gone = bl_set_minus(merged_paths, keep);
	BL_JSON json_t *with_owned = bl_typed_remove(a->t, merged, gone);
	BL_JSON json_t *with_owned_paths = paths(a->t, with_owned);
	BL_JSON json_t *missing = bl_set_minus(merged_paths, with_owned_paths);
	BL_JSON json_t *dropped = bl_set_common(missing, last);
	json_t *out = bl_typed_remove(a->t, merged, dropped);

	if (json_is_object(out))
		return out;
	json_decref(out);
	return json_object();
}

static void print_manager(const json_t *entry, char *buf, size_t size)
{
	const char *sub = bl_json_str_at(entry, "subresource", NULL);
	bool update = bl_streq(bl_json_str_at(entry, "operation", NULL), "Update");

	(void)snprintf(buf, size, "\"%s\"%s%s%s%s%s", bl_json_str_at(entry, "manager", NULL),
		       sub ? " with subresource \"" : "", sub ? sub : "", sub ? "\"" : "",
		       update ? " using " : "",
		       update ? bl_json_str_at(entry, "apiVersion", NULL) : "");
}

struct cause_list {
	json_t *causes;
	struct bl_buf text; /* "- .path" lines of all managers */
	char manager[400];
};

static void add_cause(const char *path, void *arg)
{
	struct cause_list *c = arg;
	char message[420];

	(void)snprintf(message, sizeof(message), "conflict with %s", c->manager);
	json_array_append_new(c->causes,
			      json_pack("{s:s, s:s, s:s}", "reason", "FieldManagerConflict",
					"message", message, "field", path));
	bl_buf_printf(&c->text, "\n- %s", path);
}

/* What of another manager's fields this request would change. A new set. */
static json_t *conflicts_with(const struct apply *a, const json_t *entry)
{
	BL_JSON json_t *changed = bl_set_union(a->change.added, a->change.modified);

	return bl_set_common(json_object_get(entry, "fieldsV1"), changed);
}

static json_t *all_conflicts(const struct apply *a, const json_t *self)
{
	json_t *all = json_object(), *entry;
	size_t i;

	json_array_foreach (a->managers, i, entry) {
		if (entry == self ||
		    !bl_streq(bl_json_str_at(entry, "apiVersion", NULL), a->opts->api_version))
			continue;
		BL_JSON json_t *set = conflicts_with(a, entry);
		json_t *more = bl_set_union(all, set);

		json_decref(all);
		all = more;
	}
	return all;
}

static int report(const struct apply *a, const json_t *self, json_t **ret_causes,
		  struct bl_err *err)
{
	struct cause_list c = {.causes = json_array()};
	size_t i;
	json_t *entry;

	json_array_foreach (a->managers, i, entry) {
		if (entry == self)
			continue;
		BL_JSON json_t *set = conflicts_with(a, entry);

		if (bl_set_empty(set))
			continue;
		print_manager(entry, c.manager, sizeof(c.manager));
		bl_buf_printf(&c.text, "%sconflicts with %s:", c.text.len ? "\n" : "", c.manager);
		bl_set_each(set, add_cause, &c);
	}
	size_t n = json_array_size(c.causes);
	const json_t *first = json_array_get(c.causes, 0);

	if (n == 1)
		bl_err_set(err, -EEXIST, "Apply failed with 1 conflict: %s: %s",
			   bl_json_str_at(first, "message", NULL),
			   bl_json_str_at(first, "field", NULL));
	else
		bl_err_set(err, -EEXIST, "Apply failed with %zu conflicts: %s", n, c.text.data);
	bl_buf_free(&c.text);
	*ret_causes = c.causes;
	return -EEXIST;
}

static const char *last_applied(const json_t *obj)
{
	const char *s = bl_json_str_at(obj, "metadata", "annotations", LAST_APPLIED, NULL);

	return s && *s ? s : NULL;
}

/* Whether every conflict is about a field that kubectl has applied from the client, and that still has that value. */
static bool kubectl_may(const struct apply *a, const json_t *conflicts)
{
	const char *applied_text = last_applied(a->live);
	BL_JSON json_t *applied = NULL;

	if (!bl_streq(a->opts->manager, "kubectl") || !applied_text ||
	    bl_json_parse(applied_text, strlen(applied_text), &applied, NULL) ||
	    bl_typed_check(a->t.type, applied, NULL))
		return false;
	struct bl_comparison c = bl_typed_compare(a->t, applied, a->live);
	BL_JSON json_t *set = bl_typed_set(a->t, applied);
	BL_JSON json_t *changed = bl_set_union(c.added, c.modified);
	BL_JSON json_t *differs = bl_set_union(changed, c.removed);
	BL_JSON json_t *allowed = bl_set_minus(set, differs);
	BL_JSON json_t *rest = bl_set_minus(conflicts, allowed);

	bl_comparison_free(&c);
	return bl_set_empty(rest);
}

/* Keeps kubectl's annotation up to date where it is there. */
static void keep_last_applied(const struct apply *a)
{
	json_t *annotations = bl_json_at(a->result, "metadata", "annotations", NULL);

	if (!bl_streq(a->opts->manager, "kubectl") || !last_applied(a->result))
		return;
	BL_FREE char *compact = bl_json_dump(a->config);
	BL_FREE char *line = bl_asprintf("%s\n", compact);

	json_object_set_new(annotations, LAST_APPLIED,
			    json_string(strlen(line) > LAST_APPLIED_MAX ? "" : line));
}

/* An apply that changes nothing keeps the old times, so that nothing is written. */
static void keep_times(const struct apply *a, const json_t *live)
{
	BL_JSON json_t *same = json_deep_copy(a->result);
	const json_t *old = bl_json_at(live, "metadata", "managedFields", NULL);
	json_t *now = bl_json_at(same, "metadata", "managedFields", NULL), *entry;
	size_t i;

	if (!live || json_array_size(old) != json_array_size(now) ||
	    bl_schema_decode(a->t.type, same, NULL, NULL))
		return;
	now = bl_json_at(same, "metadata", "managedFields", NULL);
	json_array_foreach (now, i, entry) {
		json_t *time = json_object_get(json_array_get(old, i), "time");

		if (time)
			json_object_set(entry, "time", time);
	}
	if (json_equal(same, live))
		json_object_set_new(json_object_get(a->result, "metadata"), "managedFields",
				    json_deep_copy(old));
}

static void merge(struct apply *a, const json_t *self)
{
	BL_JSON json_t *merged = bl_typed_merge(a->t, a->live, a->config);

	a->set = bl_typed_set(a->t, a->config);
	bl_managers_ignore(a->set, a->opts);
	a->result = prune(a, merged, self);
	a->change = bl_typed_compare(a->t, a->live, a->result);
	bl_managers_ignore_all(&a->change, a->opts);
}

static void take_over(struct apply *a, json_t *self)
{
	BL_JSON json_t *changed = bl_set_union(a->change.added, a->change.modified);
	BL_JSON json_t *lost = bl_set_union(changed, a->change.removed);

	bl_managers_take(a->managers, lost, self, a->opts->api_version);
	bl_managers_set(a->managers, a->opts, true, bl_managers_strip(bl_set_union(a->set, NULL)));
}

static int run(struct apply *a, const json_t *live, json_t **ret_causes, struct bl_err *err)
{
	json_t *self = bl_managers_find(a->managers, a->opts, true);

	merge(a, self);
	BL_JSON json_t *conflicts = all_conflicts(a, self);

	if (!a->opts->force && !bl_set_empty(conflicts) && !kubectl_may(a, conflicts))
		return report(a, self, ret_causes, err);
	take_over(a, self);
	keep_last_applied(a);
	bl_managers_encode(a->managers, a->result);
	keep_times(a, live);
	return 0;
}

int bl_patch_apply(const struct bl_schema_type *type, const json_t *live, const json_t *config,
		   const struct bl_apply_opts *opts, json_t **ret_obj, json_t **ret_causes,
		   struct bl_err *err)
{
	struct apply a = {.t = bl_typed_root(type), .opts = opts, .config = config};
	int r = check_config(type, config, opts, err);

	if (r)
		return r;
	a.live = live ? without_managed(live) : bl_schema_zero(type);
	a.managers = bl_managers_decode(live);
	if (!a.managers) {
		BL_JSON json_t *zero = bl_schema_zero(type);
		struct bl_apply_opts before = *opts;

		before.manager = "before-first-apply";
		a.managers = json_array();
		bl_managers_update(a.managers, a.t, zero, a.live, &before);
	}
	r = run(&a, live, ret_causes, err);
	if (!r)
		*ret_obj = json_incref(a.result);
	bl_comparison_free(&a.change);
	json_decref(a.live);
	json_decref(a.managers);
	json_decref(a.set);
	json_decref(a.result);
	return r;
}
