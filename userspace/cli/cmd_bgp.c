// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: beeline bgp: BIRD and its sessions, as the agent hears of them now.
 *
 * The agent asks BIRD when it is asked, so the answer is fresh. Nothing of it lies in maps: without an agent, birdc on BIRD's
 * own socket is the tool. An error is BIRD's last word about the configuration, or why it is not reached.
 */

#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "ipc/messages.h"

static void add_session(struct bl_table *t, const json_t *s)
{
	bl_table_cell(t, bl_json_str_at(s, "name", NULL));
	bl_table_cell(t, bl_json_str_at(s, "peer", NULL));
	bl_table_cellf(t, "%lld", (long long)json_integer_value(json_object_get(s, "asn")));
	bl_table_cell(t, bl_json_str_at(s, "state", NULL));
	bl_table_cell(t, bl_json_str_at(s, "since", NULL));
	bl_table_cellf(t, "%lld", (long long)json_integer_value(json_object_get(s, "imported")));
	bl_table_cellf(t, "%lld", (long long)json_integer_value(json_object_get(s, "exported")));
	bl_table_cell(t, bl_json_str_at(s, "info", NULL));
}

int bl_cmd_bgp_status(struct bl_cli *c)
{
	static const char *const headings[] = {"SESSION", "PEER",     "ASN",	  "STATE",
					       "SINCE",	  "IMPORTED", "EXPORTED", "INFO"};
	BL_TABLE struct bl_table *t = bl_table_new(8, headings);
	BL_JSON json_t *s = NULL;
	const json_t *sessions;
	const char *version, *error;
	int status =
		bl_cli_fetch(c, bl_ipc_request("bgp-status"), BL_CLI_TIMEOUT_MS, NULL, NULL, &s);

	if (status)
		return status;
	if (c->json)
		return bl_cli_print_json(c, s);
	if (!json_is_true(json_object_get(s, "enabled"))) {
		fputs("BGP is not configured on this node.\n", c->out);
		return 0;
	}
	version = bl_json_str_at(s, "bird", NULL);
	error = bl_json_str_at(s, "error", NULL);
	fprintf(c->out, "BIRD %s: %s\n", version ? version : "",
		error && *error				 ? error
		: json_is_true(json_object_get(s, "up")) ? "runs the agent's configuration"
							 : "does not answer");
	sessions = json_object_get(s, "sessions");
	for (size_t i = 0; i < json_array_size(sessions); i++)
		add_session(t, json_array_get(sessions, i));
	fputc('\n', c->out);
	bl_table_print(t, c->out);
	return 0;
}
