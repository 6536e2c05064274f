/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_STATE_DESIRED_H
#define BL_STATE_DESIRED_H

/*
 * DOC: The narrow waist.
 *
 * What the kernel and BIRD shall hold, in terms of neither Kubernetes nor system calls: nothing above knows the
 * kernel, nothing below knows Kubernetes. Compile fills these from the store; datapath, net and bgp compare them with
 * what is there. Everything is plain data, ordered and free of duplicates, so that two states can be compared and
 * printed (golden tests) and so that the same store always gives the same bytes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/ip.h"
#include "beeline/config.h"
#include "beeline/maps.h"

/* An address and port that clients use. */
struct bl_frontend {
	struct bl_ip ip; /* BL_SCOPE_NODEPORT*: unspecified, of the set's family */
	uint16_t port;	 /* host byte order; BL_SCOPE_ADDR: 0 */
	uint8_t proto;	 /* BL_SCOPE_ADDR: 0 */
	uint8_t scope;	 /* enum bl_scope */
};

/* Where packets for a frontend go. */
struct bl_target {
	struct bl_ip ip;
	uint16_t port; /* host byte order */
	bool local;    /* on this node */
	bool draining; /* keeps the connections it has and gets no new ones */
};

/*
 * One backend set with the frontends that lead to it: a port of a Service, of one family, with the cluster's targets or with
 * this node's alone, chosen by chance or by a Maglev table. All strings and lists belong to the arena of the bl_desired_service that holds the set.
 */
struct bl_desired_set {
	const char
		*port_name; /* "" for the only port, and for the set of BL_SCOPE_ADDR frontends */
	uint8_t family;
	uint8_t proto; /* 0: the set of BL_SCOPE_ADDR frontends, which has no targets */
	/* BL_SERVICE_*: whose targets, and how one is chosen. A port may have a set of each kind. */
	uint8_t flags;
	uint32_t table; /* BL_SERVICE_MAGLEV: how many slots, more where the targets need them */
	uint32_t
		affinity_s; /* a client keeps its target until it is silent for so long; 0: it does not */
	struct bl_frontend *frontends; /* ordered */
	size_t n_frontends;
	struct bl_target *targets; /* ordered by address and port, without duplicates */
	size_t n_targets;
};

/* The targets that get new connections. */
static inline size_t bl_desired_live_targets(const struct bl_desired_set *set)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n_targets; i++)
		n += !set->targets[i].draining;
	return n;
}

/* Everything one Service wants. No sets: it shall not be there. */
struct bl_desired_service {
	const char *namespace;
	const char *name;
	const char *uid;
	struct bl_desired_set *sets; /* ordered by family, proto, port name, flags */
	size_t n_sets;
	size_t n_refused;    /* addresses that the Service may not have */
	const char *refused; /* the first of them and why, "" if none */
};

/* Whether the set shows what the set before it holds, or this node's part of it: another view of the same port. */
static inline bool bl_desired_is_part(const struct bl_desired_service *svc, size_t set)
{
	const struct bl_desired_set *s = &svc->sets[set];

	return set && s[-1].family == s->family && s[-1].proto == s->proto &&
	       !strcmp(s[-1].port_name, s->port_name);
}

/* An address that lies on this node. */
struct bl_desired_endpoint {
	struct bl_ip ip;
	uint32_t flags;	  /* BL_ENDPOINT_* */
	uint32_t ifindex; /* pods: the veth's host side */
	uint8_t mac[6];
	uint8_t host_mac[6];
	uint32_t policy; /* the place of its sets, which only the kernel's side knows: 0 here */
};

struct bl_desired_prefix {
	struct bl_cidr cidr;
	uint32_t flags; /* BL_PREFIX_* */
};

/* A kernel route that is ours: protocol BL_ROUTE_PROTOCOL marks it for an agent that remembers nothing. */
#define BL_ROUTE_PROTOCOL 0xbe
enum bl_route_type {
	BL_ROUTE_LINK,	    /* dev only: a pod behind its veth, with a permanent neighbour entry */
	BL_ROUTE_VIA,	    /* through a next hop on a link of the node */
	BL_ROUTE_BLACKHOLE, /* the node's own pod prefix: unassigned addresses do not bounce */
};
struct bl_desired_route {
	struct bl_cidr cidr;
	enum bl_route_type type;
	struct bl_ip via; /* BL_ROUTE_VIA */
	uint32_t ifindex; /* BL_ROUTE_LINK; BL_ROUTE_VIA: 0, found by the next hop */
	uint8_t mac[6];	  /* BL_ROUTE_LINK: the neighbour */
};

/* A BGP session. */
struct bl_desired_peer {
	const char *name; /* [A-Za-z][A-Za-z0-9_]*, at most 60 bytes, unique */
	struct bl_ip ip;
	uint32_t asn;
	const char *password; /* NULL: none */
};

struct bl_desired_bgp {
	bool enabled;
	struct bl_ip router_id; /* IPv4 */
	uint32_t asn;
	struct bl_ip source4, source6; /* the node's own addresses; family 0: none */
	struct bl_desired_peer *peers;
	size_t n_peers;
	struct bl_cidr *announce; /* ordered */
	size_t n_announce;
	struct bl_cidr *
		accept; /* what may be learnt: the cluster's prefixes; empty: anything but the default route */
	size_t n_accept;
};

/* All that is compiled as a whole: what the node is, what lies on it, where the others are. */
struct bl_desired_node {
	struct bl_desired_endpoint *endpoints; /* ordered by address */
	size_t n_endpoints;
	struct bl_desired_prefix *prefixes; /* ordered */
	size_t n_prefixes;
	struct bl_desired_route *routes; /* ordered by prefix */
	size_t n_routes;
	struct bl_desired_bgp bgp;
	struct bl_config config;
};

#endif
