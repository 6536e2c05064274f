// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The policy tables, changed as a whole.
 *
 * What leads to classes and sets has a place for each epoch (beeline/policy.h), and a change goes in three steps:
 *
 *	prepare  cells that are new; then, in every entry that changes, the place that is not in force
 *	flip     the epoch: one write
 *	settle   once no packet is under way that read the old epoch: the other place, too; what has gone is erased
 *
 * Until the flip no packet sees any of it, and behind it every packet sees all of it, whichever call failed in between: so
 * what both versions allow passes and what both deny does not, between any two pods of the node. A step that fails is done
 * again, and does again what it does not know to be done. Where the flip itself failed it may have happened: nothing is
 * touched before a flip to the same epoch has succeeded.
 *
 * A pod that comes and is not isolated changes nothing that a packet finds: there is nothing to flip, and nobody waits.
 *
 * What is wanted may change at any time; it is only noted. It waits while a change settles, so changes in a burst come into
 * force together.
 *
 * Numbers of classes and sets are never used again, so what an earlier agent left can stay beside the new until nothing leads to it. It is
 * read at the start, and the first whole wish replaces it like any other change.
 */

#include "agent/datapath/policy.h"

#include <errno.h>
#include <string.h>

#include "agent/datapath/policy_priv.h"
#include "base/mem.h"

/* --- what is wanted ------------------------------------------------------------------------------------------------------ */

static bool same_ids(const struct bl_way_ids *a, const struct bl_way_ids *b)
{
	return a->ids[0] == b->ids[0] && a->ids[1] == b->ids[1];
}

/* Nothing is under way, and both epochs have what is wanted. */
static bool is_so(const struct bl_way *w)
{
	return w->state == BL_WAY_CLEAN && w->present && !w->unknown &&
	       same_ids(&w->want, &w->have[0]) && same_ids(&w->want, &w->have[1]);
}

static void touch(struct bl_policy_tables *t, struct bl_way *w)
{
	t->again |= w->state == BL_WAY_UNSETTLED;
	if (w->state != BL_WAY_CLEAN)
		return;
	w->state = BL_WAY_DIRTY;
	bl_ptrs_add(&t->dirty, w);
}

static void want_way(struct bl_policy_tables *t, enum bl_way_kind kind, const struct bl_cidr *cidr,
		     struct bl_way_ids ids, bool gone)
{
	struct bl_way *w = gone ? bl_way_find(t, kind, cidr) : bl_way_get(t, kind, cidr);

	if (!w)
		return;
	w->gone = gone;
	w->want = ids;
	if (gone || !is_so(w))
		touch(t, w);
}

static void want_all_gone(struct bl_policy_tables *t)
{
	for (int kind = 0; kind < BL_WAY_KINDS; kind++) {
		for (struct bl_way *w = t->ways[kind]; w; w = w->hh.next) {
			w->gone = true;
			touch(t, w);
		}
	}
}

static void doom(struct bl_policy_tables *t, struct bl_cell_row *row)
{
	if (row->doomed)
		return;
	row->doomed = true;
	bl_ptrs_add(&t->doomed, row);
}

static void want_cells(struct bl_policy_tables *t, const struct bl_desired_policy *want)
{
	struct bl_cell_row *row;

	for (size_t i = 0; i < want->n_cells; i++) {
		const struct bl_desired_cell *c = &want->cells[i];

		row = bl_cell_row_find(t, &c->key);
		if (c->gone && row)
			doom(t, row);
		if (c->gone || row)
			continue;
		bl_ptrs_add(&t->new_cells, bl_cell_row_add(t, c));
	}
}

/* Cells that a whole wish does not list. */
static void doom_others(struct bl_policy_tables *t, const struct bl_desired_policy *want)
{
	struct bl_cell_row *row;

	t->turn++;
	for (size_t i = 0; i < want->n_cells; i++) {
		row = bl_cell_row_find(t, &want->cells[i].key);
		if (row)
			row->turn = t->turn;
	}
	for (row = t->cells; row; row = row->hh.next) {
		if (row->turn != t->turn)
			doom(t, row);
	}
}

static void want_pods(struct bl_policy_tables *t, const struct bl_desired_policy *want)
{
	struct bl_way *w;

	for (w = t->ways[BL_WAY_ISOLATION]; w; w = w->hh.next)
		w->gone = true;
	for (size_t i = 0; i < want->n_pods; i++) {
		const struct bl_desired_isolation *p = &want->pods[i];
		struct bl_cidr cidr = bl_ip_host(&p->ip);

		want_way(t, BL_WAY_ISOLATION, &cidr, (struct bl_way_ids){{p->ingress, p->egress}},
			 false);
	}
	for (w = t->ways[BL_WAY_ISOLATION]; w; w = w->hh.next) {
		if (w->gone)
			touch(t, w);
	}
}

