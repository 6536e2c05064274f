// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The service maps' bookkeeping on maps in memory.
 *
 * Wishes are written as text: "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080" is a set of one frontend and two backends, "~" before a
 * backend lets it drain, several sets are separated by blanks. What the maps hold is printed the same way, so that a test compares two
 * strings. A name may follow a set's frontend: "10.0.0.1:80=web>...".
 */

#include "agent/datapath/services.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/fake_maps.h"
#include "agent/datapath/grave.h"
#include "base/arena.h"
#include "base/mem.h"

struct world {
	struct fake_maps maps;
	struct bl_map_io io;
	struct bl_services *s;
	struct bl_arena *arena;
	struct bl_err err;
};

static int setup(void **state)
{
	struct world *w = bl_new0(struct world);

	fake_maps_init(&w->maps);
	fake_maps_io(&w->maps, &w->io);
	w->s = bl_services_new(&w->io);
	w->arena = bl_arena_new(4096);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	bl_services_free(w->s);
	bl_arena_free(w->arena);
	fake_maps_free(&w->maps);
	free(w);
	return 0;
}

/* An agent killed and started again over the same maps. */
static void restart(struct world *w)
{
	bl_services_free(w->s);
	w->s = bl_services_new(&w->io);
	assert_int_equal(bl_services_load(w->s, &w->err), 0);
	w->maps.calls = 0;
}

static void parse_addr(char *text, struct bl_ip *ret_ip, uint16_t *ret_port)
{
	char *colon = strrchr(text, ':');

	*colon = '\0';
	assert_int_equal(bl_ip_parse(text, ret_ip), 0);
	*ret_port = (uint16_t)atoi(colon + 1);
}

static void parse_set(struct world *w, char *text, struct bl_desired_set *ret)
{
	char *targets = strchr(text, '>'), *save = NULL;
	char *name;

	*targets++ = '\0';
	name = strchr(text, '=');
	if (name)
		*name++ = '\0';
	*ret = (struct bl_desired_set){.port_name = name ? name : "", .proto = IPPROTO_TCP};
	ret->frontends = bl_arena_array(w->arena, 1, struct bl_frontend);
	ret->n_frontends = 1;
	parse_addr(text, &ret->frontends[0].ip, &ret->frontends[0].port);
	ret->frontends[0].proto = IPPROTO_TCP;
	ret->family = ret->frontends[0].ip.family;
	ret->targets = bl_arena_array(w->arena, 300, struct bl_target);
	for (char *t = strtok_r(targets, ",", &save); t; t = strtok_r(NULL, ",", &save)) {
		struct bl_target *to = &ret->targets[ret->n_targets++];

		to->draining = *t == '~';
		parse_addr(t + to->draining, &to->ip, &to->port);
	}
}

static int set_uid(struct world *w, const char *name, const char *uid, const char *wish)
{
	struct bl_desired_service want = {.namespace = "shop", .name = name, .uid = uid};
	char *text = bl_arena_strdup(w->arena, wish), *save = NULL;

	want.sets = bl_arena_array(w->arena, 8, struct bl_desired_set);
	for (char *t = strtok_r(text, " ", &save); t; t = strtok_r(NULL, " ", &save))
		parse_set(w, t, &want.sets[want.n_sets++]);
	return bl_services_set(w->s, &want, &w->err);
}

static int set(struct world *w, const char *name, const char *wish)
{
	return set_uid(w, name, "u1", wish);
}

