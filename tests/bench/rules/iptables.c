// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: kube-proxy's iptables rules as the text that it gives to iptables-restore.
 *
 * One text has the whole filter table of its own chains and, of the nat table, the chains that it declares. A full text declares and fills
 * every chain. A partial one has KUBE-SERVICES and KUBE-NODEPORTS whole, because declaring a chain empties it, and of the Services'
 * own chains (SVC, SVL, EXT, FW, SEP) only those of Services that changed.
 *
 * Above 1,000 endpoints kube-proxy leaves the comment out of the rules that lead to endpoints, and does not look for chains that nobody uses
 * any more; both make its texts shorter and are done here, or the peer would be shown slower than it is.
 */

#include "rules.h"

#define LARGE	  1000
#define NAME_LEN  256
#define CHAIN_LEN 32

struct writer {
	FILE *out;
	const struct rules_set *set;
	bool large;
};

/* What every rule of a Service's port needs, told once. */
struct port {
	const struct rules_service *s;
	const char *proto;
	char name[NAME_LEN]; /* namespace/name:port */
	char cluster_ip[BL_IP_STRLEN];
	char lb_ip[BL_IP_STRLEN];
	char hash[17];
};

static void describe(const struct rules_service *s, struct port *ret_port)
{
	char text[NAME_LEN + 8];

	ret_port->s = s;
	ret_port->proto = rules_proto(s);
	(void)snprintf(ret_port->name, sizeof(ret_port->name), "%s/%s:%s", s->ns, s->name,
		       s->port_name);
	bl_ip_format(&s->cluster_ip, ret_port->cluster_ip);
	if (s->lb_ip.family)
		bl_ip_format(&s->lb_ip, ret_port->lb_ip);
	(void)snprintf(text, sizeof(text), "%s%s", ret_port->name, ret_port->proto);
	rules_hash(text, 16, ret_port->hash);
}

static bool external(const struct rules_service *s)
{
	return s->n_endpoints && (s->node_port || s->lb_ip.family);
}

static bool firewalled(const struct rules_service *s)
{
	return s->n_endpoints && s->lb_ip.family && s->lb_source;
}

/* "10.1.0.1:8080" or "[fd00::1]:8080" */
static void target(const struct rules_endpoint *ep, char *ret, size_t len)
{
	char ip[BL_IP_STRLEN];

	(void)snprintf(ret, len, ep->ip.family == 6 ? "[%s]:%u" : "%s:%u",
		       bl_ip_format(&ep->ip, ip), ep->port);
}

static void endpoint_chain(const struct port *p, const struct rules_endpoint *ep,
			   char ret_chain[CHAIN_LEN])
{
	char text[NAME_LEN + 64], to[BL_IP_STRLEN + 8], hash[17];

	target(ep, to, sizeof(to));
	(void)snprintf(text, sizeof(text), "%s%s%s", p->name, p->proto, to);
	rules_hash(text, 16, hash);
	(void)snprintf(ret_chain, CHAIN_LEN, "KUBE-SEP-%s", hash);
}

/* --- filter ----------------------------------------------------------------------------- */

static void filter_rules(struct writer *w, const struct port *p)
{
	const struct rules_service *s = p->s;

	if (!s->n_endpoints)
		(void)fprintf(
			w->out,
			"-A KUBE-SERVICES -m comment --comment \"%s has no endpoints\" -m %s -p %s "
			"-d %s --dport %u -j REJECT\n",
			p->name, p->proto, p->proto, p->cluster_ip, s->port);
	if (firewalled(s))
		(void)fprintf(
			w->out,
			"-A KUBE-PROXY-FIREWALL -m comment --comment \"%s traffic not accepted by "
			"KUBE-FW-%s\" -m %s -p %s -d %s --dport %u -j DROP\n",
			p->name, p->hash, p->proto, p->proto, p->lb_ip, s->port);
	if (s->health_port)
		(void)fprintf(
			w->out,
			"-A KUBE-NODEPORTS -m comment --comment \"%s health check node port\" -m tcp "
			"-p tcp --dport %u -j ACCEPT\n",
			p->name, s->health_port);
}

