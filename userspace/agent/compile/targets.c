// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Which endpoints a Service port uses.
 *
 * The rule is upstream's CategorizeEndpoints (k8s.io/kubernetes/pkg/proxy/topology.go) for the
 * Cluster policy: the endpoints that are ready; if there is none, those that are serving while they
 * terminate (KEP-1669), so that a rollout that takes the last ready pod away does not refuse
 * connections that its predecessor still answers.
 *
 * A slice's port belongs to a Service's port when name and protocol are equal; its number may
 * differ from slice to slice (named target ports). The same address and port may stand in two
 * slices while endpoints move between them: it counts once, and as ready when either says so.
 */

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

/* Appends what `wanted` accepts; with targets NULL only counts. */
static size_t gather(const struct bl_store_service *svc, const struct bl_api_service_port *port,
		     uint8_t family, const char *node,
		     bool (*wanted)(const struct bl_api_endpoint *), struct bl_target *targets)
{
	size_t n = 0;

	for (size_t i = 0; i < svc->n_slices; i++) {
		const struct bl_api_endpointslice *slice = svc->slices[i];
		const struct bl_api_slice_port *p = matching_port(slice, port);

		if (slice->family != family || !p)
			continue;
		for (size_t k = 0; k < slice->n_endpoints; k++) {
			const struct bl_api_endpoint *e = &slice->endpoints[k];

			if (!wanted(e))
				continue;
			if (targets)
				targets[n] = (struct bl_target){
					.ip = e->ips[0],
					.port = p->port,
					.local = bl_streq(e->node, node),
				};
			n++;
		}
	}
	return n;
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
		if (kept && target_cmp(&targets[kept - 1], &targets[i]) == 0)
			targets[kept - 1].local |= targets[i].local;
		else
			targets[kept++] = targets[i];
	}
	return kept;
}

void bl_compile_targets(const struct bl_store_service *svc, const struct bl_api_service_port *port,
			uint8_t family, const char *node, struct bl_arena *arena,
			struct bl_target **ret_targets, size_t *ret_count)
{
	bool (*wanted)(const struct bl_api_endpoint *) = is_ready;
	size_t n = gather(svc, port, family, node, wanted, NULL);
	struct bl_target *targets;

	if (!n) {
		wanted = is_serving_terminating;
		n = gather(svc, port, family, node, wanted, NULL);
	}
	targets = bl_arena_array(arena, n, struct bl_target);
	gather(svc, port, family, node, wanted, targets);
	qsort(targets, n, sizeof(*targets), target_cmp);
	*ret_targets = targets;
	*ret_count = unique(targets, n);
}