/* Where a frontend leads by the maps alone: "name>backend,backend", "" without entry. */
static const char *follow(struct world *w, const char *front)
{
	struct bl_buf out = {};
	struct bl_frontend f;
	struct bl_service4_key key = {.proto = IPPROTO_TCP};
	const struct bl_service *s;
	const struct bl_service_meta *m;

	parse_addr(bl_arena_strdup(w->arena, front), &f.ip, &f.port);
	memcpy(&key.addr, f.ip.b, 4);
	key.port = htons(f.port);
	s = fake_maps_get(&w->maps, BL_MAP_service4, &key);
	if (!s)
		return "";
	m = fake_maps_get(&w->maps, BL_MAP_service_meta, &s->id);
	bl_buf_printf(&out, "%s>", m ? m->name : "?");
	for (uint32_t i = 0; i < s->slot_count; i++) {
		uint32_t index = s->first_slot + i;
		const bl_slot *slot = fake_maps_get(&w->maps, BL_MAP_slot, &index);
		const struct bl_backend *b = fake_maps_get(&w->maps, BL_MAP_backend, slot);
		char buf[INET_ADDRSTRLEN];

		inet_ntop(AF_INET, &b->addr, buf, sizeof(buf));
		bl_buf_printf(&out, "%s%s:%u", i ? "," : "", buf, ntohs(b->port));
	}
	front = bl_arena_strdup(w->arena, out.data);
	bl_buf_free(&out);
	return front;
}

static const struct bl_backend *backend_of(struct world *w, const char *addr)
{
	struct bl_ip ip;
	uint16_t port;

	parse_addr(bl_arena_strdup(w->arena, addr), &ip, &port);
	for (uint32_t id = 1; id < 64; id++) {
		const struct bl_backend *b = fake_maps_get(&w->maps, BL_MAP_backend, &id);

		if (b->flags && memcmp(&b->addr, ip.b, 4) == 0 && b->port == htons(port))
			return b;
	}
	return NULL;
}

static void collect(struct world *w)
{
	w->maps.now_ms += BL_GRACE_MS;
	(void)bl_services_collect(w->s);
}

static void a_service_leads_to_its_backends(void **state)
{
	struct world *w = *state;

	assert_int_equal(set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080"), 0);
	assert_string_equal(follow(w, "10.0.0.1:80"), "cart>10.1.0.1:8080,10.1.0.2:8080");
	assert_int_equal(w->maps.calls, 4); /* backends, slots, name, frontend */
	assert_int_equal(w->maps.astray, 0);
}

static void an_equal_wish_writes_nothing(void **state)
{
	struct world *w = *state;

	set(w, "cart", "10.0.0.1:80=a>10.1.0.1:8080,~10.1.0.2:8080 10.0.0.1:81=b>");
	w->maps.calls = 0;
	assert_int_equal(
		set(w, "cart", "10.0.0.1:80=a>10.1.0.1:8080,~10.1.0.2:8080 10.0.0.1:81=b>"), 0);
	assert_int_equal(w->maps.calls, 0);
}

static void a_restart_writes_nothing(void **state)
{
	struct world *w = *state;

	set(w, "cart", "10.0.0.1:80=a>10.1.0.1:8080,10.1.0.2:8080 10.0.0.1:81=b>");
	set(w, "dual", "10.0.0.2:80>10.1.0.1:8080 fd00::1:80>fd01::1:8080");
	restart(w);
	assert_int_equal(set(w, "cart", "10.0.0.1:80=a>10.1.0.1:8080,10.1.0.2:8080 10.0.0.1:81=b>"),
			 0);
	assert_int_equal(set(w, "dual", "10.0.0.2:80>10.1.0.1:8080 fd00::1:80>fd01::1:8080"), 0);
	assert_int_equal(bl_services_sweep(w->s, &w->err), 0);
	assert_int_equal(w->maps.calls, 0);
}

static void a_backend_change_is_one_write_of_the_frontend(void **state)
{
	struct world *w = *state;

	set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080");
	w->maps.calls = 0;
	assert_int_equal(set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.3:8080"), 0);
	assert_string_equal(follow(w, "10.0.0.1:80"), "cart>10.1.0.1:8080,10.1.0.3:8080");
	assert_int_equal(w->maps.calls, 4); /* new backend, slots, frontend, retired backend */
	assert_int_equal(w->maps.astray, 0);
}

static void a_service_without_backend_has_an_entry_without_slots(void **state)
{
	struct world *w = *state;

	assert_int_equal(set(w, "cart", "10.0.0.1:80>"), 0);
	assert_string_equal(follow(w, "10.0.0.1:80"), "cart>");
}

static void a_removed_service_leaves_nothing_but_generations(void **state)
{
	struct world *w = *state;
	struct bl_services_count n;

	set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080");
	assert_int_equal(set(w, "cart", ""), 0);
	collect(w);
	bl_services_count(w->s, &n);
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_service4), 0);
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_service_meta), 0);
	assert_null(backend_of(w, "10.1.0.1:8080"));
	assert_int_equal(n.services + n.frontends + n.backends + n.slots, 0);
	assert_int_equal(w->maps.astray, 0);
}

