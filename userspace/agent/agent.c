// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The agent, put together.
 *
 * Rooms are opened from the kernel upwards: netlink, BPF, BIRD, the attachments, the socket, and last the API's
 * watches, so that the first event finds everything it leads to. What cannot be opened ends the start with one error;
 * an API server that does not answer is no such thing: the kernel's state stays in force, and the client comes back to it.
 * Closing goes the other way round and leaves the kernel as it is.
 */

#include "agent/agent.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

static void on_net_changed(void *arg)
{
	struct bl_agent *a = arg;

	if (a->cni)
		bl_cni_links_changed(a->cni);
	bl_agent_mark(a, true);
}

static void on_cni_changed(void *arg)
{
	bl_agent_mark(arg, true);
}

static int open_datapath(struct bl_agent *a, struct bl_err *err)
{
	const struct bl_agent_config *c = a->config;
	struct bl_datapath_opts opts = {
		.pin_dir = c->bpf_dir,
		.cgroup = c->cgroup,
		.sizes = c->map_sizes,
		.n_sizes = c->n_map_sizes,
		.service_cidrs = c->compile.service_cidrs.list,
		.n_service_cidrs = c->compile.service_cidrs.count,
		.xdp = c->xdp,
	};

	return bl_datapath_open(&opts, &a->datapath, err);
}

static int open_bgp(struct bl_agent *a, struct bl_err *err)
{
	struct bl_bgp_opts opts = {
		.config = a->config->bird_config,
		.socket = a->config->bird_socket,
	};
	int rc;

	if (a->config->compile.routing != BL_ROUTING_BGP)
		return 0;
	rc = bl_bgp_new(a->loop, &opts, &a->bgp);
	return rc ? bl_err_set(err, rc, "bgp: cannot be started") : 0;
}

static int open_cni(struct bl_agent *a, struct bl_err *err)
{
	BL_FREE char *dir = bl_asprintf("%s/attachments", a->config->state_dir);
	struct bl_cni_opts opts = {
		.dir = dir,
		.net = a->net,
		.ops =
			{
				.changed = on_cni_changed,
				.programmed = bl_agent_attachment_programmed,
				.arg = a,
			},
	};
	int rc = bl_file_mkdirs(a->config->state_dir, 0700, err);

	if (!rc)
		rc = bl_cni_new(&opts, &a->cni, err);
	if (!rc)
		bl_cni_set_unready(a->cni, "the agent is not in sync with the API server");
	return rc;
}

static int open_server(struct bl_agent *a, struct bl_err *err)
{
	int rc = bl_server_new(a->loop, a->socket_path, &a->server, err);

	if (rc)
		return rc;
	bl_agent_serve(a);
	bl_agent_policy_serve(a);
	bl_agent_wait_serve(a);
	bl_cni_serve(a->cni, a->server);
	return 0;
}

static int open_all(struct bl_agent *a, struct bl_err *err)
{
	int rc;

	/* A kubeconfig that cannot be used is a wrong configuration, whatever the system call said. */
	if (bl_client_new(a->loop, a->config->kubeconfig, &a->client, err))
		return -EINVAL;
	a->events = bl_events_new(a->client, a->config->compile.node);
	rc = bl_net_open(a->loop, on_net_changed, a, &a->net, err);
	if (!rc)
		rc = open_datapath(a, err);
	if (!rc)
		bl_agent_policy_open(a);
	if (!rc)
		rc = open_bgp(a, err);
	if (!rc)
		rc = open_cni(a, err);
	if (!rc)
		rc = open_server(a, err);
	return rc;
}

int bl_agent_new(struct bl_loop *loop, const struct bl_agent_config *config,
		 struct bl_agent **ret_agent, struct bl_err *err)
{
	struct bl_agent *a = bl_new0(struct bl_agent);
	int rc;

	a->config = config;
	a->loop = loop;
	a->socket_path = bl_asprintf("%s/beelined.sock", config->run_dir);
	a->store = bl_store_new();
	bl_store_watch_zone(a->store, config->compile.node);
	a->failures = bl_failures_new();
	bl_agent_apply_init(a);
	rc = open_all(a, err);
	if (rc) {
		bl_agent_free(a);
		return rc;
	}
	bl_agent_watch_start(a);
	bl_log_info("started node=%s server=%s socket=%s", config->compile.node,
		    bl_client_server(a->client), a->socket_path);
	*ret_agent = a;
	return 0;
}

struct bl_agent *bl_agent_free(struct bl_agent *a)
{
	if (!a)
		return NULL;
	bl_agent_watch_stop(a);
	bl_agent_wait_stop(a);
	if (a->server)
		a->server = bl_server_free(a->server);
	if (a->cni)
		a->cni = bl_cni_free(a->cni);
	if (a->bgp)
		a->bgp = bl_bgp_free(a->bgp);
	if (a->datapath)
		a->datapath = bl_datapath_close(a->datapath);
	if (a->net)
		a->net = bl_net_close(a->net);
	if (a->client)
		a->client = bl_client_free(a->client);
	a->events = bl_events_free(a->events);
	bl_agent_apply_stop(a);
	bl_agent_policy_close(a);
	a->failures = bl_failures_free(a->failures);
	a->store = bl_store_free(a->store);
	free(a->socket_path);
	free(a);
	return NULL;
}
