// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The content of the service maps, in memory.
 *
 * Services own sets, sets own frontends and slots; backends are shared and counted (backends.h). Each frontend remembers the
 * value that the map holds for it, so that comparing with a wish needs no system call, and an entry that something else
 * left behind is told from a right one.
 *
 * A service id stands for one port name of one Service, of both families: its service_meta entry is how an agent without
 * memory, or the command line, learns whose the frontends are. Ids are handed out in a circle, so that one is not soon used
 * again; backends and slots are handed out from the lowest, which keeps them dense.
 *
 * Removing goes the way back: entries first, then names, then slots and backends, which stay untouched for a grace
 * period, since a packet may be on its way through them.
 *
 * Changes are in change.c, writing them in turn.c, reading back in load.c.
 */

#include "agent/datapath/services.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include <xxhash.h>

#include "agent/datapath/table.h"
#include "base/mem.h"
#include "base/str.h"

struct bl_services *bl_services_new(struct bl_map_io *io)
{
	struct bl_services *s = bl_new0(struct bl_services);

	s->io = io;
	bl_backends_init(&s->backends, io);
	bl_ranges_init(&s->slots, bl_map_io_size(io, BL_MAP_slot));
	bl_ranges_init(&s->ids, bl_map_io_size(io, BL_MAP_service_meta));
	(void)bl_ranges_reserve(&s->ids, 0, 1);
	s->slot_writes.map = BL_MAP_slot;
	s->meta_writes.map = BL_MAP_service_meta;
	s->front4_writes.map = BL_MAP_service4;
	s->front6_writes.map = BL_MAP_service6;
	return s;
}

static uint32_t hash_of(const void *key, size_t size)
{
	return (uint32_t)XXH3_64bits(key, size);
}

struct bl_svc *bl_table_next_svc(const struct bl_services *s, const struct bl_svc *svc)
{
	return (struct bl_svc *)bl_chains_next(&s->svcs, svc ? &svc->chain : NULL);
}

static struct bl_svc *find_svc(const struct bl_services *s, const char *key, uint32_t hash)
{
	struct bl_chain *at = bl_chains_find(&s->svcs, hash);

	while (at && !bl_streq(((struct bl_svc *)at)->key, key))
		at = bl_chains_more(at);
	return (struct bl_svc *)at;
}

struct bl_svc *bl_table_find_svc(struct bl_services *s, const char *key)
{
	return find_svc(s, key, hash_of(key, strlen(key)));
}

struct bl_svc *bl_table_svc(struct bl_services *s, const char *key)
{
	size_t len = strlen(key);
	uint32_t hash = hash_of(key, len);
	struct bl_svc *svc = find_svc(s, key, hash);

	if (svc)
		return svc;
	svc = bl_calloc(1, sizeof(*svc) + len + 1);
	memcpy(svc->key, key, len);
	bl_chains_add(&s->svcs, &svc->chain, hash);
	return svc;
}

void bl_table_drop_svc(struct bl_services *s, struct bl_svc *svc)
{
	bl_chains_remove(&s->svcs, &svc->chain);
	free(svc);
}

struct bl_set *bl_table_add_set(struct bl_svc *svc, uint8_t family, uint8_t proto, uint8_t flags,
				const char *port)
{
	size_t len = strlen(port);
	struct bl_set *set = bl_calloc(1, sizeof(*set) + len + 1);

	set->svc = svc;
	set->family = family;
	set->proto = proto;
	set->flags = flags;
	memcpy(set->port, port, len);
	LL_PREPEND(svc->sets, set);
	return set;
}

struct bl_set *bl_table_find_set(const struct bl_svc *svc, uint8_t family, uint8_t proto,
				 uint8_t flags, const char *port)
{
	struct bl_set *set;

	LL_FOREACH (svc->sets, set) {
		if (set->family == family && set->proto == proto && set->flags == flags &&
		    bl_streq(set->port, port))
			return set;
	}
	return NULL;
}

bool bl_table_uses_id(const struct bl_svc *svc, uint32_t id)
{
	const struct bl_set *set;

	LL_FOREACH (svc->sets, set) {
		if (set->id == id)
			return true;
	}
	return false;
}

