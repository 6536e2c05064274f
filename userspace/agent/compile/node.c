// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Everything that is compiled as a whole.
 *
 * Nodes are few beside Services and change rarely, so what depends on them, on the attached pods
 * and on the node's own addresses is compiled from nothing each time one of these changes. Each
 * part has a file: endpoints and prefixes (what addresses mean), routes, and the BGP sessions; this
 * one collects the nodes and knows the node's own facts for the programs.
 *
 * The node's address for source translation is its internal address of the family as the API names
 * it, and only if one of the node's links really has it: translating to an address that is not here
 * would send the replies elsewhere.
 */

#include <string.h>

#include "agent/compile/compile_internal.h"
#include "base/str.h"

struct collector {
	struct bl_compile_nodes nodes;
	const char *own;
};

static void collect(void *arg, const struct bl_api_object *obj)
{
	struct collector *c = arg;
	const struct bl_api_node *node = (const struct bl_api_node *)obj;

	c->nodes.list[c->nodes.count++] = node;
	if (bl_streq(obj->meta.name, c->own))
		c->nodes.own = node;
}

struct bl_compile_nodes bl_compile_collect_nodes(const struct bl_store *store, const char *own,
						 struct bl_arena *arena)
{
	struct collector c = {.own = own};

	c.nodes.list = bl_arena_array(arena, bl_store_count(store, BL_API_NODE),
				      const struct bl_api_node *);
	bl_store_each(store, BL_API_NODE, collect, &c);
	return c.nodes;
}

const struct bl_ip *bl_compile_node_ip(const struct bl_api_node *node, uint8_t family)
{
	for (size_t i = 0; i < node->n_internal_ips; i++) {
		if (node->internal_ips[i].family == family)
			return &node->internal_ips[i];
	}
	return NULL;
}

static bool is_local(const struct bl_compile_local *local, const struct bl_ip *ip)
{
	for (size_t i = 0; i < local->n_addrs; i++) {
		if (bl_ip_cmp(&local->addrs[i], ip) == 0)
			return true;
	}
	return false;
}

/* The node's own address of the family, if it is really here. */
static void own_address(const struct bl_api_node *own, const struct bl_compile_local *local,
			uint8_t family, struct bl_addr *ret)
{
	const struct bl_ip *ip = bl_compile_node_ip(own, family);

	if (ip && is_local(local, ip))
		memcpy(ret, ip->b, sizeof(*ret));
}

/* NodePorts at the node's loopback addresses, for the node itself. */
static bool serves_loopback(const struct bl_compile_config *config, const char *text)
{
	const struct bl_compile_cidrs *only = &config->node_port_addresses;
	bool found = !only->count;
	struct bl_ip ip;

	for (size_t i = 0; !found && i < only->count; i++)
		found = !bl_ip_parse(text, &ip) && bl_cidr_contains(&only->list[i], &ip);
	return found;
}

static void compile_config(const struct bl_compile_nodes *nodes,
			   const struct bl_compile_config *config,
			   const struct bl_compile_local *local, struct bl_config *want)
{
	want->snat_port_first = config->snat_ports.first;
	want->snat_port_last = config->snat_ports.last;
	want->nodeport_first = config->node_ports.first;
	want->nodeport_last = config->node_ports.last;
	want->flags |= serves_loopback(config, "127.0.0.1") ? BL_CONFIG_LOOPBACK4 : 0;
	want->flags |= serves_loopback(config, "::1") ? BL_CONFIG_LOOPBACK6 : 0;
	if (!nodes->own)
		return;
	own_address(nodes->own, local, 4, &want->snat4);
	own_address(nodes->own, local, 6, &want->snat6);
	if (config->masquerade)
		want->flags |= BL_CONFIG_MASQUERADE;
}

struct bl_desired_node *bl_compile_node(const struct bl_store *store,
					const struct bl_compile_config *config,
					const struct bl_compile_local *local,
					struct bl_arena *arena)
{
	struct bl_desired_node *want = bl_arena_new0(arena, struct bl_desired_node);
	struct bl_compile_nodes nodes = bl_compile_collect_nodes(store, config->node, arena);
	struct bl_compile_outside outside;

	outside = bl_compile_all_outside(store, config, arena);
	bl_compile_endpoints(local, config, &outside, arena, want);
	bl_compile_prefixes(&nodes, config, &outside, arena, want);
	bl_compile_routes(&nodes, config, local, arena, want);
	bl_compile_bgp(&nodes, config, arena, want);
	compile_config(&nodes, config, local, &want->config);
	return want;
}
