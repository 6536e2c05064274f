/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_MAPS_H
#define BEELINE_MAPS_H

/*
 * DOC: The layouts of all maps.
 *
 * The single source for the BPF programs, the agent, the command line and the docs. Data only: UAPI types, no
 * functions. Ports and addresses are in network byte order, everything else in the host's. Padding is
 * explicit and always zero, and every size is asserted, so that keys can be compared as bytes. IPv4 and IPv6 have maps
 * of their own wherever the address is part of a hash key, because a short key is a fast key; values are shared.
 *
 * A change of any layout here raises BEELINE_ABI (abi.h), which names the pin folder.
 */

#include <linux/types.h>

#include "beeline/addr.h"
#include "beeline/policy.h"

#define BL_LAYOUT(type, size) _Static_assert(sizeof(type) == (size), #type " is " #size " bytes")

/* service: frontend -> where its slots start
 *   0        4      6     7     8
 *   | addr   | port |proto|scope|
 * A NodePort has the unspecified address: whether an address is one of the node's is the endpoint map's knowledge.
 * What can be reached from outside of the cluster has entries of its own for that, which the programs of the uplinks read: sockets
 * and pods are inside and see every backend, a client outside sees what externalTrafficPolicy says.
 * A ClusterIP outside of the service ranges (BL_PREFIX_SERVICE) is also entered with port 0 and proto 0 (scope BL_SCOPE_ADDR):
 * it owns the address, so that an undefined port is refused instead of routed away. Its value has no slots.
 */
enum bl_scope {
	BL_SCOPE_CLUSTER = 0,		/* an address of the Service, from inside the cluster */
	BL_SCOPE_NODEPORT = 1,		/* any node address, addr is 0 */
	BL_SCOPE_ADDR = 2,		/* owner of an address, port and proto are 0 */
	BL_SCOPE_EXTERNAL = 3,		/* load balancer and external addresses, from outside */
	BL_SCOPE_NODEPORT_EXTERNAL = 4, /* any node address, from outside */
};

struct bl_service4_key {
	struct bl_addr4 addr;
	__be16 port;
	__u8 proto; /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP */
	__u8 scope; /* enum bl_scope */
};
BL_LAYOUT(struct bl_service4_key, 8);

struct bl_service6_key {
	struct bl_addr6 addr;
	__be16 port;
	__u8 proto;
	__u8 scope;
};
BL_LAYOUT(struct bl_service6_key, 20);

/* One write of this value is the change of a service's whole backend set. */
struct bl_service {
	__u32 id;	  /* of service_meta; the same for all frontends of one Service port */
	__u32 first_slot; /* index into slot */
	__u32 slot_count; /* 0: reject */
	__u32 flags : 8;  /* BL_SERVICE_* */
	__u32 affinity_s : 24; /* a client keeps its backend until it is silent for so long; 0: it does not. The slots are
				* then ordered by backend id. */
};
BL_LAYOUT(struct bl_service, 16);
#define BL_SERVICE_LOCAL  0x01 /* its backends are this node's only */
#define BL_SERVICE_MAGLEV 0x02 /* its slots are a Maglev table: the packet's hash chooses */
#define BL_SERVICE_DSR \
	0x04 /* a backend of another node gets the packet as it is, in a tunnel, and answers the client itself */

/* slot: array, index -> backend id. A service owns slots [first_slot, first_slot + slot_count). */
typedef __u32 bl_slot;

/* backend: array, id -> where packets go. Id 0 is never used. */
struct bl_backend {
	struct bl_addr addr; /* both families; IPv4 in the first four bytes */
	__be16 port;
	__u8 proto;
	__u8 flags;	  /* BL_BACKEND_*; 0: free */
	__u32 generation; /* changes whenever the id gets another address or is freed */
};
BL_LAYOUT(struct bl_backend, 24);
#define BL_BACKEND_LIVE	 0x01
#define BL_BACKEND_V6	 0x02
#define BL_BACKEND_LOCAL 0x04 /* a pod of this node */

/*
 * next_hop: array, backend id -> how a packet that is tunnelled to the backend leaves this node. The programs alone write it.
 */
struct bl_next_hop {
	__u32 generation; /* the backend's; another: the entry is another backend's */
	__u32 ifindex;
	__u8 dmac[6];
	__u8 smac[6];
	__u16 mtu;   /* of the way there; 0: unknown */
	__u16 found; /* jiffies / 256 when the FIB gave this answer */
	__u16 asked; /* jiffies / 256 when a packet was last sent to ask again */
	__u16 pad;
};
BL_LAYOUT(struct bl_next_hop, 28);

