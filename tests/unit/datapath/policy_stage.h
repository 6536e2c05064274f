/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_DATAPATH_POLICY_STAGE_H
#define TESTS_UNIT_DATAPATH_POLICY_STAGE_H

/*
 * The policy tables on maps in memory, every call of which is observed: what the probes find must be one of the versions so far,
 * whole, and never an older one than before.
 */

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/fake_maps.h"
#include "../../lib/policy_random.h"
#include "../../lib/policy_world.h"
#include "agent/datapath/policy.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define PROBES	 96
#define VERSIONS 64

struct probe {
	struct bl_ip pod, peer;
	bool ingress;
	uint8_t proto;
	uint16_t port;
};

/* One bit a probe: allowed. */
struct verdicts {
	bool allowed[PROBES];
};

struct stage {
	struct fake_maps maps;
	struct bl_map_ops fake; /* under the io's */
	struct bl_map_io io;
	struct bl_policy_tables *tables;
	struct policy_world *world;
	struct policy_random random;
	json_t *pods, *others; /* what there is, by "kind ns/name" */
	struct probe probes[PROBES];
	struct verdicts versions[VERSIONS];
	size_t n_versions, seen; /* the version in force: none before it may come back */
	uint32_t epoch;		 /* at the last call */
	size_t before;		 /* the version of the other epoch */
	uint64_t flipped_ms;
	uint32_t fail_percent;
	struct bl_desired_policy *answer;
	struct bl_arena *arena;
	bool opened;
};

/* --- what verdict.h asks of its tables -------------------------------------------------------------------------------- */

static const struct bl_class *bl_view_exact(const void *view, int family,
					    const struct bl_addr *addr)
{
	return fake_maps_get(view, family == 4 ? BL_MAP_class4 : BL_MAP_class6, addr);
}

static const struct bl_class *bl_view_block(const void *view, int family,
					    const struct bl_addr *addr)
{
	enum bl_map map = family == 4 ? BL_MAP_block4 : BL_MAP_block6;
	const struct fake_maps *f = view;
	struct bl_ip ip = {.family = (uint8_t)family};
	const char *keys = f->maps[map].keys.data, *best = NULL;
	uint32_t best_len = 0;

	memcpy(ip.b, addr, family == 4 ? 4 : 16);
	for (uint32_t i = 0; i < f->maps[map].n; i++) {
		const char *key = keys + i * bl_map_table[map].key_size;
		struct bl_cidr cidr = {.ip.family = ip.family};
		uint32_t len;

		memcpy(&len, key, sizeof(len));
		cidr.len = (uint8_t)len;
		memcpy(cidr.ip.b, key + sizeof(len), family == 4 ? 4 : 16);
		if (bl_cidr_contains(&cidr, &ip) && (!best || len > best_len)) {
			best = key;
			best_len = len;
		}
	}
	return best ? fake_maps_get(f, map, best) : NULL;
}

static const struct bl_cell *bl_view_cell(const void *view, const struct bl_cell_key *key)
{
	return fake_maps_get(view, BL_MAP_cell, key);
}

static const struct bl_cell_range *bl_view_range(const void *view, uint32_t index)
{
	return fake_maps_get(view, BL_MAP_cell_range, &index);
}

#include "../../../bpf/lib/verdict.h"

/* --- observation --------------------------------------------------------------------------------------------------------- */

static uint32_t epoch_of(const struct stage *s)
{
	uint32_t key = 0;

	return *(const uint32_t *)fake_maps_get(&s->maps, BL_MAP_policy_epoch, &key);
}

