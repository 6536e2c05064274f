// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Which endpoints a Service port uses.
 *
 * The rule is upstream's CategorizeEndpoints (k8s.io/kubernetes/pkg/proxy/topology.go). A port has up to two sets, decided
 * independently of each other:
 *
 *	cluster	ready endpoints, narrowed by topology; if there is none, those that serve while they terminate (KEP-1669),
 *		wherever they are, so that a rollout that takes the last ready pod away does not refuse connections
 *		that its predecessor still answers
 *	local	the same of this node's endpoints alone, and topology has no say
 *
 * Topology: hints for this node's name come first (KEP-3015), then those for its zone (KEP-2433). Either kind
 * counts only if every ready endpoint has one and at least one of them names this node or zone; otherwise all are used.
 *
 * The others of a set drain: they get nothing new and keep what they have, so that a failing readiness probe, a changed hint
 * or a rollout cuts no live connection. To the local set only this node's endpoints belong, draining ones too.
 *
 * A slice's port belongs to a Service's port when name and protocol are equal; its number may
 * differ from slice to slice (named target ports). The same address and port may stand in two
 * slices while endpoints move between them: it counts once, and as ready when either says so.
 */

#include <netinet/in.h>
#include <stdlib.h>

#include "agent/compile/compile_internal.h"
#include "base/str.h"

static const struct bl_api_slice_port *matching_port(const struct bl_api_endpointslice *slice,
						     const struct bl_api_service_port *port)
{
	for (size_t i = 0; i < slice->n_ports; i++) {
		const struct bl_api_slice_port *p = &slice->ports[i];

		if (p->port && p->proto == port->proto && bl_streq(p->name, port->name))
			return p;
	}
	return NULL;
}

/* Whose hints count; in all other cases every endpoint is as near as the next. */
enum topology { ANYWHERE, SAME_NODE, SAME_ZONE };

struct search {
	const struct bl_compile_place *place;
	const struct bl_api_service_port *port;
	bool local;
	enum topology topology;
	bool ready; /* a ready endpoint is there: terminating ones are not needed */
	struct bl_target *targets;
};

/* What all endpoints of a port say together. */
struct survey {
	size_t endpoints; /* that belong to the set */
	size_t ready;	  /* of those */
	size_t node_hints, zone_hints;
	bool names_node, names_zone;
};

typedef void (*visit)(const struct search *s, const struct bl_api_endpoint *e, uint16_t port,
		      void *arg);

static bool has(const char *const *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (bl_streq(list[i], name))
			return true;
	}
	return false;
}

static bool hints_node(const struct search *s, const struct bl_api_endpoint *e)
{
	return has(e->node_hints, e->n_node_hints, s->place->node);
}

static bool hints_zone(const struct search *s, const struct bl_api_endpoint *e)
{
	return s->place->zone[0] && has(e->zone_hints, e->n_zone_hints, s->place->zone);
}

static bool is_local(const struct search *s, const struct bl_api_endpoint *e)
{
	return bl_streq(e->node, s->place->node);
}

/* Every endpoint that belongs to the set. */
static void each(const struct bl_store_service *svc, uint8_t family, const struct search *s,
		 visit fn, void *arg)
{
	for (size_t i = 0; i < svc->n_slices; i++) {
		const struct bl_api_endpointslice *slice = svc->slices[i];
		const struct bl_api_slice_port *p;

		if (slice->family != family)
			continue;
		p = matching_port(slice, s->port);
		for (size_t k = 0; p && k < slice->n_endpoints; k++) {
			if (!s->local || is_local(s, &slice->endpoints[k]))
				fn(s, &slice->endpoints[k], p->port, arg);
		}
	}
}

static void look_at(const struct search *s, const struct bl_api_endpoint *e, uint16_t port,
		    void *arg)
{
	struct survey *all = arg;

	(void)port;
	all->endpoints++;
	if (!e->ready)
		return;
	all->ready++;
	all->node_hints += e->n_node_hints > 0;
	all->zone_hints += e->n_zone_hints > 0;
	all->names_node |= hints_node(s, e);
	all->names_zone |= hints_zone(s, e);
}

static enum topology topology_of(const struct survey *all)
{
	if (all->node_hints == all->ready && all->names_node)
		return SAME_NODE;
	if (all->zone_hints == all->ready && all->names_zone)
		return SAME_ZONE;
	return ANYWHERE;
}

static bool is_chosen(const struct search *s, const struct bl_api_endpoint *e)
{
	if (!s->ready)
		return e->serving && e->terminating;
	if (!e->ready)
		return false;
	if (s->topology == SAME_NODE)
		return hints_node(s, e);
	return s->topology == ANYWHERE || hints_zone(s, e);
}

/* An endpoint that is not chosen keeps what it has: TCP and SCTP as long as it exists, UDP while it serves. */
static bool drains(const struct search *s, const struct bl_api_endpoint *e)
{
	return s->port->proto != IPPROTO_UDP || e->serving;
}

static void take(const struct search *s, const struct bl_api_endpoint *e, uint16_t port, void *arg)
{
	bool chosen = is_chosen(s, e);
	size_t *count = arg;

	if (!chosen && !drains(s, e))
		return;
	s->targets[(*count)++] = (struct bl_target){
		.ip = e->ips[0],
		.port = port,
		.local = is_local(s, e),
		.draining = !chosen,
	};
}

static int target_cmp(const void *a, const void *b)
{
	const struct bl_target *x = a, *y = b;
	int rc = bl_ip_cmp(&x->ip, &y->ip);

	return rc ? rc : (int)x->port - (int)y->port;
}

static size_t unique(struct bl_target *targets, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (kept && target_cmp(&targets[kept - 1], &targets[i]) == 0) {
			targets[kept - 1].local |= targets[i].local;
			targets[kept - 1].draining &= targets[i].draining;
		} else {
			targets[kept++] = targets[i];
		}
	}
	return kept;
}

void bl_compile_targets(const struct bl_store_service *svc, const struct bl_api_service_port *port,
			const struct bl_compile_place *place, struct bl_arena *arena,
			struct bl_desired_set *set)
{
	struct search s = {.place = place, .port = port, .local = set->flags & BL_SERVICE_LOCAL};
	struct survey all = {};
	size_t n = 0;

	each(svc, set->family, &s, look_at, &all);
	s.ready = all.ready > 0;
	s.topology = s.local ? ANYWHERE : topology_of(&all);
	s.targets = bl_arena_array(arena, all.endpoints, struct bl_target);
	each(svc, set->family, &s, take, &n);
	qsort(s.targets, n, sizeof(*s.targets), target_cmp);
	set->targets = s.targets;
	set->n_targets = unique(s.targets, n);
}
