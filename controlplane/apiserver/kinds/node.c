/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Node (core/v1).
 *
 * A node without the label of its readiness is not yet to be used: the real server's TaintNodes
 * admission gives every new node the taint not-ready, which the node lifecycle controller takes
 * away. Its pod CIDRs can be set once and never change, as addresses of running pods hang on them.
 * podCIDR is podCIDRs[0]; a client may write either.
 *
 * A node's status is written by create too: a kubelet registers itself with one request. Labels
 * `node-role.kubernetes.io/X` are its roles.
 */
#include <stdlib.h>

#include "apiserver/kinds/cells.h"
#include "apiserver/kinds/kinds.h"
#include "apiserver/kinds/names.h"
#include "apiserver/kinds/net.h"
#include "apiserver/kinds/quantity.h"
#include "apiserver/kinds/taints.h"
#include "apiserver/schema_types.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"

#define NOT_READY "node.kubernetes.io/not-ready"

/* podCIDR wins over podCIDRs[0], as in the real server's conversion. */
static void sync_cidrs(json_t *spec)
{
	json_t *list = bl_get(spec, "podCIDRs");
	const char *first = bl_str(spec, "podCIDR");

	if (*first == '\0') {
		if (json_array_size(list) > 0)
			bl_set_str(spec, "podCIDR", bl_str_at_index(list, 0));
	} else if (json_array_size(list) == 0 || !bl_streq(bl_str_at_index(list, 0), first)) {
		json_object_set_new(spec, "podCIDRs", json_pack("[s]", first));
	}
}

static void set_defaults(json_t *obj)
{
	json_t *status = bl_ensure(obj, "status");

	sync_cidrs(bl_ensure(obj, "spec"));
	if (bl_count(status, "allocatable") == 0 && bl_count(status, "capacity") > 0)
		json_object_set_new(status, "allocatable",
				    json_deep_copy(bl_get(status, "capacity")));
}

static void prepare_create(json_t *obj)
{
	json_t *spec = bl_ensure(obj, "spec");
	json_t *taints = bl_get(spec, "taints");

	for (size_t i = 0; i < json_array_size(taints); i++) {
		const json_t *taint = json_array_get(taints, i);

		if (bl_streq(bl_str(taint, "key"), NOT_READY) &&
		    bl_streq(bl_str(taint, "effect"), "NoSchedule"))
			return;
	}
	if (!json_is_array(taints)) {
		taints = json_array();
		json_object_set_new(spec, "taints", taints);
	}
	json_array_append_new(taints,
			      json_pack("{s:s,s:s}", "effect", "NoSchedule", "key", NOT_READY));
}

static void prepare_update(json_t *obj, const json_t *old)
{
	bl_carry(obj, old, "status");
}

static void prepare_status(json_t *obj, const json_t *old)
{
	bl_carry(obj, old, "spec");
}

static void check_cidrs(struct bl_check *ck, const json_t *cidrs)
{
	size_t count = json_array_size(cidrs);
	struct bl_cidr both[2] = {};
	size_t read = 0;

	for (size_t i = 0; i < count; i++) {
		size_t mark = bl_path_push(&ck->at, "podCIDRs");

		bl_path_push_index(&ck->at, i);
		if (bl_check_cidr(ck, NULL, bl_str_at_index(cidrs, i)) && i < 2)
			read += !bl_cidr_parse(bl_str_at_index(cidrs, i), false, &both[i]);
		for (size_t k = 0; k < i; k++) {
			if (!json_equal(json_array_get(cidrs, i), json_array_get(cidrs, k)))
				continue;
			bl_check_duplicate(ck, NULL, json_array_get(cidrs, i));
			break;
		}
		bl_path_pop(&ck->at, mark);
	}
	if (count < 2)
		return;
	if (read < 2 && count == 2)
		bl_check_add(ck, BL_CAUSE_INTERNAL, "podCIDRs", NULL,
			     "invalid PodCIDRs. failed to check with dual stack");
	if (count > 2 || both[0].ip.family == both[1].ip.family || read < 2)
		bl_check_invalid(ck, "podCIDRs", cidrs,
				 "may specify no more than one CIDR for each IP family");
}