static void filter_table(struct writer *w)
{
	const struct rules_set *set = w->set;
	struct port p;

	(void)fputs(
		"*filter\n:KUBE-SERVICES - [0:0]\n:KUBE-EXTERNAL-SERVICES - [0:0]\n"
		":KUBE-FORWARD - [0:0]\n:KUBE-NODEPORTS - [0:0]\n:KUBE-PROXY-FIREWALL - [0:0]\n",
		w->out);
	if (set->family == 4)
		(void)fputs(
			":KUBE-FIREWALL - [0:0]\n"
			"-A KUBE-FIREWALL -m comment --comment \"block incoming localnet "
			"connections\" -d 127.0.0.0/8 ! -s 127.0.0.0/8 -m conntrack ! --ctstate "
			"RELATED,ESTABLISHED,DNAT -j DROP\n",
			w->out);
	for (unsigned int i = 0; i < set->n_services; i++) {
		describe(&set->services[i], &p);
		filter_rules(w, &p);
	}
	(void)fprintf(
		w->out,
		"-A KUBE-FORWARD -m conntrack --ctstate INVALID%s -j DROP\n"
		"-A KUBE-FORWARD -m comment --comment \"kubernetes forwarding rules\" -m mark "
		"--mark 0x00004000/0x00004000 -j ACCEPT\n"
		"-A KUBE-FORWARD -m comment --comment \"kubernetes forwarding conntrack rule\" "
		"-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\nCOMMIT\n",
		set->nfacct ? " -m nfacct --nfacct-name ct_state_invalid_dropped_pkts" : "");
}

/* --- nat: the chains ------------------------------------------------------------------------ */

static bool written(const struct writer *w, const struct rules_service *s)
{
	return !w->set->partial || s->gone.ip.family;
}

static void declare_chains(struct writer *w, const struct port *p)
{
	const struct rules_service *s = p->s;
	char chain[CHAIN_LEN];

	if (!s->n_endpoints)
		return;
	if (external(s))
		(void)fprintf(w->out, ":KUBE-EXT-%s - [0:0]\n", p->hash);
	if (firewalled(s))
		(void)fprintf(w->out, ":KUBE-FW-%s - [0:0]\n", p->hash);
	(void)fprintf(w->out, ":KUBE-SVC-%s - [0:0]\n", p->hash);
	if (s->external_local)
		(void)fprintf(w->out, ":KUBE-SVL-%s - [0:0]\n", p->hash);
	for (unsigned int i = 0; i < s->n_endpoints; i++) {
		endpoint_chain(p, &s->endpoints[i], chain);
		(void)fprintf(w->out, ":%s - [0:0]\n", chain);
	}
}

/* A chain that is to be removed has to be declared, which empties it, and removed behind all rules. */
static void for_chains_gone(struct writer *w, const char *format_before, const char *format_after)
{
	char chain[CHAIN_LEN];
	struct port p;

	for (unsigned int i = 0; !w->large && i < w->set->n_services; i++) {
		const struct rules_service *s = &w->set->services[i];

		if (!written(w, s) || !s->gone.ip.family)
			continue;
		describe(s, &p);
		endpoint_chain(&p, &s->gone, chain);
		(void)fprintf(w->out, "%s%s%s\n", format_before, chain, format_after);
	}
}

/* --- nat: what leads to a Service ----------------------------------------------------------- */

static void capture_node_port(struct writer *w, const struct port *p)
{
	if (w->set->family == 4 && w->set->nfacct)
		(void)fprintf(
			w->out,
			"-A KUBE-NODEPORTS -m comment --comment %s -m %s -p %s -d 127.0.0.0/8 "
			"--dport %u -m nfacct --nfacct-name localhost_nps_accepted_pkts -j "
			"KUBE-EXT-%s\n",
			p->name, p->proto, p->proto, p->s->node_port, p->hash);
	(void)fprintf(
		w->out,
		"-A KUBE-NODEPORTS -m comment --comment %s -m %s -p %s --dport %u -j KUBE-EXT-%s\n",
		p->name, p->proto, p->proto, p->s->node_port, p->hash);
}

