// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: beeline status: is this node all right?
 *
 * What a person asks first, in the order in which things depend on each other: is there an agent, does it hear the API
 * server, has every kind been synced, how much is programmed, what failed, what was dropped. Counters that are zero are left
 * out. The exit status tells a script whether an agent answered.
 */

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "ipc/messages.h"
#include "maps/maps.h"

static int from_maps(const char *bpf_dir, const char *name, json_t **ret, struct bl_err *err)
{
	json_t *counters;
	int rc = bl_maps_counters(bpf_dir, &counters, err);

	(void)name;
	if (!rc)
		*ret = json_pack("{s:o}", "counters", counters);
	return rc;
}

static long long number(const json_t *j, const char *key)
{
	return (long long)json_integer_value(json_object_get(j, key));
}

/* The strings of a list, or the keys of an object whose value is `wanted`, behind commas. */
static char *join(const json_t *j, bool wanted)
{
	struct bl_buf b = {};
	const char *key;
	json_t *v;

	for (size_t i = 0; i < json_array_size(j); i++)
		bl_buf_printf(&b, "%s%s", b.len ? ", " : "",
			      json_string_value(json_array_get(j, i)));
	json_object_foreach ((json_t *)(uintptr_t)j, key, v) {
		if (json_is_true(v) == wanted)
			bl_buf_printf(&b, "%s%s", b.len ? ", " : "", key);
	}
	return bl_buf_take(&b);
}

static void line(struct bl_table *t, const char *name, const char *value)
{
	bl_table_cell(t, name);
	bl_table_cell(t, value);
}

static void print_full_sync(struct bl_table *t, const json_t *full)
{
	if (!json_is_object(full))
		return;
	bl_table_cell(t, "Full sync:");
	bl_table_cellf(t, "%.1f ms for %lld services at start", (double)number(full, "ns") / 1e6,
		       number(full, "services"));
}

static void print_facts(const struct bl_cli *c, const json_t *s)
{
	BL_TABLE struct bl_table *t = bl_table_new(2, NULL);
	BL_FREE char *cidrs = join(json_object_get(s, "pod_cidrs"), true);
	BL_FREE char *unsynced = join(json_object_get(s, "synced"), false);
	const json_t *cni = json_object_get(s, "cni");
	const char *reason = bl_json_str_at(cni, "reason", NULL);
	const json_t *uplink;
	size_t i;

	line(t, "Node:", bl_json_str_at(s, "node", NULL));
	line(t, "Version:", bl_json_str_at(s, "version", NULL));
	line(t, "API server:", bl_json_str_at(s, "server", NULL));
	line(t, "Connected:", json_is_true(json_object_get(s, "connected")) ? "yes" : "no");
	line(t, "Synced:", *unsynced ? "" : "yes");
	if (*unsynced)
		line(t, "Not synced:", unsynced);
	bl_table_cell(t, "Programmed:");
	bl_table_cellf(t, "%lld services, %lld frontends, %lld backends, %lld endpoints",
		       number(s, "services") - number(s, "dirty"), number(s, "frontends"),
		       number(s, "backends"), number(s, "endpoints"));
	if (number(s, "dirty")) {
		bl_table_cell(t, "Waiting:");
		bl_table_cellf(t, "%lld services", number(s, "dirty"));
	}
	print_full_sync(t, json_object_get(s, "full_sync"));
	line(t, "Packets at:", bl_json_str_at(s, "tc_mode", NULL));
	json_array_foreach ((json_t *)(uintptr_t)json_object_get(s, "xdp"), i, uplink) {
		bl_table_cell(t, i ? "" : "XDP:");
		bl_table_cellf(t, "%s on %s", bl_json_str_at(uplink, "mode", NULL) ?: "",
			       bl_json_str_at(uplink, "interface", NULL) ?: "");
	}
	line(t, "Pod prefixes:", cidrs);
	bl_table_cell(t, "Pods:");
	if (json_is_true(json_object_get(cni, "ready")))
		bl_table_cellf(t, "%lld attached", number(cni, "attachments"));
	else
		bl_table_cellf(t, "%lld attached; no new ones: %s", number(cni, "attachments"),
			       reason ? reason : "");
	bl_table_print(t, c->out);
}

static void print_failed(const struct bl_cli *c, const json_t *failed)
{
	static const char *const headings[] = {"NOT PROGRAMMED", "WHY"};
	BL_TABLE struct bl_table *t = bl_table_new(2, headings);

	if (!json_array_size(failed))
		return;
	for (size_t i = 0; i < json_array_size(failed); i++) {
		const json_t *f = json_array_get(failed, i);

		bl_table_cell(t, bl_json_str_at(f, "object", NULL));
		bl_table_cell(t, bl_json_str_at(f, "error", NULL));
	}
	fputc('\n', c->out);
	bl_table_print(t, c->out);
}

static void print_counters(const struct bl_cli *c, const json_t *counters)
{
	static const char *const headings[] = {"COUNTER", "PACKETS", "BYTES", "MEANING"};
	BL_TABLE struct bl_table *t = bl_table_new(4, headings);

	for (size_t i = 0; i < json_array_size(counters); i++) {
		const json_t *n = json_array_get(counters, i);

		if (!number(n, "packets"))
			continue;
		bl_table_cell(t, bl_json_str_at(n, "name", NULL));
		bl_table_cellf(t, "%lld", number(n, "packets"));
		bl_table_cellf(t, "%lld", number(n, "bytes"));
		bl_table_cell(t, bl_json_str_at(n, "text", NULL));
	}
	bl_table_print(t, c->out);
}

int bl_cmd_status(struct bl_cli *c)
{
	BL_JSON json_t *s = NULL;
	int status =
		bl_cli_fetch(c, bl_ipc_request("status"), BL_CLI_TIMEOUT_MS, from_maps, NULL, &s);

	if (status)
		return status;
	if (c->json) {
		bl_cli_print_json(c, s);
		return c->from_maps;
	}
	if (!c->from_maps) {
		print_facts(c, s);
		print_failed(c, json_object_get(s, "failed"));
		fputc('\n', c->out);
	}
	print_counters(c, json_object_get(s, "counters"));
	return c->from_maps;
}