/*
 * member: service id and a backend's address -> backend id, for the local backends of services with BL_SERVICE_DSR: a tunnelled
 * packet says which pod was chosen, and this which port of the pod it is.
 */
struct bl_member_key {
	struct bl_addr addr;
	__u32 service;
};
BL_LAYOUT(struct bl_member_key, 20);

/* service_meta: array, service id -> whom it belongs to; no name: nobody has the id. Only userspace reads it: the command line when the agent is down, and
 * an agent that starts with no memory. Strings are terminated; names are at most 63 bytes by the API's grammar. */
struct bl_service_meta {
	char uid[40];
	char namespace[64];
	char name[64];
	char port[64]; /* the port's name, may be empty */
};
BL_LAYOUT(struct bl_service_meta, 232);

/* endpoint: address -> what lies behind it on this node. Exact addresses only; prefixes are in prefix4/6. */
struct bl_endpoint {
	__u32 ifindex;	  /* BL_ENDPOINT_POD: the veth's host side; 0 otherwise */
	__u32 flags;	  /* BL_ENDPOINT_* */
	__u8 mac[6];	  /* BL_ENDPOINT_POD: the pod's own */
	__u8 host_mac[6]; /* BL_ENDPOINT_POD: the veth's host side */
	__u32 translated; /* BL_ENDPOINT_POD: see below */
	__u32 policy;	  /* BL_ENDPOINT_POD: its place in isolation; 0: none */
};
BL_LAYOUT(struct bl_endpoint, 28);
/*
 * `translated` is the one field that the programs write: not 0 once a per-packet translated flow has left or reached
 * the pod, so that only from then on its packets cost a lookup in flow. The agent leaves it out when it compares an entry with
 * the desired one, and writes 1 where it replaces the entry of a pod that lives on: too much costs a lookup, too little a
 * connection.
 */
#define BL_ENDPOINT_POD	     0x01
#define BL_ENDPOINT_HOST     0x02 /* an address of the node itself */
#define BL_ENDPOINT_NODEPORT 0x04 /* with HOST: NodePorts are served here */

/*
 * near: endpoint4/6 once more, in arrays: the address's last bits (BL_NEAR_SIZE, a power of two) -> an endpoint whose address ends
 * so. A node's pods have addresses of a small range, so that nearly every endpoint has a place, and finding it is a read of an array.
 * One whose place is another's is in endpoint4/6 alone. `translated` is true here for who has a place. An empty place has no flags.
 * An entry is written front to back: until its address, the last field, is there, it is nobody's.
 */
#define BL_NEAR_SIZE 4096

struct bl_near4 {
	struct bl_endpoint ep;
	struct bl_addr4 addr;
};
BL_LAYOUT(struct bl_near4, 32);

struct bl_near6 {
	struct bl_endpoint ep;
	__u32 pad;
	struct bl_addr6 addr;
};
BL_LAYOUT(struct bl_near6, 48);
#define BL_ENDPOINT_SERVICE 0x08 /* with HOST: also an address of Services (load balancer) */

/* prefix: LPM trie, what is not exact. Longest prefix wins. */
struct bl_prefix4_key {
	__u32 len;
	struct bl_addr4 addr;
};
BL_LAYOUT(struct bl_prefix4_key, 8);

struct bl_prefix6_key {
	__u32 len;
	struct bl_addr6 addr;
};
BL_LAYOUT(struct bl_prefix6_key, 20);

struct bl_prefix {
	__u32 flags; /* BL_PREFIX_* */
};
#define BL_PREFIX_CLUSTER 0x01 /* pods and nodes: never masqueraded */
#define BL_PREFIX_NODE	  0x04 /* with CLUSTER: a node's own address */
#define BL_PREFIX_SERVICE 0x02 /* the service range: an address that no Service owns is refused */

/* flow: a translated flow's tuple as it arrives -> what to make of it. Each flow has two entries, one a direction; the
 * reply's entry is keyed by the packet that the far end will send. LRU.
 *   0       4       8      10     12    13        16
 *   | saddr | daddr | sport| dport|proto| 0       |
 * ICMP echo: the identifier is the asking side's port, the answering side's is 0.
 */
struct bl_flow4_key {
	struct bl_addr4 saddr;
	struct bl_addr4 daddr;
	__be16 sport;
	__be16 dport;
	__u8 proto;
	__u8 pad[3];
};
BL_LAYOUT(struct bl_flow4_key, 16);

