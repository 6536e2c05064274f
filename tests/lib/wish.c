// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Wishes for Services as text, and what the maps hold printed the same way.
 *
 * Reading the maps here shares nothing with the code under test but the layouts: it walks as a packet would.
 */

#include "wish.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/datapath/grave.h"
#include "base/mem.h"

int wish_setup(void **state)
{
	struct world *w = bl_new0(struct world);

	fake_maps_init(&w->maps);
	fake_maps_io(&w->maps, &w->io);
	w->s = bl_services_new(&w->io);
	w->arena = bl_arena_new(4096);
	*state = w;
	return 0;
}

int wish_teardown(void **state)
{
	struct world *w = *state;

	bl_services_free(w->s);
	bl_arena_free(w->arena);
	fake_maps_free(&w->maps);
	free(w);
	return 0;
}

/* An agent killed and started again over the same maps. */
void wish_restart(struct world *w)
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

/* What stands between frontend and targets. */
static uint8_t parse_kind(char kind)
{
	switch (kind) {
	case '!':
		return BL_SERVICE_LOCAL;
	case '#':
		return BL_SERVICE_MAGLEV;
	case '$':
		return BL_SERVICE_MAGLEV | BL_SERVICE_DSR;
	default:
		return 0;
	}
}

static void parse_set(struct world *w, char *text, struct bl_desired_set *ret)
{
	char *targets = strchr(text, '>'), *save = NULL;
	uint8_t flags = parse_kind(targets[-1]);
	bool affinity = targets[-1] == '%';
	char *name;

	targets[-(flags || affinity)] = '\0';
	targets++;
	name = strchr(text, '=');
	if (name)
		*name++ = '\0';
	*ret = (struct bl_desired_set){.port_name = name ? name : "",
				       .proto = IPPROTO_TCP,
				       .flags = flags,
				       .table = 7,
				       .affinity_s = affinity ? 60 : 0};
	ret->frontends = bl_arena_array(w->arena, 1, struct bl_frontend);
	ret->n_frontends = 1;
	parse_addr(text, &ret->frontends[0].ip, &ret->frontends[0].port);
	ret->frontends[0].proto = IPPROTO_TCP;
	ret->family = ret->frontends[0].ip.family;
	ret->targets = bl_arena_array(w->arena, 300, struct bl_target);
	for (char *t = strtok_r(targets, ",", &save); t; t = strtok_r(NULL, ",", &save)) {
		struct bl_target *to = &ret->targets[ret->n_targets++];

		to->draining = *t == '~';
		to->local = *t == '+';
		parse_addr(t + (to->draining || to->local), &to->ip, &to->port);
	}
}

struct bl_desired_service *wish_make(struct world *w, const char *name, const char *uid,
				     const char *wish)
{
	struct bl_desired_service *want = bl_arena_new0(w->arena, struct bl_desired_service);
	char *text = bl_arena_strdup(w->arena, wish), *save = NULL;

	*want = (struct bl_desired_service){.namespace = "shop", .name = name, .uid = uid};
	want->sets = bl_arena_array(w->arena, 8, struct bl_desired_set);
	for (char *t = strtok_r(text, " ", &save); t; t = strtok_r(NULL, " ", &save))
		parse_set(w, t, &want->sets[want->n_sets++]);
	return want;
}

int wish_set_uid(struct world *w, const char *name, const char *uid, const char *wish)
{
	return bl_services_set(w->s, wish_make(w, name, uid, wish), &w->err);
}

int wish_set(struct world *w, const char *name, const char *wish)
{
	return wish_set_uid(w, name, "u1", wish);
}

/* Where a frontend leads by the maps alone: "name>backend,backend", "" without entry. */
const char *wish_follow(struct world *w, const char *front)
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

const struct bl_backend *wish_backend_of(struct world *w, const char *addr)
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

void wish_collect(struct world *w)
{
	w->maps.now_ms += BL_GRACE_MS;
	(void)bl_services_collect(w->s);
}
