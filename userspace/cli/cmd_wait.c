// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: beeline wait: sleep until the kernel holds it.
 *
 * One request, whose answer the agent holds back until the Service is programmed: no polling, so the answer comes with
 * the event. The agent keeps the time and says on giving up what is missing; the connection's own limit is a little
 * longer, for an agent that hangs.
 */

#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "ipc/messages.h"

#define GRACE_MS 3000

int bl_cmd_wait(struct bl_cli *c)
{
	BL_FREE char *namespace = NULL;
	BL_JSON json_t *ok = NULL;
	const char *name;
	json_t *request;
	int64_t timeout_ms = c->timeout_s * 1000;
	int status;

	if (!c->programmed)
		return bl_cli_fail(c, 2, "wait needs --programmed");
	status = bl_cli_service_name(c, c->words[0], true, &namespace, &name);
	if (status)
		return status;
	request = bl_ipc_request("wait");
	json_object_set_new(request, "namespace", json_string(namespace));
	json_object_set_new(request, "name", json_string(name));
	json_object_set_new(request, "timeout_ms", json_integer(timeout_ms));
	if (c->backends >= 0)
		json_object_set_new(request, "backends", json_integer(c->backends));
	status = bl_cli_fetch(c, request, (int)timeout_ms + GRACE_MS, NULL, NULL, &ok);
	if (status)
		return status;
	if (c->json)
		return bl_cli_print_json(c, ok);
	fprintf(c->out, "service %s/%s programmed, %lld backends\n", namespace, name,
		(long long)json_integer_value(json_object_get(ok, "backends")));
	return 0;
}
