// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The part of kube-proxy's nft table that no Service changes.
 *
 * Told as lines with placeholders: %i is the word for the family ("ip", "ip6"), %a its address type, %p the pods' prefix, %s the Services'
 * prefix and %n the node's address. kube-proxy deletes and makes its base chains anew, so that one text serves an empty
 * kernel and one that has an older version's chains.
 */

#include "nft_base.h"

static const char *const base_chains[][2] = {
	{"filter-prerouting-pre-dnat", "type filter hook prerouting priority -110"},
	{"filter-output-pre-dnat", "type filter hook output priority -110"},
	{"filter-input", "type filter hook input priority 0"},
	{"filter-forward", "type filter hook forward priority 0"},
	{"filter-output", "type filter hook output priority 0"},
	{"nat-prerouting", "type nat hook prerouting priority -100"},
	{"nat-output", "type nat hook output priority -100"},
	{"nat-postrouting", "type nat hook postrouting priority 100"},
};

/* '+' makes and empties a chain, '=' adds a rule, anything else stands behind "add" or "flush" as it is. */
static const char *const lines[] = {
	"+nodeport-endpoints-check",
	"=filter-input ct state new jump nodeport-endpoints-check",
	"+service-endpoints-check",
	"=filter-input ct state new jump service-endpoints-check",
	"=filter-forward ct state new jump service-endpoints-check",
	"=filter-output ct state new jump service-endpoints-check",
	"+firewall-check",
	"=filter-prerouting-pre-dnat ct state new jump firewall-check",
	"=filter-output-pre-dnat ct state new jump firewall-check",
	"+services",
	"=nat-output jump services",
	"=nat-prerouting jump services",
	"+masquerading",
	"=nat-postrouting jump masquerading",
	"+cluster-ips-check",
	"=filter-forward ct state new jump cluster-ips-check",
	"=filter-output ct state new jump cluster-ips-check",
	"add set %i kube-proxy hairpin-connections { type %a . %a . inet_proto . inet_service ; "
	"comment \"service hairpin connections\" ; }",
	"=masquerading mark and 0x00004000 != 0 mark set mark xor 0x00004000 masquerade "
	"fully-random",
	"=masquerading ct status dnat %i saddr . %i daddr . meta l4proto . th dport "
	"@hairpin-connections masquerade fully-random",
	"add set %i kube-proxy cluster-ips { type %a ; comment \"Active ClusterIPs\" ; }",
	"=cluster-ips-check %i daddr @cluster-ips reject comment \"Reject traffic to invalid ports "
	"of ClusterIPs\"",
	"=cluster-ips-check %i daddr { %s } drop comment \"Drop traffic to unallocated "
	"ClusterIPs\"",
	"add set %i kube-proxy nodeport-ips { type %a ; comment \"IPs that accept NodePort "
	"traffic\" ; }",
	"flush set %i kube-proxy nodeport-ips",
	"add element %i kube-proxy nodeport-ips { %n }",
	"add map %i kube-proxy no-endpoint-services { type %a . inet_proto . inet_service : "
	"verdict ; comment \"vmap to drop or reject packets to services with no endpoints\" ; }",
	"add map %i kube-proxy no-endpoint-nodeports { type inet_proto . inet_service : verdict ; "
	"comment \"vmap to drop or reject packets to service nodeports with no endpoints\" ; }",
	"add chain %i kube-proxy reject-chain { comment \"helper for @no-endpoint-services / "
	"@no-endpoint-nodeports\" ; }",
	"flush chain %i kube-proxy reject-chain",
	"=reject-chain reject",
	"=service-endpoints-check %i daddr . meta l4proto . th dport vmap @no-endpoint-services",
	"=nodeport-endpoints-check %i daddr @nodeport-ips meta l4proto . th dport vmap "
	"@no-endpoint-nodeports",
	"add map %i kube-proxy firewall-ips { type %a . inet_proto . inet_service : verdict ; "
	"comment \"destinations that are subject to LoadBalancerSourceRanges\" ; }",
	"=firewall-check %i daddr . meta l4proto . th dport vmap @firewall-ips",
	"add map %i kube-proxy service-ips { type %a . inet_proto . inet_service : verdict ; "
	"comment \"ClusterIP, ExternalIP and LoadBalancer IP traffic\" ; }",
	"add map %i kube-proxy service-nodeports { type inet_proto . inet_service : verdict ; "
	"comment \"NodePort traffic\" ; }",
	"=services %i daddr @cluster-ips %i saddr != %p mark set mark or 0x00004000 comment "
	"\"masquerade clusterIP traffic from outside cluster\"",
	"=services %i daddr . meta l4proto . th dport vmap @service-ips",
	"=services %i daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports",
};

static void write_line(FILE *out, const struct rules_set *set, const char *line)
{
	for (const char *c = line; *c; c++) {
		const char *word;

		if (*c != '%') {
			(void)fputc(*c, out);
			continue;
		}
		switch (*++c) {
		case 'i':
			word = set->family == 6 ? "ip6" : "ip";
			break;
		case 'a':
			word = set->family == 6 ? "ipv6_addr" : "ipv4_addr";
			break;
		case 'p':
			word = set->pod_cidr;
			break;
		case 's':
			word = set->service_cidr;
			break;
		default:
			word = set->node_ip;
		}
		(void)fputs(word, out);
	}
	(void)fputc('\n', out);
}

void rules_write_nft_base(FILE *out, const struct rules_set *set)
{
	const char *ip = set->family == 6 ? "ip6" : "ip";

	(void)fprintf(out, "add table %s kube-proxy { comment \"rules for kube-proxy\" ; }\n", ip);
	for (unsigned int i = 0; i < sizeof(base_chains) / sizeof(*base_chains); i++)
		(void)fprintf(out, "add chain %s kube-proxy %s\ndelete chain %s kube-proxy %s\n",
			      ip, base_chains[i][0], ip, base_chains[i][0]);
	for (unsigned int i = 0; i < sizeof(base_chains) / sizeof(*base_chains); i++)
		(void)fprintf(out,
			      "add chain %s kube-proxy %s { %s ; }\nflush chain %s kube-proxy %s\n",
			      ip, base_chains[i][0], base_chains[i][1], ip, base_chains[i][0]);
	for (unsigned int i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		const char *line = lines[i];

		if (*line == '+') {
			(void)fprintf(out, "add chain %s kube-proxy %s\n", ip, line + 1);
			(void)fprintf(out, "flush chain %s kube-proxy %s\n", ip, line + 1);
			continue;
		}
		if (*line == '=') {
			(void)fprintf(out, "add rule %s kube-proxy ", ip);
			line++;
		}
		write_line(out, set, line);
	}
}
