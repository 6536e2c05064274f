/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_API_SERVICE_H
#define BL_API_SERVICE_H

#include "api/object.h"
#include "base/ip.h"

/* core/v1 Service. */
enum bl_api_service_type {
	BL_SERVICE_CLUSTER_IP,
	BL_SERVICE_NODE_PORT,
	BL_SERVICE_LOAD_BALANCER,
	BL_SERVICE_EXTERNAL_NAME,
};

struct bl_api_service_port {
	const char *name;
	uint8_t proto;		 /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP */
	uint16_t port;		 /* host byte order */
	uint16_t node_port;	 /* 0: none */
	uint16_t target_port;	 /* 0: by name, or the same as port */
	const char *target_name; /* "" unless targetPort is a name */
	const char *app_protocol;
};

struct bl_api_ingress {
	struct bl_ip ip;
	bool proxy; /* ipMode: Proxy */
};

struct bl_api_service {
	struct bl_api_object obj;
	enum bl_api_service_type type;
	bool headless;		   /* clusterIP: None */
	struct bl_ip *cluster_ips; /* at most two, of different families */
	size_t n_cluster_ips;
	struct bl_ip *external_ips;
	size_t n_external_ips;
	struct bl_api_ingress *ingress; /* status.loadBalancer.ingress with an ip */
	size_t n_ingress;
	struct bl_cidr *source_ranges; /* loadBalancerSourceRanges */
	size_t n_source_ranges;
	struct bl_api_service_port *ports;
	size_t n_ports;
	bool has_selector;
	struct bl_api_pairs selector;
	uint8_t families[2]; /* ipFamilies in order: 4 or 6; 0: none */
	bool publish_not_ready;
	bool internal_local;		  /* internalTrafficPolicy: Local */
	bool external_local;		  /* externalTrafficPolicy: Local */
	uint16_t health_check_node_port;  /* 0: none */
	uint32_t affinity_seconds;	  /* sessionAffinity: ClientIP's timeout; 0: None */
	const char *traffic_distribution; /* "" where absent */
};

/*
 * Whether a service proxy serves it, and this one: not ExternalName, not headless, by clusterIP or by the label
 * service.kubernetes.io/headless, and not left to another proxy by service.kubernetes.io/service-proxy-name.
 */
bool bl_api_service_is_proxied(const struct bl_api_service *service);

#endif
