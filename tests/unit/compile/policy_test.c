// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What the conformance cases leave out: who owns an address, who is nobody, what a change touches.
 */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

#include "../../lib/policy_world.h"

/* JSON written with ' for ". */
static void put(struct policy_world *w, enum bl_api_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void put(struct policy_world *w, enum bl_api_kind kind, const char *fmt, ...)
{
	BL_JSON json_t *json = NULL;
	struct bl_err err = {};
	char text[16384];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *c = text; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	if (bl_json_parse(text, strlen(text), &json, &err))
		fail_msg("%s in %s", bl_err_text(&err), text);
	policy_world_put(w, kind, json);
}

static void put_namespace(struct policy_world *w, const char *name)
{
	put(w, BL_API_NAMESPACE, "{'metadata':{'name':'%s','labels':{'ns':'%s'}}}", name, name);
}

static void put_pod(struct policy_world *w, const char *name, const char *labels, const char *ip)
{
	put(w, BL_API_POD,
	    "{'metadata':{'namespace':'x','name':'%s','labels':{%s}},"
	    "'status':{'phase':'Running','podIPs':[{'ip':'%s'}]}}",
	    name, labels, ip);
}

static void put_policy(struct policy_world *w, const char *name, const char *spec)
{
	put(w, BL_API_NETWORKPOLICY, "{'metadata':{'namespace':'x','name':'%s'},'spec':{%s}}", name,
	    spec);
}

static struct bl_ip ip_of(const char *text)
{
	struct bl_ip ip = {};

	assert_int_equal(bl_ip_parse(text, &ip), 0);
	return ip;
}

static void attach(struct policy_world *w, const char *name, const char *ip)
{
	struct bl_policy_local local = {"x", name, {ip_of(ip)}, 1};

	policy_world_set_local(w, &local, 1);
}

static bool allows(struct policy_world *w, bool ingress, const char *pod, const char *peer,
		   uint8_t proto, uint16_t port)
{
	struct bl_ip a = ip_of(pod), b = ip_of(peer);

	return policy_world_allows(w, ingress, &a, &b, proto, port);
}

/* Whether the peer reaches 10.1.0.1 by TCP/80. */
static bool reaches(struct policy_world *w, const char *peer)
{
	return allows(w, true, "10.1.0.1", peer, IPPROTO_TCP, 80);
}

/* A node with the pod x/web at 10.1.0.1. */
static struct policy_world *world(void)
{
	struct policy_world *w = policy_world_new(1);

	put_namespace(w, "x");
	put_pod(w, "web", "'app':'web'", "10.1.0.1");
	attach(w, "web", "10.1.0.1");
	return w;
}

#define FROM_CLIENTS                                          \
	"'podSelector':{'matchLabels':{'app':'web'}},"        \
	"'ingress':[{'from':[{'podSelector':{'matchLabels':{" \
	"'app':'client'}}}]}]"

static void pod_without_policy_is_open_and_costs_nothing(void **state)
{
	struct policy_world *w = world();

	(void)state;
	put_pod(w, "other", "'app':'other'", "10.1.0.9");
	put_policy(w, "elsewhere",
		   "'podSelector':{'matchLabels':{'app':'db'}},'ingress':[{'from':"
		   "[{'ipBlock':{'cidr':'10.0.0.0/8'}},{'podSelector':{}}]}]");
	policy_world_compile(w);
	assert_true(reaches(w, "10.1.0.9"));
	assert_int_equal(policy_world_size(w).classes, 0);
	assert_int_equal(policy_world_size(w).blocks, 0);
	assert_int_equal(policy_world_size(w).cells, 0);
	policy_world_free(w);
}

static void attached_pod_that_the_api_does_not_know_is_closed(void **state)
{
	struct policy_world *w = policy_world_new(1);

	(void)state;
	attach(w, "web", "10.1.0.1");
	policy_world_compile(w);
	assert_false(reaches(w, "10.1.0.9"));
	assert_false(allows(w, false, "10.1.0.1", "10.1.0.9", IPPROTO_UDP, 53));
	put_namespace(w, "x");
	put_pod(w, "web", "'app':'web'", "10.1.0.1");
	policy_world_compile(w);
	assert_true(reaches(w, "10.1.0.9"));
	policy_world_remove(w, BL_API_POD, "x", "web");
	policy_world_compile(w);
	assert_false(reaches(w, "10.1.0.9"));
	policy_world_free(w);
}

static void pod_attached_twice_has_all_its_addresses(void **state)
{
	struct policy_world *w = world();
	struct bl_policy_local local = {
		"x",
		"web",
		{ip_of("10.1.0.1"), ip_of("fd00::1"), ip_of("10.1.0.2"), ip_of("fd00::2")},
		4};

	(void)state;
	put_policy(w, "p", FROM_CLIENTS);
	put_pod(w, "client", "'app':'client'", "10.1.0.9");
	policy_world_set_local(w, &local, 1);
	policy_world_compile(w);
	for (size_t i = 0; i < 2; i++) {
		const char *pod = i ? "10.1.0.2" : "10.1.0.1";

		assert_true(allows(w, true, pod, "10.1.0.9", IPPROTO_TCP, 80));
		assert_false(allows(w, true, pod, "10.1.0.8", IPPROTO_TCP, 80));
	}
	assert_false(allows(w, true, "fd00::2", "fd00::8", IPPROTO_TCP, 80));
	local.ips[0] = local.ips[2];
	local.ips[1] = local.ips[3];
	local.n_ips = 2;
	policy_world_set_local(w, &local, 1);
	policy_world_compile(w);
	assert_true(allows(w, true, "10.1.0.1", "10.1.0.8", IPPROTO_TCP, 80));
	assert_false(allows(w, true, "10.1.0.2", "10.1.0.8", IPPROTO_TCP, 80));
	policy_world_free(w);
}

static void attached_pod_has_its_address_before_the_api_tells_it(void **state)
{
	struct policy_world *w = world();
	struct bl_policy_local both[] = {{"x", "web", {ip_of("10.1.0.1")}, 1},
					 {"x", "new", {ip_of("10.1.0.2")}, 1}};

	(void)state;
	put_policy(w, "p", FROM_CLIENTS);
	put(w, BL_API_POD, "{'metadata':{'namespace':'x','name':'new','labels':{'app':'client'}}}");
	policy_world_compile(w);
	assert_false(reaches(w, "10.1.0.2"));
	policy_world_set_local(w, both, 2);
	policy_world_compile(w);
	assert_true(reaches(w, "10.1.0.2"));
	policy_world_free(w);
}

static void address_used_again_carries_nothing_over(void **state)
{
	struct policy_world *w = world();

	(void)state;
	put_policy(w, "p", FROM_CLIENTS);
	put(w, BL_API_POD,
	    "{'metadata':{'namespace':'x','name':'old','labels':{'app':'client'},"
	    "'creationTimestamp':'2026-01-01T00:00:00Z'},"
	    "'status':{'phase':'Running','podIPs':[{'ip':'10.1.0.7'}]}}");
	policy_world_compile(w);
	assert_true(reaches(w, "10.1.0.7"));
	put(w, BL_API_POD,
	    "{'metadata':{'namespace':'x','name':'a-new','labels':{'app':'other'},"
	    "'creationTimestamp':'2026-01-01T00:00:01Z'},"
	    "'status':{'phase':'Running','podIPs':[{'ip':'10.1.0.7'}]}}");
	policy_world_compile(w);
	assert_false(reaches(w, "10.1.0.7"));
	policy_world_remove(w, BL_API_POD, "x", "a-new");
	policy_world_compile(w);
	assert_true(reaches(w, "10.1.0.7"));
	policy_world_free(w);
}

static void ended_pods_and_pods_on_the_host_are_nobodys_peers(void **state)
{
	struct policy_world *w = world();

	(void)state;
	put_policy(w, "p", FROM_CLIENTS);
	put(w, BL_API_POD,
	    "{'metadata':{'namespace':'x','name':'done','labels':{'app':'client'}},"
	    "'status':{'phase':'Succeeded','podIPs':[{'ip':'10.1.0.7'}]}}");
	put(w, BL_API_POD,
	    "{'metadata':{'namespace':'x','name':'agent','labels':{'app':'client'}},"
	    "'spec':{'hostNetwork':true},'status':{'phase':'Running',"
	    "'podIPs':[{'ip':'192.0.2.1'}]}}");
	policy_world_compile(w);
	assert_false(reaches(w, "10.1.0.7"));
	assert_false(reaches(w, "192.0.2.1"));
	put_policy(w, "nodes",
		   "'podSelector':{},'ingress':[{'from':[{'ipBlock':{'cidr':'192.0.2.0/24'}}]}]");
	policy_world_compile(w);
	assert_true(reaches(w, "192.0.2.1"));
	policy_world_free(w);
}

static void pods_of_a_namespace_that_is_gone_match_no_namespace_selector(void **state)
{
	struct policy_world *w = world();

	(void)state;
	put_namespace(w, "y");
	put(w, BL_API_POD,
	    "{'metadata':{'namespace':'y','name':'c'},'status':{'phase':'Running',"
	    "'podIPs':[{'ip':'10.1.0.7'}]}}");
	put_policy(w, "p", "'podSelector':{},'ingress':[{'from':[{'namespaceSelector':{}}]}]");
	policy_world_compile(w);
	assert_true(reaches(w, "10.1.0.7"));
	policy_world_remove(w, BL_API_NAMESPACE, "", "y");
	policy_world_compile(w);
	assert_false(reaches(w, "10.1.0.7"));
	policy_world_free(w);
}

static void packet_without_port_needs_the_whole_protocol(void **state)
{
	struct policy_world *w = world();

	(void)state;
	put_policy(w, "p",
		   "'podSelector':{},'ingress':[{'ports':[{'protocol':'UDP'},{'port':80},"
		   "{'protocol':'SCTP','port':1,'endPort':65535}]}],'egress':[{}]");
	policy_world_compile(w);
	assert_true(allows(w, true, "10.1.0.1", "10.9.0.1", IPPROTO_UDP, 0));
	assert_false(allows(w, true, "10.1.0.1", "10.9.0.1", IPPROTO_TCP, 0));
	assert_true(allows(w, true, "10.1.0.1", "10.9.0.1", IPPROTO_SCTP, 65535));
	assert_false(allows(w, true, "10.1.0.1", "10.9.0.1", IPPROTO_SCTP, 0));
	assert_false(allows(w, true, "10.1.0.1", "10.9.0.1", IPPROTO_ICMP, 0));
	assert_true(allows(w, false, "10.1.0.1", "10.9.0.1", IPPROTO_ICMP, 0));
	assert_true(allows(w, false, "10.1.0.1", "10.9.0.1", 47, 0));
	policy_world_free(w);
}

static void ranges_that_touch_become_one(void **state)
{
	struct policy_world *w = world();

	(void)state;
	put_policy(
		w, "p",
		"'podSelector':{},'ingress':[{'ports':[{'port':90,'endPort':99},{'port':80,"
		"'endPort':89},{'port':85,'endPort':95},{'port':101},{'protocol':'UDP','port':100}]"
		"}]");
	policy_world_compile(w);
	for (uint16_t port = 79; port < 103; port++)
		assert_int_equal(allows(w, true, "10.1.0.1", "10.9.0.1", IPPROTO_TCP, port),
				 (port >= 80 && port <= 99) || port == 101);
	assert_true(allows(w, true, "10.1.0.1", "10.9.0.1", IPPROTO_UDP, 100));
	policy_world_free(w);
}

static void hundreds_of_blocks_each_hold_their_own(void **state)
{
	struct policy_world *w = world();
	char name[16], spec[200], ip[32];

	(void)state;
	for (int i = 0; i < 400; i++) {
		(void)snprintf(name, sizeof(name), "p%d", i);
		(void)snprintf(spec, sizeof(spec),
			       "'podSelector':{},'ingress':[{'ports':[{'port':%d}],'from':"
			       "[{'ipBlock':{'cidr':'20.%d.%d.0/24','except':"
			       "['20.%d.%d.128/25']}}]}]",
			       1000 + i, i / 200, i % 200, i / 200, i % 200);
		put_policy(w, name, spec);
	}
	policy_world_compile(w);
	for (int i = 0; i < 400; i++) {
		(void)snprintf(ip, sizeof(ip), "20.%d.%d.127", i / 200, i % 200);
		assert_true(allows(w, true, "10.1.0.1", ip, IPPROTO_TCP, (uint16_t)(1000 + i)));
		assert_false(allows(w, true, "10.1.0.1", ip, IPPROTO_TCP, (uint16_t)(1001 + i)));
		(void)snprintf(ip, sizeof(ip), "20.%d.%d.128", i / 200, i % 200);
		assert_false(allows(w, true, "10.1.0.1", ip, IPPROTO_TCP, (uint16_t)(1000 + i)));
	}
	policy_world_free(w);
}

static void replicas_share_a_class_and_unselected_labels_split_none(void **state)
{
	struct policy_world *w = world();
	char name[16], labels[64], ip[32];

	(void)state;
	put_policy(w, "p", FROM_CLIENTS);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "c%d", i);
		(void)snprintf(labels, sizeof(labels), "'app':'client','nr':'%d'", i);
		(void)snprintf(ip, sizeof(ip), "10.2.%d.%d", i / 250, i % 250);
		put_pod(w, name, labels, ip);
	}
	policy_world_compile(w);
	assert_int_equal(policy_world_size(w).classes, 1000);
	assert_int_equal(policy_world_size(w).ids, 1);
	assert_int_equal(policy_world_size(w).cells, 1);
	put_pod(w, "c500", "'app':'client','nr':'another'", "10.2.2.0");
	policy_world_compile(w);
	assert_int_equal(policy_world_size(w).changed, 0);
	put_pod(w, "c500", "'app':'other'", "10.2.2.0");
	policy_world_compile(w);
	assert_int_equal(policy_world_size(w).changed, 1);
	assert_false(reaches(w, "10.2.2.0"));
	assert_true(reaches(w, "10.2.2.1"));
	policy_world_free(w);
}