static void capture(struct writer *w, const struct port *p)
{
	const struct rules_service *s = p->s;

	if (!s->n_endpoints)
		return;
	(void)fprintf(w->out,
		      "-A KUBE-SERVICES -m comment --comment \"%s cluster IP\" -m %s -p %s -d %s "
		      "--dport %u -j KUBE-SVC-%s\n",
		      p->name, p->proto, p->proto, p->cluster_ip, s->port, p->hash);
	if (s->lb_ip.family)
		(void)fprintf(
			w->out,
			"-A KUBE-SERVICES -m comment --comment \"%s loadbalancer IP\" -m %s -p %s "
			"-d %s --dport %u -j KUBE-%s-%s\n",
			p->name, p->proto, p->proto, p->lb_ip, s->port,
			firewalled(s) ? "FW" : "EXT", p->hash);
	if (s->node_port)
		capture_node_port(w, p);
}

/* --- nat: a Service's own chains ------------------------------------------------------------ */

static void external_rules(struct writer *w, const struct port *p)
{
	const char *name = p->name, *hash = p->hash;

	if (!p->s->external_local) {
		(void)fprintf(
			w->out,
			"-A KUBE-EXT-%s -m comment --comment \"masquerade traffic for %s external "
			"destinations\" -j KUBE-MARK-MASQ\n-A KUBE-EXT-%s -j KUBE-SVC-%s\n",
			hash, name, hash, hash);
		return;
	}
	(void)fprintf(
		w->out,
		"-A KUBE-EXT-%s -m comment --comment \"pod traffic for %s external "
		"destinations\" -s %s -j KUBE-SVC-%s\n"
		"-A KUBE-EXT-%s -m comment --comment \"masquerade LOCAL traffic for %s external "
		"destinations\" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ\n"
		"-A KUBE-EXT-%s -m comment --comment \"route LOCAL traffic for %s external "
		"destinations\" -m addrtype --src-type LOCAL -j KUBE-SVC-%s\n"
		"-A KUBE-EXT-%s -j KUBE-SVL-%s\n",
		hash, name, w->set->pod_cidr, hash, hash, name, hash, name, hash, hash, hash);
}

static void firewall_rules(struct writer *w, const struct port *p)
{
	(void)fprintf(w->out,
		      "-A KUBE-FW-%s -m comment --comment \"%s loadbalancer IP\" -s %s -j "
		      "KUBE-EXT-%s\n"
		      "-A KUBE-FW-%s -m comment --comment \"other traffic to %s will be dropped by "
		      "KUBE-PROXY-FIREWALL\"\n",
		      p->hash, p->name, p->s->lb_source, p->hash, p->hash, p->name);
}

/* `kind` SVL leads to the local endpoints alone. */
static void balance_rules(struct writer *w, const struct port *p, const char *kind)
{
	const struct rules_service *s = p->s;
	bool local_only = kind[2] == 'L';
	unsigned int left = 0;

	for (unsigned int i = 0; i < s->n_endpoints; i++)
		left += !local_only || s->endpoints[i].local;
	for (int sticky = s->affinity; sticky >= 0; sticky--) {
		for (unsigned int i = 0; i < s->n_endpoints; i++) {
			char to[BL_IP_STRLEN + 8], chain[CHAIN_LEN];

			if (local_only && !s->endpoints[i].local)
				continue;
			target(&s->endpoints[i], to, sizeof(to));
			endpoint_chain(p, &s->endpoints[i], chain);
			(void)fprintf(w->out, "-A KUBE-%s-%s", kind, p->hash);
			if (!w->large)
				(void)fprintf(w->out, " -m comment --comment \"%s -> %s\"", p->name,
					      to);
			if (sticky)
				(void)fprintf(w->out,
					      " -m recent --name %s --rcheck --seconds %d --reap",
					      chain, RULES_AFFINITY_SECONDS);
			else if (left-- > 1)
				(void)fprintf(w->out,
					      " -m statistic --mode random --probability %.10f",
					      1.0 / (left + 1));
			(void)fprintf(w->out, " -j %s\n", chain);
		}
	}
}

