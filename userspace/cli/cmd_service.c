// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: beeline service: what the kernel makes of Services.
 *
 * `list` has a line a Service, `get` one a frontend and backend. "PROGRAMMED" is the agent's word for it: the kernel holds
 * what the API asks for. Without an agent the pinned maps are read; they hold only what is programmed, and know no types.
 */

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "ipc/messages.h"
#include "maps/maps.h"

/* Services of the namespace only, where one is given. */
static int list_from_maps(const char *bpf_dir, const char *namespace, json_t **ret,
			  struct bl_err *err)
{
	BL_JSON json_t *all = NULL;
	int rc = bl_maps_services(bpf_dir, &all, err);

	if (rc)
		return rc;
	*ret = json_array();
	for (size_t i = 0; i < json_array_size(all); i++) {
		json_t *s = json_array_get(all, i);
		const char *of = bl_json_str_at(s, "namespace", NULL);

		if (!namespace || (of && bl_streq(of, namespace)))
			json_array_append(*ret, s);
	}
	return 0;
}

/* `path` is NAMESPACE/NAME. */
static int get_from_maps(const char *bpf_dir, const char *path, json_t **ret, struct bl_err *err)
{
	BL_JSON json_t *all = NULL;
	int rc = bl_maps_services(bpf_dir, &all, err);

	for (size_t i = 0; !rc && i < json_array_size(all); i++) {
		json_t *s = json_array_get(all, i);
		const char *namespace = bl_json_str_at(s, "namespace", NULL);
		const char *name = bl_json_str_at(s, "name", NULL);
		size_t n = namespace ? strlen(namespace) : 0;

		if (!n || !name || strncmp(path, namespace, n) || path[n] != '/' ||
		    !bl_streq(path + n + 1, name))
			continue;
		*ret = json_incref(s);
		return 0;
	}
	return rc ? rc : bl_err_set(err, -ENOENT, "no Service %s is programmed", path);
}

/* A NodePort's frontend has no address but a family. */
static const char *every_address(const json_t *f)
{
	return json_integer_value(json_object_get(f, "family")) == 6 ? "::" : "0.0.0.0";
}

/* "10.96.0.1:80/TCP", "[fd00::1]:53/UDP", "0.0.0.0:30080/TCP" for a NodePort. */
static void format(struct bl_buf *b, const json_t *f)
{
	const char *address = bl_json_str_at(f, "address", NULL);
	const char *protocol = bl_json_str_at(f, "protocol", NULL);
	bool v6;

	if (!address || !*address)
		address = every_address(f);
	v6 = strchr(address, ':');
	bl_buf_printf(b, "%s%s%s%s:%lld/%s", b->len ? "," : "", v6 ? "[" : "", address,
		      v6 ? "]" : "", (long long)json_integer_value(json_object_get(f, "port")),
		      protocol ? protocol : "?");
}

/* The view from outside of the cluster, at an address that is listed already. */
static bool is_outside(const json_t *f)
{
	const char *scope = bl_json_str_at(f, "scope", NULL);

	return scope && bl_str_ends(scope, "external");
}

static const char *programmed(const struct bl_cli *c, const json_t *s)
{
	if (c->from_maps)
		return "yes";
	return json_is_true(json_object_get(s, "programmed")) ? "yes" : "no";
}

/* Those that get new connections. */
static size_t live(const json_t *backends)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(backends); i++)
		n += !json_is_true(json_object_get(json_array_get(backends, i), "draining"));
	return n;
}

static void add_row(const struct bl_cli *c, struct bl_table *t, const json_t *s)
{
	const json_t *frontends = json_object_get(s, "frontends");
	BL_BUF struct bl_buf b = {};

	for (size_t i = 0; i < json_array_size(frontends); i++) {
		if (!is_outside(json_array_get(frontends, i)))
			format(&b, json_array_get(frontends, i));
	}
	bl_table_cell(t, bl_json_str_at(s, "namespace", NULL));
	bl_table_cell(t, bl_json_str_at(s, "name", NULL));
	bl_table_cell(t, bl_json_str_at(s, "type", NULL));
	bl_table_cell(t, programmed(c, s));
	bl_table_cellf(t, "%zu", live(json_object_get(s, "backends")));
	bl_table_cell(t, b.data);
}

