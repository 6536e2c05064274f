// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: NetworkPolicy conformance cases (tests/conformance/netpol) through the compiler and the verdict function.
 *
 * Each case runs twice at once: with every pod on one node, and with the pods on three nodes as the cases place them, where the source's node
 * judges egress and the destination's ingress. Every cell of every step is probed; the diagonal is not, because a pod reaches itself
 * past policy.
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

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#include "../../lib/policy_world.h"

#define NODES	 4 /* three of the cases, and one that has every pod */
#define PODS_MAX 32

struct pod {
	char *key; /* ns/name */
	char *namespace, *name;
	struct bl_ip ip;
	json_t *labels;
	int node;
	bool there;
};

struct stage {
	const json_t *env;
	struct policy_world *nodes[NODES];
	struct pod pods[PODS_MAX];
	size_t n_pods;
	size_t probes;
};

static void tell(struct stage *s, enum bl_api_kind kind, const json_t *json)
{
	for (size_t i = 0; i < NODES; i++)
		policy_world_put(s->nodes[i], kind, json);
}

static void untell(struct stage *s, enum bl_api_kind kind, const char *namespace, const char *name)
{
	for (size_t i = 0; i < NODES; i++)
		policy_world_remove(s->nodes[i], kind, namespace, name);
}

static struct pod *find_pod(struct stage *s, const char *namespace, const char *name)
{
	for (size_t i = 0; i < s->n_pods; i++) {
		if (bl_streq(s->pods[i].namespace, namespace) && bl_streq(s->pods[i].name, name))
			return &s->pods[i];
	}
	fail_msg("no pod %s/%s in the environment", namespace, name);
	return NULL;
}

static void tell_pod(struct stage *s, const struct pod *pod)
{
	const json_t *list = json_object_get(s->env, "ports"), *entry;
	json_t *ports = json_array();
	BL_JSON json_t *json = NULL;
	char ip[BL_IP_STRLEN];
	size_t i;

	json_array_foreach (list, i, entry) {
		json_array_append_new(
			ports, json_pack("{sO sO sO}", "name", json_object_get(entry, "name"),
					 "containerPort", json_object_get(entry, "port"),
					 "protocol", json_object_get(entry, "protocol")));
	}
	json = json_pack("{s{ss ss sO} s{s[{ss so}]} s{ss s[{ss}]}}", "metadata", "namespace",
			 pod->namespace, "name", pod->name, "labels", pod->labels, "spec",
			 "containers", "name", "c", "ports", ports, "status", "phase", "Running",
			 "podIPs", "ip", bl_ip_format(&pod->ip, ip));
	assert_non_null(json);
	tell(s, BL_API_POD, json);
}

static void tell_local(struct stage *s)
{
	for (int node = 0; node < NODES; node++) {
		struct bl_policy_local list[PODS_MAX];
		size_t n = 0;

		for (size_t i = 0; i < s->n_pods; i++) {
			const struct pod *pod = &s->pods[i];

			if (!pod->there || (node && pod->node != node))
				continue;
			list[n++] =
				(struct bl_policy_local){pod->namespace, pod->name, {pod->ip}, 1};
		}
		policy_world_set_local(s->nodes[node], list, n);
	}
}

static void set_labels(struct pod *pod, json_t *labels)
{
	json_decref(pod->labels);
	pod->labels = json_incref(labels);
}

static void tell_namespace(struct stage *s, const char *name, const json_t *labels)
{
	BL_JSON json_t *copy = json_deep_copy(labels), *json = NULL;

	json_object_set_new(copy, "kubernetes.io/metadata.name", json_string(name));
	json = json_pack("{s{ss sO}}", "metadata", "name", name, "labels", copy);
	tell(s, BL_API_NAMESPACE, json);
}

static void setup(struct stage *s, const json_t *env)
{
	const json_t *pods = json_object_get(env, "pods"), *entry;
	const char *name;
	json_t *labels;
	size_t i;

	*s = (struct stage){.env = env};
	for (i = 0; i < NODES; i++)
		s->nodes[i] = policy_world_new(1);
	json_object_foreach (json_object_get(env, "namespaces"), name, labels)
		tell_namespace(s, name, labels);
	json_array_foreach (pods, i, entry) {
		struct pod *pod = &s->pods[s->n_pods++];

		pod->namespace = bl_strdup(bl_json_str_at(entry, "namespace", NULL));
		pod->name = bl_strdup(bl_json_str_at(entry, "name", NULL));
		pod->key = bl_asprintf("%s/%s", pod->namespace, pod->name);
		pod->node = bl_json_str_at(entry, "node", NULL)[4] - '0';
		pod->there = json_is_true(json_object_get(entry, "initial"));
		set_labels(pod, json_object_get(entry, "labels"));
		assert_int_equal(bl_ip_parse(bl_json_str_at(entry, "ip", NULL), &pod->ip), 0);
		if (pod->there)
			tell_pod(s, pod);
	}
	tell_local(s);
}

static void teardown(struct stage *s)
{
	for (size_t i = 0; i < NODES; i++)
		policy_world_free(s->nodes[i]);
	for (size_t i = 0; i < s->n_pods; i++) {
		json_decref(s->pods[i].labels);
		free(s->pods[i].namespace);
		free(s->pods[i].name);
		free(s->pods[i].key);
	}
}

