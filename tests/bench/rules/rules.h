/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_BENCH_RULES_H
#define BL_BENCH_RULES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/ip.h"

/* What a Service's port leads to. `local`: on the node that the rules are for. */
struct rules_endpoint {
	struct bl_ip ip;
	uint16_t port;
	bool local;
};

#define RULES_AFFINITY_SECONDS 10800
#define RULES_ENDPOINTS	       16

/*
 * One port of a Service, as kube-proxy sees it. Without endpoints it is refused.
 *
 * Not written, because nothing here needs it and no recording shows it: `external_local` (externalTrafficPolicy: Local) without a local
 * endpoint; a change of a Service with affinity; the removal of a local endpoint that no other Service has.
 */
struct rules_service {
	char *ns, *name, *port_name;
	uint8_t proto; /* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t port;
	struct bl_ip cluster_ip; /* of the rule set's family, as all addresses here */
	struct bl_ip lb_ip;	 /* status.loadBalancer; family 0: none */
	char *lb_source;	 /* the prefix that may use lb_ip, or NULL: everybody */
	uint16_t node_port;	 /* 0: none */
	uint16_t health_port;	 /* healthCheckNodePort; 0: none */
	bool affinity;		 /* ClientIP, for RULES_AFFINITY_SECONDS */
	bool external_local;
	struct rules_endpoint endpoints[RULES_ENDPOINTS];
	unsigned int n_endpoints;
	struct rules_endpoint gone, come; /* what a partial text is about; family 0: nothing */
};

/* What one text is about. kube-proxy takes Services in no particular order: here it is the array's. */
struct rules_set {
	int family;		  /* 4 or 6 */
	const char *pod_cidr;	  /* traffic from elsewhere to a ClusterIP is masqueraded */
	const char *service_cidr; /* nft only */
	const char *node_ip;	  /* nft only: accepts NodePort traffic */
	bool partial;		  /* the sync after a change, not the first one */
	bool resync; /* a full sync over what is there: as the first, but nft has all elements */
	bool nfacct; /* the node can count by nfacct */
	struct rules_service *services;
	unsigned int n_services;
};

/* The standard input of `iptables-restore -w 5 --noflush --counters` (ip6tables-restore). */
void rules_write_iptables(FILE *out, const struct rules_set *set);

/* The standard input of `nft -f -`. */
void rules_write_nft(FILE *out, const struct rules_set *set);

/*
 * Reads the Services from a text, a port of a Service a line:
 *
 *   NAMESPACE/NAME:PORTNAME tcp|udp ADDRESS:PORT ENDPOINT[,ENDPOINT...]|- [WORD...]
 *
 * An ENDPOINT is ADDRESS:PORT or [ADDRESS]:PORT, with a star behind it when it is local. A WORD is one of nodeport=N, health=N, lb=ADDRESS,
 * source=PREFIX, affinity, local, gone=ENDPOINT and come=ENDPOINT. Empty lines and those that begin with # say nothing. All addresses
 * are of set->family. Fills services and n_services, which rules_free_services() frees. -EINVAL names line and field.
 */
int rules_read_services(FILE *in, struct rules_set *set, struct bl_err *err);
void rules_free_services(struct rules_set *set);

/* "tcp" or "udp" */
const char *rules_proto(const struct rules_service *s);

/* The first `len` characters of the SHA-256 of `text` in base32, as both kinds of chain names use it. */
void rules_hash(const char *text, unsigned int len, char *ret_hash);

#endif