int bl_cmd_service_list(struct bl_cli *c)
{
	static const char *const headings[] = {"NAMESPACE",  "NAME",	 "TYPE",
					       "PROGRAMMED", "BACKENDS", "FRONTENDS"};
	BL_TABLE struct bl_table *t = bl_table_new(6, headings);
	json_t *request = bl_ipc_request("service-list");
	BL_JSON json_t *list = NULL;
	int status;

	if (c->namespace)
		json_object_set_new(request, "namespace", json_string(c->namespace));
	status = bl_cli_fetch(c, request, BL_CLI_TIMEOUT_MS, list_from_maps, c->namespace, &list);
	if (status)
		return status;
	if (c->json)
		return bl_cli_print_json(c, list);
	for (size_t i = 0; i < json_array_size(list); i++)
		add_row(c, t, json_array_get(list, i));
	bl_table_print(t, c->out);
	return 0;
}

/* "cluster", or "cluster, local": the node's own backends alone. */
static void add_scope(struct bl_table *t, const json_t *f)
{
	const char *scope = bl_json_str_at(f, "scope", NULL);
	const char *policy = bl_json_str_at(f, "policy", NULL);

	bl_table_cellf(t, "%s%s", scope ? scope : "?",
		       policy && bl_streq(policy, "Local") ? ", local" : "");
}

static void add_frontends(struct bl_table *t, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *f = json_array_get(list, i);
		BL_BUF struct bl_buf b = {};

		format(&b, f);
		bl_table_cell(t, "frontend");
		bl_table_cell(t, bl_json_str_at(f, "name", NULL));
		bl_table_cell(t, b.data);
		add_scope(t, f);
	}
}

static void add_backends(struct bl_table *t, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *e = json_array_get(list, i);
		BL_BUF struct bl_buf b = {};

		format(&b, e);
		bl_table_cell(t, json_is_true(json_object_get(e, "draining")) ? "draining"
									      : "backend");
		bl_table_cell(t, bl_json_str_at(e, "name", NULL));
		bl_table_cell(t, b.data);
		bl_table_cell(t, json_is_true(json_object_get(e, "local")) ? "local" : "remote");
	}
}

int bl_cmd_service_get(struct bl_cli *c)
{
	static const char *const headings[] = {"WHAT", "PORT", "ADDRESS", "WHERE"};
	BL_TABLE struct bl_table *t = bl_table_new(4, headings);
	BL_FREE char *namespace = NULL;
	BL_FREE char *path = NULL;
	BL_JSON json_t *s = NULL;
	const char *name, *error;
	json_t *request;
	int status = bl_cli_service_name(c, c->words[0], false, &namespace, &name);

	if (status)
		return status;
	path = bl_asprintf("%s/%s", namespace, name);
	request = bl_ipc_request("service-get");
	json_object_set_new(request, "namespace", json_string(namespace));
	json_object_set_new(request, "name", json_string(name));
	status = bl_cli_fetch(c, request, BL_CLI_TIMEOUT_MS, get_from_maps, path, &s);
	if (status)
		return status;
	if (c->json)
		return bl_cli_print_json(c, s);
	error = bl_json_str_at(s, "error", NULL);
	fprintf(c->out, "%s programmed: %s%s%s\n\n", path, programmed(c, s),
		error && *error ? ": " : "", error ? error : "");
	add_frontends(t, json_object_get(s, "frontends"));
	add_backends(t, json_object_get(s, "backends"));
	bl_table_print(t, c->out);
	return 0;
}