static void a_backend_that_left_is_stale_at_once_and_gone_after_the_grace_period(void **state)
{
	struct world *w = *state;
	uint32_t generation;

	set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080");
	generation = backend_of(w, "10.1.0.2:8080")->generation;
	set(w, "cart", "10.0.0.1:80>10.1.0.1:8080");
	assert_int_equal(backend_of(w, "10.1.0.2:8080")->flags, BL_BACKEND_LIVE);
	assert_int_not_equal(backend_of(w, "10.1.0.2:8080")->generation, generation);
	assert_int_equal(bl_services_collect(w->s), BL_GRACE_MS);
	assert_non_null(backend_of(w, "10.1.0.2:8080"));
	collect(w);
	assert_null(backend_of(w, "10.1.0.2:8080"));
	assert_int_equal(bl_services_collect(w->s), -1);
}

static void a_draining_backend_keeps_its_generation_and_gets_nothing_new(void **state)
{
	struct world *w = *state;
	uint32_t generation;

	set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080");
	generation = backend_of(w, "10.1.0.2:8080")->generation;
	assert_int_equal(set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,~10.1.0.2:8080"), 0);
	collect(w);
	assert_string_equal(follow(w, "10.0.0.1:80"), "cart>10.1.0.1:8080");
	assert_int_equal(backend_of(w, "10.1.0.2:8080")->generation, generation);
}

static void a_backend_that_comes_back_in_time_is_the_same_entry(void **state)
{
	struct world *w = *state;

	set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080");
	set(w, "cart", "10.0.0.1:80>10.1.0.1:8080");
	assert_int_equal(set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080"), 0);
	collect(w);
	assert_string_equal(follow(w, "10.0.0.1:80"), "cart>10.1.0.1:8080,10.1.0.2:8080");
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_backend), 2);
	assert_int_equal(w->maps.astray, 0);
}

static void an_id_never_has_a_generation_twice(void **state)
{
	struct world *w = *state;
	uint32_t last = 0;

	for (int i = 0; i < 5; i++) {
		uint32_t generation;

		set(w, "cart", i % 2 ? "10.0.0.1:80>10.1.0.1:1" : "10.0.0.1:80>10.1.0.2:1");
		generation = backend_of(w, i % 2 ? "10.1.0.1:1" : "10.1.0.2:1")->generation;
		set(w, "cart", "10.0.0.1:80>");
		collect(w);
		restart(w);
		assert_true(generation > last);
		last = generation;
	}
}

static void a_backend_of_two_services_stays_while_one_wants_it(void **state)
{
	struct world *w = *state;

	set(w, "one", "10.0.0.1:80>10.1.0.1:8080");
	set(w, "two", "10.0.0.2:80>10.1.0.1:8080");
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_backend), 1);
	set(w, "one", "");
	collect(w);
	assert_string_equal(follow(w, "10.0.0.2:80"), "two>10.1.0.1:8080");
	assert_int_equal(w->maps.astray, 0);
}

