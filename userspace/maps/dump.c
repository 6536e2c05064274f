// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Map entries as people read them.
 *
 * Each map has one function for its keys and one for its values, in a table by map; what several maps share (addresses,
 * ports, protocols, sets of flags) is printed by one helper, so that a flag has one name in every output. The result is
 * JSON because both readers want it: the command line's -o json prints it as it is, and its tables are made from it.
 *
 * Array maps have an entry for every index, used or not; unused ones are left out, for they say nothing: a slot that
 * holds 0, a backend that never had an address, a counter that never counted.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/ip.h"
#include "base/json.h"
#include "base/mem.h"
#include "beeline/config.h"
#include "beeline/reason.h"
#include "maps/maps.h"

struct flag {
	uint32_t bit;
	const char *name;
};

static const struct flag service_flags[] = {
	{BL_SERVICE_LOCAL, "local"}, {BL_SERVICE_MAGLEV, "maglev"}, {BL_SERVICE_DSR, "dsr"}, {}};
static const struct flag backend_flags[] = {
	{BL_BACKEND_LIVE, "live"}, {BL_BACKEND_V6, "ipv6"}, {BL_BACKEND_LOCAL, "local"}, {}};
static const struct flag endpoint_flags[] = {{BL_ENDPOINT_POD, "pod"},
					     {BL_ENDPOINT_HOST, "host"},
					     {BL_ENDPOINT_NODEPORT, "nodeport"},
					     {BL_ENDPOINT_SERVICE, "service"},
					     {}};
static const struct flag prefix_flags[] = {{BL_PREFIX_CLUSTER, "cluster"},
					   {BL_PREFIX_NODE, "node"},
					   {BL_PREFIX_SERVICE, "service"},
					   {}};
static const struct flag flow_flags[] = {{BL_FLOW_SNAT, "snat"},
					 {BL_FLOW_DNAT, "dnat"},
					 {BL_FLOW_REPLY, "reply"},
					 {BL_FLOW_SAME, "same"},
					 {}};
static const struct flag config_flags[] = {{BL_CONFIG_MASQUERADE, "masquerade"},
					   {BL_CONFIG_LOOPBACK4, "loopback4"},
					   {BL_CONFIG_LOOPBACK6, "loopback6"},
					   {}};

const char *bl_maps_proto_name(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	case IPPROTO_SCTP:
		return "SCTP";
	case IPPROTO_ICMP:
		return "ICMP";
	case IPPROTO_ICMPV6:
		return "ICMPv6";
	case 0:
		return "";
	default:
		return "other";
	}
}

const char *bl_maps_scope_name(uint8_t scope)
{
	static const char *const names[] = {
		[BL_SCOPE_CLUSTER] = "cluster",
		[BL_SCOPE_NODEPORT] = "nodeport",
		[BL_SCOPE_ADDR] = "address",
		[BL_SCOPE_EXTERNAL] = "external",
		[BL_SCOPE_NODEPORT_EXTERNAL] = "nodeport-external",
	};

	return scope < BL_ARRAY_SIZE(names) ? names[scope] : "unknown";
}

/* Known bits by name, unknown ones as a number, so that nothing hides. */
static json_t *flags_json(uint32_t flags, const struct flag *names)
{
	json_t *list = json_array();

	for (; names->name; names++) {
		if (flags & names->bit)
			json_array_append_new(list, json_string(names->name));
		flags &= ~names->bit;
	}
	if (flags)
		json_array_append_new(list, json_sprintf("0x%x", flags));
	return list;
}

static json_t *ip_json(const void *bytes, uint8_t family)
{
	struct bl_ip ip = {.family = family};
	char buf[BL_IP_STRLEN];

	memcpy(ip.b, bytes, bl_ip_size(&ip));
	return json_string(bl_ip_format(&ip, buf));
}

/* struct bl_addr does not say its family: only the first word set means IPv4. */
static json_t *addr_json(const struct bl_addr *a)
{
	return ip_json(a, a->w[1] || a->w[2] || a->w[3] ? 6 : 4);
}

