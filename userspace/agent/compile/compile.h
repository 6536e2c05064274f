/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_COMPILE_COMPILE_H
#define BL_COMPILE_COMPILE_H

/*
 * From what the store holds now to what the kernel shall hold. Pure: no clock, no input or output,
 * no memory of the last answer. The same store gives the same bytes, in whatever order it was
 * filled.
 */

#include "agent/state/desired.h"
#include "agent/store/store.h"
#include "base/arena.h"

enum bl_compile_routing {
	BL_ROUTING_BGP,	   /* BIRD carries the pod prefixes */
	BL_ROUTING_DIRECT, /* nodes share a link: one route a node */
};

/* How a backend is chosen for clients outside of the cluster, at addresses of load balancers and external ones. */
enum bl_compile_lb {
	BL_LB_MAGLEV, /* by a table that every node builds alike */
	BL_LB_RANDOM,
};

/* Host byte order, both ends included. */
struct bl_compile_ports {
	uint16_t first, last;
};

struct bl_compile_cidrs {
	const struct bl_cidr *list;
	size_t count;
};

/* What the agent's configuration says. Lent. */
struct bl_compile_config {
	const char *node;		       /* the own node's name */
	struct bl_compile_cidrs cluster_cidrs; /* never masqueraded, beside the nodes' prefixes */
	struct bl_compile_cidrs service_cidrs;
	struct bl_compile_ports node_ports, snat_ports;
	struct bl_compile_cidrs node_port_addresses; /* none: all of the node's */
	bool external_ips;			     /* Services may have externalIPs */
	enum bl_compile_lb lb;
	uint32_t maglev_size; /* slots of a table */
	bool dsr;	      /* such packets are not translated on their way to another node */
	bool masquerade;
	enum bl_compile_routing routing;
	bool mesh;		/* a session with every other node */
	uint32_t asn;		/* BGP only */
	struct bl_ip router_id; /* family 0: the node's IPv4 address */
	const struct bl_desired_peer *peers;
	size_t n_peers;
};

/* A pod that the CNI plugin has attached to this node. */
struct bl_compile_pod {
	struct bl_ip ips[2];
	size_t n_ips;
	uint32_t ifindex;
	uint8_t mac[6];
	uint8_t host_mac[6];
};

/* What the node's own kernel says. Lent. */
struct bl_compile_local {
	const struct bl_compile_pod *pods;
	size_t n_pods;
	const struct bl_ip *addrs; /* of the node's links, loopback too */
	size_t n_addrs;
};

/* One Service's backend sets, into the arena. No sets where it is gone or not ours. */
struct bl_desired_service *bl_compile_service(const struct bl_store *store,
					      const struct bl_compile_config *config,
					      const struct bl_store_service *svc,
					      struct bl_arena *arena);

/*
 * Everything else. What is missing is left out, never guessed: without the own Node there are no
 * routes, no announcement and no masquerade.
 */
struct bl_desired_node *bl_compile_node(const struct bl_store *store,
					const struct bl_compile_config *config,
					const struct bl_compile_local *local,
					struct bl_arena *arena);

#endif
