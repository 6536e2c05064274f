/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Namespace (core/v1).
 *
 * A namespace carries the finalizer `kubernetes` in its spec (not in its metadata), which the
 * namespace controller takes away by way of /finalize when everything in the namespace is gone.
 * A client cannot set it: spec and status are the server's on create and carried over on update.
 *
 * Each namespace has its own name as a label, so that selectors can name namespaces.
 *
 * The status has a rule too: a namespace is Terminating exactly while it is being deleted, and no
 * client can say otherwise.
 */
#include "apiserver/kinds/cells.h"
#include "apiserver/kinds/kinds.h"
#include "apiserver/kinds/names.h"
#include "apiserver/schema_types.h"
#include "base/str.h"

#define NAME_LABEL "kubernetes.io/metadata.name"

static void set_defaults(json_t *obj)
{
	json_t *meta = bl_get(obj, "metadata");

	(void)bl_ensure(obj, "spec");
	bl_default_str(bl_ensure(obj, "status"), "phase", "Active");
	if (bl_has_str(meta, "name"))
		bl_set_str(bl_ensure(meta, "labels"), NAME_LABEL, bl_str(meta, "name"));
}

static void prepare_create(json_t *obj)
{
	/* The label again: a generated name is known only now. */
	set_defaults(obj);
	json_object_set_new(obj, "status", json_pack("{s:s}", "phase", "Active"));
	json_object_set_new(bl_ensure(obj, "spec"), "finalizers", json_pack("[s]", "kubernetes"));
}

static void prepare_update(json_t *obj, const json_t *old)
{
	bl_carry(bl_ensure(obj, "spec"), bl_get(old, "spec"), "finalizers");
	bl_carry(obj, old, "status");
}

static void prepare_status(json_t *obj, const json_t *old)
{
	bl_carry(obj, old, "spec");
}

static bool stays(const char *name)
{
	return bl_streq(name, "default") || bl_streq(name, "kube-system") ||
	       bl_streq(name, "kube-public");
}

static void validate(const json_t *obj, struct bl_causes *c)
{
	struct bl_check ck = {.causes = c};
	const json_t *finalizers = bl_get(bl_get(obj, "spec"), "finalizers");

	bl_path_push(&ck.at, "spec");
	for (size_t i = 0; i < json_array_size(finalizers); i++)
		(void)bl_check_rules(&ck, "finalizers", bl_str_at_index(finalizers, i),
				     bl_rule_qualified_name);
}

static void validate_status(const json_t *obj, const json_t *old, struct bl_causes *c)
{
	struct bl_check ck = {.causes = c};
	const char *phase = bl_str(bl_get(obj, "status"), "phase");
	bool deleted = bl_has(bl_get(obj, "metadata"), "deletionTimestamp");

	(void)old;
	if (!deleted && !bl_streq(phase, "Active"))
		bl_check_invalid_str(&ck, "status.Phase", phase,
				     "may only be 'Active' if `deletionTimestamp` is empty");
	if (deleted && !bl_streq(phase, "Terminating"))
		bl_check_invalid_str(&ck, "status.Phase", phase,
				     "may only be 'Terminating' if `deletionTimestamp` is not "
				     "empty");
}

static const char *field_value(const json_t *obj, const char *key, char buf[64])
{
	(void)buf;
	if (bl_streq(key, "status.phase"))
		return bl_str(bl_get(obj, "status"), "phase");
	/* An old name of metadata.name. */
	return bl_streq(key, "name") ? bl_str(bl_get(obj, "metadata"), "name") : NULL;
}

static const struct bl_column columns[] = {
	BL_COLUMN_NAME,
	{"Status", "string", "", "The status of the namespace", 0},
	BL_COLUMN_AGE,
	{},
};

static json_t *cells(const json_t *obj, long long now_ns)
{
	json_t *row = json_array();

	bl_cell_name(row, obj);
	bl_cell_str(row, bl_str(bl_get(obj, "status"), "phase"));
	bl_cell_age(row, obj, now_ns);
	return row;
}

static const char *const short_names[] = {"ns", NULL};

const struct bl_kind bl_kind_namespace = {
	.group = "",
	.version = "v1",
	.kind = "Namespace",
	.plural = "namespaces",
	.singular = "namespace",
	.short_names = short_names,
	.has_status = true,
	.no_delete_collection = true,
	.returns_deleted = true,
	.schema = &bl_schema_namespace,
	.set_defaults = set_defaults,
	.stays = stays,
	.prepare_create = prepare_create,
	.prepare_update = prepare_update,
	.prepare_status = prepare_status,
	.validate = validate,
	.validate_status = validate_status,
	.check_name = bl_rule_dns_label,
	.field_value = field_value,
	.columns = columns,
	.cells = cells,
};
