/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: ConfigMap (core/v1).
 *
 * Text in `data`, bytes in `binaryData`; a key may be in one of them only, since both become files
 * of one folder. Together they hold at most 1 MiB. With `immutable` the data never changes again,
 * so that clients need not watch it.
 *
 * A key is named in causes as it is in the object, data[key], so that a person finds it; the size
 * names no field, since it is that of the whole. Values are not looked at.
 *
 * Changing `immutable` back is refused too, and the only way out is to delete the object: that is
 * the promise clients rely on when they stop watching.
 */
#include "apiserver/kinds/cells.h"
#include "apiserver/kinds/data.h"
#include "apiserver/kinds/kinds.h"
#include "apiserver/schema_types.h"

static void validate(const json_t *obj, struct bl_causes *c)
{
	struct bl_check ck = {.causes = c};
	const json_t *binary = bl_get(obj, "binaryData");
	size_t mark = bl_path_push(&ck.at, "data");
	size_t total = 0;
	const char *key;
	json_t *value;

	json_object_foreach (bl_get(obj, "data"), key, value) {
		size_t inner = bl_path_push_key(&ck.at, key);

		if (bl_has(binary, key))
			bl_check_invalid_str(&ck, NULL, key,
					     "duplicate of key present in binaryData");
		bl_path_pop(&ck.at, inner);
	}
	bl_path_pop(&ck.at, mark);

	bl_check_data(&ck, "data", bl_get(obj, "data"), false, &total);
	bl_check_data(&ck, "binaryData", binary, true, &total);
	if (total > BL_DATA_MAX)
		bl_check_too_long(&ck, NULL, BL_DATA_MAX);
}

static void validate_update(const json_t *obj, const json_t *old, struct bl_causes *c)
{
	static const char *const fields[] = {"data", "binaryData", NULL};
	struct bl_check ck = {.causes = c};

	bl_check_immutable_data(&ck, obj, old, fields);
}

static const struct bl_column columns[] = {
	BL_COLUMN_NAME,
	{"Data", "string", "", "How many keys the data has.", 0},
	BL_COLUMN_AGE,
	{},
};

static json_t *cells(const json_t *obj, long long now_ns)
{
	json_t *row = json_array();

	bl_cell_name(row, obj);
	bl_cell_int(row, (long long)(bl_count(obj, "data") + bl_count(obj, "binaryData")));
	bl_cell_age(row, obj, now_ns);
	return row;
}

static const char *const short_names[] = {"cm", NULL};

const struct bl_kind bl_kind_configmap = {
	.group = "",
	.version = "v1",
	.kind = "ConfigMap",
	.plural = "configmaps",
	.singular = "configmap",
	.short_names = short_names,
	.namespaced = true,
	.schema = &bl_schema_configmap,
	.validate = validate,
	.validate_update = validate_update,
	.columns = columns,
	.cells = cells,
};