static void take_note(struct bl_policy_tables *t, const struct bl_desired_policy *want)
{
	if (want->whole) {
		want_all_gone(t);
		want_cells(t, want);
		doom_others(t, want);
	} else {
		want_cells(t, want);
	}
	for (size_t i = 0; i < want->n_classes; i++) {
		const struct bl_desired_class *c = &want->classes[i];
		struct bl_cidr cidr = bl_ip_host(&c->ip);

		want_way(t, BL_WAY_CLASS, &cidr, (struct bl_way_ids){{c->class}}, c->gone);
	}
	for (size_t i = 0; i < want->n_blocks; i++) {
		const struct bl_desired_block *b = &want->blocks[i];

		want_way(t, BL_WAY_BLOCK, &b->cidr, (struct bl_way_ids){{b->class}}, b->gone);
	}
	want_pods(t, want);
}

/* --- prepare ------------------------------------------------------------------------------------------------------------- */

static int prepare_cells(struct bl_policy_tables *t, struct bl_err *err)
{
	while (t->new_cells.n) {
		int rc = bl_cell_row_write(t, t->new_cells.items[t->new_cells.n - 1], err);

		if (rc)
			return rc;
		t->new_cells.n--;
	}
	return 0;
}

static int prepare_way(struct bl_policy_tables *t, struct bl_way *w, struct bl_err *err)
{
	uint32_t next = !t->epoch;
	struct bl_way_ids ids[2];

	if (w->gone)
		w->want = bl_way_absent(t, w, true);
	ids[next] = w->want;
	ids[t->epoch] = w->present ? w->have[t->epoch] : bl_way_absent(t, w, false);
	if (w->written && !w->unknown && same_ids(&w->have[next], &ids[next]))
		return 0;
	if (!w->written && !w->unknown && w->gone)
		return 0;
	return bl_way_write(t, w, ids, err);
}

static int prepare(struct bl_policy_tables *t, struct bl_err *err)
{
	int rc = prepare_cells(t, err);

	for (size_t i = 0; !rc && i < t->dirty.n; i++)
		rc = prepare_way(t, t->dirty.items[i], err);
	return rc;
}

/* Whether the next epoch is another version, or takes a place or a cell away that a packet under way may still read. */
static bool differs(const struct bl_policy_tables *t)
{
	for (size_t i = 0; i < t->dirty.n; i++) {
		const struct bl_way *w = t->dirty.items[i];

		if (w->gone ? w->written : !same_ids(&w->have[0], &w->have[1]))
			return true;
	}
	return t->doomed.n;
}

/* What is prepared means the same in both epochs, so it is in force already. */
static void adopt(struct bl_policy_tables *t)
{
	while (t->dirty.n) {
		struct bl_way *w = t->dirty.items[--t->dirty.n];

		w->present = w->written;
		w->state = BL_WAY_CLEAN;
		if (w->gone)
			bl_way_drop(t, w);
	}
}

/* --- flip ---------------------------------------------------------------------------------------------------------------- */

static int flip(struct bl_policy_tables *t, struct bl_err *err)
{
	uint32_t key = 0, next = !t->epoch;
	int rc;

	if (!t->flipping) {
		struct bl_ptr_list empty = t->doomed_settled;

		t->doomed_settled = t->doomed; /* by whom nothing leads to them from now on */
		t->doomed = empty;
		t->flipped = t->dirty.n;
	}
	t->again |= t->flipping; /* what was noted meanwhile is not behind this flip */
	t->flipping = true;
	rc = bl_map_io_put(t->io, BL_MAP_policy_epoch, &key, &next, err);
	if (rc)
		return rc;
	t->flipping = false;
	t->epoch = next;
	t->settle_ms = bl_map_io_now_ms(t->io) + BL_POLICY_GRACE_MS;
	for (size_t i = 0; i < t->dirty.n; i++) {
		struct bl_way *w = t->dirty.items[i];

		if (i >= t->flipped) {
			t->dirty.items[i - t->flipped] = w; /* came while the flip failed */
			continue;
		}
		w->present = w->written;
		w->state = BL_WAY_UNSETTLED;
		bl_ptrs_add(&t->unsettled, w);
	}
	t->dirty.n -= t->flipped;
	return 0;
}

/* --- settle -------------------------------------------------------------------------------------------------------------- */

