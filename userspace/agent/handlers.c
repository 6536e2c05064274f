// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What the agent says of itself.
 *
 * The answers of the socket's reading operations, in the shapes that ipc/messages.h lists. They are built from what the
 * agent holds when it is asked: the store, the state that was applied last, and the maps' own counters. A Service
 * is shown as compile sees it, with the word whether the kernel holds that already.
 */

#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "base/json.h"
#include "base/str.h"
#include "base/version.h"
#include "ipc/messages.h"
#include "maps/maps.h"

static json_t *ip_json(const struct bl_ip *ip)
{
	char buf[BL_IP_STRLEN];

	return json_string(bl_ip_format(ip, buf));
}

static json_t *mac_json(const uint8_t mac[6])
{
	return json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
			    mac[5]);
}

static json_t *synced_json(const struct bl_agent *a, bool *ret_connected)
{
	json_t *synced = json_object();

	*ret_connected = true;
	for (size_t i = 0; i < BL_AGENT_KINDS; i++) {
		const struct bl_agent_watch *w = &a->watches[i];

		json_object_set_new(synced, bl_api_type(w->kind)->name, json_boolean(w->synced));
		*ret_connected &= w->why[0] == '\0';
	}
	return synced;
}

static json_t *xdp_json(const struct bl_datapath_stats *stats)
{
	json_t *list = json_array();

	for (size_t i = 0; i < stats->n_xdp; i++) {
		const struct bl_xdp_uplink *u = &stats->xdp[i];
		char name[IF_NAMESIZE];

		json_array_append_new(list, json_pack("{sI ss ss}", "ifindex",
						      (json_int_t)u->ifindex, "interface",
						      if_indextoname(u->ifindex, name) ? name : "",
						      "mode", u->mode));
	}
	return list;
}

static json_t *cidrs_json(const struct bl_agent *a)
{
	const struct bl_api_node *own = (const struct bl_api_node *)bl_store_get(
		a->store, BL_API_NODE, "", a->config->compile.node);
	json_t *list = json_array();
	char buf[BL_CIDR_STRLEN];

	for (size_t i = 0; own && i < own->n_pod_cidrs; i++)
		json_array_append_new(list, json_string(bl_cidr_format(&own->pod_cidrs[i], buf)));
	return list;
}

static json_t *cni_json(const struct bl_agent *a)
{
	const char *reason = bl_cni_unready(a->cni);

	return json_pack("{sb ss sI}", "ready", !reason, "reason", reason ? reason : "",
			 "attachments", (json_int_t)bl_cni_count(a->cni));
}

static void on_status(void *arg, const json_t *request, int fd, struct bl_call *call)
{
	struct bl_agent *a = arg;
	struct bl_datapath_stats stats;
	json_t *out = json_object(), *counters = NULL;
	bool connected;

	(void)request;
	(void)fd;
	bl_datapath_stats(a->datapath, &stats);
	json_object_set_new(out, "node", json_string(a->config->compile.node));
	json_object_set_new(out, "version", json_string(BEELINE_VERSION));
	json_object_set_new(out, "server", json_string(bl_client_server(a->client)));
	json_object_set_new(out, "synced", synced_json(a, &connected));
	json_object_set_new(out, "connected", json_boolean(connected));
	json_object_set_new(out, "services",
			    json_integer((json_int_t)bl_store_count(a->store, BL_API_SERVICE)));
	json_object_set_new(out, "dirty", json_integer((json_int_t)bl_store_dirty_count(a->store)));
	json_object_set_new(out, "endpoints",
			    json_integer(a->node ? (json_int_t)a->node->n_endpoints : 0));
	json_object_set_new(out, "backends", json_integer((json_int_t)stats.backends));
	json_object_set_new(out, "frontends", json_integer((json_int_t)stats.frontends));
	json_object_set_new(out, "map_writes", json_integer((json_int_t)stats.map_writes));
	json_object_set_new(out, "map_deletes", json_integer((json_int_t)stats.map_deletes));
	json_object_set_new(out, "full_sync", bl_timing_full_json(&a->timing));
	json_object_set_new(out, "last_change_ns", bl_timing_change_json(&a->timing));
	json_object_set_new(out, "last_change_at_ns", bl_timing_change_at_json(&a->timing));
	json_object_set_new(out, "tc_mode", json_string(stats.tc_mode));
	json_object_set_new(out, "xdp", xdp_json(&stats));
	json_object_set_new(out, "pod_cidrs", cidrs_json(a));
	json_object_set_new(out, "cni", cni_json(a));
	json_object_set_new(out, "failed", bl_failures_json(a->failures));
	if (bl_maps_counters(a->config->bpf_dir, &counters, NULL) == 0)
		json_object_set_new(out, "counters", counters);
	bl_server_reply(call, out);
}