void bl_table_release(struct bl_services *s, uint32_t first, uint32_t n_slots, uint32_t *ids,
		      uint32_t n_ids)
{
	if (n_slots)
		bl_grave_push(&s->grave, first, n_slots, bl_map_io_now_ms(s->io));
	for (uint32_t i = 0; i < n_ids; i++)
		bl_backends_put(&s->backends, ids[i]);
	free(ids);
}

static void free_set(struct bl_set *set)
{
	LL_DELETE(set->svc->sets, set);
	free(set);
}

void bl_table_drop_set(struct bl_services *s, struct bl_set *set)
{
	if (set->flags & BL_SERVICE_DSR)
		bl_tunnels_forget(s, set->id, set->ids, set->n_ids, NULL, 0);
	bl_table_release(s, set->first, set->n_slots, set->ids, set->n_ids);
	free_set(set);
}

struct bl_front *bl_table_find_front(struct bl_services *s, const struct bl_front_key *key)
{
	struct bl_chain *at = bl_chains_find(&s->fronts, hash_of(key, sizeof(*key)));

	while (at && memcmp(&((struct bl_front *)at)->key, key, sizeof(*key)) != 0)
		at = bl_chains_more(at);
	return (struct bl_front *)at;
}

struct bl_front *bl_table_add_front(struct bl_services *s, struct bl_set *set,
				    const struct bl_front_key *key)
{
	struct bl_front *f = bl_new0(struct bl_front);

	f->key = *key;
	f->set = set;
	DL_APPEND(set->fronts, f);
	bl_chains_add(&s->fronts, &f->chain, hash_of(key, sizeof(*key)));
	return f;
}

void bl_table_move_front(struct bl_front *f, struct bl_set *set)
{
	DL_DELETE(f->set->fronts, f);
	f->set = set;
	DL_APPEND(set->fronts, f);
}

void bl_table_drop_front(struct bl_services *s, struct bl_front *f)
{
	DL_DELETE(f->set->fronts, f);
	bl_chains_remove(&s->fronts, &f->chain);
	free(f);
}

static const void *map_key(const struct bl_front_key *k, struct bl_service4_key *k4,
			   struct bl_service6_key *k6)
{
	*k4 = (struct bl_service4_key){
		.port = htons(k->port), .proto = k->proto, .scope = k->scope};
	*k6 = (struct bl_service6_key){
		.port = htons(k->port), .proto = k->proto, .scope = k->scope};
	memcpy(&k4->addr, k->addr, sizeof(k4->addr));
	memcpy(&k6->addr, k->addr, sizeof(k6->addr));
	return k->family == 4 ? (const void *)k4 : k6;
}

const char *bl_front_format(const struct bl_front_key *key, char buf[BL_FRONT_STRLEN])
{
	struct bl_ip ip = {.family = key->family};
	char text[BL_IP_STRLEN];

	memcpy(ip.b, key->addr, sizeof(key->addr));
	(void)snprintf(buf, BL_FRONT_STRLEN, "%s port %u %s", bl_ip_format(&ip, text), key->port,
		       bl_maps_proto_name(key->proto));
	return buf;
}

void bl_table_add_write(struct bl_services *s, const struct bl_front_key *key,
			const struct bl_service *value, void *owner)
{
	struct bl_service4_key k4;
	struct bl_service6_key k6;

	bl_writes_add(key->family == 4 ? &s->front4_writes : &s->front6_writes,
		      map_key(key, &k4, &k6), value, owner);
}

int bl_table_write_front(struct bl_services *s, const struct bl_front_key *key,
			 const struct bl_service *value, struct bl_err *err)
{
	enum bl_map map = key->family == 4 ? BL_MAP_service4 : BL_MAP_service6;
	struct bl_service4_key k4;
	struct bl_service6_key k6;

	return bl_map_io_put(s->io, map, map_key(key, &k4, &k6), value, err);
}

int bl_table_erase_front(struct bl_services *s, const struct bl_front_key *key, struct bl_err *err)
{
	enum bl_map map = key->family == 4 ? BL_MAP_service4 : BL_MAP_service6;
	struct bl_service4_key k4;
	struct bl_service6_key k6;

	return bl_map_io_erase(s->io, map, map_key(key, &k4, &k6), err);
}

