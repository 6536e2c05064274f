// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: A Service's addresses beside its ClusterIPs.
 *
 * A load balancer's address (status.loadBalancer.ingress) is served by every node, for clients inside and outside, unless its
 * ipMode is Proxy: then the load balancer wants to see the packets itself. External addresses (spec.externalIPs) are
 * written by whoever may write a Service, and so would let a user take over any address that pods talk to (CVE-2020-8554):
 * they are off unless the agent's configuration allows them.
 *
 * A load balancer that lets only some clients in (spec.loadBalancerSourceRanges) would let all of them in if its address were
 * short-cut: such an address is not served, unless the ranges hold every address of its family.
 *
 * No such address may be one that means something else already: special addresses, pods, the Service range (and with it the cluster's
 * DNS). An external one may not be a node's either; a load balancer may well hand out nodes' addresses. What is refused is
 * left out and reported, the rest of the Service is served.
 */

#include <stdlib.h>

#include "agent/compile/compile_internal.h"

bool bl_compile_is_in(const struct bl_compile_cidrs *cidrs, const struct bl_ip *ip)
{
	for (size_t i = 0; i < cidrs->count; i++) {
		if (bl_cidr_contains(&cidrs->list[i], ip))
			return true;
	}
	return false;
}

/* Why nobody may have the address, or NULL. */
static const char *why_special(const struct bl_compile_config *config, const struct bl_ip *ip)
{
	if (bl_ip_is_unspecified(ip))
		return "unspecified";
	if (bl_ip_is_loopback(ip))
		return "loopback";
	if (bl_ip_is_link_local(ip))
		return "link-local";
	if (bl_ip_is_multicast(ip))
		return "multicast";
	return bl_compile_is_in(&config->service_cidrs, ip) ? "in the Service range" : NULL;
}

/* Whose the address is. */
struct owner {
	const struct bl_ip *ip;
	const char *why;
};

static void ask_node(void *arg, const struct bl_api_object *obj)
{
	const struct bl_api_node *node = (const struct bl_api_node *)obj;
	struct owner *o = arg;

	for (size_t i = 0; i < node->n_pod_cidrs; i++) {
		if (bl_cidr_contains(&node->pod_cidrs[i], o->ip))
			o->why = "a pod's";
	}
	for (size_t i = 0; i < node->n_internal_ips; i++) {
		if (bl_ip_cmp(&node->internal_ips[i], o->ip) == 0)
			o->why = "a node's";
	}
	for (size_t i = 0; i < node->n_external_ips; i++) {
		if (bl_ip_cmp(&node->external_ips[i], o->ip) == 0)
			o->why = "a node's";
	}
}

static const char *why_external(const struct bl_store *store,
				const struct bl_compile_config *config, const struct bl_ip *ip)
{
	struct owner o = {.ip = ip, .why = why_special(config, ip)};

	if (!config->external_ips)
		return "externalIPs are not allowed on this node";
	if (!o.why && bl_compile_is_in(&config->cluster_cidrs, ip))
		o.why = "a pod's or a node's";
	if (!o.why)
		bl_store_each(store, BL_API_NODE, ask_node, &o);
	return o.why;
}

/* An address of a family that the Service has not is left alone. */
static bool has_family(const struct bl_api_service *s, const struct bl_ip *ip)
{
	for (size_t i = 0; i < s->n_cluster_ips; i++) {
		if (s->cluster_ips[i].family == ip->family)
			return true;
	}
	return false;
}

/* May every client of the family come in? */
static bool lets_all_in(const struct bl_api_service *s, uint8_t family)
{
	for (size_t i = 0; i < s->n_source_ranges; i++) {
		if (s->source_ranges[i].ip.family == family && !s->source_ranges[i].len)
			return true;
	}
	return !s->n_source_ranges;
}

static void refuse(struct bl_desired_service *want, struct bl_arena *arena, const char *field,
		   size_t index, const struct bl_ip *ip, const char *why)
{
	char text[BL_IP_STRLEN];

	if (!want || want->n_refused++)
		return;
	want->refused = bl_arena_printf(arena, "%s[%zu]: %s: %s", field, index,
					bl_ip_format(ip, text), why);
}

