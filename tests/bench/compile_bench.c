// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The agent's compile step over N Services, for who counts its instructions.
 *
 * Fills a store with Services of two endpoints each, by the decoder that the agent has, and compiles every one as the agent does before
 * it sleeps; then changes one endpoint of a Service and compiles what that made dirty. Prints how often it compiled and how many
 * frontends and targets came of it. Nothing is measured here: run it under callgrind with --toggle-collect=bl_compile_service.
 *
 *   compile_bench [SERVICES]
 */

#include <stdio.h>
#include <stdlib.h>

#include "agent/compile/compile.h"
#include "api/object.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#define SERVICES_MAX 65000

struct counts {
	size_t compiled, frontends, targets;
};

static void put(struct bl_store *store, enum bl_api_kind kind, json_t *json)
{
	struct bl_api_object *obj = NULL;
	struct bl_err err = {};

	if (!json || bl_api_decode(kind, json, &obj, &err)) {
		fprintf(stderr, "compile_bench: %s\n", json ? bl_err_text(&err) : "no memory");
		exit(1);
	}
	json_decref(json);
	bl_store_put(store, obj);
}

static json_t *meta(const char *name, unsigned int version)
{
	BL_FREE char *uid = bl_asprintf("%s-uid", name);
	BL_FREE char *text = bl_asprintf("%u", version);

	return json_pack("{s:s, s:s, s:s, s:s}", "namespace", "default", "name", name, "uid", uid,
			 "resourceVersion", text);
}

static void put_service(struct bl_store *store, unsigned int i)
{
	BL_FREE char *name = bl_asprintf("svc-%u", i);
	BL_FREE char *addr = bl_asprintf("10.%u.%u.%u", 96 + (i >> 16), i >> 8 & 255, i & 255);

	put(store, BL_API_SERVICE,
	    json_pack("{s:s, s:s, s:o, s:{s:s, s:s, s:[s], s:[s], s:[{s:s, s:i, s:s, s:i}]}}",
		      "apiVersion", "v1", "kind", "Service", "metadata", meta(name, 1), "spec",
		      "type", "ClusterIP", "clusterIP", addr, "clusterIPs", addr, "ipFamilies",
		      "IPv4", "ports", "name", "p", "port", 80, "protocol", "TCP", "targetPort",
		      8080));
}

static json_t *endpoint(unsigned int n)
{
	BL_FREE char *addr = bl_asprintf("10.%u.%u.%u", 128 + (n >> 16), n >> 8 & 255, n & 255);

	return json_pack("{s:[s], s:{s:b, s:b}, s:s}", "addresses", addr, "conditions", "ready", 1,
			 "serving", 1, "nodeName", "other");
}

static void put_slice(struct bl_store *store, unsigned int i, unsigned int second,
		      unsigned int version)
{
	BL_FREE char *service = bl_asprintf("svc-%u", i);
	BL_FREE char *name = bl_asprintf("svc-%u-a", i);
	json_t *m = meta(name, version);

	json_object_set_new(m, "labels", json_pack("{s:s}", "kubernetes.io/service-name", service));
	put(store, BL_API_ENDPOINTSLICE,
	    json_pack("{s:s, s:s, s:o, s:s, s:[{s:s, s:i, s:s}], s:[o, o]}", "apiVersion",
		      "discovery.k8s.io/v1", "kind", "EndpointSlice", "metadata", m, "addressType",
		      "IPv4", "ports", "name", "p", "port", 8080, "protocol", "TCP", "endpoints",
		      endpoint(2 * i), endpoint(second)));
}

/* What the agent does before it sleeps. */
static struct counts turn(struct bl_store *store, const struct bl_compile_config *config)
{
	const struct bl_store_service *svc;
	struct counts found = {};

	while ((svc = bl_store_dirty_service(store))) {
		BL_ARENA struct bl_arena *arena = bl_arena_new(1024);
		const struct bl_desired_service *want =
			bl_compile_service(store, config, svc, arena);

		found.compiled++;
		for (size_t i = 0; i < want->n_sets; i++) {
			found.frontends += want->sets[i].n_frontends;
			found.targets += want->sets[i].n_targets;
		}
		bl_store_clean(store, svc);
	}
	return found;
}

static int fail(const char *what, struct counts c)
{
	fprintf(stderr, "compile_bench: %s: compiled %zu, %zu frontends, %zu targets\n", what,
		c.compiled, c.frontends, c.targets);
	return 1;
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	struct bl_store *store = bl_store_new();
	const struct bl_compile_config config = {
		.node = "own",
		.node_ports = {30000, 32767},
		.snat_ports = {61000, 65535},
	};
	struct counts all, one;

	if (n < 1 || n > SERVICES_MAX) {
		fprintf(stderr, "compile_bench: Services: 1 to %d\n", SERVICES_MAX);
		return 2;
	}
	for (unsigned int i = 0; i < n; i++) {
		put_service(store, i);
		put_slice(store, i, 2 * i + 1, 1);
	}
	all = turn(store, &config);
	put_slice(store, 0, 2 * SERVICES_MAX, 2);
	one = turn(store, &config);
	bl_store_free(store);
	if (all.compiled != n || all.targets != 2 * n)
		return fail("all", all);
	if (one.compiled != 1 || one.targets != 2)
		return fail("one changed", one);
	printf("{\"compiled\": %zu, \"frontends\": %zu, \"targets\": %zu, \"changed\": %zu}\n",
	       all.compiled, all.frontends, all.targets, one.compiled);
	return 0;
}
