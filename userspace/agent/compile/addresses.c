// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What addresses mean on this node.
 *
 * Exact addresses are endpoints: the pods that the CNI plugin attached, and the node's own. A
 * loopback address is the node's own but serves no NodePort to packets, because a packet for it can
 * only have been forged (CVE-2020-8558); the socket hook, which sees the node's own sockets, knows
 * loopback by itself. Prefixes say what belongs to the cluster, and so is never masqueraded: every
 * node's pod prefixes and addresses, what the configuration adds, and the Service ranges, in which
 * an address that no Service owns is refused. So is a port that no Service has at a load balancer's
 * address, unless it is a node's address too.
 */

#include <stdlib.h>
#include <string.h>

#include "agent/compile/compile_internal.h"

static int endpoint_cmp(const void *a, const void *b)
{
	const struct bl_desired_endpoint *x = a, *y = b;
	int rc = bl_ip_cmp(&x->ip, &y->ip);

	if (rc)
		return rc;
	/* the node's own address before a pod that claims it, so that unique() keeps the node's */
	return (int)(x->flags & BL_ENDPOINT_POD) - (int)(y->flags & BL_ENDPOINT_POD);
}

static bool serves_node_ports(const struct bl_compile_config *config, const struct bl_ip *ip)
{
	const struct bl_compile_cidrs *some = &config->node_port_addresses;

	return (!some->count || bl_compile_is_in(some, ip)) && !bl_ip_is_loopback(ip);
}

static int by_ip(const void *key, const void *item)
{
	const struct bl_ip *const *ip = item;

	return bl_ip_cmp(key, *ip);
}

static uint32_t host_flags(const struct bl_compile_config *config,
			   const struct bl_compile_outside *outside, const struct bl_ip *ip)
{
	uint32_t flags = BL_ENDPOINT_HOST;

	if (serves_node_ports(config, ip))
		flags |= BL_ENDPOINT_NODEPORT;
	if (outside->count &&
	    bsearch(ip, outside->ips, outside->count, sizeof(*outside->ips), by_ip))
		flags |= BL_ENDPOINT_SERVICE;
	return flags;
}

void bl_compile_endpoints(const struct bl_compile_local *local,
			  const struct bl_compile_config *config,
			  const struct bl_compile_outside *outside, struct bl_arena *arena,
			  struct bl_desired_node *want)
{
	struct bl_desired_endpoint *list = bl_arena_array(arena, local->n_addrs + 2 * local->n_pods,
							  struct bl_desired_endpoint);
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < local->n_addrs; i++) {
		list[n].ip = local->addrs[i];
		list[n].flags = host_flags(config, outside, &local->addrs[i]);
		n++;
	}
	for (size_t i = 0; i < local->n_pods; i++) {
		const struct bl_compile_pod *pod = &local->pods[i];

		for (size_t k = 0; k < pod->n_ips; k++, n++) {
			list[n].ip = pod->ips[k];
			list[n].flags = BL_ENDPOINT_POD;
			list[n].ifindex = pod->ifindex;
			memcpy(list[n].mac, pod->mac, sizeof(pod->mac));
			memcpy(list[n].host_mac, pod->host_mac, sizeof(pod->host_mac));
		}
	}
	qsort(list, n, sizeof(*list), endpoint_cmp);
	for (size_t i = 0; i < n; i++) {
		if (!kept || bl_ip_cmp(&list[kept - 1].ip, &list[i].ip) != 0)
			list[kept++] = list[i];
	}
	want->endpoints = list;
	want->n_endpoints = kept;
}

static int prefix_cmp(const void *a, const void *b)
{
	const struct bl_desired_prefix *x = a, *y = b;

	return bl_cidr_cmp(&x->cidr, &y->cidr);
}

static size_t add_cidrs(struct bl_desired_prefix *list, size_t n, const struct bl_cidr *cidrs,
			size_t count, uint32_t flags)
{
	for (size_t i = 0; i < count; i++)
		list[n++] = (struct bl_desired_prefix){.cidr = cidrs[i], .flags = flags};
	return n;
}

static size_t add_node(struct bl_desired_prefix *list, size_t n, const struct bl_api_node *node)
{
	n = add_cidrs(list, n, node->pod_cidrs, node->n_pod_cidrs, BL_PREFIX_CLUSTER);
	for (size_t i = 0; i < node->n_internal_ips; i++) {
		struct bl_cidr host = bl_ip_host(&node->internal_ips[i]);

		n = add_cidrs(list, n, &host, 1, BL_PREFIX_CLUSTER | BL_PREFIX_NODE);
	}
	return n;
}

/* A Service's own address is refused where no frontend has it. A node's stays the node's. */
static size_t add_outside(struct bl_desired_prefix *list, size_t n,
			  const struct bl_compile_outside *outside)
{
	for (size_t i = 0; i < outside->count; i++) {
		struct bl_cidr host = bl_ip_host(outside->ips[i]);

		n = add_cidrs(list, n, &host, 1, BL_PREFIX_SERVICE);
	}
	return n;
}

void bl_compile_prefixes(const struct bl_compile_nodes *nodes,
			 const struct bl_compile_config *config,
			 const struct bl_compile_outside *outside, struct bl_arena *arena,
			 struct bl_desired_node *want)
{
	size_t room = config->cluster_cidrs.count + config->service_cidrs.count, n = 0, kept = 0;
	struct bl_desired_prefix *list;

	for (size_t i = 0; i < nodes->count; i++)
		room += nodes->list[i]->n_pod_cidrs + nodes->list[i]->n_internal_ips;
	room += outside->count;
	list = bl_arena_array(arena, room, struct bl_desired_prefix);
	n = add_cidrs(list, n, config->cluster_cidrs.list, config->cluster_cidrs.count,
		      BL_PREFIX_CLUSTER);
	n = add_cidrs(list, n, config->service_cidrs.list, config->service_cidrs.count,
		      BL_PREFIX_SERVICE);
	for (size_t i = 0; i < nodes->count; i++)
		n = add_node(list, n, nodes->list[i]);
	n = add_outside(list, n, outside);
	qsort(list, n, sizeof(*list), prefix_cmp);
	for (size_t i = 0; i < n; i++) {
		if (kept && prefix_cmp(&list[kept - 1], &list[i]) == 0)
			list[kept - 1].flags |= list[i].flags;
		else
			list[kept++] = list[i];
		if (list[kept - 1].flags & BL_PREFIX_CLUSTER)
			list[kept - 1].flags &= ~(uint32_t)BL_PREFIX_SERVICE;
	}
	want->prefixes = list;
	want->n_prefixes = kept;
}
