// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: API objects in, desired state out.
 *
 * A case is a file of states, each a list of objects that then exist, and the expected text of the last state
 * (cases/NAME.json, cases/NAME.want). Every case runs five ways, because the order in which the API tells things must not
 * matter: as written; each state's objects reversed; with an empty state between any two; each object in a turn of its
 * own; and only the last state. After every turn each dirty Service is compiled, as the agent does, and the texts of all
 * Services that exist are kept; so a Service that should have become dirty and did not shows as a stale text.
 *
 * UPDATE=1 writes the expected texts anew.
 */

#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include <cmocka.h>

#include "agent/bgp/bgp.h"
#include "agent/compile/compile.h"
#include "agent/state/maglev.h"
#include "api/object.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#include "../lib/golden_dump.h"

#define CASES	       "tests/golden/cases"
#define CASE_BYTES_MAX (1 << 20)

enum variant { AS_WRITTEN, REVERSED, EMPTIES, SPLIT, SQUASHED, VARIANT_COUNT };

static const char *const variant_names[] = {"as written", "reversed", "with empty states", "split",
					    "squashed"};

struct golden {
	char *name;
	enum variant variant;
};

/* The text of one Service as it was compiled last. */
struct text {
	UT_hash_handle hh;
	char *key;
	char *value;
};

struct run {
	const json_t *root;
	struct bl_store *store;
	struct text *texts;
	struct bl_compile_config config;
	struct bl_compile_local local;
	struct bl_arena *arena;
};

static enum bl_api_kind kind_of(const json_t *obj)
{
	const char *kind = bl_json_str_at(obj, "kind", NULL);

	for (int k = 0; kind && k < BL_API_KIND_COUNT; k++) {
		if (bl_streq(bl_api_type(k)->name, kind))
			return k;
	}
	fail_msg("object of unknown kind '%s'", kind ? kind : "");
	return BL_API_KIND_COUNT;
}

static void forget(struct run *r, struct text *t)
{
	HASH_DEL(r->texts, t);
	free(t->key);
	free(t->value);
	free(t);
}

static void remember(struct run *r, const struct bl_desired_service *want, const char *key)
{
	struct bl_buf out = {};
	struct text *t;

	HASH_FIND_STR(r->texts, key, t);
	if (t)
		forget(r, t);
	if (!want->n_sets)
		return;
	dump_service(want, &out);
	t = bl_new0(struct text);
	t->key = bl_strdup(key);
	t->value = bl_buf_take(&out);
	HASH_ADD_KEYPTR(hh, r->texts, t->key, strlen(t->key), t);
}

/* What the agent does before it sleeps. */
static void turn(struct run *r)
{
	const struct bl_store_service *svc;

	while ((svc = bl_store_dirty_service(r->store))) {
		BL_ARENA struct bl_arena *arena = bl_arena_new(1024);

		remember(r, bl_compile_service(r->store, &r->config, svc, arena), svc->key);
		bl_store_clean(r->store, svc);
	}
}

static void put(struct run *r, const json_t *json)
{
	struct bl_api_object *obj = NULL;
	struct bl_err err = {};

	if (bl_api_decode(kind_of(json), json, &obj, &err))
		fail_msg("%s", bl_err_text(&err));
	bl_store_put(r->store, obj);
}

/* A whole state arrives as a new list of every kind. */
static void apply_state(struct run *r, const json_t *state, bool reversed)
{
	size_t n = json_array_size(state);

	for (int k = 0; k < BL_API_KIND_COUNT; k++)
		bl_store_begin(r->store, k);
	for (size_t i = 0; i < n; i++)
		put(r, json_array_get(state, reversed ? n - 1 - i : i));
	for (int k = 0; k < BL_API_KIND_COUNT; k++)
		bl_store_synced(r->store, k);
	turn(r);
}

/* The state's objects one by one as watch events, and the removals of what it lacks at its end. */
static void apply_split(struct run *r, const json_t *state)
{
	for (size_t i = 0; i < json_array_size(state); i++) {
		put(r, json_array_get(state, i));
		turn(r);
	}
	apply_state(r, state, false);
}

