// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: From what a Service has to what it wants.
 *
 * A change is prepared in memory, written (turn.c), and only then taken over. Preparing claims frontends and takes backends, slot
 * ranges and ids; what is equal to what is there takes nothing new, so a wish that is fulfilled already writes nothing: that
 * needs no case of its own. Taking over removes frontends that are not wanted any more, names, and retires backends.
 *
 * A set with a Maglev table has the table's slots for its backends, each once or more often; nothing else knows of tables.
 *
 * A set whose backends change gets a fresh range of slots, written before any frontend leads there; the one write of a frontend's
 * entry is the moment of the change, and no packet sees half a set. When a write fails, frontends written so far get back what
 * they had, everything taken is given back, and the Service is as before. Should even that fail, what the frontend may lead to stays taken
 * until the next start reads the maps back: slots are lost for a while, but no packet goes astray.
 *
 * A claim marks the frontend with the set that it shall be of, so that of two changes under way only one gets it. A frontend of
 * another Service is refused, with one exception: an owner found at start that nobody has asked for since gives way, because
 * whoever decides between two Services has decided on the whole before the first call.
 */

#include "agent/datapath/change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "agent/state/maglev.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"

static struct bl_front_key front_key(const struct bl_frontend *f)
{
	struct bl_front_key k = {
		.port = f->port, .proto = f->proto, .scope = f->scope, .family = f->ip.family};

	memcpy(k.addr, f->ip.b, bl_ip_size(&f->ip));
	return k;
}

struct bl_service bl_change_value(const struct bl_plan *p)
{
	return (struct bl_service){
		.id = p->id,
		.first_slot = p->n_slots ? p->first : 0,
		.slot_count = p->n_slots,
		.flags = p->want->flags,
		.affinity_s = p->want->affinity_s & 0xffffff,
	};
}

bool bl_change_differs(const struct bl_front *f, const struct bl_service *value)
{
	return !f->held || f->unsure || memcmp(&f->value, value, sizeof(*value)) != 0;
}

/* Marks the frontend as the set's to be; a new one is in the table from now on. */
static int claim_front(struct bl_change *c, struct bl_plan *p, const struct bl_front_key *key,
		       struct bl_err *err)
{
	struct bl_front *f = bl_table_find_front(c->s, key);
	const struct bl_svc *owner = !f ? c->svc : f->to ? f->to->svc : f->set->svc;
	char buf[BL_FRONT_STRLEN];

	if (owner != c->svc && owner->claimed)
		return bl_err_set(err, -EEXIST, "frontend %s belongs to service '%s'",
				  bl_front_format(key, buf), owner->key);
	if (!f)
		f = bl_table_add_front(c->s, p->set, key);
	f->to = p->set;
	p->claims[p->n_claims++] = (struct bl_claim){.change = c, .front = f};
	return 0;
}

static int claim_fronts(struct bl_change *c, struct bl_plan *p, struct bl_err *err)
{
	const struct bl_desired_set *want = p->want;
	int rc = 0;

	p->set = bl_table_find_set(c->svc, want->family, want->proto, want->flags, want->port_name);
	p->made = !p->set;
	if (p->made)
		p->set = bl_table_add_set(c->svc, want->family, want->proto, want->flags,
					  want->port_name);
	p->claims = bl_arena_array(c->arena, want->n_frontends, struct bl_claim);
	for (size_t i = 0; !rc && i < want->n_frontends; i++) {
		struct bl_front_key key = front_key(&want->frontends[i]);

		rc = claim_front(c, p, &key, err);
	}
	return rc;
}

/* References for the targets that drain, or for those that do not. */
static int take_targets(struct bl_change *c, struct bl_plan *p, bool draining, struct bl_err *err)
{
	for (size_t i = 0; i < p->want->n_targets; i++) {
		const struct bl_target *t = &p->want->targets[i];
		int rc;

		if (t->draining != draining)
			continue;
		rc = bl_backends_get(&c->s->backends, &t->ip, t->port, p->want->proto, t->local,
				     &p->ids[p->n_ids], err);
		if (rc)
			return rc;
		p->n_ids++;
	}
	return 0;
}

static int take_slots(struct bl_change *c, struct bl_plan *p, struct bl_err *err)
{
	const struct bl_set *set = p->set;

	if (set->n_slots == p->n_slots &&
	    (!p->n_slots || memcmp(set->ids, p->ids, p->n_slots * sizeof(*p->ids)) == 0)) {
		p->first = set->first;
		return 0;
	}
	if (p->n_slots && bl_ranges_take(&c->s->slots, p->n_slots, 0, &p->first))
		return bl_map_io_full(c->s->io, BL_MAP_slot, err);
	p->fresh = true;
	return 0;
}