static int settle_way(struct bl_policy_tables *t, struct bl_way *w, struct bl_err *err)
{
	struct bl_way_ids ids[2] = {w->have[t->epoch], w->have[t->epoch]};
	struct bl_way_ids absent = bl_way_absent(t, w, false);
	int rc = 0;

	if (w->gone && (!w->written || same_ids(&absent, &ids[0]))) {
		rc = bl_way_erase(t, w, err);
		if (!rc)
			bl_way_drop(t, w);
		return rc;
	}
	if (w->unknown || !same_ids(&w->have[0], &w->have[1]))
		rc = bl_way_write(t, w, ids, err);
	if (rc)
		return rc;
	w->state = BL_WAY_CLEAN;
	if (w->gone || !same_ids(&w->want, &ids[0]))
		touch(t, w);
	return 0;
}

static int settle(struct bl_policy_tables *t, struct bl_err *err)
{
	int rc = 0;

	while (!rc && t->unsettled.n) {
		rc = settle_way(t, t->unsettled.items[t->unsettled.n - 1], err);
		if (!rc)
			t->unsettled.n--;
	}
	while (!rc && t->doomed_settled.n) {
		struct bl_cell_row *row = t->doomed_settled.items[t->doomed_settled.n - 1];

		rc = bl_cell_row_erase(t, row, err);
		if (rc)
			break;
		bl_cell_row_drop(t, row);
		t->doomed_settled.n--;
	}
	if (rc)
		return rc;
	t->settle_ms = 0;
	t->again = false;
	return 0;
}

/* --- entry points -------------------------------------------------------------------------------------------------------- */

static bool has_work(const struct bl_policy_tables *t)
{
	return t->flipping || t->again || t->dirty.n || t->new_cells.n || t->doomed.n;
}

static int waiting(const struct bl_policy_tables *t, struct bl_err *err)
{
	if (!has_work(t))
		return 0;
	return bl_err_set(err, -EAGAIN, "policy waits for packets of its last change");
}

int bl_policy_tables_go(struct bl_policy_tables *t, struct bl_err *err)
{
	int rc = t->flipping ? flip(t, err) : 0;

	if (rc)
		return rc;
	if (t->settle_ms && bl_map_io_now_ms(t->io) < t->settle_ms)
		return waiting(t, err);
	if (t->settle_ms)
		rc = settle(t, err);
	if (rc || !has_work(t))
		return rc;
	rc = prepare(t, err);
	if (rc)
		return rc;
	if (differs(t))
		rc = flip(t, err);
	else
		adopt(t);
	return rc ? rc : waiting(t, err);
}

int bl_policy_tables_set(struct bl_policy_tables *t, const struct bl_desired_policy *want,
			 struct bl_err *err)
{
	take_note(t, want);
	return bl_policy_tables_go(t, err);
}

int bl_policy_tables_next(const struct bl_policy_tables *t)
{
	uint64_t now = bl_map_io_now_ms(t->io);

	if (!t->settle_ms)
		return has_work(t) ? 0 : -1;
	return now >= t->settle_ms ? 0 : (int)(t->settle_ms - now);
}

uint32_t bl_policy_tables_place(const struct bl_policy_tables *t, const struct bl_ip *ip)
{
	struct bl_cidr cidr = bl_ip_host(ip);
	const struct bl_way *w = bl_way_find(t, BL_WAY_ISOLATION, &cidr);

	return w ? w->index : 0;
}

uint32_t bl_policy_tables_first_id(const struct bl_policy_tables *t)
{
	return t->first_id;
}

int bl_policy_tables_new(struct bl_map_io *io, struct bl_policy_tables **ret_tables,
			 struct bl_err *err)
{
	struct bl_policy_tables *t = bl_new0(struct bl_policy_tables);
	int rc;

	t->io = io;
	t->first_id = 1;
	bl_ranges_init(&t->ranges, bl_map_io_size(io, BL_MAP_cell_range));
	bl_ranges_init(&t->places, bl_map_io_size(io, BL_MAP_isolation));
	rc = bl_policy_tables_load(t, err);
	if (rc) {
		bl_policy_tables_free(t);
		return rc;
	}
	*ret_tables = t;
	return 0;
}

struct bl_policy_tables *bl_policy_tables_free(struct bl_policy_tables *t)
{
	struct bl_ptr_list *lists[] = {&t->dirty, &t->unsettled, &t->new_cells, &t->doomed,
				       &t->doomed_settled};

	if (!t)
		return NULL;
	for (int kind = 0; kind < BL_WAY_KINDS; kind++) {
		while (t->ways[kind])
			bl_way_drop(t, t->ways[kind]);
	}
	while (t->cells)
		bl_cell_row_drop(t, t->cells);
	for (size_t i = 0; i < BL_ARRAY_SIZE(lists); i++)
		free(lists[i]->items);
	bl_ranges_free(&t->ranges);
	bl_ranges_free(&t->places);
	free(t);
	return NULL;
}
