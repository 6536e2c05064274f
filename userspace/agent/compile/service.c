// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: A Service becomes backend sets.
 *
 * Each port of a Service, in each of its address families, is one set: the targets, and the
 * frontends that lead to them. All frontends of a port share the set, so a change of endpoints is
 * one write a frontend and the targets are stored once. A ClusterIP also gets an entry that owns
 * the address without any port, so that a port which the Service does not define is refused instead
 * of routed away.
 *
 * Not ours are: ExternalName, headless Services (clusterIP None, or labelled
 * service.kubernetes.io/headless) and those labelled service.kubernetes.io/service-proxy-name,
 * which another proxy serves. A Service without a ClusterIP yet has no family and so no sets; it
 * becomes dirty again when it gets one.
 */

#include <stdlib.h>
#include <string.h>

#include "agent/compile/compile_internal.h"

static bool is_ours(const struct bl_api_service *s)
{
	const struct bl_api_pairs *labels = &s->obj.meta.labels;

	return s->type != BL_SERVICE_EXTERNAL_NAME && !s->headless &&
	       !bl_api_pairs_get(labels, "service.kubernetes.io/headless") &&
	       !bl_api_pairs_get(labels, "service.kubernetes.io/service-proxy-name");
}

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

static void port_set(const struct bl_store_service *svc, const struct bl_api_service_port *port,
		     uint8_t family, const char *node, struct bl_arena *arena,
		     struct bl_desired_set *set)
{
	const struct bl_api_service *s = svc->service;
	const struct bl_ip any = {.family = family};

	set->port_name = bl_arena_strdup(arena, port->name);
	set->family = family;
	set->proto = port->proto;
	set->frontends = bl_arena_array(arena, s->n_cluster_ips + 1, struct bl_frontend);
	for (size_t i = 0; i < s->n_cluster_ips; i++) {
		if (s->cluster_ips[i].family == family)
			add_frontend(set, &s->cluster_ips[i], port->port, BL_SCOPE_CLUSTER);
	}
	if (port->node_port)
		add_frontend(set, &any, port->node_port, BL_SCOPE_NODEPORT);
	qsort(set->frontends, set->n_frontends, sizeof(*set->frontends), frontend_cmp);
	bl_compile_targets(svc, port, family, node, arena, &set->targets, &set->n_targets);
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
	return rc ? rc : frontend_cmp(x->frontends, y->frontends);
}

struct bl_desired_service *bl_compile_service(const struct bl_store_service *svc, const char *node,
					      struct bl_arena *arena)
{
	struct bl_desired_service *want = bl_arena_new0(arena, struct bl_desired_service);
	const struct bl_api_service *s = svc->service;

	want->namespace = bl_arena_strdup(arena, svc->namespace);
	want->name = bl_arena_strdup(arena, svc->name);
	want->uid = bl_arena_strdup(arena, s ? s->obj.meta.uid : "");
	if (!s || !is_ours(s))
		return want;
	want->sets =
		bl_arena_array(arena, s->n_cluster_ips * (s->n_ports + 1), struct bl_desired_set);
	for (size_t f = 0; f < s->n_cluster_ips; f++) {
		address_set(&s->cluster_ips[f], arena, &want->sets[want->n_sets++]);
		for (size_t p = 0; p < s->n_ports; p++)
			port_set(svc, &s->ports[p], s->cluster_ips[f].family, node, arena,
				 &want->sets[want->n_sets++]);
	}
	qsort(want->sets, want->n_sets, sizeof(*want->sets), set_cmp);
	return want;
}
