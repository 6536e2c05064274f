// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: A whole pinned map as JSON: what it is, and its entries as dump.c prints them.
 */

#include <linux/bpf.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "maps/maps.h"

struct dump {
	enum bl_map map;
	json_t *entries;
};

static int dump_entry(void *arg, const void *key, const void *value)
{
	const struct dump *d = arg;
	json_t *entry = bl_maps_entry_json(d->map, key, value);

	if (entry)
		json_array_append_new(d->entries, entry);
	return 0;
}

static const char *type_name(uint32_t type)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH:
		return "hash";
	case BPF_MAP_TYPE_ARRAY:
		return "array";
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return "percpu_array";
	case BPF_MAP_TYPE_LRU_HASH:
		return "lru_hash";
	case BPF_MAP_TYPE_LPM_TRIE:
		return "lpm_trie";
	default:
		return "other";
	}
}

int bl_maps_dump(const char *pin_dir, enum bl_map map, json_t **ret_json, struct bl_err *err)
{
	const struct bl_map_info *row = &bl_map_table[map];
	BL_JSON json_t *entries = json_array();
	struct dump d = {.map = map, .entries = entries};
	BL_CLOSE int fd = -1;
	int rc;

	rc = bl_maps_open(pin_dir, map, true, &fd, err);
	if (rc)
		return rc;
	rc = bl_maps_each(fd, map, dump_entry, &d);
	if (rc)
		return bl_err_set(err, rc, "map '%s': %s", row->name, strerror(-rc));
	*ret_json =
		json_pack("{s:s, s:s, s:s, s:I, s:I, s:O}", "name", row->name, "about", row->text,
			  "type", type_name(row->type), "max_entries", (json_int_t)bl_maps_size(fd),
			  "count", (json_int_t)json_array_size(entries), "entries", entries);
	return 0;
}
