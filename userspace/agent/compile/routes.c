// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Routes that the node itself needs.
 *
 * Each attached pod is a route to its veth. The node's own pod prefixes are blackholes, which every
 * pod's longer route beats: a packet for an address that no pod has ends here instead of bouncing
 * between the node and its gateway. With direct routing every other node's pod prefixes go through
 * that node's address; with BGP, BIRD brings them, and nothing is written here that it would have
 * to fight with.
 */

#include <stdlib.h>
#include <string.h>

#include "agent/compile/compile_internal.h"

static size_t add_pods(struct bl_desired_route *list, size_t n,
		       const struct bl_compile_local *local)
{
	for (size_t i = 0; i < local->n_pods; i++) {
		const struct bl_compile_pod *pod = &local->pods[i];

		for (size_t k = 0; k < pod->n_ips; k++, n++) {
			list[n].cidr = bl_ip_host(&pod->ips[k]);
			list[n].type = BL_ROUTE_LINK;
			list[n].ifindex = pod->ifindex;
			memcpy(list[n].mac, pod->mac, sizeof(pod->mac));
		}
	}
	return n;
}

static size_t add_own(struct bl_desired_route *list, size_t n, const struct bl_api_node *own)
{
	for (size_t i = 0; i < own->n_pod_cidrs; i++, n++) {
		list[n].cidr = own->pod_cidrs[i];
		list[n].type = BL_ROUTE_BLACKHOLE;
	}
	return n;
}

static size_t add_remote(struct bl_desired_route *list, size_t n, const struct bl_api_node *node)
{
	for (size_t i = 0; i < node->n_pod_cidrs; i++) {
		const struct bl_ip *via = bl_compile_node_ip(node, node->pod_cidrs[i].ip.family);

		if (!via)
			continue;
		list[n].cidr = node->pod_cidrs[i];
		list[n].type = BL_ROUTE_VIA;
		list[n].via = *via;
		n++;
	}
	return n;
}

static int route_cmp(const void *a, const void *b)
{
	const struct bl_desired_route *x = a, *y = b;

	return bl_cidr_cmp(&x->cidr, &y->cidr);
}

void bl_compile_routes(const struct bl_compile_nodes *nodes, const struct bl_compile_config *config,
		       const struct bl_compile_local *local, struct bl_arena *arena,
		       struct bl_desired_node *want)
{
	size_t room = 2 * local->n_pods, n, kept = 0;
	struct bl_desired_route *list;

	for (size_t i = 0; i < nodes->count; i++)
		room += nodes->list[i]->n_pod_cidrs;
	list = bl_arena_array(arena, room, struct bl_desired_route);
	n = add_pods(list, 0, local);
	if (nodes->own) {
		n = add_own(list, n, nodes->own);
		for (size_t i = 0; config->routing == BL_ROUTING_DIRECT && i < nodes->count; i++) {
			if (nodes->list[i] != nodes->own)
				n = add_remote(list, n, nodes->list[i]);
		}
	}
	qsort(list, n, sizeof(*list), route_cmp);
	for (size_t i = 0; i < n; i++) {
		if (!kept || route_cmp(&list[kept - 1], &list[i]) != 0)
			list[kept++] = list[i];
	}
	want->routes = list;
	want->n_routes = kept;
}