static void run_states(struct run *r, enum variant variant)
{
	const json_t *states = json_object_get(r->root, "states");
	size_t n = json_array_size(states);

	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		const json_t *state = json_array_get(states, i);

		if (variant == SQUASHED && i + 1 < n)
			continue;
		if (variant == SPLIT)
			apply_split(r, state);
		else
			apply_state(r, state, variant == REVERSED);
		if (variant == EMPTIES && i + 1 < n)
			apply_state(r, NULL, false);
	}
}

static struct bl_ip ip_of(const json_t *j)
{
	struct bl_ip ip;

	assert_int_equal(bl_ip_parse(json_string_value(j), &ip), 0);
	return ip;
}

static struct bl_compile_cidrs cidrs_of(const json_t *list, struct bl_arena *arena)
{
	size_t n = json_array_size(list);
	struct bl_cidr *cidrs = bl_arena_array(arena, n, struct bl_cidr);

	for (size_t i = 0; i < n; i++)
		assert_int_equal(
			bl_cidr_parse(json_string_value(json_array_get(list, i)), false, &cidrs[i]),
			0);
	return (struct bl_compile_cidrs){.list = cidrs, .count = n};
}

static void read_peers(struct run *r, const json_t *list)
{
	size_t n = json_array_size(list);
	struct bl_desired_peer *peers = bl_arena_array(r->arena, n, struct bl_desired_peer);

	for (size_t i = 0; i < n; i++) {
		const json_t *p = json_array_get(list, i);

		peers[i].name = bl_json_str_at(p, "name", NULL);
		peers[i].ip = ip_of(json_object_get(p, "address"));
		peers[i].asn = (uint32_t)json_integer_value(json_object_get(p, "asn"));
	}
	r->config.peers = peers;
	r->config.n_peers = n;
}

static void read_config(struct run *r)
{
	const json_t *c = json_object_get(r->root, "config");
	const char *routing = bl_json_str_at(c, "routing", NULL);

	r->config.node = bl_json_str_at(c, "node", NULL);
	r->config.cluster_cidrs = cidrs_of(json_object_get(c, "clusterCIDRs"), r->arena);
	r->config.service_cidrs = cidrs_of(json_object_get(c, "serviceCIDRs"), r->arena);
	r->config.node_ports = (struct bl_compile_ports){30000, 32767};
	r->config.snat_ports = (struct bl_compile_ports){61000, 65535};
	r->config.node_port_addresses = cidrs_of(json_object_get(c, "nodePortAddresses"), r->arena);
	r->config.external_ips = json_is_true(json_object_get(c, "externalIPs"));
	r->config.lb = json_is_true(json_object_get(c, "random")) ? BL_LB_RANDOM : BL_LB_MAGLEV;
	r->config.dsr = json_is_true(json_object_get(c, "dsr"));
	r->config.maglev_size = BL_MAGLEV_SIZE_DEFAULT;
	r->config.masquerade = json_is_true(json_object_get(c, "masquerade"));
	r->config.mesh = json_is_true(json_object_get(c, "mesh"));
	r->config.asn = (uint32_t)json_integer_value(json_object_get(c, "asn"));
	r->config.routing =
		routing && bl_streq(routing, "bgp") ? BL_ROUTING_BGP : BL_ROUTING_DIRECT;
	read_peers(r, json_object_get(c, "peers"));
}