static const char *type_name(enum bl_api_service_type type)
{
	static const char *const names[] = {
		[BL_SERVICE_CLUSTER_IP] = "ClusterIP",
		[BL_SERVICE_NODE_PORT] = "NodePort",
		[BL_SERVICE_LOAD_BALANCER] = "LoadBalancer",
		[BL_SERVICE_EXTERNAL_NAME] = "ExternalName",
	};

	return names[type];
}

static void add_frontends(const struct bl_desired_set *set, json_t *frontends)
{
	const char *proto = bl_maps_proto_name(set->proto);

	for (size_t i = 0; i < set->n_frontends; i++) {
		const struct bl_frontend *f = &set->frontends[i];
		json_t *address;

		if (f->scope == BL_SCOPE_ADDR)
			continue;
		address = bl_ip_is_unspecified(&f->ip) ? json_string("") : ip_json(&f->ip);
		json_array_append_new(
			frontends, json_pack("{so si ss ss ss si ss}", "address", address, "port",
					     (int)f->port, "protocol", proto, "scope",
					     bl_maps_scope_name(f->scope), "name", set->port_name,
					     "family", (int)set->family, "policy",
					     set->flags & BL_SERVICE_LOCAL ? "Local" : "Cluster"));
	}
}

static void add_backends(const struct bl_desired_set *set, json_t *backends)
{
	const char *proto = bl_maps_proto_name(set->proto);

	for (size_t i = 0; i < set->n_targets; i++) {
		const struct bl_target *t = &set->targets[i];

		json_array_append_new(backends,
				      json_pack("{so si ss ss sb sb}", "address", ip_json(&t->ip),
						"port", (int)t->port, "protocol", proto, "name",
						set->port_name, "local", (int)t->local, "draining",
						(int)t->draining));
	}
}

static json_t *service_json(const struct bl_agent *a, const struct bl_store_service *svc)
{
	BL_ARENA struct bl_arena *arena = bl_arena_new(4096);
	struct bl_desired_service *want =
		bl_compile_service(a->store, &a->config->compile, svc, arena);
	json_t *frontends = json_array(), *backends = json_array();
	const char *why;
	bool programmed = bl_agent_service_programmed(a, svc->namespace, svc->name, &why);

	for (size_t i = 0; i < want->n_sets; i++) {
		add_frontends(&want->sets[i], frontends);
		if (!bl_desired_is_part(want, i))
			add_backends(&want->sets[i], backends);
	}
	return json_pack("{ss ss ss ss sb ss sI so so}", "namespace", svc->namespace, "name",
			 svc->name, "uid", want->uid, "type", type_name(svc->service->type),
			 "programmed", (int)programmed, "error", why, "affinity_s",
			 (json_int_t)svc->service->affinity_seconds, "frontends", frontends,
			 "backends", backends);
}

struct lister {
	const struct bl_agent *agent;
	const char *namespace;
	json_t *out;
};

static void list_service(void *arg, const struct bl_store_service *svc)
{
	struct lister *l = arg;

	if (svc->service && (!l->namespace || bl_streq(l->namespace, svc->namespace)))
		json_array_append_new(l->out, service_json(l->agent, svc));
}