static void a_frontend_of_another_service_is_refused_by_name(void **state)
{
	struct world *w = *state;

	set(w, "one", "10.0.0.1:80>10.1.0.1:8080");
	w->maps.calls = 0;
	assert_int_equal(set(w, "two", "10.0.0.1:80>10.1.0.2:8080"), -EEXIST);
	assert_string_equal(w->err.text,
			    "frontend 10.0.0.1 port 80 TCP belongs to service 'shop/one'");
	assert_int_equal(w->maps.calls, 0);
	assert_string_equal(follow(w, "10.0.0.1:80"), "one>10.1.0.1:8080");
}

static void a_frontend_moves_between_sets_of_a_service_in_one_write(void **state)
{
	struct world *w = *state;

	set(w, "cart", "10.0.0.1:80=a>10.1.0.1:8080");
	assert_int_equal(set(w, "cart", "10.0.0.1:80=b>10.1.0.1:8080"), 0);
	assert_string_equal(follow(w, "10.0.0.1:80"), "cart>10.1.0.1:8080");
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_service_meta), 1);
	collect(w);
	assert_int_equal(w->maps.astray, 0);
}

static void both_families_of_a_port_share_the_id(void **state)
{
	struct world *w = *state;

	set(w, "dual", "10.0.0.2:80>10.1.0.1:8080 fd00::1:80>fd01::1:8080");
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_service_meta), 1);
}

static void a_new_uid_renames(void **state)
{
	struct world *w = *state;
	const struct bl_service_meta *m;
	uint32_t id = 1;

	set_uid(w, "cart", "u1", "10.0.0.1:80>10.1.0.1:8080");
	w->maps.calls = 0;
	assert_int_equal(set_uid(w, "cart", "u2", "10.0.0.1:80>10.1.0.1:8080"), 0);
	m = fake_maps_get(&w->maps, BL_MAP_service_meta, &id);
	assert_string_equal(m->uid, "u2");
	assert_int_equal(w->maps.calls, 1);
}

static void names_that_do_not_fit_are_refused(void **state)
{
	struct world *w = *state;

	assert_int_equal(
		set_uid(w, "cart", "0123456789012345678901234567890123456789", "10.0.0.1:80>"),
		-EINVAL);
	assert_int_equal(w->maps.calls, 0);
}

/* "10.0.0.1:PORT>10.1.0.1:1,...": n backends of their own. */
static char *large(struct world *w, int port, int n)
{
	struct bl_buf b = {};
	char *text;

	bl_buf_printf(&b, "10.0.0.1:%d>", port);
	for (int i = 1; i <= n; i++)
		bl_buf_printf(&b, "10.1.%d.%d:1,", port, i);
	text = bl_arena_strdup(w->arena, b.data);
	bl_buf_free(&b);
	return text;
}

static void a_full_map_is_named_and_nothing_changes(void **state)
{
	struct world *w = *state;
	struct bl_services_count before, after;
	const char *had;

	set(w, "one", large(w, 1, 40));
	had = follow(w, "10.0.0.1:1");
	bl_services_count(w->s, &before);
	assert_int_equal(set(w, "two", large(w, 2, 40)), -ENOSPC);
	assert_string_equal(w->err.text, "map 'backend' is full: 64 entries");
	bl_services_count(w->s, &after);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_string_equal(follow(w, "10.0.0.1:1"), had);
	assert_string_equal(follow(w, "10.0.0.1:2"), "");
	assert_int_equal(set(w, "three", large(w, 3, 20)), 0);
}

static void sweep_removes_what_nobody_claims(void **state)
{
	struct world *w = *state;

	set(w, "one", "10.0.0.1:80>10.1.0.1:8080");
	set(w, "two", "10.0.0.2:80>10.1.0.2:8080");
	restart(w);
	assert_int_equal(set(w, "two", "10.0.0.2:80>10.1.0.2:8080"), 0);
	assert_string_equal(follow(w, "10.0.0.1:80"), "one>10.1.0.1:8080");
	assert_int_equal(bl_services_sweep(w->s, &w->err), 0);
	assert_string_equal(follow(w, "10.0.0.1:80"), "");
	collect(w);
	assert_null(backend_of(w, "10.1.0.1:8080"));
	assert_string_equal(follow(w, "10.0.0.2:80"), "two>10.1.0.2:8080");
}

