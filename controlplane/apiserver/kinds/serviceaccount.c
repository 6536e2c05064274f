/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: ServiceAccount (core/v1).
 *
 * An identity for pods. The server only stores it: tokens are given out by who runs the cluster.
 * References to secrets keep nothing but the name, as in the real server.
 *
 * Nothing is validated beyond metadata, as in the real server. Its admission plug-in, which gives
 * every pod the account `default` and mounts a token, is not part of this server: pods name an
 * account or have none.
 *
 * Deleting one answers with the object, which kubectl relies on for its message.
 */
#include "apiserver/kinds/cells.h"
#include "apiserver/kinds/kinds.h"
#include "apiserver/schema_types.h"

static void prepare_create(json_t *obj)
{
	const json_t *secrets = bl_get(obj, "secrets");

	for (size_t i = 0; i < json_array_size(secrets); i++) {
		const json_t *ref = json_array_get(secrets, i);

		json_array_set_new((json_t *)secrets, i,
				   json_pack("{s:s}", "name", bl_str(ref, "name")));
	}
}

static void prepare_update(json_t *obj, const json_t *old)
{
	(void)old;
	prepare_create(obj);
}

static const struct bl_column columns[] = {
	BL_COLUMN_NAME,
	{"Secrets", "string", "", "How many secrets pods of the account may use.", 0},
	BL_COLUMN_AGE,
	{},
};

static json_t *cells(const json_t *obj, long long now_ns)
{
	json_t *row = json_array();

	bl_cell_name(row, obj);
	bl_cell_int(row, (long long)bl_count(obj, "secrets"));
	bl_cell_age(row, obj, now_ns);
	return row;
}

static const char *const short_names[] = {"sa", NULL};

const struct bl_kind bl_kind_serviceaccount = {
	.group = "",
	.version = "v1",
	.kind = "ServiceAccount",
	.plural = "serviceaccounts",
	.singular = "serviceaccount",
	.short_names = short_names,
	.namespaced = true,
	.returns_deleted = true,
	.schema = &bl_schema_serviceaccount,
	.prepare_create = prepare_create,
	.prepare_update = prepare_update,
	.columns = columns,
	.cells = cells,
};
