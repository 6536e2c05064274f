// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: A Service becomes backend sets.
 *
 * Each port of a Service, in each of its address families, is one set: the targets, and the
 * frontends that lead to them. All frontends of a port share the set, so a change of endpoints is
 * one write a frontend and the targets are stored once. A traffic policy of Local puts the frontends
 * it is for into a second set, with this node's targets:
 *
 *	ClusterIP			internalTrafficPolicy
 *	NodePort, from outside		externalTrafficPolicy
 *	NodePort, from inside		Cluster, always: as if the client had gone out and come back by a load balancer
 *	other addresses			like NodePorts
 *
 * What clients outside of the cluster see of the whole cluster's targets may be a set of its own again, with a Maglev table:
 * where the Service says so (annotation beeline.io/lb-algorithm: maglev or random), else where the node does and the Service has an
 * address of a load balancer or an external one, whose packets may come by any node. A NodePort alone gets no table unasked:
 * who asks for one node's port comes back to that node. Neither does a Service with session affinity, whose clients' backends are remembered,
 * nor this node's targets alone, since no other node chooses among them.
 *
 * A port that the Service does not define is refused at its ClusterIP instead of routed away. In the Service ranges the prefix says
 * so for every address; a ClusterIP outside of them gets an entry that owns the address without any port.
 *
 * In the same cases such a set may have direct return (annotation beeline.io/forwarding: dsr or snat, else the node's configuration), for which
 * it needs the table: no node remembers what it sent on.
 *
 * Not ours are: ExternalName, headless Services (clusterIP None, or labelled
 * service.kubernetes.io/headless) and those labelled service.kubernetes.io/service-proxy-name,
 * which another proxy serves. A Service without a ClusterIP yet has no family and so no sets; it
 * becomes dirty again when it gets one.
 */

#include <stdlib.h>
#include <string.h>

#include "agent/compile/compile_internal.h"
#include "base/str.h"

static int frontend_cmp(const void *a, const void *b)
{
	const struct bl_frontend *x = a, *y = b;
	int rc = bl_ip_cmp(&x->ip, &y->ip);

	if (rc)
		return rc;
	if (x->scope != y->scope)
		return x->scope < y->scope ? -1 : 1;
	return (int)x->port - (int)y->port;
}

static void add_frontend(struct bl_desired_set *set, const struct bl_ip *ip, uint16_t port,
			 enum bl_scope scope)
{
	set->frontends[set->n_frontends++] = (struct bl_frontend){
		.ip = *ip,
		.port = port,
		.proto = set->proto,
		.scope = (uint8_t)scope,
	};
}

/* A port of the Service in one family. */
struct port {
	const struct bl_store_service *svc;
	const struct bl_api_service_port *port;
	uint8_t family;
	const struct bl_compile_place *place;
	const struct bl_compile_outside *outside;
	uint8_t from_inside,
		from_outside; /* BL_SERVICE_*: the sets of ClusterIPs, and of clients outside */
	uint32_t table;	      /* slots of a Maglev table */
	const struct bl_store *store;
	struct bl_desired_service *want;
	struct bl_arena *arena;
};

/* Whether the Service has the frontend, which others may ask for too; ip NULL: the NodePort. Told once, with the cluster's view. */
static bool holds(const struct port *p, const struct bl_desired_set *set, const struct bl_ip *ip)
{
	const struct bl_api_service *s = p->svc->service;
	const struct bl_api_service *holder = bl_compile_holder(
		p->store, s, ip, ip ? p->port->port : p->port->node_port, p->port->proto);
	char text[BL_IP_STRLEN];

	if (!holder || holder == s)
		return true;
	if (!set->flags && !p->want->n_refused++)
		p->want->refused =
			bl_arena_printf(p->arena, "%s port %u: Service %s/%s has it",
					ip ? bl_ip_format(ip, text) : "node",
					ip ? p->port->port : p->port->node_port,
					holder->obj.meta.namespace, holder->obj.meta.name);
	return false;
}

static void add_outside(const struct port *p, struct bl_desired_set *set)
{
	for (size_t i = 0; i < p->outside->count; i++) {
		const struct bl_ip *ip = p->outside->ips[i];

		if (ip->family != p->family || !holds(p, set, ip))
			continue;
		if (!set->flags)
			add_frontend(set, ip, p->port->port, BL_SCOPE_CLUSTER);
		if (p->from_outside == set->flags)
			add_frontend(set, ip, p->port->port, BL_SCOPE_EXTERNAL);
	}
}

static void add_frontends(const struct port *p, struct bl_desired_set *set)
{
	const struct bl_api_service *s = p->svc->service;
	const struct bl_ip any = {.family = p->family};
	bool node_port = p->port->node_port && holds(p, set, NULL);

	for (size_t i = 0; i < s->n_cluster_ips && p->from_inside == set->flags; i++) {
		if (s->cluster_ips[i].family == p->family)
			add_frontend(set, &s->cluster_ips[i], p->port->port, BL_SCOPE_CLUSTER);
	}
	if (node_port && !set->flags)
		add_frontend(set, &any, p->port->node_port, BL_SCOPE_NODEPORT);
	if (node_port && p->from_outside == set->flags)
		add_frontend(set, &any, p->port->node_port, BL_SCOPE_NODEPORT_EXTERNAL);
	add_outside(p, set);
	qsort(set->frontends, set->n_frontends, sizeof(*set->frontends), frontend_cmp);
}

/* The port's set of one kind; a kind that no frontend has is left out. */
static void add_set(const struct port *p, uint8_t flags)
{
	struct bl_desired_set *set = &p->want->sets[p->want->n_sets];

	set->port_name = bl_arena_strdup(p->arena, p->port->name);
	set->family = p->family;
	set->proto = p->port->proto;
	set->flags = flags;
	set->table = flags & BL_SERVICE_MAGLEV ? p->table : 0;
	set->affinity_s = p->svc->service->affinity_seconds;
	set->frontends =
		bl_arena_array(p->arena, p->svc->service->n_cluster_ips + 2 + 2 * p->outside->count,
			       struct bl_frontend);
	add_frontends(p, set);
	if (!set->n_frontends)
		return;
	bl_compile_targets(p->svc, p->port, p->place, p->arena, set);
	p->want->n_sets++;
}

static void address_set(const struct bl_ip *ip, struct bl_arena *arena, struct bl_desired_set *set)
{
	set->port_name = "";
	set->family = ip->family;
	set->frontends = bl_arena_new0(arena, struct bl_frontend);
	add_frontend(set, ip, 0, BL_SCOPE_ADDR);
}

static int set_cmp(const void *a, const void *b)
{
	const struct bl_desired_set *x = a, *y = b;
	int rc;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	rc = strcmp(x->port_name, y->port_name);
	if (!rc)
		rc = (int)x->flags - (int)y->flags;
	return rc ? rc : frontend_cmp(x->frontends, y->frontends);
}

/* Whether clients outside get their backends by a table. */
static bool by_table(const struct bl_api_service *s, const struct bl_compile_config *config,
		     const struct bl_compile_outside *outside)
{
	const char *asked = bl_api_pairs_get(&s->obj.meta.annotations, "beeline.io/lb-algorithm");

	if (s->external_local || s->affinity_seconds)
		return false;
	if (asked && bl_streq(asked, "maglev"))
		return true;
	if (asked && bl_streq(asked, "random"))
		return false;
	return outside->count && config->lb == BL_LB_MAGLEV;
}

/* Whether what clients outside send goes to another node's backend as it is. */
static bool by_tunnel(const struct bl_api_service *s, const struct bl_compile_config *config,
		      const struct bl_compile_outside *outside)
{
	const char *asked = bl_api_pairs_get(&s->obj.meta.annotations, "beeline.io/forwarding");

	if (s->external_local || s->affinity_seconds)
		return false;
	if (asked && (bl_streq(asked, "dsr") || bl_streq(asked, "snat")))
		return bl_streq(asked, "dsr");
	return outside->count && config->dsr;
}

/* `like` has all but the port and the family. */
static void add_family(const struct port *like, uint8_t family)
{
	const struct bl_api_service *s = like->svc->service;
	struct port p = *like;

	p.family = family;
	for (size_t i = 0; i < s->n_ports; i++) {
		p.port = &s->ports[i];
		add_set(&p, 0);
		if (p.from_inside)
			add_set(&p, p.from_inside);
		if (p.from_outside && p.from_outside != p.from_inside)
			add_set(&p, p.from_outside);
	}
}

static struct bl_compile_place place_of(const struct bl_store *store, const char *node)
{
	const struct bl_api_node *own =
		(const struct bl_api_node *)bl_store_get(store, BL_API_NODE, "", node);

	return (struct bl_compile_place){.node = node, .zone = own ? own->zone : ""};
}

struct bl_desired_service *bl_compile_service(const struct bl_store *store,
					      const struct bl_compile_config *config,
					      const struct bl_store_service *svc,
					      struct bl_arena *arena)
{
	struct bl_desired_service *want = bl_arena_new0(arena, struct bl_desired_service);
	struct bl_compile_place place = place_of(store, config->node);
	const struct bl_api_service *s = svc->service;
	struct bl_compile_outside outside;
	struct port like = {
		.svc = svc,
		.place = &place,
		.outside = &outside,
		.table = config->maglev_size,
		.store = store,
		.want = want,
		.arena = arena,
	};

	want->refused = "";
	want->namespace = bl_arena_strdup(arena, svc->namespace);
	want->name = bl_arena_strdup(arena, svc->name);
	want->uid = bl_arena_strdup(arena, s ? s->obj.meta.uid : "");
	if (!s || !bl_api_service_is_proxied(s))
		return want;
	outside = bl_compile_outside(store, config, s, arena, want);
	like.from_inside = s->internal_local ? BL_SERVICE_LOCAL : 0;
	like.from_outside = s->external_local ? BL_SERVICE_LOCAL : 0;
	if (by_table(s, config, &outside))
		like.from_outside = BL_SERVICE_MAGLEV;
	if (by_tunnel(s, config, &outside))
		like.from_outside = BL_SERVICE_MAGLEV | BL_SERVICE_DSR;
	want->sets = bl_arena_array(arena, s->n_cluster_ips * (3 * s->n_ports + 1),
				    struct bl_desired_set);
	for (size_t f = 0; f < s->n_cluster_ips; f++) {
		const struct bl_ip *ip = &s->cluster_ips[f];

		if (!bl_compile_is_in(&config->service_cidrs, ip))
			address_set(ip, arena, &want->sets[want->n_sets++]);
		add_family(&like, ip->family);
	}
	qsort(want->sets, want->n_sets, sizeof(*want->sets), set_cmp);
	return want;
}
