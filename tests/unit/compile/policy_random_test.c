// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Random policies against an evaluator that shares nothing with the product (tests/lib/policy_naive.c).
 *
 * A seed is a history of events: pods, namespaces and policies that come, change and go. The tables are built along it, answer by answer,
 * and asked behind every turn, so the incremental path is what is tried. A difference is shrunk: events go, then rules, peers, ports and
 * exceptions, as long as it stays; what is left is printed and can be run again.
 *
 * POLICY_SEEDS: how many seeds; POLICY_SEED: the first one.
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
#include "base/str.h"

#include "../../lib/policy_naive.h"
#include "../../lib/policy_random.h"
#include "../../lib/policy_world.h"

#define EVENTS	 24
#define SAMPLES	 60 /* probes a turn while hunting */
#define ENDS_MAX 32

struct run {
	struct policy_world *world;
	struct policy_random random; /* of the samples */
	bool every;		     /* probe everything */
	json_t *objects[3];	     /* by kind: object of "ns/name" -> object */
	json_t *lists[3];	     /* the same as lists, for the evaluator */
	char why[400];
};

static const char *const kinds[] = {"Namespace", "Pod", "NetworkPolicy"};
static const enum bl_api_kind api_kinds[] = {BL_API_NAMESPACE, BL_API_POD, BL_API_NETWORKPOLICY};

static const struct {
	const char *name;
	uint8_t number;
	bool ports;
} protos[] = {
	{"TCP", IPPROTO_TCP, true},
	{"UDP", IPPROTO_UDP, true},
	{"SCTP", IPPROTO_SCTP, true},
	{"ICMP", IPPROTO_ICMP, false},
};

static bool is_here(const json_t *pod)
{
	return bl_streq(bl_json_str_at(pod, "spec", "nodeName", NULL), "here");
}

static bool on_host(const json_t *pod)
{
	return json_is_true(bl_json_at(pod, "spec", "hostNetwork", NULL));
}

/* A pod whose address still belongs to it. */
static bool is_end(const json_t *pod)
{
	return !on_host(pod) &&
	       (is_here(pod) || bl_streq(bl_json_str_at(pod, "status", "phase", NULL), "Running"));
}

static const char *ip_of(const json_t *pod, size_t family)
{
	return bl_json_str_at(json_array_get(bl_json_at(pod, "status", "podIPs", NULL), family),
			      "ip", NULL);
}

static void tell_local(struct run *r)
{
	struct bl_policy_local list[ENDS_MAX] = {};
	const json_t *pod;
	size_t i, n = 0;

	json_array_foreach (r->lists[1], i, pod) {
		if (!is_here(pod) || on_host(pod))
			continue;
		list[n].namespace = bl_json_str_at(pod, "metadata", "namespace", NULL);
		list[n].name = bl_json_str_at(pod, "metadata", "name", NULL);
		for (size_t k = 0; k < 2; k++)
			assert_int_equal(bl_ip_parse(ip_of(pod, k), &list[n].ips[k]), 0);
		list[n++].n_ips = 2;
	}
	policy_world_set_local(r->world, list, n);
}

static void apply_event(struct run *r, const json_t *event)
{
	json_t *put = json_object_get(event, "put"), *obj;
	const char *kind = bl_json_str_at(event, "kind", NULL), *any;
	const json_t *at =
		put ? json_object_get(put, "metadata") : json_object_get(event, "remove");
	const char *namespace = bl_json_str_at(at, "namespace", NULL);
	const char *name = bl_json_str_at(at, "name", NULL);
	BL_FREE char *key = bl_asprintf("%s/%s", namespace ? namespace : "", name);
	size_t k = 0;

	while (!bl_streq(kinds[k], kind))
		k++;
	if (put) {
		policy_world_put(r->world, api_kinds[k], put);
		json_object_set(r->objects[k], key, put);
	} else if (json_object_get(r->objects[k], key)) {
		policy_world_remove(r->world, api_kinds[k], namespace ? namespace : "", name);
		json_object_del(r->objects[k], key);
	}
	json_array_clear(r->lists[k]);
	json_object_foreach (r->objects[k], any, obj)
		json_array_append(r->lists[k], obj);
	if (k == 1)
		tell_local(r);
}

static bool probe(struct run *r, bool ingress, const struct naive_end *subject,
		  const struct naive_end *other, size_t proto, int port)
{
	struct naive_world w = {r->lists[0], r->lists[1], r->lists[2]};
	struct bl_ip self, peer;
	bool want, have;

	assert_int_equal(bl_ip_parse(subject->ip, &self), 0);
	assert_int_equal(bl_ip_parse(other->ip, &peer), 0);
	want = naive_allows(&w, ingress, subject, other, protos[proto].name, port);
	have = policy_world_allows(r->world, ingress, &self, &peer, protos[proto].number,
				   (uint16_t)port);
	if (want != have)
		(void)snprintf(r->why, sizeof(r->why),
			       "%s of %s, peer %s, %s %d: must be %s and is not",
			       ingress ? "ingress" : "egress", subject->ip, other->ip,
			       protos[proto].name, port, want ? "allowed" : "denied");
	return want == have;
}