static void endpoint_rules(struct writer *w, const struct port *p, const struct rules_endpoint *ep)
{
	char ip[BL_IP_STRLEN], to[BL_IP_STRLEN + 8], chain[CHAIN_LEN];
	char comment[NAME_LEN + 32] = "", recent[CHAIN_LEN + 32] = "";

	target(ep, to, sizeof(to));
	endpoint_chain(p, ep, chain);
	if (!w->large)
		(void)snprintf(comment, sizeof(comment), " -m comment --comment %s", p->name);
	if (p->s->affinity)
		(void)snprintf(recent, sizeof(recent), " -m recent --name %s --set", chain);
	(void)fprintf(w->out,
		      "-A %s%s -s %s -j KUBE-MARK-MASQ\n"
		      "-A %s%s%s -m %s -p %s -j DNAT --to-destination %s\n",
		      chain, comment, bl_ip_format(&ep->ip, ip), chain, comment, recent, p->proto,
		      p->proto, to);
}

static void service_rules(struct writer *w, const struct port *p)
{
	const struct rules_service *s = p->s;

	if (!s->n_endpoints)
		return;
	(void)fprintf(
		w->out,
		"-A KUBE-SVC-%s -m comment --comment \"%s cluster IP\" -m %s -p %s -d %s --dport "
		"%u ! -s %s -j KUBE-MARK-MASQ\n",
		p->hash, p->name, p->proto, p->proto, p->cluster_ip, s->port, w->set->pod_cidr);
	if (external(s))
		external_rules(w, p);
	if (firewalled(s))
		firewall_rules(w, p);
	balance_rules(w, p, "SVC");
	if (s->external_local)
		balance_rules(w, p, "SVL");
	for (unsigned int i = 0; i < s->n_endpoints; i++)
		endpoint_rules(w, p, &s->endpoints[i]);
}

static void nat_table(struct writer *w)
{
	const struct rules_set *set = w->set;
	struct port p;

	(void)fputs("*nat\n:KUBE-SERVICES - [0:0]\n:KUBE-NODEPORTS - [0:0]\n"
		    ":KUBE-POSTROUTING - [0:0]\n:KUBE-MARK-MASQ - [0:0]\n",
		    w->out);
	for (unsigned int i = 0; i < set->n_services; i++) {
		if (!written(w, &set->services[i]))
			continue;
		describe(&set->services[i], &p);
		declare_chains(w, &p);
	}
	for_chains_gone(w, ":", " - [0:0]");
	(void)fputs(
		"-A KUBE-POSTROUTING -m mark ! --mark 0x00004000/0x00004000 -j RETURN\n"
		"-A KUBE-POSTROUTING -j MARK --xor-mark 0x00004000\n"
		"-A KUBE-POSTROUTING -m comment --comment \"kubernetes service traffic requiring "
		"SNAT\" -j MASQUERADE --random-fully\n"
		"-A KUBE-MARK-MASQ -j MARK --or-mark 0x00004000\n",
		w->out);
	for (unsigned int i = 0; i < set->n_services; i++) {
		describe(&set->services[i], &p);
		capture(w, &p);
		if (written(w, p.s))
			service_rules(w, &p);
	}
	for_chains_gone(w, "-X ", "");
	(void)fprintf(
		w->out,
		"-A KUBE-SERVICES -m comment --comment \"kubernetes service nodeports; NOTE: "
		"this must be the last rule in this chain\" -m addrtype --dst-type LOCAL%s -j "
		"KUBE-NODEPORTS\nCOMMIT\n",
		set->family == 6 ? " ! -d ::1/128" : "");
}

void rules_write_iptables(FILE *out, const struct rules_set *set)
{
	struct writer w = {.out = out, .set = set};
	unsigned int endpoints = 0;

	for (unsigned int i = 0; i < set->n_services; i++)
		endpoints += set->services[i].n_endpoints;
	w.large = endpoints > LARGE;
	filter_table(&w);
	nat_table(&w);
}
