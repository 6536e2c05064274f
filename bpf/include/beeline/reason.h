/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_REASON_H
#define BEELINE_REASON_H

/*
 * Why a packet passed or dropped: X(id, verdict, metric label, text), once for programs, counters, command line and docs.
 * Ids are never reused; new ones go to the end.
 */
#define BL_REASONS(X)                                                                            \
	X(PASS_STACK, pass, "stack", "left to the node's own network stack")                     \
	X(PASS_POD, pass, "pod", "handed to a pod of this node")                                 \
	X(PASS_FIB, pass, "fib", "sent to the next hop")                                         \
	X(PASS_SERVICE, pass, "service", "destination replaced by a backend")                    \
	X(PASS_REPLY, pass, "reply", "reply translated back")                                    \
	X(PASS_MASQUERADE, pass, "masquerade", "source replaced by the node's address")          \
	X(PASS_NEIGHBOUR, pass, "neighbour", "ARP or neighbour discovery of a pod")              \
	X(DROP_MALFORMED, drop, "malformed", "headers cut short or inconsistent")                \
	X(DROP_SOURCE, drop, "source", "source address is not the pod's own")                    \
	X(DROP_NEIGHBOUR, drop, "neighbour-spoof", "ARP or ND for an address not the pod's own") \
	X(DROP_PROTOCOL, drop, "protocol", "neither IPv4, IPv6 nor ARP")                         \
	X(DROP_NO_BACKEND, drop, "no-backend", "Service without ready endpoint, refused")        \
	X(DROP_NO_SERVICE, drop, "no-service", "service address or port that no Service has")    \
	X(DROP_SNAT_FULL, drop, "snat-full", "no free port for source translation")              \
	X(DROP_ROUTE, drop, "route", "no route to the destination")                              \
	X(DROP_INTERNAL, drop, "internal", "a helper or a map failed")                           \
	X(PASS_REFUSE, pass, "refuse", "left to the node's own stack, which refuses it")         \
	X(DROP_STALE, drop, "stale", "connection whose backend is gone or unknown, reset")       \
	X(DROP_FRAGMENT, drop, "fragment", "fragment without ports where ports must be known")   \
	X(DROP_MULTICAST, drop, "multicast", "multicast or broadcast of a pod")                  \
	X(DROP_LINK_LOCAL, drop, "link-local", "link-local traffic but neighbour discovery")     \
	X(PASS_TUNNEL, pass, "tunnel", "sent in a tunnel to another node's backend")             \
	X(DROP_TUNNEL, drop, "tunnel",                                                           \
	  "tunnelled by no node of the cluster, or for no backend here")

enum bl_reason {
#define BL_REASON_ID(id, verdict, label, text) BL_##id,
	BL_REASONS(BL_REASON_ID)
#undef BL_REASON_ID
		BL_REASON_COUNT
};

#endif
