// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: beeline endpoint: who lives on this node.
 *
 * The addresses that the node's data path delivers itself: those of its pods, each with its link and the pod it belongs to,
 * and the node's own. The pinned map knows no names of pods, so without an agent that column is empty.
 */

#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "ipc/messages.h"
#include "maps/maps.h"

static int from_maps(const char *bpf_dir, const char *name, json_t **ret, struct bl_err *err)
{
	(void)name;
	return bl_maps_endpoints(bpf_dir, ret, err);
}

int bl_cmd_endpoint_list(struct bl_cli *c)
{
	static const char *const headings[] = {"ADDRESS", "KIND", "INTERFACE", "MAC", "POD"};
	BL_TABLE struct bl_table *t = bl_table_new(5, headings);
	BL_JSON json_t *list = NULL;
	int status = bl_cli_fetch(c, bl_ipc_request("endpoint-list"), BL_CLI_TIMEOUT_MS, from_maps,
				  NULL, &list);

	if (status)
		return status;
	if (c->json)
		return bl_cli_print_json(c, list);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *e = json_array_get(list, i);
		const char *namespace = bl_json_str_at(e, "namespace", NULL);
		const char *pod = bl_json_str_at(e, "pod", NULL);

		bl_table_cell(t, bl_json_str_at(e, "address", NULL));
		bl_table_cell(t, bl_json_str_at(e, "kind", NULL));
		bl_table_cell(t, bl_json_str_at(e, "interface", NULL));
		bl_table_cell(t, bl_json_str_at(e, "mac", NULL));
		if (pod && *pod)
			bl_table_cellf(t, "%s/%s", namespace ? namespace : "", pod);
		else
			bl_table_cell(t, "");
	}
	bl_table_print(t, c->out);
	return 0;
}