static void on_service_list(void *arg, const json_t *request, int fd, struct bl_call *call)
{
	struct lister l = {.agent = arg};
	struct bl_err err = {};

	(void)fd;
	if (bl_json_get_str(request, "namespace", &l.namespace, &err)) {
		bl_server_fail(call, BL_IPC_BAD_REQUEST, "%s", bl_err_text(&err));
		return;
	}
	l.out = json_array();
	bl_store_each_service(l.agent->store, list_service, &l);
	bl_server_reply(call, l.out);
}

static void on_service_get(void *arg, const json_t *request, int fd, struct bl_call *call)
{
	const char *namespace = NULL, *name = NULL;
	const struct bl_store_service *svc;
	struct bl_agent *a = arg;
	struct bl_err err = {};

	(void)fd;
	if (bl_json_get_str(request, "namespace", &namespace, &err) ||
	    bl_json_get_str(request, "name", &name, &err)) {
		bl_server_fail(call, BL_IPC_BAD_REQUEST, "%s", bl_err_text(&err));
		return;
	}
	if (!namespace || !name) {
		bl_server_fail(call, BL_IPC_BAD_REQUEST, "namespace and name must be given");
		return;
	}
	svc = bl_store_service(a->store, namespace, name);
	if (!svc || !svc->service)
		bl_server_fail(call, BL_IPC_NOT_FOUND, "no Service '%s/%s'", namespace, name);
	else
		bl_server_reply(call, service_json(a, svc));
}

static const struct bl_attachment *owner(const struct bl_attachment *list, size_t n,
					 const struct bl_desired_endpoint *e)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i].ifindex && list[i].ifindex == e->ifindex)
			return &list[i];
	}
	return NULL;
}

static json_t *endpoint_json(const struct bl_agent *a, const struct bl_desired_endpoint *e,
			     const struct bl_attachment *att)
{
	static const uint8_t no_mac[6];
	bool programmed = !bl_failures_get(a->failures, "endpoints");

	return json_pack(
		"{so ss ss sI so ss ss ss sb}", "address", ip_json(&e->ip), "kind",
		e->flags & BL_ENDPOINT_POD ? "pod" : "host", "interface",
		att ? att->host_ifname : "", "ifindex", (json_int_t)e->ifindex, "mac",
		memcmp(e->mac, no_mac, sizeof(no_mac)) ? mac_json(e->mac) : json_string(""),
		"namespace", att ? att->pod_namespace : "", "pod", att ? att->pod_name : "",
		"container_id", att ? att->container_id : "", "programmed", (int)programmed);
}

static void on_endpoint_list(void *arg, const json_t *request, int fd, struct bl_call *call)
{
	struct bl_agent *a = arg;
	json_t *out = json_array();
	size_t n;
	const struct bl_attachment *list = bl_cni_attachments(a->cni, &n);

	(void)request;
	(void)fd;
	for (size_t i = 0; a->node && i < a->node->n_endpoints; i++) {
		const struct bl_desired_endpoint *e = &a->node->endpoints[i];

		json_array_append_new(out, endpoint_json(a, e, owner(list, n, e)));
	}
	bl_server_reply(call, out);
}

static void on_map_dump(void *arg, const json_t *request, int fd, struct bl_call *call)
{
	struct bl_agent *a = arg;
	struct bl_err err = {};
	const char *name = NULL;
	json_t *out = NULL;
	enum bl_map map;

	(void)fd;
	if (bl_json_get_str(request, "name", &name, &err) || !name)
		bl_server_fail(call, BL_IPC_BAD_REQUEST, "name: must be a map's name");
	else if (bl_maps_find(name, &map))
		bl_server_fail(call, BL_IPC_NOT_FOUND, "no map '%s'", name);
	else if (bl_maps_dump(a->config->bpf_dir, map, &out, &err))
		bl_server_fail(call, BL_IPC_INTERNAL, "%s", bl_err_text(&err));
	else
		bl_server_reply(call, out);
}

static const struct bl_server_op ops[] = {
	{"status", on_status},		 {"service-list", on_service_list},
	{"service-get", on_service_get}, {"endpoint-list", on_endpoint_list},
	{"map-dump", on_map_dump},
};

void bl_agent_serve(struct bl_agent *a)
{
	bl_server_add(a->server, ops, sizeof(ops) / sizeof(ops[0]), a);
}