static bool ask(const struct stage *s, const struct probe *p, uint32_t epoch)
{
	struct bl_policy_ask a = {.port = p->port, .proto = p->proto, .has_port = p->port != 0};
	uint32_t place = bl_policy_tables_place(s->tables, &p->pod), set;
	const struct bl_isolation *i = fake_maps_get(&s->maps, BL_MAP_isolation, &place);
	struct bl_addr addr;

	memcpy(&addr, p->peer.b, sizeof(addr));
	set = place ? i->set[epoch][p->ingress ? BL_INGRESS : BL_EGRESS] : BL_SET_OPEN;
	return bl_policy_verdict(&s->maps, set,
				 bl_policy_class(&s->maps, p->peer.family, &addr, epoch),
				 &a) == BL_VERDICT_ALLOW;
}

static struct verdicts ask_all(const struct stage *s, uint32_t epoch)
{
	struct verdicts v;

	for (size_t i = 0; i < PROBES; i++)
		v.allowed[i] = ask(s, &s->probes[i], epoch);
	return v;
}

static bool same(const struct verdicts *a, const struct verdicts *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Behind every call that may have written. */
static void observe(struct stage *s)
{
	uint32_t epoch = epoch_of(s);
	struct verdicts now;

	if (!s->opened)
		return;
	now = ask_all(s, epoch);
	if (epoch != s->epoch) {
		s->before = s->seen;
		s->flipped_ms = s->maps.now_ms;
		s->epoch = epoch;
	}
	while (s->seen < s->n_versions && !same(&now, &s->versions[s->seen]))
		s->seen++;
	if (s->seen == s->n_versions)
		fail_msg("a packet finds no version that there is or was behind the last one");
	if (!s->flipped_ms || s->maps.now_ms >= s->flipped_ms + BL_POLICY_GRACE_MS)
		return;
	now = ask_all(s, !epoch);
	if (!same(&now, &s->versions[s->before]))
		fail_msg("a packet that has read the epoch before finds another version");
}

/* 0: go on; else the call fails, perhaps having been done. */
static int maybe_fail(struct stage *s, bool *ret_do)
{
	*ret_do = true;
	if (!s->opened || policy_random_below(&s->random, 100) >= s->fail_percent)
		return 0;
	*ret_do = policy_random_below(&s->random, 2);
	return -EIO;
}

static int update(void *arg, enum bl_map map, const void *key, const void *value)
{
	struct stage *s = arg;
	bool doit;
	int rc = maybe_fail(s, &doit), done = 0;

	if (doit)
		done = s->fake.update(s->fake.arg, map, key, value);
	observe(s);
	return rc ? rc : done;
}

static int update_batch(void *arg, enum bl_map map, const void *keys, const void *values,
			uint32_t n, uint32_t *ret_done)
{
	(void)arg, (void)map, (void)keys, (void)values, (void)n, (void)ret_done;
	return -EOPNOTSUPP;
}

static int erase(void *arg, enum bl_map map, const void *key)
{
	struct stage *s = arg;
	bool doit;
	int rc = maybe_fail(s, &doit), done = 0;

	if (doit)
		done = s->fake.erase(s->fake.arg, map, key);
	observe(s);
	return rc ? rc : done;
}

static int each(void *arg, enum bl_map map, bl_map_entry_fn fn, void *fn_arg)
{
	struct stage *s = arg;

	return s->fake.each(s->fake.arg, map, fn, fn_arg);
}

static uint32_t size(void *arg, enum bl_map map)
{
	struct stage *s = arg;

	return s->fake.size(s->fake.arg, map);
}

static uint64_t now_ms(void *arg)
{
	const struct stage *s = arg;

	return s->maps.now_ms;
}

/* --- the stage ----------------------------------------------------------------------------------------------------------- */

static void make_probes(struct stage *s)
{
	static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};
	static const char *const outside[2][4] = {
		{"10.1.0.77", "10.1.0.14", "10.9.0.1", "192.0.2.1"},
		{"fd00::77", "fd00::e", "fd01::1", "2001:db8::1"}};

	for (size_t i = 0; i < PROBES; i++) {
		bool v4 = policy_random_below(&s->random, 2);
		struct probe *p = &s->probes[i];
		struct bl_ip base = {};

		assert_int_equal(bl_ip_parse(v4 ? "10.1.0.0" : "fd00::", &base), 0);
		p->pod = p->peer = base;
		p->pod.b[v4 ? 3 : 15] = (uint8_t)(1 + policy_random_below(&s->random, 9));
		p->peer.b[v4 ? 3 : 15] = (uint8_t)(1 + policy_random_below(&s->random, 9));
		if (policy_random_below(&s->random, 2))
			assert_int_equal(bl_ip_parse(outside[!v4][i % 4], &p->peer), 0);
		p->ingress = policy_random_below(&s->random, 2);
		p->proto = protos[policy_random_below(&s->random, 3)];
		p->port = (uint16_t)(79 + policy_random_below(&s->random, 5));
	}
}