/* Who may be at the other end, in one family. */
static size_t collect_ends(const struct run *r, size_t family, struct naive_end *ends)
{
	static const char *const outside[][3] = {{"10.1.0.77", "10.9.0.1", "192.0.2.1"},
						 {"fd00::77", "fd01::1", "2001:db8::1"}};
	const json_t *pod;
	size_t i, n = 0;

	json_array_foreach (r->lists[1], i, pod)
		ends[n++] = (struct naive_end){is_end(pod) ? pod : NULL, ip_of(pod, family)};
	for (i = 0; i < 3; i++)
		ends[n++] = (struct naive_end){NULL, outside[family][i]};
	return n;
}

static bool probe_all(struct run *r, const struct naive_end *subject, const struct naive_end *ends,
		      size_t n)
{
	for (size_t e = 0; e < n; e++) {
		for (size_t proto = 0; proto < 4; proto++) {
			for (int port = 78; port < 86; port++) {
				int asked = protos[proto].ports ? port : 0;

				if (!probe(r, true, subject, &ends[e], proto, asked) ||
				    !probe(r, false, subject, &ends[e], proto, asked))
					return false;
			}
		}
	}
	return true;
}

static bool probe_some(struct run *r, const struct naive_end *subject, const struct naive_end *ends,
		       size_t n)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		size_t proto = policy_random_below(&r->random, 4);
		int port = 78 + (int)policy_random_below(&r->random, 8);
		const struct naive_end *end = &ends[policy_random_below(&r->random, (uint32_t)n)];

		if (!probe(r, policy_random_below(&r->random, 2), subject, end, proto,
			   protos[proto].ports ? port : 0))
			return false;
	}
	return true;
}

static bool probe_turn(struct run *r)
{
	struct naive_end ends[ENDS_MAX];

	policy_world_compile(r->world);
	for (size_t family = 0; family < 2; family++) {
		size_t n = collect_ends(r, family, ends);

		for (size_t s = 0; s < n; s++) {
			if (!ends[s].pod || !is_here(ends[s].pod))
				continue;
			if (!(r->every ? probe_all : probe_some)(r, &ends[s], ends, n))
				return false;
		}
	}
	return true;
}

/* Whether both agree along the whole history; `ret_why` is theirs who asked. */
static bool replay(const json_t *events, uint64_t seed, bool every, char ret_why[400])
{
	struct run r = {.random.state = seed | 1, .every = every};
	const json_t *event;
	bool same = true;
	size_t i;

	r.world = policy_world_new(1);
	for (i = 0; i < 3; i++) {
		r.objects[i] = json_object();
		r.lists[i] = json_array();
	}
	json_array_foreach (events, i, event) {
		apply_event(&r, event);
		if (json_is_true(json_object_get(event, "turn")) ||
		    i + 1 == json_array_size(events))
			same = probe_turn(&r);
		if (!same)
			break;
	}
	policy_world_free(r.world);
	for (i = 0; i < 3; i++) {
		json_decref(r.objects[i]);
		json_decref(r.lists[i]);
	}
	memcpy(ret_why, r.why, sizeof(r.why));
	return same;
}

/* Takes out of the list whatever the difference does without, then looks inside what is left. */
static void shrink(json_t *events, json_t *at, uint64_t seed)
{
	static const char *const fixed[] = {"values", "podIPs", "containers", "policyTypes"};
	const char *key;
	json_t *value;
	char why[400];
	void *next;

	for (size_t i = json_array_size(at); i-- > 0;) {
		json_t *item = json_incref(json_array_get(at, i));

		json_array_remove(at, i);
		if (json_array_size(events) && !replay(events, seed, true, why)) {
			json_decref(item);
			continue;
		}
		json_array_insert_new(at, i, item);
		shrink(events, item, seed);
	}
	json_object_foreach_safe (at, next, key, value) {
		bool skip = false;

		for (size_t i = 0; i < BL_ARRAY_SIZE(fixed); i++)
			skip |= bl_streq(fixed[i], key);
		if (!skip)
			shrink(events, value, seed);
	}
}

static uint64_t from_env(const char *name, uint64_t fallback)
{
	const char *s = getenv(name);

	return s && *s ? strtoull(s, NULL, 10) : fallback;
}

static void random_policies_mean_what_the_api_text_says(void **state)
{
	uint64_t first = from_env("POLICY_SEED", 1), n = from_env("POLICY_SEEDS", 150);

	(void)state;
	for (uint64_t seed = first; seed < first + n; seed++) {
		struct policy_random random = {.state = seed * 0x9e3779b97f4a7c15 | 1};
		BL_JSON json_t *events = json_array();
		BL_FREE char *text = NULL;
		char why[400];

		for (int i = 0; i < EVENTS; i++)
			json_array_append_new(events, policy_random_event(&random));
		if (replay(events, seed, false, why))
			continue;
		shrink(events, events, seed);
		(void)replay(events, seed, true, why);
		text = json_dumps(events, JSON_INDENT(1));
		fail_msg("seed %llu: %s, after\n%s", (unsigned long long)seed, why, text);
	}
}

/* Everything probed, where the others sample. */
static void every_probe_of_one_history_agrees(void **state)
{
	BL_JSON json_t *events = json_array();
	struct policy_random random = {.state = 77};
	char why[400];

	(void)state;
	for (int i = 0; i < EVENTS; i++)
		json_array_append_new(events, policy_random_event(&random));
	if (!replay(events, 77, true, why))
		fail_msg("%s", why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_policies_mean_what_the_api_text_says),
		cmocka_unit_test(every_probe_of_one_history_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