/* The id of the port's name: what a set of the Service has, what an earlier plan took, or a new one. */
static int take_id(struct bl_change *c, struct bl_plan *p, struct bl_err *err)
{
	const char *port = p->want->port_name;
	const struct bl_set *set;

	LL_FOREACH (c->svc->sets, set) {
		if (set->id && bl_streq(set->port, port)) {
			p->id = set->id;
			return 0;
		}
	}
	for (const struct bl_plan *q = c->plans; q < p; q++) {
		if (bl_streq(q->want->port_name, port)) {
			p->id = q->id;
			return 0;
		}
	}
	if (bl_ranges_take(&c->s->ids, 1, c->s->last_id + 1, &p->id))
		return bl_map_io_full(c->s->io, BL_MAP_service_meta, err);
	c->s->last_id = p->id;
	p->new_id = true;
	return 0;
}

/* The live targets; what is not said of one is alike for all. */
static struct bl_maglev_backend *live_targets(const struct bl_desired_set *want)
{
	struct bl_maglev_backend *list = bl_calloc(want->n_targets + 1, sizeof(*list));
	uint32_t n = 0;

	for (size_t i = 0; i < want->n_targets; i++) {
		const struct bl_target *t = &want->targets[i];

		if (!t->draining)
			list[n++] = (struct bl_maglev_backend){
				.ip = t->ip, .port = t->port, .weight = 1};
	}
	return list;
}

/* In place of the live targets' ids, one each, come those of the table's slots. */
static int spread(struct bl_change *c, struct bl_plan *p, struct bl_err *err)
{
	uint32_t n = p->n_ids, size = bl_maglev_prime(p->want->table > n ? p->want->table : n);
	BL_FREE struct bl_maglev_backend *live = live_targets(p->want);
	BL_FREE uint32_t *ids = p->ids;
	int rc;

	p->ids = bl_calloc(size + p->want->n_targets + 1, sizeof(*p->ids));
	rc = size ? bl_maglev_fill(live, n, size, p->ids) : -E2BIG;
	for (uint32_t i = 0; !rc && i < size; i++) {
		p->ids[i] = ids[p->ids[i]];
		bl_backends_share(&c->s->backends, p->ids[i], 1);
	}
	p->n_ids = rc ? 0 : size;
	for (uint32_t i = 0; i < n; i++)
		bl_backends_put(&c->s->backends, ids[i]);
	return rc ? bl_err_set(err, rc, "%u backends do not fit into a Maglev table of %u slots", n,
			       p->want->table)
		  : 0;
}