static void on_answer(void *arg, const struct bl_desired_policy *d)
{
	struct stage *s = arg;

	*s->answer = *d;
	s->answer->cells = bl_arena_array(s->arena, d->n_cells, struct bl_desired_cell);
	s->answer->classes = bl_arena_array(s->arena, d->n_classes, struct bl_desired_class);
	s->answer->blocks = bl_arena_array(s->arena, d->n_blocks, struct bl_desired_block);
	s->answer->pods = bl_arena_array(s->arena, d->n_pods, struct bl_desired_isolation);
	for (size_t i = 0; i < d->n_cells; i++) {
		struct bl_desired_cell *c = &s->answer->cells[i];
		struct bl_cell_range *r =
			bl_arena_array(s->arena, d->cells[i].n_ranges, struct bl_cell_range);

		*c = d->cells[i];
		for (size_t k = 0; k < c->n_ranges; k++)
			r[k] = c->ranges[k];
		c->ranges = r;
	}
	for (size_t i = 0; i < d->n_classes; i++)
		s->answer->classes[i] = d->classes[i];
	for (size_t i = 0; i < d->n_blocks; i++)
		s->answer->blocks[i] = d->blocks[i];
	for (size_t i = 0; i < d->n_pods; i++)
		s->answer->pods[i] = d->pods[i];
}

static struct stage *stage_new(uint64_t seed)
{
	static const enum bl_map large[] = {BL_MAP_class4, BL_MAP_class6, BL_MAP_cell};
	struct stage *s = bl_new0(struct stage);
	struct bl_err err = {};

	s->random.state = seed * 0x9e3779b97f4a7c15 | 1;
	fake_maps_init(&s->maps);
	for (size_t i = 0; i < BL_ARRAY_SIZE(large); i++)
		s->maps.maps[large[i]].size = 4096;
	fake_maps_io(&s->maps, &s->io);
	s->fake = s->io.ops;
	s->io.ops = (struct bl_map_ops){update, update_batch, erase, each, size, now_ms, s};
	s->world = policy_world_new(1);
	s->arena = bl_arena_new(4096);
	s->answer = bl_arena_new0(s->arena, struct bl_desired_policy);
	policy_world_watch(s->world, on_answer, s);
	s->pods = json_object();
	s->others = json_object();
	make_probes(s);
	assert_int_equal(bl_policy_tables_new(&s->io, &s->tables, &err), 0);
	s->n_versions = 1;
	s->versions[0] = ask_all(s, 0);
	s->opened = true;
	return s;
}

static void stage_free(struct stage *s)
{
	s->opened = false;
	bl_policy_tables_free(s->tables);
	policy_world_free(s->world);
	fake_maps_free(&s->maps);
	json_decref(s->pods);
	json_decref(s->others);
	bl_arena_free(s->arena);
	free(s);
}

