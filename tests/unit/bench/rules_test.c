// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The rules that benches give to iptables and nft are kube-proxy's, to the byte.
 *
 * tests/bench/recorded has what a kube-proxy 1.36 wrote (.txt) and, in the order in which it took them, the Services that it had (.list).
 * What the recordings do not show is held against what follows from them: IPv6, and a large cluster.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "../../bench/rules/rules.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"

#define RECORDED "tests/bench/recorded/"

typedef void (*write_fn)(FILE *out, const struct rules_set *set);

static const struct rules_set ipv4 = {
	.family = 4,
	.pod_cidr = "10.1.0.0/16",
	.service_cidr = "10.96.0.0/16",
	.node_ip = "198.51.100.10",
	.nfacct = true,
};

static const struct rules_set ipv6 = {
	.family = 6,
	.pod_cidr = "fd00:1::/64",
	.service_cidr = "fd00:96::/112",
	.node_ip = "2001:db8::10",
	.nfacct = true,
};

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "re");
	struct bl_buf text = {};
	int c;

	if (!f)
		fail_msg("%s: %s", path, strerror(errno));
	while ((c = fgetc(f)) != EOF)
		bl_buf_putc(&text, (char)c);
	(void)fclose(f);
	return bl_buf_take(&text);
}

/* What `write` makes of a list. */
static char *written(write_fn write, struct rules_set set, const char *list)
{
	FILE *in = fmemopen((void *)list, strlen(list), "r");
	struct bl_err err = {};
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(in);
	assert_non_null(out);
	if (rules_read_services(in, &set, &err))
		fail_msg("%s", bl_err_text(&err));
	write(out, &set);
	rules_free_services(&set);
	(void)fclose(in);
	(void)fclose(out);
	return text;
}

/* Replaces `from` by `to`, which is as long; how often. */
static unsigned int swap(char *text, const char *from, const char *to)
{
	unsigned int n = 0;

	assert_int_equal(strlen(from), strlen(to));
	for (char *at = text; (at = strstr(at, from)); n++)
		memcpy(at, to, strlen(to));
	return n;
}

static unsigned int count(const char *text, const char *what)
{
	unsigned int n = 0;

	for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
		n++;
	return n;
}

static void iptables_full_is_the_recording(void **state)
{
	BL_FREE char *list = slurp(RECORDED "iptables-full.list");
	BL_FREE char *want = slurp(RECORDED "iptables-full.txt");
	BL_FREE char *got = written(rules_write_iptables, ipv4, list);

	(void)state;
	/* The recording's API server has an address for documentation, but a chain named after its own one. */
	assert_int_equal(swap(want, "KUBE-SEP-AZNRYDWD4Q5OXBCI", "KUBE-SEP-EUBHQ3EY5KKY23SY"), 4);
	assert_string_equal(got, want);
}

static void iptables_change_is_the_recording(void **state)
{
	BL_FREE char *list = slurp(RECORDED "iptables-change.list");
	BL_FREE char *want = slurp(RECORDED "iptables-change.txt");
	struct rules_set set = ipv4;
	BL_FREE char *got = NULL;

	(void)state;
	set.partial = true;
	got = written(rules_write_iptables, set, list);
	assert_string_equal(got, want);
}

static void nft_full_is_the_recording(void **state)
{
	BL_FREE char *list = slurp(RECORDED "nft-full.list");
	BL_FREE char *want = slurp(RECORDED "nft-full.txt");
	BL_FREE char *got = written(rules_write_nft, ipv4, list);

	(void)state;
	assert_string_equal(got, want);
}

static void nft_change_is_the_recording(void **state)
{
	BL_FREE char *list = slurp(RECORDED "nft-change.list");
	BL_FREE char *want = slurp(RECORDED "nft-change.txt");
	struct rules_set set = ipv4;
	BL_FREE char *got = NULL;

	(void)state;
	set.partial = true;
	got = written(rules_write_nft, set, list);
	assert_string_equal(got, want);
}