static int by_ip(const void *a, const void *b)
{
	const struct bl_ip *const *x = a, *const *y = b;

	return bl_ip_cmp(*x, *y);
}

static void unique(struct bl_compile_outside *o)
{
	size_t kept = 0;

	if (o->count)
		qsort(o->ips, o->count, sizeof(*o->ips), by_ip);
	for (size_t i = 0; i < o->count; i++) {
		if (!kept || by_ip(&o->ips[kept - 1], &o->ips[i]) != 0)
			o->ips[kept++] = o->ips[i];
	}
	o->count = kept;
}

struct bl_compile_outside bl_compile_outside(const struct bl_store *store,
					     const struct bl_compile_config *config,
					     const struct bl_api_service *s, struct bl_arena *arena,
					     struct bl_desired_service *want)
{
	size_t n_ingress = s->type == BL_SERVICE_LOAD_BALANCER ? s->n_ingress : 0;
	struct bl_compile_outside o = {
		.ips = bl_arena_array(arena, n_ingress + s->n_external_ips, const struct bl_ip *)};
	const char *why;

	for (size_t i = 0; i < n_ingress; i++) {
		if (s->ingress[i].proxy || !has_family(s, &s->ingress[i].ip))
			continue;
		why = why_special(config, &s->ingress[i].ip);
		if (!why && !lets_all_in(s, s->ingress[i].ip.family))
			why = "not served with loadBalancerSourceRanges";
		if (why)
			refuse(want, arena, "status.loadBalancer.ingress", i, &s->ingress[i].ip,
			       why);
		else
			o.ips[o.count++] = &s->ingress[i].ip;
	}
	for (size_t i = 0; i < s->n_external_ips; i++) {
		if (!has_family(s, &s->external_ips[i]))
			continue;
		why = why_external(store, config, &s->external_ips[i]);
		if (why)
			refuse(want, arena, "spec.externalIPs", i, &s->external_ips[i], why);
		else
			o.ips[o.count++] = &s->external_ips[i];
	}
	unique(&o);
	return o;
}

static bool is_ingress(const struct bl_api_service *s, const struct bl_ip *ip)
{
	for (size_t i = 0; s->type == BL_SERVICE_LOAD_BALANCER && i < s->n_ingress; i++) {
		if (!s->ingress[i].proxy && bl_ip_cmp(&s->ingress[i].ip, ip) == 0)
			return true;
	}
	return false;
}

const struct bl_api_service *bl_compile_holder(const struct bl_store *store,
					       const struct bl_api_service *service,
					       const struct bl_ip *ip, uint16_t port, uint8_t proto)
{
	const struct bl_api_service *balancer;

	if (!ip)
		return bl_store_holder(store, BL_CLAIM_NODE_PORT, NULL, port, proto);
	balancer = bl_store_holder(store, BL_CLAIM_BALANCER, ip, port, proto);
	if (balancer || is_ingress(service, ip))
		return balancer;
	return bl_store_holder(store, BL_CLAIM_EXTERNAL, ip, port, proto);
}

struct collector {
	const struct bl_store *store;
	const struct bl_compile_config *config;
	struct bl_arena *arena;
	struct bl_compile_outside all;
	bool count_only;
};

static void collect(void *arg, const struct bl_store_service *svc)
{
	const struct bl_api_service *s = svc->service;
	struct collector *c = arg;
	struct bl_compile_outside one;

	if (c->count_only) {
		c->all.count += s->n_ingress + s->n_external_ips;
		return;
	}
	if (!bl_api_service_is_proxied(s))
		return;
	one = bl_compile_outside(c->store, c->config, s, c->arena, NULL);
	for (size_t i = 0; i < one.count; i++)
		c->all.ips[c->all.count++] = one.ips[i];
}

struct bl_compile_outside bl_compile_all_outside(const struct bl_store *store,
						 const struct bl_compile_config *config,
						 struct bl_arena *arena)
{
	struct collector c = {.store = store, .config = config, .arena = arena, .count_only = true};

	bl_store_each_outside(store, collect, &c);
	c.all.ips = bl_arena_array(arena, c.all.count, const struct bl_ip *);
	c.all.count = 0;
	c.count_only = false;
	bl_store_each_outside(store, collect, &c);
	unique(&c.all);
	return c.all;
}