static void check_amounts(struct bl_check *ck, const char *name, const json_t *amounts)
{
	size_t mark = bl_path_push(&ck->at, name);
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)amounts, key, value) {
		__int128 nano = 0;

		(void)bl_quantity_parse(value, &nano);
		if (nano < 0)
			bl_check_invalid(ck, key, value, "must be greater than or equal to 0");
		else if (bl_streq(key, "pods") && !bl_quantity_is_whole(value))
			bl_check_invalid(ck, key, value, "must be an integer");
	}
	bl_path_pop(&ck->at, mark);
}

static void check_status(struct bl_check *ck, const json_t *status)
{
	size_t mark = bl_path_push(&ck->at, "status");

	check_amounts(ck, "capacity", bl_get(status, "capacity"));
	check_amounts(ck, "allocatable", bl_get(status, "allocatable"));
	bl_path_pop(&ck->at, mark);
}

static void validate(const json_t *obj, struct bl_causes *c)
{
	struct bl_check ck = {.causes = c};
	const json_t *spec = bl_get(obj, "spec");
	size_t mark;

	/* Taints once were annotations, and the real server still names them there. */
	bl_check_taints(&ck, "metadata.taints", bl_get(spec, "taints"));
	check_status(&ck, bl_get(obj, "status"));
	mark = bl_path_push(&ck.at, "spec");
	check_cidrs(&ck, bl_get(spec, "podCIDRs"));
	bl_path_pop(&ck.at, mark);
}

static void check_addresses(struct bl_check *ck, const json_t *addresses)
{
	for (size_t i = 0; i < json_array_size(addresses); i++) {
		for (size_t k = 0; k < i; k++) {
			size_t mark;

			if (!json_equal(json_array_get(addresses, i), json_array_get(addresses, k)))
				continue;
			mark = bl_path_push(&ck->at, "status");
			bl_path_push(&ck->at, "addresses");
			bl_path_push_index(&ck->at, i);
			bl_check_duplicate(ck, NULL, json_array_get(addresses, i));
			bl_path_pop(&ck->at, mark);
			break;
		}
	}
}

static void check_fixed_cidrs(struct bl_check *ck, const json_t *now, const json_t *was)
{
	static const char rule[] = "node updates may not change podCIDR except from \"\" to valid";

	if (json_array_size(was) == 0)
		return;
	if (json_array_size(now) != json_array_size(was)) {
		bl_check_forbidden(ck, "spec.podCIDRs", rule);
		return;
	}
	for (size_t i = 0; i < json_array_size(was); i++) {
		if (!json_equal(json_array_get(now, i), json_array_get(was, i)))
			bl_check_forbidden(ck, "spec.podCIDRs", rule);
	}
}

static void validate_update(const json_t *obj, const json_t *old_obj, struct bl_causes *c)
{
	struct bl_check ck = {.causes = c};
	const json_t *spec = bl_get(obj, "spec");
	const json_t *old = bl_get(old_obj, "spec");

	check_status(&ck, bl_get(obj, "status"));
	check_addresses(&ck, bl_get(bl_get(obj, "status"), "addresses"));
	check_fixed_cidrs(&ck, bl_get(spec, "podCIDRs"), bl_get(old, "podCIDRs"));
	if (bl_has_str(old, "providerID") &&
	    !bl_streq(bl_str(old, "providerID"), bl_str(spec, "providerID")))
		bl_check_forbidden(
			&ck, "spec.providerID",
			"node updates may not change providerID except from \"\" to valid");
	bl_check_taints(&ck, "metadata.taints", bl_get(spec, "taints"));
}

static const char *field_value(const json_t *obj, const char *key, char buf[64])
{
	(void)buf;
	if (!bl_streq(key, "spec.unschedulable"))
		return NULL;
	return bl_bool(bl_get(obj, "spec"), "unschedulable") ? "true" : "false";
}

