// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What is compiled as a whole, applied in order.
 *
 * Nodes, the node's own links and addresses, and the attached pods lead to one desired state, compiled from nothing each
 * time. It is applied outside in: what addresses mean first, then the programs on the links, then the routes that lead
 * packets there, and BIRD last, so that nothing is announced before it works. Each step is a delta of its own: a step that
 * fails is reported under its name and tried again, the others go on.
 *
 * The socket's CNI calls are answered from here: an ADD returns when the endpoint, its program and its routes are in the
 * kernel.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "base/log.h"
#include "base/mem.h"

#define PODS_MAX 65536
#define MTU_MIN	 1280 /* RFC 8200, section 5 */

/* Reports a step's outcome. Whether it went well. */
static bool step(struct bl_agent *a, const char *name, int rc, const struct bl_err *err)
{
	bl_failures_set(a->failures, name, rc ? err : NULL);
	return rc == 0;
}

static int find_uplinks(struct bl_agent *a, struct bl_err *err)
{
	const struct bl_agent_names *names = &a->config->uplinks;
	struct bl_net_link link;
	uint32_t found[BL_UPLINKS_MAX];
	size_t n = 0;
	int rc;

	if (!names->count) {
		rc = bl_net_default_links(a->net, found, BL_UPLINKS_MAX, &n, err);
		if (rc)
			return rc;
	}
	for (size_t i = 0; i < names->count && n < BL_UPLINKS_MAX; i++) {
		rc = bl_net_link_get(a->net, names->list[i], 0, &link);
		if (rc)
			return bl_err_set(err, rc, "uplinks: no interface %s", names->list[i]);
		found[n++] = link.ifindex;
	}
	if (!n)
		return bl_err_set(err, -ENODEV, "uplinks: none named and no default route");
	memcpy(a->uplinks, found, n * sizeof(*found));
	a->n_uplinks = n;
	return 0;
}

/* The pods' MTU: what is configured, or the smallest of the uplinks. */
static void set_mtu(struct bl_agent *a)
{
	uint32_t mtu = a->config->cni_mtu;
	struct bl_net_link link;

	for (size_t i = 0; !a->config->cni_mtu && i < a->n_uplinks; i++) {
		if (bl_net_link_get(a->net, NULL, a->uplinks[i], &link) == 0 &&
		    (!mtu || link.mtu < mtu))
			mtu = link.mtu;
	}
	if (mtu >= MTU_MIN)
		bl_cni_set_mtu(a->cni, mtu);
}

static void collect_pods(struct bl_agent *a, struct bl_arena *arena, struct bl_compile_local *local)
{
	size_t n;
	const struct bl_attachment *list = bl_cni_attachments(a->cni, &n);
	struct bl_compile_pod *pods = bl_arena_array(arena, n, struct bl_compile_pod);

	for (size_t i = 0; i < n; i++) {
		memcpy(pods[i].ips, list[i].ips, sizeof(pods[i].ips));
		pods[i].n_ips = list[i].n_ips;
		pods[i].ifindex = list[i].ifindex;
		memcpy(pods[i].mac, list[i].mac, sizeof(pods[i].mac));
		memcpy(pods[i].host_mac, list[i].host_mac, sizeof(pods[i].host_mac));
	}
	local->pods = pods;
	local->n_pods = n;
}

static int collect_addrs(struct bl_agent *a, struct bl_arena *arena, struct bl_compile_local *local,
			 struct bl_err *err)
{
	BL_FREE struct bl_net_addr *list = NULL;
	struct bl_ip *addrs;
	size_t n;
	int rc = bl_net_addrs(a->net, &list, &n, err);

	if (rc)
		return rc;
	addrs = bl_arena_array(arena, n, struct bl_ip);
	for (size_t i = 0; i < n; i++)
		addrs[i] = list[i].ip;
	local->addrs = addrs;
	local->n_addrs = n;
	return 0;
}

static const struct bl_api_node *own_node(const struct bl_agent *a)
{
	return (const struct bl_api_node *)bl_store_get(a->store, BL_API_NODE, "",
							a->config->compile.node);
}

static bool attach(struct bl_agent *a, const struct bl_compile_local *local)
{
	BL_FREE uint32_t *keep = bl_calloc(local->n_pods + a->n_uplinks, sizeof(*keep));
	struct bl_err err = {};
	size_t n = 0;
	bool ok = true;
	int rc = 0;

	for (size_t i = 0; i < a->n_uplinks; i++) {
		int one = bl_datapath_attach_uplink(a->datapath, a->uplinks[i], &err);

		rc = one ? one : rc;
		keep[n++] = a->uplinks[i];
	}
	ok &= step(a, "uplinks", rc, &err);
	rc = 0;
	for (size_t i = 0; i < local->n_pods; i++) {
		int one = bl_datapath_attach_pod(a->datapath, local->pods[i].ifindex, &err);

		rc = one ? one : rc;
		keep[n++] = local->pods[i].ifindex;
	}
	ok &= step(a, "pod links", rc, &err);
	rc = bl_datapath_keep_links(a->datapath, keep, n, &err);
	return step(a, "old links", rc, &err) && ok;
}

