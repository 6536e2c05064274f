// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The desired state as text.
 *
 * One line a fact, in the order of the lists, so that a golden file reads like the state and a difference is a line. An
 * order that depends on history shows as a difference between two runs of the same case.
 */

#include "golden_dump.h"

#include <netinet/in.h>
#include <string.h>

static const char *proto_name(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	case IPPROTO_SCTP:
		return "SCTP";
	default:
		return "any";
	}
}

static void dump_set(const struct bl_desired_set *set, struct bl_buf *out)
{
	static const char *const scopes[] = {"cluster", "nodeport", "address", "external",
					     "nodeport-external"};
	char ip[BL_IP_STRLEN];

	bl_buf_printf(out, "  set IPv%u %s '%s'%s", set->family, proto_name(set->proto),
		      set->port_name, set->flags & BL_SERVICE_LOCAL ? " local" : "");
	if (set->flags & BL_SERVICE_MAGLEV)
		bl_buf_printf(out, " maglev %u%s", set->table,
			      set->flags & BL_SERVICE_DSR ? " dsr" : "");
	if (set->affinity_s)
		bl_buf_printf(out, " affinity %us", set->affinity_s);
	bl_buf_putc(out, '\n');
	for (size_t i = 0; i < set->n_frontends; i++) {
		const struct bl_frontend *f = &set->frontends[i];

		bl_buf_printf(out, "    frontend %s %s %u %s\n", scopes[f->scope],
			      bl_ip_format(&f->ip, ip), f->port, proto_name(f->proto));
	}
	for (size_t i = 0; i < set->n_targets; i++) {
		const struct bl_target *t = &set->targets[i];

		bl_buf_printf(out, "    target %s %u%s%s\n", bl_ip_format(&t->ip, ip), t->port,
			      t->local ? " local" : "", t->draining ? " draining" : "");
	}
}

void dump_service(const struct bl_desired_service *want, struct bl_buf *out)
{
	bl_buf_printf(out, "service %s/%s uid '%s'\n", want->namespace, want->name, want->uid);
	if (want->n_refused)
		bl_buf_printf(out, "  refused %zu: %s\n", want->n_refused, want->refused);
	for (size_t i = 0; i < want->n_sets; i++)
		dump_set(&want->sets[i], out);
}

static void dump_endpoints(const struct bl_desired_node *want, struct bl_buf *out)
{
	char ip[BL_IP_STRLEN];

	for (size_t i = 0; i < want->n_endpoints; i++) {
		const struct bl_desired_endpoint *e = &want->endpoints[i];

		bl_buf_printf(out, "endpoint %s%s%s%s%s link %u mac %02x\n",
			      bl_ip_format(&e->ip, ip), e->flags & BL_ENDPOINT_POD ? " pod" : "",
			      e->flags & BL_ENDPOINT_HOST ? " host" : "",
			      e->flags & BL_ENDPOINT_NODEPORT ? " nodeport" : "",
			      e->flags & BL_ENDPOINT_SERVICE ? " service" : "", e->ifindex,
			      e->mac[5]);
	}
	for (size_t i = 0; i < want->n_prefixes; i++) {
		const struct bl_desired_prefix *p = &want->prefixes[i];
		char cidr[BL_CIDR_STRLEN];

		bl_buf_printf(out, "prefix %s%s%s%s\n", bl_cidr_format(&p->cidr, cidr),
			      p->flags & BL_PREFIX_CLUSTER ? " cluster" : "",
			      p->flags & BL_PREFIX_NODE ? " node" : "",
			      p->flags & BL_PREFIX_SERVICE ? " service" : "");
	}
}

static void dump_routes(const struct bl_desired_node *want, struct bl_buf *out)
{
	static const char *const types[] = {"link", "via", "blackhole"};
	char cidr[BL_CIDR_STRLEN], ip[BL_IP_STRLEN];

	for (size_t i = 0; i < want->n_routes; i++) {
		const struct bl_desired_route *r = &want->routes[i];

		bl_buf_printf(out, "route %s %s", bl_cidr_format(&r->cidr, cidr), types[r->type]);
		if (r->type == BL_ROUTE_LINK)
			bl_buf_printf(out, " %u", r->ifindex);
		if (r->type == BL_ROUTE_VIA)
			bl_buf_printf(out, " %s", bl_ip_format(&r->via, ip));
		bl_buf_putc(out, '\n');
	}
}

static void dump_config(const struct bl_config *c, struct bl_buf *out)
{
	struct bl_ip v4 = {.family = 4}, v6 = {.family = 6};
	char ip4[BL_IP_STRLEN], ip6[BL_IP_STRLEN];

	memcpy(v4.b, &c->snat4, 4);
	memcpy(v6.b, &c->snat6, 16);
	bl_buf_printf(out, "source translation %s %s ports %u-%u%s\n", bl_ip_format(&v4, ip4),
		      bl_ip_format(&v6, ip6), c->snat_port_first, c->snat_port_last,
		      c->flags & BL_CONFIG_MASQUERADE ? " masquerade" : "");
	bl_buf_printf(out, "nodeports %u-%u%s%s\n", c->nodeport_first, c->nodeport_last,
		      c->flags & BL_CONFIG_LOOPBACK4 ? " loopback4" : "",
		      c->flags & BL_CONFIG_LOOPBACK6 ? " loopback6" : "");
}

static void dump_bgp(const struct bl_desired_bgp *b, struct bl_buf *out)
{
	char ip[BL_IP_STRLEN], cidr[BL_CIDR_STRLEN];

	if (!b->enabled) {
		bl_buf_puts(out, "bgp off\n");
		return;
	}
	bl_buf_printf(out, "bgp %s asn %u\n", bl_ip_format(&b->router_id, ip), b->asn);
	for (size_t i = 0; i < b->n_peers; i++)
		bl_buf_printf(out, "  peer %s %s asn %u\n", b->peers[i].name,
			      bl_ip_format(&b->peers[i].ip, ip), b->peers[i].asn);
	for (size_t i = 0; i < b->n_announce; i++)
		bl_buf_printf(out, "  announce %s\n", bl_cidr_format(&b->announce[i], cidr));
	for (size_t i = 0; i < b->n_accept; i++)
		bl_buf_printf(out, "  accept %s\n", bl_cidr_format(&b->accept[i], cidr));
}

void dump_node(const struct bl_desired_node *want, struct bl_buf *out)
{
	dump_endpoints(want, out);
	dump_routes(want, out);
	dump_config(&want->config, out);
	dump_bgp(&want->bgp, out);
}