static void nfacct_is_left_out_where_the_node_has_none(void **state)
{
	BL_FREE char *list = slurp(RECORDED "iptables-full.list");
	struct rules_set set = ipv4;
	BL_FREE char *with = written(rules_write_iptables, set, list);
	BL_FREE char *without = NULL;

	(void)state;
	set.nfacct = false;
	without = written(rules_write_iptables, set, list);
	assert_int_equal(count(with, "nfacct-name"), 3);
	assert_int_equal(count(without, "nfacct"), 0);
	assert_non_null(
		strstr(without, "-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP\n"));
	assert_int_equal(count(with, "\n-A KUBE-NODEPORTS"), 5);
	assert_int_equal(count(without, "\n-A KUBE-NODEPORTS"), 3);
}

static void a_resync_is_the_full_sync_but_for_nfts_elements(void **state)
{
	BL_FREE char *list = slurp(RECORDED "nft-full.list");
	struct rules_set set = ipv4;
	BL_FREE char *full = written(rules_write_nft, set, list);
	BL_FREE char *xt_full = written(rules_write_iptables, set, list);
	BL_FREE char *again = NULL, *xt_again = NULL;

	(void)state;
	set.resync = true;
	again = written(rules_write_nft, set, list);
	xt_again = written(rules_write_iptables, set, list);
	assert_string_equal(xt_again, xt_full);
	assert_int_equal(count(full, "\nadd element "), 21);
	assert_int_equal(count(again, "\nadd element "), 1);
	assert_int_equal(count(again, "\nadd element ip kube-proxy nodeport-ips "), 1);
	assert_int_equal(count(again, "\nadd rule "), count(full, "\nadd rule "));
	assert_int_equal(count(again, "\nflush chain "), count(full, "\nflush chain "));
}

/* `n` Services of two endpoints each. */
static char *many(unsigned int n)
{
	struct bl_buf list = {};

	for (unsigned int i = 0; i < n; i++)
		bl_buf_printf(
			&list,
			"default/svc-%u:p tcp 10.96.%u.%u:80 10.1.%u.%u:8080,10.1.%u.%u:8081%s\n",
			i, i / 256, i % 256, i / 256, i % 256, i / 256, i % 256,
			i == 7 ? " gone=10.1.200.1:8081 come=10.1.0.7:8081" : "");
	return bl_buf_take(&list);
}

static void above_1000_endpoints_the_rules_to_them_have_no_comments(void **state)
{
	BL_FREE char *small_list = many(500), *large_list = many(501);
	BL_FREE char *small = written(rules_write_iptables, ipv4, small_list);
	BL_FREE char *large = written(rules_write_iptables, ipv4, large_list);

	(void)state;
	assert_int_equal(count(small, "-m comment --comment \"default/svc-7:p -> 10.1."), 2);
	assert_int_equal(count(large, " -> "), 0);
	assert_int_equal(count(large, "--comment default/svc-7:p -"), 0);
	assert_int_equal(count(large, "\"default/svc-7:p cluster IP\""), 2);
	assert_int_equal(count(large, "--probability 0.5000000000"), 501);
}

static void above_1000_endpoints_a_change_leaves_the_old_chain(void **state)
{
	BL_FREE char *small_list = many(500), *large_list = many(501);
	BL_FREE char *small = NULL, *large = NULL;
	struct rules_set set = ipv4;

	(void)state;
	set.partial = true;
	small = written(rules_write_iptables, set, small_list);
	large = written(rules_write_iptables, set, large_list);
	assert_int_equal(count(small, "\n-X KUBE-SEP-"), 1);
	assert_int_equal(count(small, "\n:KUBE-SEP-"), 3);
	assert_int_equal(count(large, "\n-X "), 0);
	assert_int_equal(count(large, "\n:KUBE-SEP-"), 2);
	assert_int_equal(count(large, "\n-A KUBE-SERVICES "), 502);
}

