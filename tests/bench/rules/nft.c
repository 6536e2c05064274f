// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: kube-proxy's nft rules as the text that it gives to `nft -f -`.
 *
 * One map leads from {address, protocol, port} to a Service's chain, whose one rule picks an endpoint. kube-proxy remembers which elements its sets
 * and maps have and writes only new ones; so an element is written once a text, a partial text, which is about a change of endpoints,
 * has of the elements only those that the new endpoint needs, and a full sync over what is there has none.
 */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/mem.h"
#include "nft_base.h"
#include "rules.h"

#define NAME_LEN     256
#define ENDPOINT_LEN 320

struct element {
	UT_hash_handle hh;
	char text[];
};

struct writer {
	FILE *out;
	const struct rules_set *set;
	const char *ip;
	struct element *known;
};

/* What every rule of a Service's port needs, told once. */
struct port {
	const struct rules_service *s;
	const char *proto;
	char path[NAME_LEN];	  /* namespace/name/protocol/port */
	char chain[NAME_LEN + 9]; /* HASH-path */
	char cluster_ip[BL_IP_STRLEN];
	char lb_ip[BL_IP_STRLEN];
};

static void hashed(const char *path, char *ret, size_t len)
{
	char hash[9];

	rules_hash(path, 8, hash);
	(void)snprintf(ret, len, "%s-%s", hash, path);
}

static void describe(const struct rules_service *s, struct port *ret_port)
{
	ret_port->s = s;
	ret_port->proto = rules_proto(s);
	(void)snprintf(ret_port->path, sizeof(ret_port->path), "%s/%s/%s/%s", s->ns, s->name,
		       ret_port->proto, s->port_name);
	hashed(ret_port->path, ret_port->chain, sizeof(ret_port->chain));
	bl_ip_format(&s->cluster_ip, ret_port->cluster_ip);
	if (s->lb_ip.family)
		bl_ip_format(&s->lb_ip, ret_port->lb_ip);
}

/* The name of an endpoint's chain and set without their prefix; a colon is not allowed in it. */
static void endpoint_name(const struct port *p, const struct rules_endpoint *ep,
			  char ret_name[ENDPOINT_LEN])
{
	char path[ENDPOINT_LEN - 9], ip[BL_IP_STRLEN];

	bl_ip_format(&ep->ip, ip);
	for (char *c = ip; *c; c++)
		*c = *c == ':' ? '.' : *c;
	(void)snprintf(path, sizeof(path), "%s__%s/%u", p->path, ip, ep->port);
	hashed(path, ret_name, ENDPOINT_LEN);
}

/* Notes an element; whether it is new. */
static bool note(struct writer *w, const char *text)
{
	struct element *e;
	size_t len = strlen(text);

	HASH_FIND(hh, w->known, text, len, e);
	if (e)
		return false;
	e = bl_calloc(1, sizeof(*e) + len + 1);
	memcpy(e->text, text, len);
	HASH_ADD_KEYPTR(hh, w->known, e->text, len, e);
	return true;
}

static void forget(struct writer *w)
{
	struct element *e, *next;

	HASH_ITER (hh, w->known, e, next) {
		HASH_DELETE(hh, w->known, e);
		free(e);
	}
}

static void hairpin(const struct port *p, const struct rules_endpoint *ep, char *ret, size_t len)
{
	char ip[BL_IP_STRLEN];

	bl_ip_format(&ep->ip, ip);
	(void)snprintf(ret, len, "hairpin-connections { %s . %s . %s . %u }", ip, ip, p->proto,
		       ep->port);
}

/* An element of a set or map; one that the kernel has is not written. */
__attribute__((format(printf, 2, 3))) static void add_element(struct writer *w, const char *fmt,
							      ...)
{
	va_list ap;

	if (w->set->resync)
		return;
	(void)fprintf(w->out, "add element %s kube-proxy ", w->ip);
	va_start(ap, fmt);
	(void)vfprintf(w->out, fmt, ap);
	va_end(ap);
	(void)fputc('\n', w->out);
}

static void add_chain(struct writer *w, const char *kind, const char *name)
{
	(void)fprintf(w->out, "add chain %s kube-proxy %s-%s\nflush chain %s kube-proxy %s-%s\n",
		      w->ip, kind, name, w->ip, kind, name);
}

