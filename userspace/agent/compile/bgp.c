// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: BGP sessions and what they carry.
 *
 * A node announces its own pod prefixes. It peers with whom the configuration names (a fabric
 * router, a route reflector), and in a mesh with every other node, one session a family, so that
 * next hops are always of the family of the routes. Accepted are prefixes inside the cluster's:
 * what the configuration calls so, or else the pod prefixes of the nodes that the API names.
 *
 * Session names come from node names, because BIRD knows a session by its name and a renamed one
 * would be torn down. Node names are lower case, so '.' becomes 'D' and '-' becomes '_' without two
 * nodes getting one name; a long name is cut and told apart by its hash.
 */

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "agent/compile/compile_internal.h"

#define NAME_MAX_LEN 40

static const char *session_name(const char *node, uint8_t family, struct bl_arena *arena)
{
	char clean[NAME_MAX_LEN + 1] = "";
	size_t len = strlen(node);

	for (size_t i = 0; i < len && i < NAME_MAX_LEN; i++)
		clean[i] = node[i] == '.' ? 'D' : node[i] == '-' ? '_' : node[i];
	if (len <= NAME_MAX_LEN)
		return bl_arena_printf(arena, "mesh%u_%s", family, clean);
	return bl_arena_printf(arena, "mesh%u_%.32s_H%08x", family, clean,
			       (unsigned int)XXH32(node, len, 0));
}

static size_t add_mesh(struct bl_desired_peer *list, size_t n, const struct bl_api_node *own,
		       const struct bl_api_node *other, uint32_t asn, struct bl_arena *arena)
{
	for (uint8_t family = 4; family <= 6; family += 2) {
		const struct bl_ip *ip = bl_compile_node_ip(other, family);

		if (!ip || !bl_compile_node_ip(own, family))
			continue;
		list[n++] = (struct bl_desired_peer){
			.name = session_name(other->obj.meta.name, family, arena),
			.ip = *ip,
			.asn = asn,
		};
	}
	return n;
}

static void add_peers(const struct bl_compile_nodes *nodes, const struct bl_compile_config *config,
		      struct bl_arena *arena, struct bl_desired_bgp *want)
{
	struct bl_desired_peer *list =
		bl_arena_array(arena, config->n_peers + 2 * nodes->count, struct bl_desired_peer);
	size_t n = 0;

	for (size_t i = 0; i < config->n_peers; i++) {
		list[n] = config->peers[i];
		list[n].name = bl_arena_printf(arena, "peer_%s", config->peers[i].name);
		n++;
	}
	for (size_t i = 0; config->mesh && i < nodes->count; i++) {
		if (nodes->list[i] != nodes->own)
			n = add_mesh(list, n, nodes->own, nodes->list[i], config->asn, arena);
	}
	want->peers = list;
	want->n_peers = n;
}

static int cidr_cmp(const void *a, const void *b)
{
	return bl_cidr_cmp(a, b);
}

static struct bl_cidr *sorted(const struct bl_cidr *cidrs, size_t n, struct bl_arena *arena)
{
	struct bl_cidr *list = bl_arena_array(arena, n, struct bl_cidr);

	if (n)
		memcpy(list, cidrs, n * sizeof(*list));
	qsort(list, n, sizeof(*list), cidr_cmp);
	return list;
}

static void add_accepted(const struct bl_compile_nodes *nodes,
			 const struct bl_compile_config *config, struct bl_arena *arena,
			 struct bl_desired_bgp *want)
{
	struct bl_cidr *list = bl_arena_array(arena, 2 * nodes->count, struct bl_cidr);
	size_t n = 0;

	if (config->cluster_cidrs.count) {
		want->accept =
			sorted(config->cluster_cidrs.list, config->cluster_cidrs.count, arena);
		want->n_accept = config->cluster_cidrs.count;
		return;
	}
	for (size_t i = 0; i < nodes->count; i++) {
		for (size_t k = 0; k < nodes->list[i]->n_pod_cidrs && k < 2; k++)
			list[n++] = nodes->list[i]->pod_cidrs[k];
	}
	qsort(list, n, sizeof(*list), cidr_cmp);
	want->accept = list;
	want->n_accept = n;
}

void bl_compile_bgp(const struct bl_compile_nodes *nodes, const struct bl_compile_config *config,
		    struct bl_arena *arena, struct bl_desired_node *want)
{
	struct bl_desired_bgp *bgp = &want->bgp;
	const struct bl_api_node *own = nodes->own;
	const struct bl_ip *ip4, *ip6;

	if (config->routing != BL_ROUTING_BGP || !own)
		return;
	ip4 = bl_compile_node_ip(own, 4);
	ip6 = bl_compile_node_ip(own, 6);
	bgp->router_id = config->router_id;
	if (!bgp->router_id.family && ip4)
		bgp->router_id = *ip4;
	if (!bgp->router_id.family)
		return; /* a node with IPv6 alone needs bgp.routerID in the configuration */
	bgp->enabled = true;
	bgp->asn = config->asn;
	if (ip4)
		bgp->source4 = *ip4;
	if (ip6)
		bgp->source6 = *ip6;
	bgp->announce = sorted(own->pod_cidrs, own->n_pod_cidrs, arena);
	bgp->n_announce = own->n_pod_cidrs;
	add_peers(nodes, config, arena, bgp);
	add_accepted(nodes, config, arena, bgp);
}
