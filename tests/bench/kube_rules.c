// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: kube_rules iptables|nft [--family 4|6] [--partial|--resync] [--nfacct] [--pods PREFIX] [--services PREFIX] [--node ADDRESS] < LIST
 *
 * Writes to standard output exactly the rules that kube-proxy 1.36 would give to iptables-restore or nft for the Services of LIST (its lines are
 * described in rules/rules.h): those of its first sync, with --partial those that it sends
 * after the change that LIST has, with --resync those with which it writes everything anew.
 */

#include <getopt.h>
#include <stdlib.h>

#include "base/str.h"
#include "rules/rules.h"

static int usage(const char *why)
{
	(void)fprintf(
		stderr,
		"kube_rules: %s\nusage: kube_rules iptables|nft [--family 4|6] [--partial|--resync] "
		"[--nfacct] [--pods PREFIX] [--services PREFIX] [--node ADDRESS] < LIST\n",
		why);
	return 2;
}

static int check(const struct rules_set *set)
{
	struct bl_cidr pods, services;
	struct bl_ip node;

	if (bl_cidr_parse(set->pod_cidr, false, &pods) || pods.ip.family != set->family)
		return usage("--pods is no prefix of the family");
	if (bl_cidr_parse(set->service_cidr, false, &services) || services.ip.family != set->family)
		return usage("--services is no prefix of the family");
	if (bl_ip_parse(set->node_ip, &node) || node.family != set->family)
		return usage("--node is no address of the family");
	return 0;
}

static int options(int argc, char **argv, struct rules_set *ret_set)
{
	static const struct option known[] = {
		{"family", required_argument, NULL, 'f'},
		{"partial", no_argument, NULL, 'x'},
		{"resync", no_argument, NULL, 'r'},
		{"nfacct", no_argument, NULL, 'a'},
		{"pods", required_argument, NULL, 'p'},
		{"services", required_argument, NULL, 's'},
		{"node", required_argument, NULL, 'n'},
		{},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'f':
			if (!bl_streq(optarg, "4") && !bl_streq(optarg, "6"))
				return usage("--family is neither 4 nor 6");
			ret_set->family = *optarg - '0';
			break;
		case 'x':
			ret_set->partial = true;
			break;
		case 'r':
			ret_set->resync = true;
			break;
		case 'a':
			ret_set->nfacct = true;
			break;
		case 'p':
			ret_set->pod_cidr = optarg;
			break;
		case 's':
			ret_set->service_cidr = optarg;
			break;
		case 'n':
			ret_set->node_ip = optarg;
			break;
		default:
			return usage("unknown option");
		}
	}
	if (optind != argc - 1)
		return usage("one form is needed: iptables or nft");
	return 0;
}

/* What nobody named is that of the recording, or its like in IPv6. */
static void complete(struct rules_set *set)
{
	bool six = set->family == 6;

	if (!set->pod_cidr)
		set->pod_cidr = six ? "fd00:10:1::/56" : "10.1.0.0/16";
	if (!set->service_cidr)
		set->service_cidr = six ? "fd00:10:96::/112" : "10.96.0.0/16";
	if (!set->node_ip)
		set->node_ip = six ? "2001:db8:51::10" : "198.51.100.10";
}

int main(int argc, char **argv)
{
	struct rules_set set = {.family = 4};
	struct bl_err err = {};
	const char *form;

	if (options(argc, argv, &set))
		return 2;
	complete(&set);
	if (check(&set))
		return 2;
	form = argv[argc - 1];
	if (!bl_streq(form, "iptables") && !bl_streq(form, "nft"))
		return usage("the form is neither iptables nor nft");
	if (rules_read_services(stdin, &set, &err)) {
		(void)fprintf(stderr, "kube_rules: %s\n", bl_err_text(&err));
		return 1;
	}
	if (bl_streq(form, "iptables"))
		rules_write_iptables(stdout, &set);
	else
		rules_write_nft(stdout, &set);
	rules_free_services(&set);
	if (fflush(stdout) || ferror(stdout)) {
		perror("kube_rules: standard output");
		return 1;
	}
	return 0;
}