static void chains(struct writer *w, const struct port *p)
{
	const struct rules_service *s = p->s;
	char name[ENDPOINT_LEN], element[NAME_LEN];

	for (unsigned int i = 0; i < s->n_endpoints; i++) {
		if (s->affinity) {
			endpoint_name(p, &s->endpoints[i], name);
			add_chain(w, "endpoint", name);
		}
		hairpin(p, &s->endpoints[i], element, sizeof(element));
		if (s->endpoints[i].local && note(w, element))
			add_element(w, "%s", element);
	}
	if (!s->n_endpoints)
		return;
	add_chain(w, "service", p->chain);
	if (s->external_local)
		add_chain(w, "local", p->chain);
	if (s->node_port || s->lb_ip.family)
		add_chain(w, "external", p->chain);
}

static void external_frontends(struct writer *w, const struct port *p)
{
	const struct rules_service *s = p->s;

	if (s->lb_ip.family && s->lb_source)
		add_chain(w, "firewall", p->chain);
	if (s->lb_ip.family)
		add_element(w, "service-ips { %s . %s . %u : goto external-%s }", p->lb_ip,
			    p->proto, s->port, p->chain);
	if (s->lb_ip.family && s->lb_source)
		add_element(w, "firewall-ips { %s . %s . %u : goto firewall-%s }", p->lb_ip,
			    p->proto, s->port, p->chain);
	if (s->node_port)
		add_element(w, "service-nodeports { %s . %u : goto external-%s }", p->proto,
			    s->node_port, p->chain);
}

static void frontends(struct writer *w, const struct port *p)
{
	const struct rules_service *s = p->s;
	char element[NAME_LEN];

	(void)snprintf(element, sizeof(element), "cluster-ips { %s }", p->cluster_ip);
	if (note(w, element))
		add_element(w, "%s", element);
	if (!s->n_endpoints) {
		add_element(w,
			    "no-endpoint-services { %s . %s . %u comment \"%s/%s:%s\" : goto "
			    "reject-chain }",
			    p->cluster_ip, p->proto, s->port, s->ns, s->name, s->port_name);
		return;
	}
	add_element(w, "service-ips { %s . %s . %u : goto service-%s }", p->cluster_ip, p->proto,
		    s->port, p->chain);
	external_frontends(w, p);
}

static void external_rules(struct writer *w, const struct port *p)
{
	const char *ip = w->ip, *c = p->chain;
	const struct rules_service *s = p->s;

	if (!s->n_endpoints || (!s->node_port && !s->lb_ip.family))
		return;
	if (s->external_local)
		(void)fprintf(
			w->out,
			"add rule %s kube-proxy external-%s %s saddr %s goto service-%s comment "
			"\"short-circuit pod traffic\"\n"
			"add rule %s kube-proxy external-%s fib saddr type local mark set mark or "
			"0x00004000 comment \"masquerade local traffic\"\n"
			"add rule %s kube-proxy external-%s fib saddr type local goto service-%s "
			"comment \"short-circuit local traffic\"\n"
			"add rule %s kube-proxy external-%s goto local-%s\n",
			ip, c, ip, w->set->pod_cidr, c, ip, c, ip, c, c, ip, c, c);
	else
		(void)fprintf(
			w->out,
			"add rule %s kube-proxy external-%s mark set mark or 0x00004000 comment "
			"\"masquerade\"\n"
			"add rule %s kube-proxy external-%s goto service-%s\n",
			ip, c, ip, c, c);
	if (s->lb_ip.family && s->lb_source)
		(void)fprintf(w->out,
			      "add rule %s kube-proxy firewall-%s %s saddr != { %s } drop\n", ip, c,
			      ip, s->lb_source);
}

/* The rule that picks one of all endpoints, or of the local ones. */
static void pick_rule(struct writer *w, const struct port *p, const char *kind)
{
	const struct rules_service *s = p->s;
	bool local_only = *kind == 'l';
	unsigned int n = 0, total = 0;

	for (unsigned int i = 0; i < s->n_endpoints; i++)
		total += !local_only || s->endpoints[i].local;
	(void)fprintf(w->out, "add rule %s kube-proxy %s-%s ", w->ip, kind, p->chain);
	if (s->affinity)
		(void)fprintf(w->out, "numgen random mod %u vmap {", total);
	else
		(void)fprintf(w->out,
			      "meta l4proto %s dnat %s addr . port to numgen random mod %u map {",
			      p->proto, w->ip, total);
	for (unsigned int i = 0; i < s->n_endpoints; i++) {
		char ip[BL_IP_STRLEN], name[ENDPOINT_LEN];

		if (local_only && !s->endpoints[i].local)
			continue;
		(void)fprintf(w->out, "%s %u : ", n ? " ," : "", n);
		n++;
		if (!s->affinity) {
			(void)fprintf(w->out, "%s . %u", bl_ip_format(&s->endpoints[i].ip, ip),
				      s->endpoints[i].port);
			continue;
		}
		endpoint_name(p, &s->endpoints[i], name);
		(void)fprintf(w->out, "goto endpoint-%s", name);
	}
	(void)fputs(" }\n", w->out);
}

