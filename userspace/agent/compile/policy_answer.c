// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What the compiled tables say, as the waist wants it: all of it, or what changed since the last answer.
 *
 * Every list is a fact about now; the notes taken on the way only say where to look. A cell that was made and dropped since the
 * last answer is told as gone, which costs one delete of nothing.
 */

#include <string.h>

#include "agent/compile/policy_internal.h"
#include "base/mem.h"

static void put_class(struct bl_policies *p, struct bl_addr_entry *a, struct bl_desired_policy *out)
{
	bool wanted = bl_addr_is_wanted(p, a);

	if (!wanted && !a->held)
		return;
	a->held = wanted;
	out->classes[out->n_classes++] = (struct bl_desired_class){
		.ip = a->ip,
		.class = bl_class_id(a->class),
		.gone = !wanted,
	};
}

static void answer_classes(struct bl_policies *p, struct bl_desired_policy *out,
			   struct bl_arena *arena)
{
	size_t n = out->whole ? HASH_COUNT(p->addrs) : p->changed_addrs.n;

	out->classes = bl_arena_array(arena, n, struct bl_desired_class);
	for (size_t i = 0; i < p->changed_addrs.n; i++) {
		struct bl_addr_entry *a = p->changed_addrs.items[i];

		a->changed = false;
		if (!out->whole)
			put_class(p, a, out);
		if (!a->claims.n)
			bl_addr_free(p, a);
	}
	p->changed_addrs.n = 0;
	if (!out->whole)
		return;
	for (struct bl_addr_entry *a = p->addrs; a; a = a->hh.next) {
		if (bl_addr_is_wanted(p, a))
			put_class(p, a, out);
		a->held = bl_addr_is_wanted(p, a);
	}
}

static void put_block(struct bl_desired_policy *out, const struct bl_cidr *cidr, uint32_t class,
		      bool gone)
{
	out->blocks[out->n_blocks++] =
		(struct bl_desired_block){.cidr = *cidr, .class = class, .gone = gone};
}

/* A merge of what was told and what is: both are ordered. */
static void answer_blocks(struct bl_policies *p, struct bl_desired_policy *out,
			  struct bl_arena *arena)
{
	size_t told = out->whole ? 0 : p->n_told_blocks, t = 0;

	out->blocks = bl_arena_array(arena, told + p->n_blocks, struct bl_desired_block);
	for (size_t i = 0; i < p->n_blocks; i++) {
		const struct bl_block_entry *b = &p->blocks[i];
		int order = 1;

		while (t < told && (order = bl_cidr_cmp(&p->told_blocks[t].cidr, &b->cidr)) < 0)
			put_block(out, &p->told_blocks[t++].cidr, BL_CLASS_OUTSIDER, true);
		if (t < told && order == 0) {
			if (p->told_blocks[t++].id == b->id)
				continue;
		}
		put_block(out, &b->cidr, b->id, false);
	}
	while (t < told)
		put_block(out, &p->told_blocks[t++].cidr, BL_CLASS_OUTSIDER, true);
	free(p->told_blocks);
	p->told_blocks = bl_calloc(p->n_blocks, sizeof(*p->blocks));
	if (p->n_blocks)
		memcpy(p->told_blocks, p->blocks, p->n_blocks * sizeof(*p->blocks));
	p->n_told_blocks = p->n_blocks;
}

static void put_cell(struct bl_desired_policy *out, const struct bl_set_entry *set,
		     const struct bl_cell_entry *cell, struct bl_arena *arena)
{
	struct bl_cell_range *ranges = bl_arena_array(arena, cell->n, struct bl_cell_range);

	if (cell->n)
		memcpy(ranges, cell->ranges, cell->n * sizeof(*ranges));
	out->cells[out->n_cells++] = (struct bl_desired_cell){
		.key = {.set = set->id, .class = cell->class},
		.ranges = ranges,
		.n_ranges = cell->n,
		.verdict = cell->verdict,
	};
}

static const struct bl_set_entry *set_by_id(const struct bl_policies *p, uint32_t id)
{
	const struct bl_set_entry *set;

	HASH_FIND(by_id, p->sets_by_id, &id, sizeof(id), set);
	return set;
}

static void answer_new_cells(struct bl_policies *p, struct bl_desired_policy *out,
			     struct bl_arena *arena)
{
	for (size_t i = 0; i < p->n_new_cells; i++) {
		const struct bl_cell_key *key = &p->new_cells[i];
		const struct bl_set_entry *set = set_by_id(p, key->set);
		const struct bl_cell_entry *cell = NULL;

		if (set)
			HASH_FIND(hh, set->cells, &key->class, sizeof(key->class), cell);
		if (cell)
			put_cell(out, set, cell, arena);
	}
	for (size_t i = 0; i < p->n_gone_cells; i++)
		out->cells[out->n_cells++] =
			(struct bl_desired_cell){.key = p->gone_cells[i], .gone = true};
}

static void answer_cells(struct bl_policies *p, struct bl_desired_policy *out,
			 struct bl_arena *arena)
{
	size_t n = p->n_new_cells + p->n_gone_cells;
	const struct bl_set_entry *set;

	for (set = p->sets; set && out->whole; set = set->hh.next)
		n += HASH_COUNT(set->cells);
	out->cells = bl_arena_array(arena, n, struct bl_desired_cell);
	if (!out->whole)
		answer_new_cells(p, out, arena);
	for (set = p->sets; set && out->whole; set = set->hh.next) {
		for (const struct bl_cell_entry *c = set->cells; c; c = c->hh.next)
			put_cell(out, set, c, arena);
	}
	free(p->new_cells);
	free(p->gone_cells);
	p->new_cells = p->gone_cells = NULL;
	p->n_new_cells = p->n_gone_cells = 0;
}

static void answer_pods(const struct bl_policies *p, struct bl_desired_policy *out,
			struct bl_arena *arena)
{
	size_t n = 0;

	for (size_t i = 0; i < p->locals.n; i++)
		n += ((const struct bl_pod_entry *)p->locals.items[i])->n_ips;
	out->pods = bl_arena_array(arena, n, struct bl_desired_isolation);
	for (size_t i = 0; i < p->locals.n; i++) {
		const struct bl_pod_entry *pod = p->locals.items[i];
		const struct bl_set_entry *in = pod->sets[BL_INGRESS];
		const struct bl_set_entry *eg = pod->sets[BL_EGRESS];

		for (size_t k = 0; k < pod->n_ips; k++)
			out->pods[out->n_pods++] = (struct bl_desired_isolation){
				.ip = pod->ips[k],
				.ingress = in ? in->id : BL_SET_OPEN,
				.egress = eg ? eg->id : BL_SET_OPEN,
			};
	}
}

struct bl_desired_policy *bl_policies_answer(struct bl_policies *p, bool whole,
					     struct bl_arena *arena)
{
	struct bl_desired_policy *out = bl_arena_new0(arena, struct bl_desired_policy);

	out->whole = whole;
	answer_classes(p, out, arena);
	answer_blocks(p, out, arena);
	answer_cells(p, out, arena);
	answer_pods(p, out, arena);
	return out;
}
