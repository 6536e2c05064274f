// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Actual state, out of the maps themselves.
 *
 * A restart is an ordinary delta: what the maps hold becomes the table that a running agent would have, so that wishes equal to it
 * write nothing. In order: backends, names, frontends (which found the sets), and the slots that the sets span.
 *
 * An agent may have been killed between any two writes, and somebody else may have written here. Nothing read is believed
 * beyond what holds:
 *
 *	a frontend whose id has no name           belongs to the Service "", which nobody claims
 *	frontends of one set with two ranges      the first read founds the set, the others one of the Service ""
 *	a range outside the array, or overlapping is not taken, so a wish gives the set a new one
 *	a slot that names no live backend         counts as 0, which no wish equals
 *	a name that no frontend leads to          is deleted: nothing depends on it
 *	a live backend without user               is retired by the sweep, unless it is wanted until then
 *
 * All of them go on forwarding as they did until they are claimed, which repairs them, or swept.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "agent/datapath/table.h"
#include "base/cleanup.h"
#include "base/mem.h"

struct name {
	struct bl_svc *svc;
	char port[64];
};

struct load {
	struct bl_services *s;
	struct name **names; /* by id */
	uint32_t n_names;
	uint8_t family;	  /* of the service map that is being read */
	bl_slot *slots;	  /* [0, n_slots) */
	uint32_t n_slots; /* the end of the highest range */
};

static void load_free(struct load *l)
{
	for (uint32_t i = 0; i < l->n_names; i++)
		free(l->names[i]);
	free(l->names);
	free(l->slots);
}

static bool is_text(const char *s, size_t size)
{
	return strnlen(s, size) < size;
}

static int load_meta(void *arg, const void *key, const void *value)
{
	struct load *l = arg;
	const struct bl_service_meta *m = value;
	uint32_t id = *(const uint32_t *)key;
	BL_FREE char *name = NULL;
	struct name *n;

	if (!id || id >= l->n_names || !m->name[0] || !is_text(m->uid, sizeof(m->uid)) ||
	    !is_text(m->namespace, sizeof(m->namespace)) || !is_text(m->name, sizeof(m->name)) ||
	    !is_text(m->port, sizeof(m->port)))
		return 0;
	name = bl_asprintf("%s/%s", m->namespace, m->name);
	n = l->names[id] = bl_new0(struct name);
	n->svc = bl_table_svc(l->s, name);
	strcpy(n->svc->uid, m->uid);
	strcpy(n->port, m->port);
	(void)bl_ranges_reserve(&l->s->ids, id, 1);
	return 0;
}

static bool is_of(const struct bl_set *set, const struct bl_service *v)
{
	return set->id == v->id && set->n_slots == v->slot_count &&
	       (!v->slot_count || set->first == v->first_slot);
}

/* The set of the Service "" for frontends like this one. */
static struct bl_set *stray_set(struct load *l, const struct bl_front_key *key,
				const struct bl_service *v)
{
	struct bl_svc *svc = bl_table_svc(l->s, "");
	struct bl_set *set;

	LL_FOREACH (svc->sets, set) {
		if (set->family == key->family && set->proto == key->proto && is_of(set, v))
			return set;
	}
	set = bl_table_add_set(svc, key->family, key->proto, (uint8_t)v->flags, "");
	set->id = v->id;
	return set;
}

/* A new set spans what its first frontend says, as far as that can be. */
static void claim_range(struct load *l, struct bl_set *set, const struct bl_service *v)
{
	if (!v->slot_count || bl_ranges_reserve(&l->s->slots, v->first_slot, v->slot_count))
		return;
	set->first = v->first_slot;
	set->n_slots = v->slot_count;
	if (l->n_slots < set->first + set->n_slots)
		l->n_slots = set->first + set->n_slots;
}

static struct bl_set *set_for(struct load *l, const struct bl_front_key *key,
			      const struct bl_service *v)
{
	const struct name *n = v->id < l->n_names ? l->names[v->id] : NULL;
	uint8_t flags = (uint8_t)v->flags;
	struct bl_set *set;

	if (!n)
		set = stray_set(l, key, v);
	else
		set = bl_table_find_set(n->svc, key->family, key->proto, flags, n->port);
	if (n && !set) {
		set = bl_table_add_set(n->svc, key->family, key->proto, flags, n->port);
		set->id = v->id;
	} else if (n && !is_of(set, v)) {
		set = stray_set(l, key, v);
	}
	if (!set->fronts)
		claim_range(l, set, v);
	return set;
}