static void an_unclaimed_owner_gives_way(void **state)
{
	struct world *w = *state;

	set(w, "old", "10.0.0.1:80>10.1.0.1:8080");
	restart(w);
	assert_int_equal(set(w, "new", "10.0.0.1:80>10.1.0.2:8080"), 0);
	assert_string_equal(follow(w, "10.0.0.1:80"), "new>10.1.0.2:8080");
	assert_int_equal(bl_services_sweep(w->s, &w->err), 0);
	collect(w);
	assert_string_equal(follow(w, "10.0.0.1:80"), "new>10.1.0.2:8080");
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_service_meta), 1);
}

static void garbage_is_repaired_by_claims_and_swept_otherwise(void **state)
{
	struct bl_service bad[] = {
		{.id = 60, .first_slot = 250, .slot_count = 100}, /* behind the end */
		{.id = 1, .first_slot = 0, .slot_count = 7},	  /* another range than its set's */
		{.id = 0},
	};
	struct world *w = *state;

	set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080");
	for (uint32_t i = 0; i < BL_ARRAY_SIZE(bad); i++) {
		struct bl_service4_key key = {.port = htons((uint16_t)(i + 1)),
					      .proto = IPPROTO_TCP};

		fake_maps_put(&w->maps, BL_MAP_service4, &key, &bad[i]);
	}
	restart(w);
	assert_int_equal(set(w, "cart", "10.0.0.1:80>10.1.0.1:8080,10.1.0.2:8080"), 0);
	assert_int_equal(set(w, "other", "0.0.0.0:1>10.1.0.1:8080"), 0);
	assert_int_equal(bl_services_sweep(w->s, &w->err), 0);
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_service4), 2);
	assert_string_equal(follow(w, "0.0.0.0:1"), "other>10.1.0.1:8080");
	assert_string_equal(follow(w, "10.0.0.1:80"), "cart>10.1.0.1:8080,10.1.0.2:8080");
}

/* Every call of a change fails once, with one or with many calls in a row. */
static void a_failed_call_leaves_the_old_state_whole(void **state)
{
	static const char *const before =
		"10.0.0.1:80=a>10.1.0.1:1,10.1.0.2:1 10.0.0.1:81=b>10.1.0.9:1";
	static const char *const after =
		"10.0.0.1:80=a>10.1.0.2:1,10.1.0.3:1 10.0.0.2:82=c>10.1.0.4:1";

	for (unsigned int at = 1; at < 12; at++) {
		struct world *w = *state;
		int rc;

		assert_int_equal(set(w, "cart", before), 0);
		collect(w);
		w->maps.calls = 0;
		w->maps.fail_at = at;
		w->maps.fail_for = 1;
		rc = set(w, "cart", after);
		w->maps.fail_at = 0;
		if (rc && !follow(w, "10.0.0.2:82")[0])
			assert_string_equal(follow(w, "10.0.0.1:80"), "cart>10.1.0.1:1,10.1.0.2:1");
		collect(w);
		assert_int_equal(set(w, "cart", after), 0);
		collect(w);
		assert_string_equal(follow(w, "10.0.0.1:80"), "cart>10.1.0.2:1,10.1.0.3:1");
		assert_string_equal(follow(w, "10.0.0.1:81"), "");
		assert_string_equal(follow(w, "10.0.0.2:82"), "cart>10.1.0.4:1");
		assert_int_equal(w->maps.astray, 0);
	}
}

static unsigned int next_random(unsigned int *seed, unsigned int below)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % below;
}