static const struct bl_column columns[] = {
	BL_COLUMN_NAME,
	{"Status", "string", "", "The status of the node", 0},
	{"Roles", "string", "", "The roles of the node", 0},
	BL_COLUMN_AGE,
	{"Version", "string", "", "Version of the kubelet.", 0},
	{"Internal-IP", "string", "", "Address within the cluster.", 1},
	{"External-IP", "string", "", "Address from outside.", 1},
	{"OS-Image", "string", "", "The operating system.", 1},
	{"Kernel-Version", "string", "", "The kernel.", 1},
	{"Container-Runtime", "string", "", "The container runtime and its version.", 1},
	{},
};

static void cell_status(json_t *row, const json_t *obj)
{
	const json_t *conditions = bl_get(bl_get(obj, "status"), "conditions");
	const char *ready = "Unknown";
	struct bl_buf b = {};

	for (size_t i = 0; i < json_array_size(conditions); i++) {
		const json_t *condition = json_array_get(conditions, i);

		if (bl_streq(bl_str(condition, "type"), "Ready"))
			ready = bl_streq(bl_str(condition, "status"), "True") ? "Ready"
									      : "NotReady";
	}
	bl_buf_puts(&b, ready);
	if (bl_bool(bl_get(obj, "spec"), "unschedulable"))
		bl_buf_puts(&b, ",SchedulingDisabled");
	bl_cell_buf(row, &b, "");
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void cell_roles(json_t *row, const json_t *labels)
{
	static const char prefix[] = "node-role.kubernetes.io/";
	BL_FREE const char **roles = bl_calloc(json_object_size(labels) + 1, sizeof(*roles));
	struct bl_buf b = {};
	size_t count = 0;
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)labels, key, value) {
		const char *role = json_string_value(value);

		if (bl_str_starts(key, prefix) && key[sizeof(prefix) - 1])
			roles[count++] = key + sizeof(prefix) - 1;
		else if (bl_streq(key, "kubernetes.io/role") && role && *role)
			roles[count++] = role;
	}
	qsort(roles, count, sizeof(*roles), by_text);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || !bl_streq(roles[i], roles[i - 1]))
			bl_buf_printf(&b, "%s%s", b.len ? "," : "", roles[i]);
	}
	bl_cell_buf(row, &b, "<none>");
}

static const char *address_of(const json_t *obj, const char *type)
{
	const json_t *addresses = bl_get(bl_get(obj, "status"), "addresses");

	for (size_t i = 0; i < json_array_size(addresses); i++) {
		const json_t *address = json_array_get(addresses, i);

		if (bl_streq(bl_str(address, "type"), type))
			return bl_str(address, "address");
	}
	return "<none>";
}

static json_t *cells(const json_t *obj, long long now_ns)
{
	const json_t *info = bl_get(bl_get(obj, "status"), "nodeInfo");
	json_t *row = json_array();

	bl_cell_name(row, obj);
	cell_status(row, obj);
	cell_roles(row, bl_get(bl_get(obj, "metadata"), "labels"));
	bl_cell_age(row, obj, now_ns);
	bl_cell_str(row, bl_str(info, "kubeletVersion"));
	bl_cell_str(row, address_of(obj, "InternalIP"));
	bl_cell_str(row, address_of(obj, "ExternalIP"));
	bl_cell_str_or(row, bl_str(info, "osImage"), "<unknown>");
	bl_cell_str_or(row, bl_str(info, "kernelVersion"), "<unknown>");
	bl_cell_str_or(row, bl_str(info, "containerRuntimeVersion"), "<unknown>");
	return row;
}

static const char *const short_names[] = {"no", NULL};

const struct bl_kind bl_kind_node = {
	.group = "",
	.version = "v1",
	.kind = "Node",
	.plural = "nodes",
	.singular = "node",
	.short_names = short_names,
	.has_status = true,
	.schema = &bl_schema_node,
	.set_defaults = set_defaults,
	.prepare_create = prepare_create,
	.prepare_update = prepare_update,
	.prepare_status = prepare_status,
	.validate = validate,
	.validate_update = validate_update,
	.validate_status = validate_update,
	.field_value = field_value,
	.columns = columns,
	.cells = cells,
};
