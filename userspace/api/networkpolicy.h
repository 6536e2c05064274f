/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_API_NETWORKPOLICY_H
#define BL_API_NETWORKPOLICY_H

#include "api/object.h"
#include "api/selector.h"
#include "base/ip.h"

/* networking.k8s.io/v1 NetworkPolicy. */
struct bl_api_ip_block {
	struct bl_cidr cidr;
	struct bl_cidr *except; /* all inside cidr; they take away from this block only */
	size_t n_except;
};

/* Either block, or at least one of the selectors. */
struct bl_api_policy_peer {
	const struct bl_api_selector *pods;	  /* NULL: absent, every pod of the namespaces */
	const struct bl_api_selector *namespaces; /* NULL: absent, the policy's own namespace */
	const struct bl_api_ip_block *block;	  /* NULL: absent */
};

struct bl_api_policy_port {
	uint8_t proto;	   /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP */
	const char *name;  /* "" unless the port is a name, resolved on each destination pod */
	uint16_t port;	   /* host byte order; 0 without a name: every port of the protocol */
	uint16_t end_port; /* inclusive, at least port; the same as port where absent */
};

struct bl_api_policy_rule {
	struct bl_api_policy_port *ports; /* none: every port of every protocol */
	size_t n_ports;
	struct bl_api_policy_peer *peers; /* from or to; none: everyone */
	size_t n_peers;
};

struct bl_api_networkpolicy {
	struct bl_api_object obj;
	const struct bl_api_selector *pods; /* never NULL; no requirement: all of the namespace */
	bool isolates_ingress;		    /* policyTypes, or its default where it is absent */
	bool isolates_egress;
	struct bl_api_policy_rule *ingress; /* none while isolated: nothing is allowed */
	size_t n_ingress;
	struct bl_api_policy_rule *egress;
	size_t n_egress;
};

/*
 * What stands in for a policy that cannot be decoded: it selects the same pods, all of its namespace where even that cannot be
 * read, isolates the same directions, and allows nothing. -EINVAL: it does not even have a name.
 */
int bl_api_networkpolicy_closed(const json_t *json, struct bl_api_object **ret_obj,
				struct bl_err *err);

#endif
