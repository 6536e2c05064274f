/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_COMPILE_INTERNAL_H
#define BL_COMPILE_INTERNAL_H

/* What the files of this room share. */

#include "agent/compile/compile.h"

/* Where this node is. */
struct bl_compile_place {
	const char *node;
	const char *zone; /* "" where the API says none */
};

/* Fills the targets of the set, whose family and view are known: ordered, without duplicates. */
void bl_compile_targets(const struct bl_store_service *svc, const struct bl_api_service_port *port,
			const struct bl_compile_place *place, struct bl_arena *arena,
			struct bl_desired_set *set);

/*
 * The addresses of a Service beside its ClusterIPs, as far as it may have them: of load balancers that are to be short-cut, and
 * external ones. Those that it may not have are counted in `want` where that is not NULL.
 */
struct bl_compile_outside {
	const struct bl_ip **ips; /* ordered, without duplicates */
	size_t count;
};
struct bl_compile_outside bl_compile_outside(const struct bl_store *store,
					     const struct bl_compile_config *config,
					     const struct bl_api_service *service,
					     struct bl_arena *arena,
					     struct bl_desired_service *want);
/* Who has the port at one of these addresses of the Service, or its NodePort (ip NULL). */
const struct bl_api_service *bl_compile_holder(const struct bl_store *store,
					       const struct bl_api_service *service,
					       const struct bl_ip *ip, uint16_t port,
					       uint8_t proto);
bool bl_compile_is_in(const struct bl_compile_cidrs *cidrs, const struct bl_ip *ip);

/* The nodes in the order of their names, and the own one (NULL: the API does not know it). */
struct bl_compile_nodes {
	const struct bl_api_node **list;
	size_t count;
	const struct bl_api_node *own;
};
struct bl_compile_nodes bl_compile_collect_nodes(const struct bl_store *store, const char *own,
						 struct bl_arena *arena);

/* The node's first internal address of the family, or NULL. */
const struct bl_ip *bl_compile_node_ip(const struct bl_api_node *node, uint8_t family);

/* All Services' addresses beside ClusterIPs, ordered, without duplicates. */
struct bl_compile_outside bl_compile_all_outside(const struct bl_store *store,
						 const struct bl_compile_config *config,
						 struct bl_arena *arena);
void bl_compile_endpoints(const struct bl_compile_local *local,
			  const struct bl_compile_config *config,
			  const struct bl_compile_outside *outside, struct bl_arena *arena,
			  struct bl_desired_node *want);
void bl_compile_prefixes(const struct bl_compile_nodes *nodes,
			 const struct bl_compile_config *config,
			 const struct bl_compile_outside *outside, struct bl_arena *arena,
			 struct bl_desired_node *want);
void bl_compile_routes(const struct bl_compile_nodes *nodes, const struct bl_compile_config *config,
		       const struct bl_compile_local *local, struct bl_arena *arena,
		       struct bl_desired_node *want);
void bl_compile_bgp(const struct bl_compile_nodes *nodes, const struct bl_compile_config *config,
		    struct bl_arena *arena, struct bl_desired_node *want);

#endif