static void policy_that_cannot_be_decoded_closes_its_pods_and_changes_no_other(void **state)
{
	struct policy_world *w = world();

	(void)state;
	put_pod(w, "c", "'app':'client'", "10.1.0.7");
	put_policy(w, "good", FROM_CLIENTS);
	put_policy(w, "bad",
		   "'podSelector':{'matchLabels':{'app':'web'}},'ingress':[{'ports':"
		   "[{'port':90,'endPort':80}]},{}]");
	policy_world_compile(w);
	assert_true(reaches(w, "10.1.0.7"));
	assert_false(reaches(w, "10.1.0.9"));
	policy_world_remove(w, BL_API_NETWORKPOLICY, "x", "good");
	policy_world_compile(w);
	assert_false(reaches(w, "10.1.0.7"));
	assert_true(allows(w, false, "10.1.0.1", "10.1.0.7", IPPROTO_TCP, 80));
	policy_world_free(w);
}

static void everything_taken_away_leaves_nothing(void **state)
{
	struct policy_world *w = world();

	(void)state;
	put_pod(w, "c", "'app':'client'", "10.1.0.7");
	put_policy(w, "p", FROM_CLIENTS);
	put_policy(w, "q",
		   "'podSelector':{},'ingress':[{'from':[{'ipBlock':{'cidr':'10.0.0.0/8'}}]}]");
	policy_world_compile(w);
	assert_true(policy_world_size(w).cells > 0);
	policy_world_remove(w, BL_API_NETWORKPOLICY, "x", "p");
	policy_world_remove(w, BL_API_NETWORKPOLICY, "x", "q");
	policy_world_compile(w);
	assert_int_equal(policy_world_size(w).classes, 0);
	assert_int_equal(policy_world_size(w).blocks, 0);
	assert_int_equal(policy_world_size(w).cells, 0);
	assert_true(reaches(w, "192.0.2.1"));
	policy_world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pod_without_policy_is_open_and_costs_nothing),
		cmocka_unit_test(attached_pod_that_the_api_does_not_know_is_closed),
		cmocka_unit_test(attached_pod_has_its_address_before_the_api_tells_it),
		cmocka_unit_test(pod_attached_twice_has_all_its_addresses),
		cmocka_unit_test(address_used_again_carries_nothing_over),
		cmocka_unit_test(ended_pods_and_pods_on_the_host_are_nobodys_peers),
		cmocka_unit_test(pods_of_a_namespace_that_is_gone_match_no_namespace_selector),
		cmocka_unit_test(packet_without_port_needs_the_whole_protocol),
		cmocka_unit_test(ranges_that_touch_become_one),
		cmocka_unit_test(hundreds_of_blocks_each_hold_their_own),
		cmocka_unit_test(replicas_share_a_class_and_unselected_labels_split_none),
		cmocka_unit_test(
			policy_that_cannot_be_decoded_closes_its_pods_and_changes_no_other),
		cmocka_unit_test(everything_taken_away_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
