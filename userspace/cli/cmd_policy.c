// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: beeline policy: what NetworkPolicies come to on this node.
 *
 * `list` has a line a policy, `for` one a rule that holds for a pod, `explain` one for each end of a connection that lies on this node
 * and each family: what the compiled tables say of it, and what the kernel's say. The two must agree; exit status 1 says that
 * they do not.
 */

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "ipc/messages.h"

static const char *yes_no(const json_t *object, const char *field)
{
	return json_is_true(json_object_get(object, field)) ? "yes" : "no";
}

int bl_cmd_policy_list(struct bl_cli *c)
{
	static const char *const headings[] = {"NAMESPACE", "NAME",   "SELECTS", "PODS HERE",
					       "INGRESS",   "EGRESS", "STATE"};
	BL_TABLE struct bl_table *t = bl_table_new(7, headings);
	json_t *request = bl_ipc_request("policy-list");
	BL_JSON json_t *list = NULL;
	int status;

	if (c->namespace)
		json_object_set_new(request, "namespace", json_string(c->namespace));
	status = bl_cli_fetch(c, request, BL_CLI_TIMEOUT_MS, NULL, NULL, &list);
	if (status)
		return status;
	if (c->json)
		return bl_cli_print_json(c, list);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *p = json_array_get(list, i);
		const char *error = bl_json_str_at(p, "error", NULL);

		bl_table_cell(t, bl_json_str_at(p, "namespace", NULL));
		bl_table_cell(t, bl_json_str_at(p, "name", NULL));
		bl_table_cell(t, bl_json_str_at(p, "selects", NULL));
		bl_table_cellf(t, "%lld",
			       (long long)json_integer_value(json_object_get(p, "pods")));
		bl_table_cell(t, yes_no(p, "ingress"));
		bl_table_cell(t, yes_no(p, "egress"));
		bl_table_cellf(t, "%s%s", error && *error ? "closed: " : "ok",
			       error && *error ? error : "");
	}
	bl_table_print(t, c->out);
	return 0;
}

/* --- for ------------------------------------------------------------------------------------------------------------------- */

static void join(struct bl_table *t, const json_t *list)
{
	BL_BUF struct bl_buf b = {};

	for (size_t i = 0; i < json_array_size(list); i++)
		bl_buf_printf(&b, "%s%s", i ? "; " : "",
			      json_string_value(json_array_get(list, i)));
	bl_table_cell(t, b.data);
}

static void add_rules(struct bl_table *t, const char *direction, const json_t *of)
{
	const json_t *rules = json_object_get(of, "rules");

	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *r = json_array_get(rules, i);

		bl_table_cell(t, direction);
		bl_table_cellf(t, "%s#%lld", bl_json_str_at(r, "policy", NULL),
			       (long long)json_integer_value(json_object_get(r, "rule")));
		join(t, json_object_get(r, "peers"));
		join(t, json_object_get(r, "ports"));
	}
}

static const char *state_of(const json_t *direction)
{
	if (!json_is_true(json_object_get(direction, "isolated")))
		return "open";
	return json_array_size(json_object_get(direction, "rules")) ? "isolated"
								    : "isolated, nothing allowed";
}

int bl_cmd_policy_for(struct bl_cli *c)
{
	static const char *const headings[] = {"DIRECTION", "RULE", "PEERS", "PORTS"};
	BL_TABLE struct bl_table *t = bl_table_new(4, headings);
	json_t *request = bl_ipc_request("policy-for");
	const json_t *ingress, *egress;
	BL_FREE char *namespace = NULL;
	BL_JSON json_t *p = NULL;
	const char *name = NULL;
	int status = bl_cli_object_name(c, "Pod", c->words[0], &namespace, &name);

	if (status) {
		json_decref(request);
		return status;
	}
	json_object_set_new(request, "namespace", json_string(namespace));
	json_object_set_new(request, "name", json_string(name));
	status = bl_cli_fetch(c, request, BL_CLI_TIMEOUT_MS, NULL, NULL, &p);
	if (status)
		return status;
	if (c->json)
		return bl_cli_print_json(c, p);
	ingress = json_object_get(p, "ingress");
	egress = json_object_get(p, "egress");
	fprintf(c->out, "%s/%s: ingress %s, egress %s%s\n\n", namespace, name, state_of(ingress),
		state_of(egress),
		json_is_true(json_object_get(p, "host_network"))
			? "; on its node's network, which no policy selects"
			: "");
	add_rules(t, "ingress", ingress);
	add_rules(t, "egress", egress);
	bl_table_print(t, c->out);
	return 0;
}

/* --- explain --------------------------------------------------------------------------------------------------------------- */

/* PORT or PORT/PROTOCOL; TCP where none is named. */
static int read_port(const struct bl_cli *c, const char *word, json_t *request)
{
	const char *slash = strchr(word, '/');
	BL_FREE char *number = slash ? bl_strndup(word, (size_t)(slash - word)) : bl_strdup(word);
	const char *protocol = slash ? slash + 1 : "TCP";
	int64_t port;

	if (bl_str_to_int(number, 1, 65535, &port) ||
	    (!bl_streq(protocol, "TCP") && !bl_streq(protocol, "UDP") &&
	     !bl_streq(protocol, "SCTP")))
		return bl_cli_fail(c, 2, "'%s' is not PORT or PORT/TCP, PORT/UDP, PORT/SCTP", word);
	json_object_set_new(request, "port", json_integer(port));
	json_object_set_new(request, "protocol", json_string(protocol));
	return 0;
}

static const char *verdict(const json_t *check, const char *field)
{
	return json_is_true(json_object_get(check, field)) ? "allow" : "deny";
}

static int print_checks(const struct bl_cli *c, const json_t *list)
{
	static const char *const headings[] = {"DIRECTION", "POD",	"PEER",
					       "ISOLATED",  "COMPILED", "KERNEL"};
	BL_TABLE struct bl_table *t = bl_table_new(6, headings);
	bool agree = true;

	if (!json_array_size(list)) {
		fputs("Neither end is a pod of this node: other nodes decide.\n", c->out);
		return 0;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *check = json_array_get(list, i);

		agree &= json_is_true(json_object_get(check, "agree"));
		bl_table_cell(t, bl_json_str_at(check, "direction", NULL));
		bl_table_cell(t, bl_json_str_at(check, "pod", NULL));
		bl_table_cell(t, bl_json_str_at(check, "peer", NULL));
		bl_table_cell(t, yes_no(check, "isolated"));
		bl_table_cell(t, verdict(check, "compiled"));
		bl_table_cell(t, verdict(check, "kernel"));
	}
	bl_table_print(t, c->out);
	return agree ? 0 : bl_cli_fail(c, 1, "the kernel's tables are not what was compiled");
}

int bl_cmd_policy_explain(struct bl_cli *c)
{
	json_t *request = bl_ipc_request("policy-explain");
	BL_JSON json_t *list = NULL;
	int status = read_port(c, c->words[2], request);

	if (status) {
		json_decref(request);
		return status;
	}
	json_object_set_new(request, "from", json_string(c->words[0]));
	json_object_set_new(request, "to", json_string(c->words[1]));
	status = bl_cli_fetch(c, request, BL_CLI_TIMEOUT_MS, NULL, NULL, &list);
	if (status)
		return status;
	return c->json ? bl_cli_print_json(c, list) : print_checks(c, list);
}
