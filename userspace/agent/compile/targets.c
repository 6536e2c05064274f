// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Which endpoints a Service port uses.
 *
 * The rule is upstream's CategorizeEndpoints (k8s.io/kubernetes/pkg/proxy/topology.go) for the
 * Cluster policy: the endpoints that are ready; if there is none, those that are serving while they
 * terminate (KEP-1669), so that a rollout that takes the last ready pod away does not refuse
 * connections that its predecessor still answers.
 *
 * The others drain: they get nothing new and keep what they have, so that a failing readiness probe
 * or a rollout cuts no live connection.
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

static bool is_ready(const struct bl_api_endpoint *e)
{
	return e->ready;
}

static bool is_serving_terminating(const struct bl_api_endpoint *e)
{
	return e->serving && e->terminating;
}

typedef bool (*rule)(const struct bl_api_endpoint *e);

/* What is looked for, in which slices, and where it goes; with targets NULL it is only counted. */
struct search {
	const struct bl_store_service *svc;
	const struct bl_api_service_port *port;
	uint8_t family;
	const char *node;
	rule chosen;
	struct bl_target *targets;
	size_t count;
};

/* An endpoint that is not chosen keeps what it has: TCP and SCTP as long as it exists, UDP while it serves. */
static bool drains(const struct search *s, const struct bl_api_endpoint *e)
{
	return s->port->proto != IPPROTO_UDP || e->serving;
}

static void look_at(struct search *s, const struct bl_api_endpoint *e, uint16_t port)
{
	bool chosen = s->chosen(e);

	if (!chosen && !drains(s, e))
		return;
	if (s->targets)
		s->targets[s->count] = (struct bl_target){
			.ip = e->ips[0],
			.port = port,
			.local = bl_streq(e->node, s->node),
			.draining = !chosen,
		};
	s->count++;
}

static size_t gather(struct search *s)
{
	s->count = 0;
	for (size_t i = 0; i < s->svc->n_slices; i++) {
		const struct bl_api_endpointslice *slice = s->svc->slices[i];
		const struct bl_api_slice_port *p = matching_port(slice, s->port);

		for (size_t k = 0; p && slice->family == s->family && k < slice->n_endpoints; k++)
			look_at(s, &slice->endpoints[k], p->port);
	}
	return s->count;
}

/* Whether any endpoint satisfies the rule. */
static bool exists(const struct search *s, rule wanted)
{
	for (size_t i = 0; i < s->svc->n_slices; i++) {
		const struct bl_api_endpointslice *slice = s->svc->slices[i];

		if (slice->family != s->family || !matching_port(slice, s->port))
			continue;
		for (size_t k = 0; k < slice->n_endpoints; k++) {
			if (wanted(&slice->endpoints[k]))
				return true;
		}
	}
	return false;
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
			uint8_t family, const char *node, struct bl_arena *arena,
			struct bl_target **ret_targets, size_t *ret_count)
{
	struct search s = {.svc = svc, .port = port, .family = family, .node = node};

	s.chosen = exists(&s, is_ready) ? is_ready : is_serving_terminating;
	s.targets = bl_arena_array(arena, gather(&s), struct bl_target);
	gather(&s);
	qsort(s.targets, s.count, sizeof(*s.targets), target_cmp);
	*ret_targets = s.targets;
	*ret_count = unique(s.targets, s.count);
}