struct bl_flow6_key {
	struct bl_addr6 saddr;
	struct bl_addr6 daddr;
	__be16 sport;
	__be16 dport;
	__u8 proto;
	__u8 pad[3];
};
BL_LAYOUT(struct bl_flow6_key, 40);

struct bl_flow {
	struct bl_addr saddr; /* the packet's addresses after translation */
	struct bl_addr daddr;
	__be16 sport;
	__be16 dport;
	__u8 flags;    /* BL_FLOW_* */
	__u8 state;    /* BL_FLOW_STATE_*, of this direction */
	__u16 tick;    /* jiffies / 256 when seen_ns was written: it is renewed when this changes */
	__u32 backend; /* 0: masqueraded, no backend */
	__u32 generation;
	__u64 seen_ns; /* CLOCK_MONOTONIC, coarse */
};
BL_LAYOUT(struct bl_flow, 56);
#define BL_FLOW_SNAT  0x01 /* the source was replaced by an address of the node */
#define BL_FLOW_DNAT  0x02 /* the destination was a service */
#define BL_FLOW_REPLY 0x04 /* this entry is the reply's direction */
#define BL_FLOW_SAME \
	0x08 /* nothing is replaced: an outside client's datagrams, whose answers stay as they are */

#define BL_FLOW_STATE_CLOSED 0x01 /* TCP: FIN or RST was seen, in either direction */

/* fragment: a fragmented datagram -> its ports, which only its first fragment has. LRU. The key is a flow's, with the
 * identification in place of the ports: IPv4's in sport, IPv6's in both. */
struct bl_fragment {
	__be16 sport;
	__be16 dport;
};
BL_LAYOUT(struct bl_fragment, 4);

/*
 * sock_origin: LRU, two kinds of entry.
 * BL_SOCK_ORIGIN: socket and backend -> what the application had asked for, for recvmsg and getpeername.
 * BL_SOCK_CHOICE: unconnected UDP socket and service address -> the backend it was given, so that it keeps it.
 */
enum bl_sock_kind {
	BL_SOCK_ORIGIN = 0,
	BL_SOCK_CHOICE = 1,
};

struct bl_sock_key {
	__u64 cookie;
	struct bl_addr addr; /* the backend's or the service's; IPv4-mapped addresses as IPv4 */
	__be16 port;
	__u8 proto;
	__u8 kind;   /* enum bl_sock_kind */
	__u8 family; /* 4 or 6 */
	__u8 pad[3];
};
BL_LAYOUT(struct bl_sock_key, 32);

struct bl_sock_origin {
	struct bl_addr addr; /* the service's, as the application named it */
	__be16 port;
	__u16 pad;
	__u32 service; /* id */
	__u32 backend;
	__u32 generation;
};
BL_LAYOUT(struct bl_sock_origin, 32);

/*
 * affinity: {client, service} -> the backend that the client was given last. LRU. Packets know the client's address; sockets are not bound
 * to one yet when they connect, and their client is the network namespace: `addr` is its cookie and the family, and
 * BL_AFFINITY_NETNS is set in `service`. Such entries are in affinity6 for both families.
 */
struct bl_affinity4_key {
	struct bl_addr4 addr;
	__u32 service; /* id */
};
BL_LAYOUT(struct bl_affinity4_key, 8);

struct bl_affinity6_key {
	struct bl_addr6 addr;
	__u32 service;
};
BL_LAYOUT(struct bl_affinity6_key, 20);
#define BL_AFFINITY_NETNS 0x80000000U

struct bl_affinity {
	__u32 backend;
	__u32 generation;
	__u32 used_s; /* CLOCK_MONOTONIC when the backend was given last */
};
BL_LAYOUT(struct bl_affinity, 12);

/* counter: per-CPU array, reason -> packets and bytes; indexes are enum bl_reason of reason.h. */
struct bl_counter {
	__u64 packets;
	__u64 bytes;
};
BL_LAYOUT(struct bl_counter, 16);

/*
 * One row a map: X(name, type, key, value, default entries, flags, what it is for). The BPF side declares each map by the
 * same name; the agent sizes, pins and dumps by this table, and the command line and docs print it.
 */
