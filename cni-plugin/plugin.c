// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The CNI plugin's commands.
 *
 * The plugin decides nothing: it checks what the runtime gave it, opens the container's network namespace, hands both to the
 * node's agent and words the agent's answer in the version of the specification that was asked for. Addresses and records
 * are the agent's alone, so there is one place that knows who has what, and nothing is left on disk by a plugin that was
 * killed.
 *
 * An agent that does not answer is CNI's code 11, "try again later", at once when nobody listens and after nine seconds when
 * somebody listens and is silent; an ADD given up that way is undone by the agent, which sees the connection close. DEL
 * needs the agent too: the address may be given to another pod only by who knows that the kernel's entries of the old one
 * are gone, so a DEL without agent is also 11 and the runtime repeats it. STATUS says 50 instead, as the specification has it.
 *
 * CNI_NETNS is only opened for ADD and CHECK. DEL never looks at it: a namespace that is gone, or was never named, is no
 * reason to keep an attachment.
 */

#include "plugin.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/mem.h"
#include "conf.h"
#include "env.h"
#include "ipc/client.h"
#include "ipc/netns.h"
#include "result.h"

#define TIMEOUT_MS 9000

struct call {
	struct bl_plugin_env env;
	struct bl_plugin_conf conf;
	json_t *result; /* printed where it is not NULL */
	struct bl_ipc_failure failure;
};

static json_t *addresses(const struct bl_plugin_conf *conf)
{
	json_t *list = json_array();
	char text[BL_IP_STRLEN];

	for (size_t i = 0; i < conf->n_ips; i++)
		json_array_append_new(list, json_string(bl_ip_format(&conf->ips[i], text)));
	return list;
}

/* A request about the call's attachment. */
static json_t *request_of(const struct call *c, const char *op)
{
	json_t *request = bl_ipc_request(op);

	json_object_set_new(request, "container_id", json_string(c->env.container_id));
	json_object_set_new(request, "ifname", json_string(c->env.ifname));
	return request;
}

/* Asks the agent. *ret_ok is the caller's. */
static int ask(struct call *c, const json_t *request, int fd, json_t **ret_ok)
{
	int rc = bl_ipc_call(c->conf.socket, request, fd, TIMEOUT_MS, ret_ok, &c->failure);

	if (rc && rc != -EREMOTEIO)
		c->failure.code = BL_CNI_TRY_AGAIN;
	if (rc && c->failure.code == BL_IPC_BUSY)
		c->failure.code = BL_CNI_TRY_AGAIN;
	return rc;
}

static int open_netns(struct call *c, int *ret_fd)
{
	struct bl_err err = {};

	if (!bl_netns_open(c->env.netns, ret_fd, &err))
		return 0;
	return bl_plugin_fail(&c->failure, BL_CNI_BAD_ENVIRONMENT, "CNI_NETNS %s: %s", c->env.netns,
			      bl_err_text(&err));
}

static int run_add(struct call *c)
{
	BL_JSON json_t *request = request_of(c, "cni-add");
	BL_JSON json_t *ok = NULL;
	BL_CLOSE int fd = -1;
	int rc = open_netns(c, &fd);

	if (rc)
		return rc;
	json_object_set_new(request, "netns", json_string(c->env.netns));
	json_object_set_new(request, "network", json_string(c->conf.network));
	json_object_set_new(request, "ips", addresses(&c->conf));
	json_object_set_new(request, "pod_namespace", json_string(c->env.pod_namespace));
	json_object_set_new(request, "pod_name", json_string(c->env.pod_name));
	json_object_set_new(request, "pod_uid", json_string(c->env.pod_uid));
	if (c->conf.mtu)
		json_object_set_new(request, "mtu", json_integer(c->conf.mtu));
	rc = ask(c, request, fd, &ok);
	if (rc)
		return rc;
	c->result = bl_plugin_result_add(&c->conf, &c->env, ok);
	if (!c->result)
		return bl_plugin_fail(&c->failure, BL_CNI_UNDECODABLE,
				      "the agent's answer is incomplete");
	return 0;
}

static int run_del(struct call *c)
{
	BL_JSON json_t *request = request_of(c, "cni-del");
	BL_JSON json_t *ok = NULL;

	return ask(c, request, -1, &ok);
}