static int load_service(void *arg, const void *key, const void *value)
{
	struct load *l = arg;
	const struct bl_service4_key *k4 = key;
	const struct bl_service6_key *k6 = key;
	struct bl_front_key k = {.family = l->family};
	struct bl_front *f;

	if (l->family == 4) {
		memcpy(k.addr, &k4->addr, sizeof(k4->addr));
		k.port = ntohs(k4->port);
		k.proto = k4->proto;
		k.scope = k4->scope;
	} else {
		memcpy(k.addr, &k6->addr, sizeof(k6->addr));
		k.port = ntohs(k6->port);
		k.proto = k6->proto;
		k.scope = k6->scope;
	}
	if (bl_table_find_front(l->s, &k))
		return 0; /* a batch may hand an entry out twice */
	f = bl_table_add_front(l->s, set_for(l, &k, value), &k);
	f->value = *(const struct bl_service *)value;
	f->held = true;
	return 0;
}

static int load_services(struct load *l, struct bl_err *err)
{
	int rc;

	l->family = 4;
	rc = bl_map_io_each(l->s->io, BL_MAP_service4, load_service, l, err);
	l->family = 6;
	if (!rc)
		rc = bl_map_io_each(l->s->io, BL_MAP_service6, load_service, l, err);
	return rc;
}

static int load_slot(void *arg, const void *key, const void *value)
{
	struct load *l = arg;
	uint32_t index = *(const uint32_t *)key;

	if (index >= l->n_slots)
		return 1; /* arrays are walked in order */
	l->slots[index] = *(const bl_slot *)value;
	return 0;
}

static void fill_set(struct load *l, struct bl_set *set)
{
	set->n_ids = set->n_slots;
	set->ids = bl_calloc(set->n_ids + 1, sizeof(*set->ids));
	for (uint32_t i = 0; i < set->n_ids; i++) {
		bl_slot id = l->slots[set->first + i];

		if (!bl_backends_ref(&l->s->backends, id, set->family, set->proto))
			set->ids[i] = id;
	}
}

static int load_slots(struct load *l, struct bl_err *err)
{
	struct bl_svc *svc = NULL;
	struct bl_set *set;
	int rc = 0;

	l->slots = bl_calloc(l->n_slots + 1, sizeof(*l->slots));
	if (l->n_slots)
		rc = bl_map_io_each(l->s->io, BL_MAP_slot, load_slot, l, err);
	while ((svc = bl_table_next_svc(l->s, svc))) {
		LL_FOREACH (svc->sets, set)
			fill_set(l, set);
	}
	return rc;
}

/* Names that no frontend leads to, and Services that are left without sets. */
static void drop_unused_names(struct load *l)
{
	struct bl_svc *svc, *next;

	for (uint32_t id = 1; id < l->n_names; id++) {
		if (!l->names[id] || bl_table_uses_id(l->names[id]->svc, id))
			continue;
		if (!bl_map_io_erase(l->s->io, BL_MAP_service_meta, &id, NULL))
			bl_ranges_release(&l->s->ids, id, 1);
	}
	for (svc = bl_table_next_svc(l->s, NULL); svc; svc = next) {
		next = bl_table_next_svc(l->s, svc);
		if (!svc->sets)
			bl_table_drop_svc(l->s, svc);
	}
}

int bl_services_load(struct bl_services *s, struct bl_err *err)
{
	BL_CLEANUP(load_free) struct load l = {.s = s};
	int rc;

	l.n_names = bl_map_io_size(s->io, BL_MAP_service_meta);
	l.names = bl_calloc(l.n_names + 1, sizeof(*l.names));
	rc = bl_backends_load(&s->backends, err);
	if (!rc)
		rc = bl_map_io_each(s->io, BL_MAP_service_meta, load_meta, &l, err);
	if (!rc)
		rc = load_services(&l, err);
	if (!rc)
		rc = load_slots(&l, err);
	if (!rc)
		rc = bl_tunnels_load(s, err);
	if (!rc)
		drop_unused_names(&l);
	return rc;
}