#define BL_MAPS(X)                                                                                 \
	X(service4, HASH, struct bl_service4_key, struct bl_service, 65536, 0, "IPv4 frontends")   \
	X(service6, HASH, struct bl_service6_key, struct bl_service, 65536, 0, "IPv6 frontends")   \
	X(slot, ARRAY, __u32, bl_slot, 1048576, BPF_F_MMAPABLE, "slot to backend id")              \
	X(backend, ARRAY, __u32, struct bl_backend, 65536, BPF_F_MMAPABLE, "backends by id")       \
	X(next_hop, ARRAY, __u32, struct bl_next_hop, 65536, 0,                                    \
	  "next hops of tunnelled backends by id")                                                 \
	X(member, HASH, struct bl_member_key, __u32, 65536, BPF_F_NO_PREALLOC,                     \
	  "local backends that tunnels lead to")                                                   \
	X(service_meta, ARRAY, __u32, struct bl_service_meta, 65536, BPF_F_MMAPABLE,               \
	  "names of services by id")                                                               \
	X(endpoint4, HASH, struct bl_addr4, struct bl_endpoint, 4096, BPF_F_NO_PREALLOC,           \
	  "local IPv4 addresses")                                                                  \
	X(endpoint6, HASH, struct bl_addr6, struct bl_endpoint, 4096, BPF_F_NO_PREALLOC,           \
	  "local IPv6 addresses")                                                                  \
	X(near4, ARRAY, __u32, struct bl_near4, BL_NEAR_SIZE, 0,                                   \
	  "local IPv4 addresses by their end")                                                     \
	X(near6, ARRAY, __u32, struct bl_near6, BL_NEAR_SIZE, 0,                                   \
	  "local IPv6 addresses by their end")                                                     \
	X(prefix4, LPM_TRIE, struct bl_prefix4_key, struct bl_prefix, 16384, BPF_F_NO_PREALLOC,    \
	  "IPv4 prefixes of the cluster")                                                          \
	X(prefix6, LPM_TRIE, struct bl_prefix6_key, struct bl_prefix, 16384, BPF_F_NO_PREALLOC,    \
	  "IPv6 prefixes of the cluster")                                                          \
	X(flow4, LRU_HASH, struct bl_flow4_key, struct bl_flow, 65536, 0, "translated IPv4 flows") \
	X(flow6, LRU_HASH, struct bl_flow6_key, struct bl_flow, 65536, 0, "translated IPv6 flows") \
	X(fragment4, LRU_HASH, struct bl_flow4_key, struct bl_fragment, 4096, 0,                   \
	  "ports of fragmented IPv4 datagrams")                                                    \
	X(fragment6, LRU_HASH, struct bl_flow6_key, struct bl_fragment, 4096, 0,                   \
	  "ports of fragmented IPv6 datagrams")                                                    \
	X(sock_origin, LRU_HASH, struct bl_sock_key, struct bl_sock_origin, 65536, 0,              \
	  "what balanced sockets asked for")                                                       \
	X(affinity4, LRU_HASH, struct bl_affinity4_key, struct bl_affinity, 65536, 0,              \
	  "backends that IPv4 clients keep")                                                       \
	X(affinity6, LRU_HASH, struct bl_affinity6_key, struct bl_affinity, 65536, 0,              \
	  "backends that IPv6 clients and sockets keep")                                           \
	X(config, ARRAY, __u32, struct bl_config, 1, 0, "what every program knows of the node")    \
	X(counter, PERCPU_ARRAY, __u32, struct bl_counter, 64, 0, "packets by reason")             \
	X(class4, HASH, struct bl_addr4, struct bl_class, 65536, BPF_F_NO_PREALLOC,                \
	  "what policies tell of pods' IPv4 addresses")                                            \
	X(class6, HASH, struct bl_addr6, struct bl_class, 65536, BPF_F_NO_PREALLOC,                \
	  "what policies tell of pods' IPv6 addresses")                                            \
	X(block4, LPM_TRIE, struct bl_prefix4_key, struct bl_class, 16384, BPF_F_NO_PREALLOC,      \
	  "what policies tell of IPv4 prefixes")                                                   \
	X(block6, LPM_TRIE, struct bl_prefix6_key, struct bl_class, 16384, BPF_F_NO_PREALLOC,      \
	  "what policies tell of IPv6 prefixes")                                                   \
	X(cell, HASH, struct bl_cell_key, struct bl_cell, 131072, BPF_F_NO_PREALLOC,               \
	  "what a set says of a class")                                                            \
	X(cell_range, ARRAY, __u32, struct bl_cell_range, 65536, 0, "ports with their verdicts")   \
	X(isolation, ARRAY, __u32, struct bl_isolation, 8192, 0, "sets of this node's pods")       \
	X(policy_epoch, ARRAY, __u32, __u32, 1, 0, "which of two places is in force")

#endif