static int run_check(struct call *c)
{
	BL_JSON json_t *request = request_of(c, "cni-check");
	BL_JSON json_t *ok = NULL;
	BL_CLOSE int fd = -1;
	int rc;

	if (!c->conf.prev)
		return bl_plugin_fail(&c->failure, BL_CNI_BAD_CONFIG,
				      "configuration: prevResult: must be set for CHECK");
	rc = open_netns(c, &fd);
	if (rc)
		return rc;
	json_object_set_new(request, "ips", bl_plugin_result_ips(c->conf.prev, c->env.ifname));
	return ask(c, request, fd, &ok);
}

static int run_gc(struct call *c)
{
	BL_JSON json_t *request = bl_ipc_request("cni-gc");
	BL_JSON json_t *ok = NULL;
	json_t *valid = json_array();

	json_object_set_new(request, "network", json_string(c->conf.network));
	json_object_set_new(request, "valid", valid);
	if (!c->conf.valid)
		return bl_plugin_fail(
			&c->failure, BL_CNI_BAD_CONFIG,
			"configuration: cni.dev/valid-attachments: must be set for GC");
	for (size_t i = 0; i < json_array_size(c->conf.valid); i++) {
		const json_t *entry = json_array_get(c->conf.valid, i);

		json_array_append_new(valid, json_pack("{s:O, s:O}", "container_id",
						       json_object_get(entry, "containerID"),
						       "ifname", json_object_get(entry, "ifname")));
	}
	return ask(c, request, -1, &ok);
}

static int run_status(struct call *c)
{
	BL_JSON json_t *request = bl_ipc_request("cni-status");
	BL_JSON json_t *ok = NULL;
	int rc = ask(c, request, -1, &ok);

	if (rc && c->failure.code == BL_CNI_TRY_AGAIN)
		c->failure.code = BL_CNI_NOT_AVAILABLE;
	return rc;
}

static const struct {
	int (*run)(struct call *c);
	const char *name;
	enum bl_plugin_version since;
} commands[] = {
	[BL_PLUGIN_ADD] = {run_add, "ADD", BL_PLUGIN_0_3_1},
	[BL_PLUGIN_DEL] = {run_del, "DEL", BL_PLUGIN_0_3_1},
	[BL_PLUGIN_CHECK] = {run_check, "CHECK", BL_PLUGIN_0_4_0},
	[BL_PLUGIN_GC] = {run_gc, "GC", BL_PLUGIN_1_1_0},
	[BL_PLUGIN_STATUS] = {run_status, "STATUS", BL_PLUGIN_1_1_0},
};

/* VERSION needs no configuration but its version, and answers also where there is none. */
static void run_version(struct call *c, const struct bl_buf *conf)
{
	BL_JSON json_t *asked = NULL;

	if (conf->len)
		(void)bl_json_parse(conf->data, conf->len, &asked, NULL);
	c->result = bl_plugin_result_version(bl_plugin_conf_asked_version(asked));
}

static int run(struct call *c, char *(*get)(const char *name), const struct bl_buf *conf)
{
	int env_rc = bl_plugin_env_read(get, &c->env, &c->failure);
	struct bl_ipc_failure env_failure = c->failure;
	int rc;

	if (!env_rc && c->env.command == BL_PLUGIN_VERSION) {
		run_version(c, conf);
		return 0;
	}
	rc = bl_plugin_conf_parse(conf->data ? conf->data : "", conf->len, &c->conf, &c->failure);
	if (env_rc)
		c->failure = env_failure;
	if (env_rc || rc)
		return -EINVAL;
	if (c->conf.version < commands[c->env.command].since)
		return bl_plugin_fail(
			&c->failure, BL_CNI_INCOMPATIBLE_VERSION, "cniVersion %s has no %s",
			bl_plugin_versions[c->conf.version], commands[c->env.command].name);
	return commands[c->env.command].run(c);
}

int bl_plugin_run(char *(*get)(const char *name), const struct bl_buf *conf, struct bl_buf *out)
{
	struct call c = {.conf.version = BL_PLUGIN_1_1_0};
	int rc = run(&c, get, conf);

	if (rc) {
		json_decref(c.result);
		c.result = bl_plugin_result_error(c.conf.version, &c.failure);
	}
	if (c.result) {
		BL_FREE char *text = bl_json_dump(c.result);

		bl_buf_puts(out, text);
		bl_buf_putc(out, '\n');
	}
	json_decref(c.result);
	bl_plugin_conf_free(&c.conf);
	free(c.env.args);
	return rc ? 1 : 0;
}
