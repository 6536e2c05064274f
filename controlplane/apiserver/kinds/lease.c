/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Lease (coordination.k8s.io/v1).
 *
 * A small object that its holder renews: node heartbeats and leader elections. Strategy and
 * preferredHolder belong to coordinated leader election, which the real server has switched off
 * unless it is asked for; it drops both fields, and so does this.
 *
 * A lease is replaced only by who names the version that he has read: two holders that both think
 * they may renew are told apart by that, and it is why needs_version is set here and nowhere else.
 *
 * Times are MicroTimes, kept as the client wrote them. What a late renewal means is up to who reads.
 */
#include "apiserver/kinds/cells.h"
#include "apiserver/kinds/kinds.h"
#include "apiserver/schema_types.h"

static void set_defaults(json_t *obj)
{
	(void)bl_ensure(obj, "spec");
}

static void prepare_create(json_t *obj)
{
	json_t *spec = bl_ensure(obj, "spec");

	(void)json_object_del(spec, "strategy");
	(void)json_object_del(spec, "preferredHolder");
}

static void prepare_update(json_t *obj, const json_t *old)
{
	(void)old;
	prepare_create(obj);
}

static void validate(const json_t *obj, struct bl_causes *c)
{
	struct bl_check ck = {.causes = c};
	const json_t *spec = bl_get(obj, "spec");

	bl_path_push(&ck.at, "spec");
	if (bl_has(spec, "leaseDurationSeconds") && bl_int(spec, "leaseDurationSeconds") <= 0)
		bl_check_invalid(&ck, "leaseDurationSeconds", bl_get(spec, "leaseDurationSeconds"),
				 "must be greater than 0");
	(void)bl_check_not_negative(&ck, "leaseTransitions", bl_int(spec, "leaseTransitions"));
}

static const struct bl_column columns[] = {
	BL_COLUMN_NAME,
	{"Holder", "string", "", "The identity of the current holder.", 0},
	BL_COLUMN_AGE,
	{},
};

static json_t *cells(const json_t *obj, long long now_ns)
{
	json_t *row = json_array();

	bl_cell_name(row, obj);
	bl_cell_str(row, bl_str(bl_get(obj, "spec"), "holderIdentity"));
	bl_cell_age(row, obj, now_ns);
	return row;
}

const struct bl_kind bl_kind_lease = {
	.group = "coordination.k8s.io",
	.version = "v1",
	.kind = "Lease",
	.plural = "leases",
	.singular = "lease",
	.namespaced = true,
	.create_on_update = true,
	.update_checks_meta_less = true,
	.needs_version = true,
	.schema = &bl_schema_lease,
	.set_defaults = set_defaults,
	.prepare_create = prepare_create,
	.prepare_update = prepare_update,
	.validate = validate,
	.columns = columns,
	.cells = cells,
};
