// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Where answers come from.
 *
 * The agent first. When none answers, what is pinned in the kernel still tells most of it: the maps outlive the agent and
 * have the same shapes when printed as JSON, so a command works on either source and only says which one it was. Only an
 * agent that cannot be reached leads there; an agent that answers with an error is believed.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "ipc/client.h"

int bl_cli_fail(const struct bl_cli *c, int status, const char *fmt, ...)
{
	va_list ap;

	fputs("beeline: ", c->err);
	va_start(ap, fmt);
	(void)vfprintf(c->err, fmt, ap);
	va_end(ap);
	fputc('\n', c->err);
	return status;
}

int bl_cli_fetch(struct bl_cli *c, json_t *request, int timeout_ms, bl_cli_from_maps from_maps,
		 const char *name, json_t **ret_ok)
{
	struct bl_ipc_failure failure = {};
	struct bl_err err = {};
	int rc = bl_ipc_call(c->socket, request, -1, timeout_ms, ret_ok, &failure);
	bool absent = rc == -ENOENT || rc == -ECONNREFUSED;

	json_decref(request);
	if (!rc)
		return 0;
	if (!absent || !from_maps)
		return bl_cli_fail(c, 1, "%s", failure.msg);
	bl_cli_fail(c, 0, "%s; reading the maps pinned in %s", failure.msg, c->bpf_dir);
	c->from_maps = true;
	if (from_maps(c->bpf_dir, name, ret_ok, &err))
		return bl_cli_fail(c, 1, "%s", bl_err_text(&err));
	return 0;
}

int bl_cli_print_json(const struct bl_cli *c, const json_t *j)
{
	char *text = json_dumps(j, JSON_INDENT(2) | JSON_ENCODE_ANY);

	fprintf(c->out, "%s\n", text ? text : "null");
	free(text);
	return 0;
}

int bl_cli_object_name(const struct bl_cli *c, const char *kind, const char *word,
		       char **ret_namespace, const char **ret_name)
{
	const char *slash = strchr(word, '/'), *name = slash ? slash + 1 : word;
	char *namespace;

	if (slash && c->namespace)
		return bl_cli_fail(c, 2, "'%s' names a namespace, and so does --namespace", word);
	namespace = slash ? bl_strndup(word, (size_t)(slash - word))
			  : bl_strdup(c->namespace ? c->namespace : "default");
	if (!bl_str_is_dns_label(namespace) || !bl_str_is_dns_subdomain(name)) {
		free(namespace);
		return bl_cli_fail(c, 2, "'%s' names no %s", word, kind);
	}
	*ret_namespace = namespace;
	*ret_name = name;
	return 0;
}

int bl_cli_service_name(const struct bl_cli *c, const char *word, bool prefix, char **ret_namespace,
			const char **ret_name)
{
	const char *name = word;
	char *namespace = NULL;
	int rc;

	if (prefix && bl_str_starts(word, "svc/"))
		name = word + strlen("svc/");
	else if (prefix && bl_str_starts(word, "service/"))
		name = word + strlen("service/");
	else if (prefix)
		return bl_cli_fail(c, 2, "'%s' is not svc/NAMESPACE/NAME", word);
	rc = bl_cli_object_name(c, "Service", name, &namespace, &name);
	if (rc)
		return rc;
	if (!bl_str_is_dns_label(name)) {
		free(namespace);
		return bl_cli_fail(c, 2, "'%s' names no Service", word);
	}
	*ret_namespace = namespace;
	*ret_name = name;
	return 0;
}