static void act_on_pod(struct stage *s, const char *op, const json_t *action)
{
	struct pod *pod = find_pod(s, bl_json_str_at(action, "namespace", NULL),
				   bl_json_str_at(action, "pod", NULL));

	if (bl_streq(op, "delete-pod")) {
		pod->there = false;
		untell(s, BL_API_POD, pod->namespace, pod->name);
	} else {
		assert_true(bl_streq(op, "create-pod") || bl_streq(op, "set-pod-labels"));
		pod->there = true;
		set_labels(pod, json_object_get(action, "labels"));
		tell_pod(s, pod);
	}
	tell_local(s);
}

static void delete_namespace(struct stage *s, const char *name)
{
	for (size_t i = 0; i < s->n_pods; i++) {
		struct pod *pod = &s->pods[i];

		if (!pod->there || !bl_streq(pod->namespace, name))
			continue;
		pod->there = false;
		untell(s, BL_API_POD, pod->namespace, pod->name);
	}
	untell(s, BL_API_NAMESPACE, "", name);
	tell_local(s);
}

static void act(struct stage *s, const json_t *action)
{
	const char *op = bl_json_str_at(action, "op", NULL);
	const char *namespace = bl_json_str_at(action, "namespace", NULL);

	if (bl_streq(op, "create-policy") || bl_streq(op, "update-policy"))
		tell(s, BL_API_NETWORKPOLICY, json_object_get(action, "object"));
	else if (bl_streq(op, "delete-policy"))
		untell(s, BL_API_NETWORKPOLICY, namespace, bl_json_str_at(action, "name", NULL));
	else if (bl_streq(op, "create-namespace") || bl_streq(op, "set-namespace-labels"))
		tell_namespace(s, namespace, json_object_get(action, "labels"));
	else if (bl_streq(op, "delete-namespace"))
		delete_namespace(s, namespace);
	else
		act_on_pod(s, op, action);
}

static bool reaches(struct stage *s, int src_node, int dst_node, const struct pod *src,
		    const struct pod *dst, uint8_t proto, uint16_t port)
{
	return policy_world_allows(s->nodes[src_node], false, &src->ip, &dst->ip, proto, port) &&
	       policy_world_allows(s->nodes[dst_node], true, &dst->ip, &src->ip, proto, port);
}

static void probe(struct stage *s, const char *id, const char *key, const char *names,
		  const char *rows)
{
	static const char *const protos[] = {"TCP/", "UDP/", "SCTP/"};
	static const uint8_t numbers[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};
	BL_FREE char *copy = bl_strdup(names);
	struct pod *pods[PODS_MAX];
	char *rest = NULL;
	size_t n = 0, proto = 0;
	uint16_t port;

	while (proto < 3 && !bl_str_starts(key, protos[proto]))
		proto++;
	assert_true(proto < 3);
	port = (uint16_t)strtoul(strchr(key, '/') + 1, NULL, 10);
	for (char *t = strtok_r(copy, ",", &rest); t; t = strtok_r(NULL, ",", &rest)) {
		char *slash = strchr(t, '/');

		*slash = '\0';
		pods[n++] = find_pod(s, t, slash + 1);
	}
	assert_int_equal(strlen(rows), n * (n + 1) - 1);
	for (size_t i = 0; i < n * n; i++) {
		const struct pod *src = pods[i / n], *dst = pods[i % n];
		bool want = rows[i / n * (n + 1) + i % n] == '.';

		if (src == dst)
			continue;
		s->probes += 2;
		if (reaches(s, 0, 0, src, dst, numbers[proto], port) != want)
			fail_msg("case %s, one node: %s to %s %s is not %s", id, src->key, dst->key,
				 key, want ? "allowed" : "blocked");
		if (reaches(s, src->node, dst->node, src, dst, numbers[proto], port) != want)
			fail_msg("case %s, three nodes: %s to %s %s is not %s", id, src->key,
				 dst->key, key, want ? "allowed" : "blocked");
	}
}

static size_t run_case(const json_t *env, const json_t *one)
{
	const char *id = bl_json_str_at(one, "id", NULL), *key;
	const json_t *step, *action;
	json_t *rows;
	struct stage s;
	size_t i, k;

	setup(&s, env);
	json_array_foreach (json_object_get(one, "steps"), i, step) {
		json_array_foreach (json_object_get(step, "actions"), k, action)
			act(&s, action);
		for (k = 0; k < NODES; k++)
			policy_world_compile(s.nodes[k]);
		json_object_foreach (json_object_get(step, "expect"), key, rows)
			probe(&s, id, key, bl_json_str_at(step, "pods", NULL),
			      json_string_value(rows));
	}
	teardown(&s);
	return s.probes;
}

static void run_file(const char *path)
{
	BL_JSON json_t *root = NULL;
	struct bl_err err = {};
	const json_t *cases, *one;
	size_t i, probes = 0;

	if (bl_json_load_file(path, 1 << 20, &root, &err))
		fail_msg("%s", bl_err_text(&err));
	cases = json_object_get(root, "cases");
	assert_int_equal(json_array_size(cases), 125);
	json_array_foreach (cases, i, one)
		probes += run_case(json_object_get(root, "environment"), one);
	assert_true(probes > 100000);
}

static void ipv4_cases_pass_on_one_node_and_on_three(void **state)
{
	(void)state;
	run_file("tests/conformance/netpol/v4.json");
}

static void ipv6_cases_pass_on_one_node_and_on_three(void **state)
{
	(void)state;
	run_file("tests/conformance/netpol/v6.json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_cases_pass_on_one_node_and_on_three),
		cmocka_unit_test(ipv6_cases_pass_on_one_node_and_on_three),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