/* Removes the set's frontends that are not wanted. Those that the kernel keeps stay. */
static int prune_fronts(struct bl_services *s, struct bl_set *set, struct bl_err *err)
{
	struct bl_front *f, *tmp;
	int first = 0;

	DL_FOREACH_SAFE (set->fronts, f, tmp) {
		int rc = f->to ? 0 : bl_table_erase_front(s, &f->key, err);

		if (!f->to && !rc)
			bl_table_drop_front(s, f);
		first = first ? first : rc;
	}
	return first;
}

/* The set's id, where no other set of the Service has it, and what belongs to the set. */
static int prune_set(struct bl_services *s, struct bl_set *set, struct bl_err *err)
{
	struct bl_svc *svc = set->svc;
	uint32_t id = set->id;
	int rc;

	bl_table_drop_set(s, set);
	if (!id || bl_table_uses_id(svc, id) || !svc->key[0])
		return 0;
	rc = bl_map_io_erase(s->io, BL_MAP_service_meta, &id, err);
	if (!rc)
		bl_ranges_release(&s->ids, id, 1);
	return rc;
}

int bl_table_prune(struct bl_services *s, struct bl_svc *svc, struct bl_err *err)
{
	struct bl_set *set, *tmp;
	int first = 0, rc;

	LL_FOREACH (svc->sets, set) {
		rc = prune_fronts(s, set, err);
		first = first ? first : rc;
	}
	LL_FOREACH_SAFE (svc->sets, set, tmp) {
		if (set->wanted || set->fronts)
			continue;
		rc = prune_set(s, set, err);
		first = first ? first : rc;
	}
	if (!svc->sets)
		bl_table_drop_svc(s, svc);
	return first;
}

int bl_services_sweep(struct bl_services *s, struct bl_err *err)
{
	struct bl_svc *svc, *next;
	int first = 0, rc;

	for (svc = bl_table_next_svc(s, NULL); svc; svc = next) {
		next = bl_table_next_svc(s, svc);
		if (svc->claimed)
			continue;
		rc = bl_table_prune(s, svc, err);
		first = first ? first : rc;
	}
	rc = bl_tunnels_sweep(s, first ? NULL : err);
	first = first ? first : rc;
	rc = bl_backends_sweep(&s->backends, first ? NULL : err);
	return first ? first : rc;
}

int bl_services_collect(struct bl_services *s)
{
	uint64_t now = bl_map_io_now_ms(s->io);
	struct bl_grave_item item;
	int slots, backends;

	while (bl_grave_pop(&s->grave, now, &item) == 0)
		bl_ranges_release(&s->slots, item.first, item.n);
	slots = bl_grave_next(&s->grave, now);
	backends = bl_backends_collect(&s->backends);
	if (slots < 0 || backends < 0)
		return slots < 0 ? backends : slots;
	return slots < backends ? slots : backends;
}

void bl_services_count(const struct bl_services *s, struct bl_services_count *ret_count)
{
	const struct bl_svc *svc = NULL;

	*ret_count = (struct bl_services_count){
		.services = s->svcs.count,
		.frontends = s->fronts.count,
		.backends = s->backends.live,
	};
	while ((svc = bl_table_next_svc(s, svc))) {
		const struct bl_set *set;

		LL_FOREACH (svc->sets, set)
			ret_count->slots += set->n_slots;
	}
}

struct bl_services *bl_services_free(struct bl_services *s)
{
	struct bl_chain *front, *behind;
	struct bl_svc *svc, *next;

	if (!s)
		return NULL;
	for (front = bl_chains_next(&s->fronts, NULL); front; front = behind) {
		behind = bl_chains_next(&s->fronts, front);
		bl_table_drop_front(s, (struct bl_front *)front);
	}
	for (svc = bl_table_next_svc(s, NULL); svc; svc = next) {
		next = bl_table_next_svc(s, svc);
		while (svc->sets) {
			free(svc->sets->ids);
			free_set(svc->sets);
		}
		bl_table_drop_svc(s, svc);
	}
	bl_chains_free(&s->fronts);
	bl_chains_free(&s->svcs);
	bl_tunnels_free(s);
	bl_backends_free(&s->backends);
	bl_ranges_free(&s->slots);
	bl_ranges_free(&s->ids);
	bl_grave_free(&s->grave);
	bl_writes_free(&s->slot_writes);
	bl_writes_free(&s->meta_writes);
	bl_writes_free(&s->front4_writes);
	bl_writes_free(&s->front6_writes);
	free(s);
	return NULL;
}
