/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Secret (core/v1).
 *
 * Bytes in `data`, as base64. `stringData` is for writing only: its texts are encoded into `data`,
 * over what is there, and it is never stored. Some types want certain keys, so that who mounts the
 * secret finds them; the type itself never changes.
 *
 * Values never appear in causes.
 *
 * Since defaults run on every decode, what is stored has no stringData left: the second run finds
 * nothing to do.
 */
#include <stdlib.h>

#include "apiserver/kinds/cells.h"
#include "apiserver/kinds/data.h"
#include "apiserver/kinds/kinds.h"
#include "apiserver/schema_types.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/str.h"

static void set_defaults(json_t *obj)
{
	const json_t *texts = bl_get(obj, "stringData");
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)texts, key, value) {
		BL_FREE char *base64 =
			bl_data_encode(json_string_value(value), json_string_length(value));

		bl_set_str(bl_ensure(obj, "data"), key, base64);
	}
	(void)json_object_del(obj, "stringData");
	bl_default_str(obj, "type", "Opaque");
}

static void want_key(struct bl_check *ck, const json_t *data, const char *key)
{
	size_t mark;

	if (bl_has(data, key))
		return;
	mark = bl_path_push(&ck->at, "data");
	bl_path_push_key(&ck->at, key);
	bl_check_required(ck, NULL, "");
	bl_path_pop(&ck->at, mark);
}

/* The key is there and holds a JSON object. */
static void want_json(struct bl_check *ck, const json_t *data, const char *key)
{
	BL_FREE char *text = NULL;
	BL_JSON json_t *json = NULL;
	size_t len;
	size_t mark;

	want_key(ck, data, key);
	if (!bl_has(data, key))
		return;
	text = bl_data_decode(bl_str(data, key), &len);
	json = json_loadb(text, len, 0, NULL);
	if (json_is_object(json))
		return;
	mark = bl_path_push(&ck->at, "data");
	bl_path_push_key(&ck->at, key);
	bl_check_invalid_str(ck, NULL, "<secret contents redacted>", "must be a JSON object");
	bl_path_pop(&ck->at, mark);
}

static void check_token(struct bl_check *ck, const json_t *obj)
{
	const json_t *notes = bl_get(bl_get(obj, "metadata"), "annotations");

	if (!bl_has_str(notes, "kubernetes.io/service-account.name"))
		bl_check_required(ck, "metadata.annotations[kubernetes.io/service-account.name]",
				  "");
}

static void validate(const json_t *obj, struct bl_causes *c)
{
	struct bl_check ck = {.causes = c};
	const char *type = bl_str(obj, "type");
	const json_t *data = bl_get(obj, "data");
	size_t total = 0;

	bl_check_data(&ck, "data", data, true, &total);
	if (total > BL_DATA_MAX)
		bl_check_too_long(&ck, "data", BL_DATA_MAX);

	if (bl_streq(type, "kubernetes.io/service-account-token")) {
		check_token(&ck, obj);
	} else if (bl_streq(type, "kubernetes.io/dockercfg")) {
		want_json(&ck, data, ".dockercfg");
	} else if (bl_streq(type, "kubernetes.io/dockerconfigjson")) {
		want_json(&ck, data, ".dockerconfigjson");
	} else if (bl_streq(type, "kubernetes.io/basic-auth")) {
		if (!bl_has(data, "username") && !bl_has(data, "password")) {
			want_key(&ck, data, "username");
			want_key(&ck, data, "password");
		}
	} else if (bl_streq(type, "kubernetes.io/ssh-auth")) {
		if (!bl_has_str(data, "ssh-privatekey"))
			bl_check_required(&ck, "data[ssh-privatekey]", "");
	} else if (bl_streq(type, "kubernetes.io/tls")) {
		want_key(&ck, data, "tls.crt");
		want_key(&ck, data, "tls.key");
	}
}

static void validate_update(const json_t *obj, const json_t *old, struct bl_causes *c)
{
	static const char *const fields[] = {"data", NULL};
	struct bl_check ck = {.causes = c};

	(void)bl_check_immutable(&ck, "type", bl_get(obj, "type"), bl_get(old, "type"));
	bl_check_immutable_data(&ck, obj, old, fields);
}

static const char *field_value(const json_t *obj, const char *key, char buf[64])
{
	(void)buf;
	return bl_streq(key, "type") ? bl_str(obj, "type") : NULL;
}

static const struct bl_column columns[] = {
	BL_COLUMN_NAME,
	{"Type", "string", "", "What the secret is for.", 0},
	{"Data", "string", "", "How many keys the data has.", 0},
	BL_COLUMN_AGE,
	{},
};

static json_t *cells(const json_t *obj, long long now_ns)
{
	json_t *row = json_array();

	bl_cell_name(row, obj);
	bl_cell_str(row, bl_str(obj, "type"));
	bl_cell_int(row, (long long)bl_count(obj, "data"));
	bl_cell_age(row, obj, now_ns);
	return row;
}

const struct bl_kind bl_kind_secret = {
	.group = "",
	.version = "v1",
	.kind = "Secret",
	.plural = "secrets",
	.singular = "secret",
	.namespaced = true,
	.schema = &bl_schema_secret,
	.set_defaults = set_defaults,
	.validate = validate,
	.validate_update = validate_update,
	.field_value = field_value,
	.columns = columns,
	.cells = cells,
};
