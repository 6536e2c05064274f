// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: From what a Service has to what it wants.
 *
 * A change is prepared in memory, written, and only then taken over. Preparing takes backends, slot ranges and ids; what is equal
 * to what is there takes nothing new, so a wish that is fulfilled already writes nothing: that needs no case of its own.
 *
 *	write     backends (one batch), slots (one batch a set), names, frontends (one write each)
 *	then      frontends that are not wanted any more, names, retired backends
 *
 * A set whose backends change gets a fresh range of slots, written before any frontend leads there; the one write of a frontend's
 * entry is the moment of the change, and no packet sees half a set. When a write fails, frontends written so far get back what
 * they had, everything taken is given back, and the Service is as before. Should even that fail, what the frontend may lead to stays taken
 * until the next start reads the maps back: slots are lost for a while, but no packet goes astray.
 *
 * A frontend of another Service is refused, with one exception: an owner found at start that nobody has asked for since gives
 * way, because whoever decides between two Services has decided on the whole before the first call.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "agent/datapath/table.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"

/* A wanted set, and what was taken for it. */
struct plan {
	const struct bl_desired_set *want;
	struct bl_set *set; /* what is there; NULL: nothing */
	uint32_t id;
	bool new_id;
	bool fresh; /* the slots differ: a range of its own */
	uint32_t first, n_slots;
	uint32_t *ids; /* n_ids, those with a slot first */
	uint32_t n_ids;
};

/* What a written frontend had before. */
struct undo {
	struct bl_front_key key;
	struct bl_service value;
	bool existed;
};

struct change {
	struct bl_services *s;
	struct bl_svc *svc;
	const struct bl_desired_service *want;
	struct plan *plans;
	size_t n_plans; /* prepared */
	struct undo *undo;
	size_t n_undo;
	bool stuck; /* an undo failed: nothing taken may be used again */
};

static struct bl_front_key front_key(const struct bl_frontend *f)
{
	struct bl_front_key k = {
		.port = f->port, .proto = f->proto, .scope = f->scope, .family = f->ip.family};

	memcpy(k.addr, f->ip.b, bl_ip_size(&f->ip));
	return k;
}

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

static int check_front(const struct change *c, const struct bl_frontend *f, struct bl_err *err)
{
	struct bl_front_key key = front_key(f);
	const struct bl_front *have = bl_table_find_front(c->s, &key);
	char buf[BL_IP_STRLEN];

	if (!have || have->set->svc == c->svc || !have->set->svc->claimed)
		return 0;
	return bl_err_set(err, -EEXIST, "frontend %s port %u %s belongs to service '%s'",
			  bl_ip_format(&f->ip, buf), f->port, bl_maps_proto_name(f->proto),
			  have->set->svc->key);
}

static int check_fronts(const struct change *c, struct bl_err *err)
{
	for (size_t i = 0; i < c->want->n_sets; i++) {
		const struct bl_desired_set *set = &c->want->sets[i];

		for (size_t k = 0; k < set->n_frontends; k++) {
			int rc = check_front(c, &set->frontends[k], err);

			if (rc)
				return rc;
		}
	}
	return 0;
}

/* References for the targets that drain, or for those that do not. */
static int take_targets(struct change *c, struct plan *p, bool draining, struct bl_err *err)
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

static int take_slots(struct change *c, struct plan *p, struct bl_err *err)
{
	const struct bl_set *set = p->set;

	if (set && set->n_slots == p->n_slots &&
	    memcmp(set->ids, p->ids, p->n_slots * sizeof(*p->ids)) == 0) {
		p->first = set->first;
		return 0;
	}
	if (p->n_slots && bl_ranges_take(&c->s->slots, p->n_slots, 0, &p->first))
		return bl_map_io_full(c->s->io, BL_MAP_slot, err);
	p->fresh = true;
	return 0;
}

