// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Many Services, written together.
 *
 * What thousands of Services need is a few arrays of entries: wishes are prepared one after the other, and what they write goes
 * out map by map, in the order in which one leads to the other, a call for hundreds of entries.
 *
 *	write     backends, members, slots, names, frontends
 *	then      each change is taken over (change.c), or rolled back where one of its entries failed
 *
 * Each Service keeps its own fate: the entry that fails is known, only the change that wanted it is rolled back, and a change that
 * has failed writes nothing further. The result is that of one after the other, and a wish that needs what an earlier one of the
 * same turn gives up waits until that is done: the turn is written first where a Service comes again, where it goes, and where a
 * frontend is not free.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/datapath/change.h"
#include "base/mem.h"

#define CHANGES_A_TURN 512
#define KEPT_ENTRIES   64 /* room for writes that stays from turn to turn */
#define KEY_MAX                                                \
	(sizeof(((struct bl_service_meta *)NULL)->namespace) + \
	 sizeof(((struct bl_service_meta *)NULL)->name))

struct turn {
	struct bl_services *s;
	struct bl_arena *arena;
	struct bl_change *changes;
	size_t n, cap;
	bl_services_done *done;
	void *arg;
};

static int check_names(const struct bl_desired_service *want, struct bl_err *err)
{
	static const struct bl_service_meta meta;

	if (strlen(want->namespace) >= sizeof(meta.namespace) ||
	    strlen(want->name) >= sizeof(meta.name))
		return bl_err_set(err, -EINVAL, "name is longer than 63 bytes");
	if (strlen(want->uid) >= sizeof(meta.uid))
		return bl_err_set(err, -EINVAL, "uid is longer than 39 bytes");
	for (size_t i = 0; i < want->n_sets; i++) {
		if (strlen(want->sets[i].port_name) >= sizeof(meta.port))
			return bl_err_set(err, -EINVAL, "port name is longer than 63 bytes");
	}
	return 0;
}

/* --- writing ---------------------------------------------------------------------------------------------------------- */

static void fail(struct bl_change *c, const struct bl_err *err)
{
	if (c->err)
		return;
	c->err = bl_arena_new0(c->arena, struct bl_err);
	*c->err = *err;
}

static void wrote_entry(void *owner, const struct bl_err *err)
{
	if (err)
		fail(owner, err);
}

static void wrote_front(void *owner, const struct bl_err *err)
{
	struct bl_claim *claim = owner;
	char buf[BL_FRONT_STRLEN];
	struct bl_err named;

	claim->written = !err;
	if (!err)
		return;
	named = *err;
	(void)bl_err_wrap(&named, "frontend %s", bl_front_format(&claim->front->key, buf));
	fail(claim->change, &named);
}

/* The changes that lead to a backend which could not be written fail. */
static void write_backends(struct turn *t)
{
	struct bl_err err = {};

	if (!bl_backends_flush(&t->s->backends, &err))
		return;
	for (size_t i = 0; i < t->n; i++) {
		struct bl_change *c = &t->changes[i];

		for (size_t k = 0; k < c->n_plans; k++) {
			const struct bl_plan *p = &c->plans[k];

			for (uint32_t b = 0; b < p->n_ids; b++) {
				if (!bl_backends_is_written(&t->s->backends, p->ids[b]))
					fail(c, &err);
			}
		}
	}
}

/* Few pods of a node are reached by tunnels: each is written by itself, if it is new. */
static void write_members(struct bl_change *c, struct bl_plan *p)
{
	struct bl_err err = {};

	if (p->want->flags & BL_SERVICE_DSR &&
	    bl_tunnels_write(c->s, p->id, p->ids, p->n_ids, &err))
		fail(c, &err);
}

static void add_slots(struct bl_change *c, struct bl_plan *p)
{
	for (uint32_t i = 0; p->fresh && i < p->n_slots; i++) {
		uint32_t index = p->first + i;

		bl_writes_add(&c->s->slot_writes, &index, &p->ids[i], c);
	}
}

static void add_meta(struct bl_change *c, struct bl_plan *p)
{
	struct bl_service_meta meta = {};

	if (!p->new_id && strcmp(c->svc->uid, c->want->uid) == 0)
		return;
	strcpy(meta.uid, c->want->uid);
	strcpy(meta.namespace, c->want->namespace);
	strcpy(meta.name, c->want->name);
	strcpy(meta.port, p->want->port_name);
	bl_writes_add(&c->s->meta_writes, &p->id, &meta, c);
}

static void add_fronts(struct bl_change *c, struct bl_plan *p)
{
	struct bl_service value = bl_change_value(p);

	for (size_t i = 0; i < p->n_claims; i++) {
		struct bl_claim *claim = &p->claims[i];

		if (bl_change_differs(claim->front, &value))
			bl_table_add_write(c->s, &claim->front->key, &value, claim);
	}
}