static void ipv6_differs_in_words_and_addresses_alone(void **state)
{
	static const char *list =
		"shop/web:p tcp [fd00:96::1]:80 [fd00:1::1]:8080*,[fd00:1::2]:8081 nodeport=30080\n"
		"shop/one:p udp [fd00:96::2]:53 [fd00:1::3]:53 affinity\n";
	BL_FREE char *xt = written(rules_write_iptables, ipv6, list);
	BL_FREE char *nft = written(rules_write_nft, ipv6, list);

	(void)state;
	assert_int_equal(count(xt, "127.0.0.0"), 0);
	assert_int_equal(count(xt, "-j DNAT --to-destination [fd00:1::1]:8080\n"), 1);
	assert_int_equal(count(xt, "-d fd00:96::1 --dport 80 ! -s fd00:1::/64 -j KUBE-MARK-MASQ"),
			 1);
	assert_int_equal(count(xt, "--dst-type LOCAL ! -d ::1/128 -j KUBE-NODEPORTS\nCOMMIT\n"), 1);
	assert_int_equal(count(nft, " ip kube-proxy"), 0);
	assert_int_equal(count(nft, "ipv4_addr"), 0);
	assert_int_equal(count(nft,
			       "dnat ip6 addr . port to numgen random mod 2 map { 0 : fd00:1::1 . "
			       "8080 , 1 : fd00:1::2 . 8081 }\n"),
			 1);
	assert_int_equal(count(nft, "hairpin-connections { fd00:1::1 . fd00:1::1 . tcp . 8080 }\n"),
			 1);
	assert_int_equal(count(nft, "-shop/one/udp/p__fd00.1..3/53 meta l4proto udp dnat to "
				    "[fd00:1::3]:53\n"),
			 1);
}

static void a_bad_list_is_refused_by_line_and_field(void **state)
{
	static const struct {
		const char *list, *text;
	} cases[] = {
		{"x\n", "line 1: name 'x': not NAMESPACE/NAME:PORTNAME"},
		{"\n# no\na/b:c sctp\n", "line 3: protocol 'sctp': neither tcp nor udp"},
		{"a/b:c tcp 10.0.0.1\n", "line 1: address '10.0.0.1': not ADDRESS:PORT"},
		{"a/b:c tcp [::1]:80\n", "line 1: address '::1': not an IPv4 address"},
		{"a/b:c tcp 10.0.0.1:80\n", "line 1: endpoints '': missing"},
		{"a/b:c tcp 10.0.0.1:80 10.0.0.2:0\n",
		 "line 1: endpoint '10.0.0.2:0': not ADDRESS:PORT"},
		{"a/b:c tcp 10.0.0.1:80 - nodeport=x\n", "line 1: nodeport 'x': no port"},
		{"a/b:c tcp 10.0.0.1:80 - often\n", "line 1: word 'often': unknown"},
		{"a/b:c tcp 10.0.0.1:80 - come=10.0.0.1:1\n",
		 "line 1: word 'come': without the other"},
	};

	(void)state;
	for (size_t i = 0; i < BL_ARRAY_SIZE(cases); i++) {
		FILE *in = fmemopen((void *)cases[i].list, strlen(cases[i].list), "r");
		struct rules_set set = ipv4;
		struct bl_err err = {};

		assert_non_null(in);
		assert_int_equal(rules_read_services(in, &set, &err), -EINVAL);
		assert_string_equal(bl_err_text(&err), cases[i].text);
		assert_null(set.services);
		(void)fclose(in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(iptables_full_is_the_recording),
		cmocka_unit_test(iptables_change_is_the_recording),
		cmocka_unit_test(nft_full_is_the_recording),
		cmocka_unit_test(nft_change_is_the_recording),
		cmocka_unit_test(nfacct_is_left_out_where_the_node_has_none),
		cmocka_unit_test(a_resync_is_the_full_sync_but_for_nfts_elements),
		cmocka_unit_test(above_1000_endpoints_the_rules_to_them_have_no_comments),
		cmocka_unit_test(above_1000_endpoints_a_change_leaves_the_old_chain),
		cmocka_unit_test(ipv6_differs_in_words_and_addresses_alone),
		cmocka_unit_test(a_bad_list_is_refused_by_line_and_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