/* The id of the port's name: what a set of the Service has, what an earlier plan took, or a new one. */
static int take_id(struct change *c, struct plan *p, struct bl_err *err)
{
	const char *port = p->want->port_name;
	const struct bl_set *set;

	LL_FOREACH (c->svc->sets, set) {
		if (set->id && bl_streq(set->port, port)) {
			p->id = set->id;
			return 0;
		}
	}
	for (const struct plan *q = c->plans; q < p; q++) {
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

static int prepare_set(struct change *c, struct plan *p, struct bl_err *err)
{
	int rc;

	p->set = bl_table_find_set(c->svc, p->want->family, p->want->proto, p->want->local,
				   p->want->port_name);
	p->ids = bl_calloc(p->want->n_targets + 1, sizeof(*p->ids));
	rc = take_targets(c, p, false, err);
	p->n_slots = p->n_ids;
	if (!rc)
		rc = take_targets(c, p, true, err);
	if (!rc)
		rc = take_slots(c, p, err);
	if (!rc)
		rc = take_id(c, p, err);
	return rc;
}

static int prepare(struct change *c, struct bl_err *err)
{
	int rc = 0;

	c->plans = bl_calloc(c->want->n_sets + 1, sizeof(*c->plans));
	while (!rc && c->n_plans < c->want->n_sets) {
		struct plan *p = &c->plans[c->n_plans];

		p->want = &c->want->sets[c->n_plans++];
		rc = prepare_set(c, p, err);
	}
	return rc;
}

static int write_slots(struct change *c, struct bl_err *err)
{
	for (size_t i = 0; i < c->n_plans; i++) {
		const struct plan *p = &c->plans[i];
		BL_FREE uint32_t *keys = NULL;
		uint32_t done;
		int rc;

		if (!p->fresh || !p->n_slots)
			continue;
		keys = bl_calloc(p->n_slots, sizeof(*keys));
		for (uint32_t k = 0; k < p->n_slots; k++)
			keys[k] = p->first + k;
		rc = bl_map_io_update(c->s->io, BL_MAP_slot, keys, p->ids, p->n_slots, &done, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int write_metas(struct change *c, struct bl_err *err)
{
	bool renamed = !bl_streq(c->svc->uid, c->want->uid);

	for (size_t i = 0; i < c->n_plans; i++) {
		const struct plan *p = &c->plans[i];
		struct bl_service_meta meta = {};
		int rc;

		if (!p->new_id && !renamed)
			continue;
		strcpy(meta.uid, c->want->uid);
		strcpy(meta.namespace, c->want->namespace);
		strcpy(meta.name, c->want->name);
		strcpy(meta.port, p->want->port_name);
		rc = bl_map_io_put(c->s->io, BL_MAP_service_meta, &p->id, &meta, err);
		if (rc)
			return rc;
	}
	return 0;
}

static struct bl_service value_of(const struct plan *p)
{
	return (struct bl_service){
		.id = p->id,
		.first_slot = p->n_slots ? p->first : 0,
		.slot_count = p->n_slots,
		.flags = p->want->local ? BL_SERVICE_LOCAL : 0,
	};
}

static int write_front(struct change *c, const struct bl_front_key *key,
		       const struct bl_service *value, struct bl_err *err)
{
	const struct bl_front *have = bl_table_find_front(c->s, key);
	struct undo *u;
	int rc;

	if (have && memcmp(&have->value, value, sizeof(*value)) == 0)
		return 0;
	rc = bl_table_write_front(c->s, key, value, err);
	if (rc)
		return rc;
	c->undo = bl_realloc(c->undo, c->n_undo + 1, sizeof(*c->undo));
	u = &c->undo[c->n_undo++];
	*u = (struct undo){.key = *key, .existed = have != NULL};
	if (have)
		u->value = have->value;
	return 0;
}

static int write_fronts(struct change *c, struct bl_err *err)
{
	for (size_t i = 0; i < c->n_plans; i++) {
		const struct plan *p = &c->plans[i];
		struct bl_service value = value_of(p);

		for (size_t k = 0; k < p->want->n_frontends; k++) {
			struct bl_front_key key = front_key(&p->want->frontends[k]);
			int rc = write_front(c, &key, &value, err);

			if (rc)
				return rc;
		}
	}
	return 0;
}

static int write_all(struct change *c, struct bl_err *err)
{
	int rc = bl_backends_flush(&c->s->backends, err);

	if (!rc)
		rc = write_slots(c, err);
	if (!rc)
		rc = write_metas(c, err);
	if (!rc)
		rc = write_fronts(c, err);
	return rc;
}

static void undo_fronts(struct change *c)
{
	while (c->n_undo) {
		const struct undo *u = &c->undo[--c->n_undo];
		int rc = u->existed ? bl_table_write_front(c->s, &u->key, &u->value, NULL)
				    : bl_table_erase_front(c->s, &u->key, NULL);

		c->stuck |= rc != 0;
	}
}

/* Gives back what the plans took, as far as nothing leads there. */
static void roll_back(struct change *c)
{
	undo_fronts(c);
	for (size_t i = 0; i < c->n_plans; i++) {
		struct plan *p = &c->plans[i];

		if (c->stuck) {
			free(p->ids);
			continue;
		}
		bl_table_release(c->s, p->first, p->fresh ? p->n_slots : 0, p->ids, p->n_ids);
		if (p->new_id && !bl_map_io_erase(c->s->io, BL_MAP_service_meta, &p->id, NULL))
			bl_ranges_release(&c->s->ids, p->id, 1);
	}
	(void)bl_backends_flush(&c->s->backends, NULL);
	if (!c->svc->sets)
		bl_table_drop_svc(c->s, c->svc);
}

static void take_over_fronts(struct change *c, struct plan *p, struct bl_set *set)
{
	struct bl_service value = value_of(p);

	for (size_t i = 0; i < p->want->n_frontends; i++) {
		struct bl_front_key key = front_key(&p->want->frontends[i]);
		struct bl_front *f = bl_table_find_front(c->s, &key);

		if (!f)
			f = bl_table_add_front(c->s, set, &key);
		else if (f->set != set)
			bl_table_move_front(f, set);
		f->value = value;
		f->wanted = true;
	}
}

static void take_over(struct change *c)
{
	for (size_t i = 0; i < c->n_plans; i++) {
		struct plan *p = &c->plans[i];
		struct bl_set *set = p->set;

		if (!set)
			set = bl_table_add_set(c->svc, p->want->family, p->want->proto,
					       p->want->local, p->want->port_name);
		bl_table_release(c->s, set->first, p->fresh ? set->n_slots : 0, set->ids,
				 set->n_ids);
		set->id = p->id;
		set->first = p->first;
		set->n_slots = p->n_slots;
		set->ids = p->ids;
		set->n_ids = p->n_ids;
		set->wanted = true;
		take_over_fronts(c, p, set);
	}
	strcpy(c->svc->uid, c->want->uid);
}

/* Marks live from taking over to pruning only. */
static void unmark(const struct bl_svc *svc)
{
	struct bl_set *set;
	struct bl_front *f;

	LL_FOREACH (svc->sets, set) {
		set->wanted = false;
		DL_FOREACH (set->fronts, f)
			f->wanted = false;
	}
}

static int change_service(struct change *c, struct bl_err *err)
{
	int rc = prepare(c, err);

	if (!rc)
		rc = write_all(c, err);
	if (rc) {
		roll_back(c);
	} else {
		take_over(c);
		rc = bl_table_prune(c->s, c->svc, err);
		unmark(c->svc);
	}
	free(c->plans);
	free(c->undo);
	return rc;
}

int bl_services_set(struct bl_services *s, const struct bl_desired_service *want,
		    struct bl_err *err)
{
	BL_FREE char *key = bl_asprintf("%s/%s", want->namespace, want->name);
	struct change c = {.s = s, .want = want};
	int rc;

	HASH_FIND_STR(s->svcs, key, c.svc);
	if (!want->n_sets)
		return c.svc ? bl_table_prune(s, c.svc, err) : 0;
	if (c.svc)
		c.svc->claimed = true;
	rc = check_names(want, err);
	if (!rc)
		rc = check_fronts(&c, err);
	if (rc)
		return rc;
	c.svc = bl_table_svc(s, key);
	c.svc->claimed = true;
	return change_service(&c, err);
}