static void tell_local(struct stage *s)
{
	struct bl_policy_local list[16] = {};
	const char *key;
	json_t *pod;
	size_t n = 0;

	json_object_foreach (s->pods, key, pod) {
		const json_t *ips = bl_json_at(pod, "status", "podIPs", NULL);

		if (!bl_streq(bl_json_str_at(pod, "spec", "nodeName", NULL), "here") ||
		    json_is_true(bl_json_at(pod, "spec", "hostNetwork", NULL)))
			continue;
		list[n].namespace = bl_json_str_at(pod, "metadata", "namespace", NULL);
		list[n].name = bl_json_str_at(pod, "metadata", "name", NULL);
		for (size_t i = 0; i < 2; i++)
			(void)bl_ip_parse(bl_json_str_at(json_array_get(ips, i), "ip", NULL),
					  &list[n].ips[i]);
		list[n++].n_ips = 2;
	}
	policy_world_set_local(s->world, list, n);
}

/* The API's objects again, to a new agent. */
static void tell_all(struct stage *s)
{
	const char *key;
	json_t *obj;

	json_object_foreach (s->others, key, obj)
		policy_world_put(s->world,
				 bl_str_starts(key, "Namespace") ? BL_API_NAMESPACE
								 : BL_API_NETWORKPOLICY,
				 obj);
	json_object_foreach (s->pods, key, obj)
		policy_world_put(s->world, BL_API_POD, obj);
	tell_local(s);
}

static void event(struct stage *s)
{
	BL_JSON json_t *e = policy_random_event(&s->random);
	const char *kind_name = bl_json_str_at(e, "kind", NULL);
	enum bl_api_kind kind = bl_streq(kind_name, "Pod")	   ? BL_API_POD
				: bl_streq(kind_name, "Namespace") ? BL_API_NAMESPACE
								   : BL_API_NETWORKPOLICY;
	json_t *put = json_object_get(e, "put"), *all = kind == BL_API_POD ? s->pods : s->others;
	const json_t *at = put ? json_object_get(put, "metadata") : json_object_get(e, "remove");
	const char *namespace = bl_json_str_at(at, "namespace", NULL);
	const char *name = bl_json_str_at(at, "name", NULL);
	BL_FREE char *key = bl_asprintf("%s %s/%s", kind_name, namespace ? namespace : "", name);

	if (put) {
		policy_world_put(s->world, kind, put);
		json_object_set(all, key, put);
	} else if (json_object_get(all, key)) {
		policy_world_remove(s->world, kind, namespace ? namespace : "", name);
		json_object_del(all, key);
	}
	tell_local(s);
}

/* Some events, compiled: a new version. */
static void new_version(struct stage *s, bool whole)
{
	struct verdicts *v = &s->versions[s->n_versions];

	for (uint32_t n = 1 + policy_random_below(&s->random, 4); n > 0; n--)
		event(s);
	policy_world_compile(s->world);
	s->answer->whole = whole;
	for (size_t i = 0; i < PROBES; i++) {
		const struct probe *p = &s->probes[i];

		v->allowed[i] = policy_world_allows(s->world, p->ingress, &p->pod, &p->peer,
						    p->proto, p->port);
	}
	s->n_versions++;
}

/* Goes on until all that is wanted is in force. */
static void finish(struct stage *s, int rc)
{
	struct bl_err err = {};

	for (int turns = 0; rc; turns++) {
		int wait = bl_policy_tables_next(s->tables);

		assert_true(turns < 10000);
		assert_true(wait >= 0);
		s->maps.now_ms += (uint64_t)wait;
		rc = bl_policy_tables_go(s->tables, &err);
	}
	observe(s);
	assert_true(same(&s->versions[s->seen], &s->versions[s->n_versions - 1]));
}

static void run(uint64_t seed, uint32_t fail_percent)
{
	struct stage *s = stage_new(seed);
	struct bl_err err = {};
	int rc;

	s->fail_percent = fail_percent;
	for (int i = 0; i < 20; i++) {
		new_version(s, i == 0);
		rc = bl_policy_tables_set(s->tables, s->answer, &err);
		if (policy_random_below(&s->random, 3))
			finish(s, rc);
	}
	finish(s, bl_policy_tables_go(s->tables, &err));
	stage_free(s);
}

#endif