static int by_id(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int prepare_set(struct bl_change *c, struct bl_plan *p, struct bl_err *err)
{
	int rc;

	if (p->want->n_targets)
		p->ids = bl_calloc(p->want->n_targets, sizeof(*p->ids));
	rc = take_targets(c, p, false, err);
	if (!rc && p->n_ids && p->want->flags & BL_SERVICE_MAGLEV)
		rc = spread(c, p, err);
	p->n_slots = p->n_ids;
	if (!rc && p->want->affinity_s)
		qsort(p->ids, p->n_slots, sizeof(*p->ids), by_id); /* the programs search them */
	if (!rc)
		rc = take_targets(c, p, true, err);
	if (!rc)
		rc = take_slots(c, p, err);
	if (!rc)
		rc = take_id(c, p, err);
	return rc;
}

int bl_change_prepare(struct bl_change *c, struct bl_err *err)
{
	int rc = 0;

	c->svc->claimed = c->svc->changing = true;
	c->plans = bl_arena_array(c->arena, c->want->n_sets, struct bl_plan);
	while (!rc && c->n_plans < c->want->n_sets) {
		struct bl_plan *p = &c->plans[c->n_plans];

		p->want = &c->want->sets[c->n_plans++];
		rc = claim_fronts(c, p, err);
	}
	for (size_t i = 0; !rc && i < c->n_plans; i++)
		rc = prepare_set(c, &c->plans[i], err);
	if (rc)
		bl_change_roll_back(c);
	return rc;
}

/* --- the way back ----------------------------------------------------------------------------------------------------- */

/* What the frontend had before; a new one goes. */
static void undo_front(struct bl_change *c, const struct bl_claim *claim)
{
	struct bl_front *f = claim->front;
	int rc = 0;

	if (claim->written && f->held)
		rc = bl_table_write_front(c->s, &f->key, &f->value, NULL);
	else if (claim->written)
		rc = bl_table_erase_front(c->s, &f->key, NULL);
	f->unsure |= rc != 0;
	c->stuck |= rc != 0;
	f->to = NULL;
}

static void drop_new_fronts(struct bl_change *c)
{
	struct bl_front *f, *tmp;
	struct bl_set *set;

	LL_FOREACH (c->svc->sets, set) {
		DL_FOREACH_SAFE (set->fronts, f, tmp) {
			if (!f->held)
				bl_table_drop_front(c->s, f);
		}
	}
}

/* What the plan took, as far as nothing leads there. */
static void give_back(struct bl_change *c, struct bl_plan *p)
{
	const struct bl_set *set = p->set;
	bool same = set && set->id == p->id;

	if (c->stuck) {
		free(p->ids);
	} else {
		if (p->want->flags & BL_SERVICE_DSR)
			bl_tunnels_forget(c->s, p->id, p->ids, p->n_ids, same ? set->ids : NULL,
					  same ? set->n_ids : 0);
		bl_table_release(c->s, p->first, p->fresh ? p->n_slots : 0, p->ids, p->n_ids);
		if (p->new_id && !bl_map_io_erase(c->s->io, BL_MAP_service_meta, &p->id, NULL))
			bl_ranges_release(&c->s->ids, p->id, 1);
	}
	if (p->made)
		bl_table_drop_set(c->s, p->set);
}

void bl_change_roll_back(struct bl_change *c)
{
	for (size_t i = c->n_plans; i-- > 0;) {
		const struct bl_plan *p = &c->plans[i];

		for (size_t k = p->n_claims; k-- > 0;)
			undo_front(c, &p->claims[k]);
	}
	drop_new_fronts(c);
	for (size_t i = 0; i < c->n_plans; i++)
		give_back(c, &c->plans[i]);
	(void)bl_backends_flush(&c->s->backends, NULL);
	c->svc->changing = false;
	if (!c->svc->sets)
		bl_table_drop_svc(c->s, c->svc);
}

/* --- the way on ------------------------------------------------------------------------------------------------------- */

static void take_over_fronts(const struct bl_plan *p)
{
	struct bl_service value = bl_change_value(p);

	for (size_t i = 0; i < p->n_claims; i++) {
		struct bl_front *f = p->claims[i].front;

		if (f->set != p->set)
			bl_table_move_front(f, p->set);
		f->value = value;
		f->held = true;
		f->unsure = false;
	}
}

static void take_over_set(struct bl_change *c, const struct bl_plan *p)
{
	struct bl_set *set = p->set;

	if (set->flags & BL_SERVICE_DSR)
		bl_tunnels_forget(c->s, p->id, set->ids, set->n_ids, p->ids, p->n_ids);
	bl_table_release(c->s, set->first, p->fresh ? set->n_slots : 0, set->ids, set->n_ids);
	set->id = p->id;
	set->first = p->first;
	set->n_slots = p->n_slots;
	set->ids = p->ids;
	set->n_ids = p->n_ids;
	set->wanted = true;
	take_over_fronts(p);
}

/* Marks live from claiming to pruning only. */
static void unmark(const struct bl_change *c)
{
	for (size_t i = 0; i < c->n_plans; i++) {
		const struct bl_plan *p = &c->plans[i];

		p->set->wanted = false;
		for (size_t k = 0; k < p->n_claims; k++)
			p->claims[k].front->to = NULL;
	}
}

/* A backend that waits to be written from before is not this Service's failure. */
int bl_change_prune(struct bl_services *s, struct bl_svc *svc, uint32_t waiting, struct bl_err *err)
{
	int rc = bl_table_prune(s, svc, err);
	int flush = bl_backends_flush(&s->backends, rc ? NULL : err);

	return rc || bl_backends_waiting(&s->backends) <= waiting ? rc : flush;
}

int bl_change_take_over(struct bl_change *c, struct bl_err *err)
{
	uint32_t waiting = bl_backends_waiting(&c->s->backends);
	int rc;

	for (size_t i = 0; i < c->n_plans; i++)
		take_over_set(c, &c->plans[i]);
	strcpy(c->svc->uid, c->want->uid);
	c->svc->changing = false;
	rc = bl_change_prune(c->s, c->svc, waiting, err);
	unmark(c);
	return rc;
}