static const char *random_wish(struct world *w, unsigned int *seed, unsigned int svc)
{
	struct bl_buf b = {};
	const char *text;

	for (unsigned int p = 0; p < next_random(seed, 3); p++) {
		bl_buf_printf(&b, "10.0.0.%u:%u=p%u>", svc + 1, p + 1, p);
		for (unsigned int i = 1; i < 8; i++) {
			if (next_random(seed, 3) == 0)
				bl_buf_printf(&b, "%s10.1.0.%u:1,", next_random(seed, 5) ? "" : "~",
					      i);
		}
		bl_buf_putc(&b, ' ');
	}
	text = bl_arena_strdup(w->arena, b.data ? b.data : "");
	bl_buf_free(&b);
	return text;
}

/* Wishes, failures of one or many calls, and restarts, in any order: no packet astray, and in the end what was wished. */
static void any_history_ends_in_what_was_wished_last(void **state)
{
	struct world *w = *state;
	const char *wishes[4] = {"", "", "", ""};
	struct bl_services_count n;
	unsigned int seed = 7;

	for (int i = 0; i < 3000; i++) {
		unsigned int svc = next_random(&seed, 4);
		char name[2] = {(char)('a' + svc), '\0'};

		if (i % 16 == 0)
			bl_services_free(w->s), w->s = NULL;
		if (!w->s) {
			w->s = bl_services_new(&w->io);
			assert_int_equal(bl_services_load(w->s, &w->err), 0);
		}
		wishes[svc] = random_wish(w, &seed, svc);
		w->maps.calls = 0;
		w->maps.fail_at = next_random(&seed, 2) ? next_random(&seed, 12) : 0;
		w->maps.fail_for = next_random(&seed, 4);
		(void)set(w, name, wishes[svc]);
		w->maps.fail_at = 0;
		w->maps.now_ms += next_random(&seed, BL_GRACE_MS);
		(void)bl_services_collect(w->s);
		assert_int_equal(w->maps.astray, 0);
	}
	restart(w);
	for (unsigned int svc = 0; svc < 4; svc++)
		assert_int_equal(set(w, (char[]){(char)('a' + svc), '\0'}, wishes[svc]), 0);
	assert_int_equal(bl_services_sweep(w->s, &w->err), 0);
	collect(w);
	restart(w);
	for (unsigned int svc = 0; svc < 4; svc++)
		assert_int_equal(set(w, (char[]){(char)('a' + svc), '\0'}, ""), 0);
	assert_int_equal(bl_services_sweep(w->s, &w->err), 0);
	collect(w);
	bl_services_count(w->s, &n);
	assert_int_equal(n.services + n.frontends + n.backends + n.slots, 0);
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_service4), 0);
	assert_int_equal(fake_maps_count(&w->maps, BL_MAP_service_meta), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_service_leads_to_its_backends),
		TEST(an_equal_wish_writes_nothing),
		TEST(a_restart_writes_nothing),
		TEST(a_backend_change_is_one_write_of_the_frontend),
		TEST(a_service_without_backend_has_an_entry_without_slots),
		TEST(a_removed_service_leaves_nothing_but_generations),
		TEST(a_backend_that_left_is_stale_at_once_and_gone_after_the_grace_period),
		TEST(a_draining_backend_keeps_its_generation_and_gets_nothing_new),
		TEST(a_backend_that_comes_back_in_time_is_the_same_entry),
		TEST(an_id_never_has_a_generation_twice),
		TEST(a_backend_of_two_services_stays_while_one_wants_it),
		TEST(a_frontend_of_another_service_is_refused_by_name),
		TEST(a_frontend_moves_between_sets_of_a_service_in_one_write),
		TEST(both_families_of_a_port_share_the_id),
		TEST(a_new_uid_renames),
		TEST(names_that_do_not_fit_are_refused),
		TEST(a_full_map_is_named_and_nothing_changes),
		TEST(sweep_removes_what_nobody_claims),
		TEST(an_unclaimed_owner_gives_way),
		TEST(garbage_is_repaired_by_claims_and_swept_otherwise),
		TEST(a_failed_call_leaves_the_old_state_whole),
		TEST(any_history_ends_in_what_was_wished_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
