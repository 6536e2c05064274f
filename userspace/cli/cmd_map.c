// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: beeline map: the BPF maps themselves.
 *
 * `list` prints the table of maps that the programs are built from. `dump` prints every entry with addresses, ports and
 * flags by name, keys and values flattened into `field=value` words. It goes past everything that the agent
 * believes: this is what the kernel holds.
 */

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "ipc/messages.h"
#include "maps/maps.h"

int bl_cmd_map_list(struct bl_cli *c)
{
	static const char *const headings[] = {"MAP", "KEY", "VALUE", "ENTRIES", "HOLDS"};
	BL_TABLE struct bl_table *t = bl_table_new(5, headings);
	BL_JSON json_t *list = json_array();

	for (size_t i = 0; i < BL_MAP_COUNT; i++) {
		const struct bl_map_info *m = &bl_map_table[i];

		json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:i, s:s}", "name", m->name,
						      "key_size", (int)m->key_size, "value_size",
						      (int)m->value_size, "max_entries",
						      (int)m->entries, "about", m->text));
		bl_table_cell(t, m->name);
		bl_table_cellf(t, "%u", m->key_size);
		bl_table_cellf(t, "%u", m->value_size);
		bl_table_cellf(t, "%u", m->entries);
		bl_table_cell(t, m->text);
	}
	if (c->json)
		return bl_cli_print_json(c, list);
	bl_table_print(t, c->out);
	return 0;
}

static int from_maps(const char *bpf_dir, const char *name, json_t **ret, struct bl_err *err)
{
	enum bl_map map;
	int rc = bl_maps_find(name, &map);

	return rc ? rc : bl_maps_dump(bpf_dir, map, ret, err);
}

/* An object as "field=value ...", anything else as it is. */
static void flatten(struct bl_buf *b, const json_t *j)
{
	const char *key;
	json_t *v;

	if (json_is_object(j)) {
		json_object_foreach ((json_t *)(uintptr_t)j, key, v) {
			bl_buf_printf(b, "%s%s=", b->len ? " " : "", key);
			if (json_is_object(v))
				bl_buf_putc(b, '{');
			flatten(b, v);
			if (json_is_object(v))
				bl_buf_putc(b, '}');
		}
	} else if (json_is_string(j)) {
		bl_buf_puts(b, json_string_value(j));
	} else {
		BL_FREE char *text = bl_json_dump(j);

		bl_buf_puts(b, text);
	}
}

int bl_cmd_map_dump(struct bl_cli *c)
{
	static const char *const headings[] = {"KEY", "VALUE"};
	BL_TABLE struct bl_table *t = bl_table_new(2, headings);
	json_t *request = bl_ipc_request("map-dump");
	BL_JSON json_t *dump = NULL;
	const json_t *entries;
	enum bl_map map;
	int status;

	json_object_set_new(request, "name", json_string(c->words[0]));
	if (bl_maps_find(c->words[0], &map)) {
		json_decref(request);
		return bl_cli_fail(c, 2, "no map '%s'; beeline map list shows them", c->words[0]);
	}
	status = bl_cli_fetch(c, request, BL_CLI_TIMEOUT_MS, from_maps, c->words[0], &dump);
	if (status)
		return status;
	if (c->json)
		return bl_cli_print_json(c, dump);
	entries = json_object_get(dump, "entries");
	for (size_t i = 0; i < json_array_size(entries); i++) {
		const json_t *e = json_array_get(entries, i);
		BL_BUF struct bl_buf key = {};
		BL_BUF struct bl_buf value = {};

		flatten(&key, json_object_get(e, "key"));
		flatten(&value, json_object_get(e, "value"));
		bl_table_cell(t, key.data);
		bl_table_cell(t, value.data);
	}
	bl_table_print(t, c->out);
	return 0;
}