/* Of each change that has not failed. */
static void each_plan(struct turn *t, void (*add)(struct bl_change *c, struct bl_plan *p))
{
	for (size_t i = 0; i < t->n; i++) {
		struct bl_change *c = &t->changes[i];

		for (size_t k = 0; !c->err && k < c->n_plans; k++)
			add(c, &c->plans[k]);
	}
}

static void write_all(struct turn *t)
{
	struct bl_services *s = t->s;

	write_backends(t);
	each_plan(t, write_members);
	each_plan(t, add_slots);
	bl_writes_flush(&s->slot_writes, s->io, wrote_entry);
	each_plan(t, add_meta);
	bl_writes_flush(&s->meta_writes, s->io, wrote_entry);
	each_plan(t, add_fronts);
	bl_writes_flush(&s->front4_writes, s->io, wrote_front);
	bl_writes_flush(&s->front6_writes, s->io, wrote_front);
}

/* What was written is taken over, and what failed given back, in the order of the wishes. */
static void finish(struct turn *t)
{
	struct bl_err err = {};

	write_all(t);
	for (size_t i = 0; i < t->n; i++) {
		struct bl_change *c = &t->changes[i];
		int rc = 0;

		if (c->err)
			bl_change_roll_back(c);
		else
			rc = bl_change_take_over(c, &err);
		t->done(t->arg, c->index, c->err ? c->err : rc ? &err : NULL);
	}
	t->n = 0;
	bl_arena_free(t->arena);
	t->arena = NULL;
}

/* --- preparing -------------------------------------------------------------------------------------------------------- */

/* The Service is taken away at once. */
static int remove_service(struct turn *t, struct bl_svc *svc, struct bl_err *err)
{
	uint32_t waiting = bl_backends_waiting(&t->s->backends);

	return svc ? bl_change_prune(t->s, svc, waiting, err) : 0;
}

static int prepare(struct turn *t, const struct bl_desired_service *want, const char *key,
		   size_t index, struct bl_err *err)
{
	struct bl_change *c = &t->changes[t->n];
	int rc;

	if (!t->arena)
		t->arena = bl_arena_new(t->cap > 1 ? 65536 : 1024);
	*c = (struct bl_change){.s = t->s, .arena = t->arena, .want = want, .index = index};
	c->svc = bl_table_svc(t->s, key);
	rc = bl_change_prepare(c, err);
	t->n += rc == 0;
	return rc;
}

static int add(struct turn *t, const struct bl_desired_service *want, size_t index,
	       struct bl_err *err)
{
	char key[KEY_MAX];
	struct bl_svc *svc;
	int rc = check_names(want, err);

	if (rc)
		return want->n_sets ? rc : 0; /* no Service has such a name */
	(void)stpcpy(stpcpy(stpcpy(key, want->namespace), "/"), want->name);
	svc = bl_table_find_svc(t->s, key);
	if (t->n == t->cap || (svc && svc->changing) || (t->n && !want->n_sets)) {
		finish(t);
		svc = bl_table_find_svc(t->s, key);
	}
	if (!want->n_sets)
		return remove_service(t, svc, err);
	rc = prepare(t, want, key, index, err);
	if (rc == -EEXIST && t->n) {
		finish(t);
		rc = prepare(t, want, key, index, err);
	}
	return rc;
}

static void trim(struct bl_writes *w)
{
	if (w->cap > KEPT_ENTRIES)
		bl_writes_free(w);
}

void bl_services_set_many(struct bl_services *s, struct bl_desired_service *const *wants, size_t n,
			  bl_services_done *done, void *arg)
{
	struct turn t = {.s = s, .done = done, .arg = arg};
	struct bl_err err = {};

	t.cap = n < CHANGES_A_TURN ? n : CHANGES_A_TURN;
	t.changes = bl_calloc(t.cap + 1, sizeof(*t.changes));
	for (size_t i = 0; i < n; i++) {
		int rc = add(&t, wants[i], i, &err);

		if (rc || !wants[i]->n_sets)
			done(arg, i, rc ? &err : NULL);
	}
	finish(&t);
	free(t.changes);
	trim(&s->slot_writes);
	trim(&s->meta_writes);
	trim(&s->front4_writes);
	trim(&s->front6_writes);
}

struct result {
	int rc;
	struct bl_err *err;
};

static void take_result(void *arg, size_t index, const struct bl_err *err)
{
	struct result *r = arg;

	(void)index;
	r->rc = err ? err->code : 0;
	if (err && r->err)
		*r->err = *err;
}

int bl_services_set(struct bl_services *s, const struct bl_desired_service *want,
		    struct bl_err *err)
{
	struct bl_desired_service lent = *want, *wants[] = {&lent};
	struct result r = {.err = err};

	bl_services_set_many(s, wants, 1, take_result, &r);
	return r.rc;
}