/* `policy`: why it is not in force, or 0. */
static bool apply_kernel(struct bl_agent *a, const struct bl_desired_node *want,
			 const struct bl_compile_local *local, int policy)
{
	struct bl_err err = {};
	bool ok = true;

	ok &= step(a, "prefixes",
		   bl_datapath_set_prefixes(a->datapath, want->prefixes, want->n_prefixes, &err),
		   &err);
	ok &= step(a, "node facts", bl_datapath_set_config(a->datapath, &want->config, &err), &err);
	/* Without its isolation no pod is known to any program. */
	if (policy)
		ok = false;
	else
		ok &= step(a, "endpoints",
			   bl_datapath_set_endpoints(a->datapath, want->endpoints,
						     want->n_endpoints, &err),
			   &err);
	ok &= attach(a, local);
	ok &= step(a, "routes", bl_net_set_routes(a->net, want->routes, want->n_routes, &err),
		   &err);
	return ok;
}

static bool apply_bgp(struct bl_agent *a, const struct bl_desired_node *want)
{
	struct bl_err err = {};

	/* No Node object of ours to derive sessions from: those that there are stay. */
	if (!a->bgp || !want->bgp.enabled)
		return true;
	return step(a, "BGP", bl_bgp_set(a->bgp, &want->bgp, &err), &err);
}

/* The node can take pods: the runtime may read the network's configuration. */
static bool install_conf(struct bl_agent *a)
{
	struct bl_err err = {};

	if (!a->config->cni_conf_dir || a->conf_installed || bl_cni_unready(a->cni))
		return true;
	if (!step(a, "CNI configuration",
		  bl_cni_install_conf(a->config->cni_conf_dir, a->socket_path, &err), &err))
		return false;
	a->conf_installed = true;
	bl_log_info("this node takes pods folder=%s", a->config->cni_conf_dir);
	return true;
}

/* Pods that have gone are forgotten before policy forgets them; those that come are known once it knows them. */
static int apply_policy(struct bl_agent *a, const struct bl_desired_node *want)
{
	struct bl_err err = {};

	if (!step(a, "old endpoints",
		  bl_datapath_keep_endpoints(a->datapath, want->endpoints, want->n_endpoints, &err),
		  &err))
		return -EIO;
	return bl_agent_apply_policy(a, true);
}

void bl_agent_apply_node(struct bl_agent *a)
{
	struct bl_arena *arena = bl_arena_new(16384);
	const struct bl_api_node *own = own_node(a);
	struct bl_compile_local local = {};
	struct bl_err err = {};
	int policy;
	bool ok;

	ok = step(a, "uplinks", find_uplinks(a, &err), &err);
	ok &= step(a, "kernel settings", bl_net_prepare_node(a->uplinks, a->n_uplinks, &err), &err);
	set_mtu(a);
	bl_cni_set_cidrs(a->cni, own ? own->pod_cidrs : NULL, own ? own->n_pod_cidrs : 0);
	collect_pods(a, arena, &local);
	if (!step(a, "addresses", collect_addrs(a, arena, &local, &err), &err)) {
		bl_arena_free(arena);
		bl_cni_applied(a->cni, &err);
		return;
	}
	bl_arena_free(a->node_arena);
	a->node_arena = arena;
	a->node = bl_compile_node(a->store, &a->config->compile, &local, arena);
	policy = apply_policy(a, a->node);
	if (policy == -EAGAIN)
		return; /* soon again, with the list of attachments as it is then */
	ok &= apply_kernel(a, a->node, &local, policy);
	if (!ok)
		(void)bl_err_set(&err, -EAGAIN, "the data path is not programmed");
	bl_cni_set_unready(a->cni, ok ? NULL : bl_err_text(&err));
	bl_cni_applied(a->cni, ok ? NULL : &err);
	ok &= apply_bgp(a, a->node);
	ok &= install_conf(a);
	a->node_dirty = !ok;
}

int bl_agent_attachment_programmed(void *agent, const struct bl_attachment *att, struct bl_err *err)
{
	static const char *const steps[] = {"old endpoints", "policy", "endpoints", "pod links",
					    "routes"};
	const struct bl_agent *a = agent;
	size_t found = 0;

	for (size_t i = 0; i < BL_ARRAY_SIZE(steps); i++) {
		const char *text = bl_failures_get(a->failures, steps[i]);

		if (text)
			return bl_err_set(err, -EAGAIN, "%s: %s", steps[i], text);
	}
	for (size_t i = 0; a->node && i < a->node->n_endpoints; i++) {
		const struct bl_desired_endpoint *e = &a->node->endpoints[i];

		for (size_t k = 0; k < att->n_ips; k++)
			found += e->ifindex == att->ifindex && !bl_ip_cmp(&e->ip, &att->ips[k]);
	}
	if (found != att->n_ips)
		return bl_err_set(err, -EAGAIN, "the endpoint is not programmed");
	return 0;
}