static void affinity_sets(struct writer *w, const struct port *p)
{
	char name[ENDPOINT_LEN];

	for (unsigned int i = 0; i < p->s->n_endpoints; i++) {
		endpoint_name(p, &p->s->endpoints[i], name);
		(void)fprintf(
			w->out,
			"add set %s kube-proxy affinity-%s { type %s ; flags dynamic,timeout ; "
			"timeout %ds ; }\n",
			w->ip, name, w->set->family == 6 ? "ipv6_addr" : "ipv4_addr",
			RULES_AFFINITY_SECONDS);
	}
}

static void affinity_matches(struct writer *w, const struct port *p, bool local_only)
{
	char name[ENDPOINT_LEN];

	for (unsigned int i = 0; i < p->s->n_endpoints; i++) {
		if (local_only && !p->s->endpoints[i].local)
			continue;
		endpoint_name(p, &p->s->endpoints[i], name);
		(void)fprintf(
			w->out,
			"add rule %s kube-proxy %s-%s %s saddr @affinity-%s goto endpoint-%s\n",
			w->ip, local_only ? "local" : "service", p->chain, w->ip, name, name);
	}
}

static void endpoint_rules(struct writer *w, const struct port *p, const struct rules_endpoint *ep)
{
	char name[ENDPOINT_LEN], ip[BL_IP_STRLEN];
	bool six = ep->ip.family == 6;

	endpoint_name(p, ep, name);
	bl_ip_format(&ep->ip, ip);
	(void)fprintf(w->out,
		      "add rule %s kube-proxy endpoint-%s update @affinity-%s { %s saddr }\n"
		      "add rule %s kube-proxy endpoint-%s meta l4proto %s dnat to %s%s%s:%u\n",
		      w->ip, name, name, w->ip, w->ip, name, p->proto, six ? "[" : "", ip,
		      six ? "]" : "", ep->port);
}

static void service_rules(struct writer *w, const struct port *p)
{
	const struct rules_service *s = p->s;

	if (!s->n_endpoints)
		return;
	if (s->affinity) {
		affinity_sets(w, p);
		affinity_matches(w, p, false);
	}
	pick_rule(w, p, "service");
	if (s->external_local) {
		if (s->affinity)
			affinity_matches(w, p, true);
		pick_rule(w, p, "local");
	}
	for (unsigned int i = 0; s->affinity && i < s->n_endpoints; i++)
		endpoint_rules(w, p, &s->endpoints[i]);
}

/* The elements that were there before the change. */
static void note_old(struct writer *w)
{
	const struct rules_set *set = w->set;
	char element[NAME_LEN];
	struct port p;

	for (unsigned int i = 0; i < set->n_services; i++) {
		const struct rules_service *s = &set->services[i];

		describe(s, &p);
		for (unsigned int k = 0; k < s->n_endpoints; k++) {
			hairpin(&p, &s->endpoints[k], element, sizeof(element));
			if (s->endpoints[k].local && bl_ip_cmp(&s->come.ip, &s->endpoints[k].ip))
				(void)note(w, element);
		}
	}
}

void rules_write_nft(FILE *out, const struct rules_set *set)
{
	struct writer w = {.out = out, .set = set, .ip = set->family == 6 ? "ip6" : "ip"};
	struct port p;

	if (set->partial)
		note_old(&w);
	else
		rules_write_nft_base(out, set);
	for (unsigned int i = 0; i < set->n_services; i++) {
		if (set->partial && !set->services[i].gone.ip.family)
			continue;
		describe(&set->services[i], &p);
		chains(&w, &p);
		if (!set->partial) {
			frontends(&w, &p);
			external_rules(&w, &p);
		}
		service_rules(&w, &p);
	}
	forget(&w);
}