static json_t *mac_json(const uint8_t *m)
{
	return json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

/* A string of the map, which its writer terminated; a foreign one is cut at its end. */
static json_t *text_json(const char *s, size_t size)
{
	json_t *j = json_stringn(s, strnlen(s, size));

	return j ? j : json_string("?");
}

static json_t *key_index(const void *key)
{
	return json_integer(*(const uint32_t *)key);
}

static json_t *service_key(const void *addr, uint8_t family, __be16 port, uint8_t proto,
			   uint8_t scope)
{
	return json_pack("{s:o, s:i, s:s, s:s}", "address", ip_json(addr, family), "port",
			 ntohs(port), "protocol", bl_maps_proto_name(proto), "scope",
			 bl_maps_scope_name(scope));
}

static json_t *key_service4(const void *key)
{
	const struct bl_service4_key *k = key;

	return service_key(&k->addr, 4, k->port, k->proto, k->scope);
}

static json_t *key_service6(const void *key)
{
	const struct bl_service6_key *k = key;

	return service_key(&k->addr, 6, k->port, k->proto, k->scope);
}

static json_t *key_addr4(const void *key)
{
	return ip_json(key, 4);
}

static json_t *key_addr6(const void *key)
{
	return ip_json(key, 6);
}

static json_t *prefix_key(const void *addr, uint8_t family, uint32_t len)
{
	struct bl_cidr c = {.ip.family = family, .len = (uint8_t)len};
	char buf[BL_CIDR_STRLEN];

	memcpy(c.ip.b, addr, bl_ip_size(&c.ip));
	return json_string(bl_cidr_format(&c, buf));
}

static json_t *key_prefix4(const void *key)
{
	const struct bl_prefix4_key *k = key;

	return prefix_key(&k->addr, 4, k->len);
}

static json_t *key_prefix6(const void *key)
{
	const struct bl_prefix6_key *k = key;

	return prefix_key(&k->addr, 6, k->len);
}

static json_t *flow_key(const void *saddr, const void *daddr, uint8_t family, __be16 sport,
			__be16 dport, uint8_t proto)
{
	return json_pack("{s:o, s:i, s:o, s:i, s:s}", "source", ip_json(saddr, family),
			 "source_port", ntohs(sport), "destination", ip_json(daddr, family),
			 "destination_port", ntohs(dport), "protocol", bl_maps_proto_name(proto));
}

static json_t *key_flow4(const void *key)
{
	const struct bl_flow4_key *k = key;

	return flow_key(&k->saddr, &k->daddr, 4, k->sport, k->dport, k->proto);
}

static json_t *key_flow6(const void *key)
{
	const struct bl_flow6_key *k = key;

	return flow_key(&k->saddr, &k->daddr, 6, k->sport, k->dport, k->proto);
}

static json_t *key_sock(const void *key)
{
	const struct bl_sock_key *k = key;

	return json_pack("{s:s, s:I, s:o, s:i, s:s}", "kind",
			 k->kind == BL_SOCK_CHOICE ? "choice" : "origin", "cookie",
			 (json_int_t)k->cookie, "address",
			 ip_json(&k->addr, k->family == 6 ? 6 : 4), "port", ntohs(k->port),
			 "protocol", bl_maps_proto_name(k->proto));
}

static json_t *key_affinity4(const void *key)
{
	const struct bl_affinity4_key *k = key;

	return json_pack("{s:o, s:i}", "client", ip_json(&k->addr, 4), "service", (int)k->service);
}

static json_t *key_affinity6(const void *key)
{
	const struct bl_affinity6_key *k = key;
	const struct bl_addr6 *a = &k->addr;

	if (!(k->service & BL_AFFINITY_NETNS))
		return json_pack("{s:o, s:I}", "client", ip_json(a, 6), "service",
				 (json_int_t)k->service);
	return json_pack("{s:I, s:i, s:I}", "netns",
			 (json_int_t)((uint64_t)a->w[1] << 32 | a->w[0]), "family", (int)a->w[3],
			 "service", (json_int_t)(k->service & ~BL_AFFINITY_NETNS));
}

static json_t *key_member(const void *key)
{
	const struct bl_member_key *k = key;

	return json_pack("{s:o, s:i}", "address", addr_json(&k->addr), "service", (int)k->service);
}

static json_t *value_service(const void *value)
{
	const struct bl_service *v = value;

	return json_pack("{s:I, s:I, s:I, s:o, s:I}", "id", (json_int_t)v->id, "first_slot",
			 (json_int_t)v->first_slot, "slots", (json_int_t)v->slot_count, "flags",
			 flags_json(v->flags, service_flags), "affinity_s",
			 (json_int_t)v->affinity_s);
}

static json_t *value_slot(const void *value)
{
	bl_slot id = *(const bl_slot *)value;

	return id ? json_integer(id) : NULL;
}

static json_t *value_backend(const void *value)
{
	const struct bl_backend *v = value;

	if (!v->flags && !v->generation)
		return NULL;
	return json_pack("{s:o, s:i, s:s, s:o, s:I}", "address",
			 ip_json(&v->addr, v->flags & BL_BACKEND_V6 ? 6 : 4), "port",
			 ntohs(v->port), "protocol", bl_maps_proto_name(v->proto), "flags",
			 flags_json(v->flags, backend_flags), "generation",
			 (json_int_t)v->generation);
}

static json_t *value_next_hop(const void *value)
{
	const struct bl_next_hop *v = value;

	if (!v->generation)
		return NULL;
	return json_pack("{s:I, s:I, s:o, s:o, s:i, s:i}", "generation", (json_int_t)v->generation,
			 "ifindex", (json_int_t)v->ifindex, "to", mac_json(v->dmac), "from",
			 mac_json(v->smac), "mtu", v->mtu, "found", v->found);
}

static json_t *value_meta(const void *value)
{
	const struct bl_service_meta *v = value;

	if (!v->name[0])
		return NULL;
	return json_pack(
		"{s:o, s:o, s:o, s:o}", "namespace", text_json(v->namespace, sizeof(v->namespace)),
		"name", text_json(v->name, sizeof(v->name)), "port",
		text_json(v->port, sizeof(v->port)), "uid", text_json(v->uid, sizeof(v->uid)));
}

static json_t *value_endpoint(const void *value)
{
	const struct bl_endpoint *v = value;

	return json_pack("{s:I, s:o, s:o, s:o, s:b}", "ifindex", (json_int_t)v->ifindex, "flags",
			 flags_json(v->flags, endpoint_flags), "mac", mac_json(v->mac), "host_mac",
			 mac_json(v->host_mac), "translated", v->translated != 0);
}

/* An empty place of near4/6 is null. */
static json_t *near_json(const struct bl_endpoint *ep, json_t *addr)
{
	json_t *v = ep->flags ? value_endpoint(ep) : json_null();

	if (ep->flags)
		json_object_set(v, "address", addr);
	json_decref(addr);
	return v;
}

static json_t *value_near4(const void *value)
{
	const struct bl_near4 *v = value;

	return near_json(&v->ep, key_addr4(&v->addr));
}

static json_t *value_near6(const void *value)
{
	const struct bl_near6 *v = value;

	return near_json(&v->ep, key_addr6(&v->addr));
}

static json_t *value_prefix(const void *value)
{
	const struct bl_prefix *v = value;

	return json_pack("{s:o}", "flags", flags_json(v->flags, prefix_flags));
}

static json_t *value_flow(const void *value)
{
	const struct bl_flow *v = value;

	return json_pack("{s:o, s:i, s:o, s:i, s:o, s:i, s:I, s:I, s:I}", "source",
			 addr_json(&v->saddr), "source_port", ntohs(v->sport), "destination",
			 addr_json(&v->daddr), "destination_port", ntohs(v->dport), "flags",
			 flags_json(v->flags, flow_flags), "state", v->state, "backend",
			 (json_int_t)v->backend, "generation", (json_int_t)v->generation, "seen_ns",
			 (json_int_t)v->seen_ns);
}

static json_t *value_fragment(const void *value)
{
	const struct bl_fragment *v = value;

	return json_pack("{s:i, s:i}", "source_port", ntohs(v->sport), "destination_port",
			 ntohs(v->dport));
}

static json_t *value_origin(const void *value)
{
	const struct bl_sock_origin *v = value;

	return json_pack("{s:o, s:i, s:I, s:I, s:I}", "address", addr_json(&v->addr), "port",
			 ntohs(v->port), "service", (json_int_t)v->service, "backend",
			 (json_int_t)v->backend, "generation", (json_int_t)v->generation);
}

static json_t *value_affinity(const void *value)
{
	const struct bl_affinity *v = value;

	return json_pack("{s:I, s:I, s:I}", "backend", (json_int_t)v->backend, "generation",
			 (json_int_t)v->generation, "used_s", (json_int_t)v->used_s);
}

static json_t *value_config(const void *value)
{
	const struct bl_config *v = value;

	return json_pack("{s:o, s:o, s:i, s:i, s:i, s:i, s:o}", "snat4", ip_json(&v->snat4, 4),
			 "snat6", ip_json(&v->snat6, 6), "snat_port_first", v->snat_port_first,
			 "snat_port_last", v->snat_port_last, "nodeport_first", v->nodeport_first,
			 "nodeport_last", v->nodeport_last, "flags",
			 flags_json(v->flags, config_flags));
}

static json_t *value_counter(const void *value)
{
	const struct bl_counter *cpu = value;
	struct bl_counter sum = {};

	for (unsigned int i = 0; i < bl_maps_value_cpus(BL_MAP_counter); i++) {
		sum.packets += cpu[i].packets;
		sum.bytes += cpu[i].bytes;
	}
	if (!sum.packets)
		return NULL;
	return json_pack("{s:I, s:I}", "packets", (json_int_t)sum.packets, "bytes",
			 (json_int_t)sum.bytes);
}

static json_t *key_reason(const void *key)
{
	static const char *const names[] = {
#define REASON_NAME(id, verdict, label, text) #verdict " " label,
		BL_REASONS(REASON_NAME)
#undef REASON_NAME
	};
	uint32_t i = *(const uint32_t *)key;

	return i < BL_ARRAY_SIZE(names) ? json_string(names[i]) : json_integer(i);
}

static const struct {
	json_t *(*key)(const void *key);
	json_t *(*value)(const void *value);
} printers[BL_MAP_COUNT] = {
	[BL_MAP_service4] = {key_service4, value_service},
	[BL_MAP_service6] = {key_service6, value_service},
	[BL_MAP_slot] = {key_index, value_slot},
	[BL_MAP_backend] = {key_index, value_backend},
	[BL_MAP_next_hop] = {key_index, value_next_hop},
	[BL_MAP_member] = {key_member, value_slot},
	[BL_MAP_service_meta] = {key_index, value_meta},
	[BL_MAP_endpoint4] = {key_addr4, value_endpoint},
	[BL_MAP_endpoint6] = {key_addr6, value_endpoint},
	[BL_MAP_near4] = {key_index, value_near4},
	[BL_MAP_near6] = {key_index, value_near6},
	[BL_MAP_prefix4] = {key_prefix4, value_prefix},
	[BL_MAP_prefix6] = {key_prefix6, value_prefix},
	[BL_MAP_flow4] = {key_flow4, value_flow},
	[BL_MAP_flow6] = {key_flow6, value_flow},
	[BL_MAP_fragment4] = {key_flow4, value_fragment},
	[BL_MAP_fragment6] = {key_flow6, value_fragment},
	[BL_MAP_sock_origin] = {key_sock, value_origin},
	[BL_MAP_affinity4] = {key_affinity4, value_affinity},
	[BL_MAP_affinity6] = {key_affinity6, value_affinity},
	[BL_MAP_config] = {key_index, value_config},
	[BL_MAP_counter] = {key_reason, value_counter},
};

json_t *bl_maps_entry_json(enum bl_map map, const void *key, const void *value)
{
	json_t *v;

	if (!printers[map].key)
		return json_pack("{s:n, s:n}", "key", "value");
	v = printers[map].value(value);
	if (!v)
		return NULL;
	return json_pack("{s:o, s:o}", "key", printers[map].key(key), "value", v);
}