static void read_local(struct run *r)
{
	const json_t *addrs = bl_json_at(r->root, "local", "addrs", NULL);
	const json_t *pods = bl_json_at(r->root, "local", "pods", NULL);
	struct bl_ip *a = bl_arena_array(r->arena, json_array_size(addrs), struct bl_ip);
	struct bl_compile_pod *p =
		bl_arena_array(r->arena, json_array_size(pods), struct bl_compile_pod);

	for (size_t i = 0; i < json_array_size(addrs); i++)
		a[i] = ip_of(json_array_get(addrs, i));
	for (size_t i = 0; i < json_array_size(pods); i++) {
		const json_t *pod = json_array_get(pods, i);
		const json_t *ips = json_object_get(pod, "ips");

		p[i].ifindex = (uint32_t)json_integer_value(json_object_get(pod, "link"));
		p[i].mac[5] = (uint8_t)p[i].ifindex;
		p[i].n_ips = json_array_size(ips);
		for (size_t k = 0; k < p[i].n_ips; k++)
			p[i].ips[k] = ip_of(json_array_get(ips, k));
	}
	r->local = (struct bl_compile_local){
		.addrs = a,
		.n_addrs = json_array_size(addrs),
		.pods = p,
		.n_pods = json_array_size(pods),
	};
}

static int by_key(const struct text *a, const struct text *b)
{
	return strcmp(a->key, b->key);
}

static char *result(struct run *r)
{
	struct bl_desired_node *node = bl_compile_node(r->store, &r->config, &r->local, r->arena);
	struct bl_buf out = {};
	struct bl_err err = {};
	struct text *t, *tmp;

	HASH_SORT(r->texts, by_key);
	HASH_ITER (hh, r->texts, t, tmp) {
		bl_buf_puts(&out, t->value);
		forget(r, t);
	}
	dump_node(node, &out);
	if (node->bgp.enabled) {
		bl_buf_puts(&out, "--- bird.conf\n");
		if (bl_bgp_render(&node->bgp, &out, &err))
			fail_msg("%s", bl_err_text(&err));
	}
	return bl_buf_take(&out);
}

static void compare(const struct golden *g, const char *text)
{
	BL_FREE char *path = bl_asprintf(CASES "/%s.want", g->name);
	BL_BUF struct bl_buf want = {};
	struct bl_err err = {};

	if (getenv("UPDATE") && g->variant == AS_WRITTEN)
		assert_int_equal(bl_file_write(path, text, strlen(text), 0644, &err), 0);
	if (bl_file_read(path, CASE_BYTES_MAX, &want, &err))
		fail_msg("%s", bl_err_text(&err));
	assert_string_equal(text, want.data);
}

static void case_gives_the_expected_state(void **state)
{
	const struct golden *g = *state;
	BL_FREE char *path = bl_asprintf(CASES "/%s.json", g->name);
	BL_JSON json_t *root = NULL;
	BL_FREE char *text = NULL;
	struct bl_err err = {};
	struct run r = {.arena = bl_arena_new(4096)};

	if (bl_json_load_file(path, CASE_BYTES_MAX, &root, &err))
		fail_msg("%s", bl_err_text(&err));
	r.root = root;
	r.store = bl_store_new();
	read_config(&r);
	read_local(&r);
	bl_store_watch_zone(r.store, r.config.node);
	run_states(&r, g->variant);
	text = result(&r);
	bl_store_free(r.store);
	bl_arena_free(r.arena);
	compare(g, text);
}

static int is_case(const struct dirent *e)
{
	return bl_str_ends(e->d_name, ".json");
}

int main(void)
{
	struct dirent **files = NULL;
	int n = scandir(CASES, &files, is_case, alphasort);
	size_t count = n > 0 ? (size_t)n * VARIANT_COUNT : 0, i = 0;
	struct CMUnitTest *tests = bl_calloc(count, sizeof(*tests));
	struct golden *goldens = bl_calloc(count, sizeof(*goldens));

	for (int f = 0; f < n; f++) {
		int len = (int)(strlen(files[f]->d_name) - strlen(".json"));

		for (int v = 0; v < VARIANT_COUNT; v++, i++) {
			goldens[i].name = bl_strndup(files[f]->d_name, (size_t)len);
			goldens[i].variant = v;
			tests[i].name =
				bl_asprintf("%.*s, %s", len, files[f]->d_name, variant_names[v]);
			tests[i].test_func = case_gives_the_expected_state;
			tests[i].initial_state = &goldens[i];
		}
		free(files[f]);
	}
	free(files);
	return _cmocka_run_group_tests("golden", tests, count, NULL, NULL);
}
