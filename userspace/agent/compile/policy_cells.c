// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Cells: what a set says of a class.
 *
 * Rules for everyone make the cell of BL_CLASS_ANY. A class has a cell of its own only if some rule of the set tells it from
 * others: if it has an atom that a rule names. So the number of cells follows what policies say, and not sets times classes. A
 * cell of a class holds the rules for everyone too, since the kernel stops at the first it finds.
 *
 * Neither a set nor a class ever changes, so cells are only made and dropped: a new set is held against the classes that have
 * its atoms, a new class against the sets that name its own.
 */

#include "agent/compile/policy_internal.h"
#include "base/mem.h"

/* The cell under construction. */
struct draft {
	struct bl_cell_range *ranges;
	size_t n, cap;
	bool matched; /* a rule applies */
	bool all;     /* every port of every protocol */
};

static void note(struct bl_cell_key **list, size_t *n, uint32_t set, uint32_t class)
{
	if ((*n & (*n - 1)) == 0) /* full at every power of two */
		*list = bl_realloc(*list, *n ? 2 * *n : 1, sizeof(**list));
	(*list)[(*n)++] = (struct bl_cell_key){.set = set, .class = class};
}

static void add_range(struct draft *d, uint8_t proto, uint16_t first, uint16_t last)
{
	if (d->n == d->cap) {
		d->cap = d->cap ? 2 * d->cap : 4;
		d->ranges = bl_realloc(d->ranges, d->cap, sizeof(*d->ranges));
	}
	d->ranges[d->n++] = (struct bl_cell_range){
		.first = first,
		.last = last,
		.proto = proto,
		.verdict = BL_VERDICT_ALLOW,
	};
}

/* The numbers of a port name: among the pod's own, or the peer's. */
static void add_named(struct draft *d, const struct bl_rule_port *port,
		      const struct bl_member *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i].atom == port->named)
			add_range(d, port->proto, (uint16_t)list[i].port, (uint16_t)list[i].port);
	}
}

static void add_ports(struct draft *d, const struct bl_set_entry *set,
		      const struct bl_class_entry *class, const struct bl_rule *rule)
{
	d->matched = true;
	d->all |= !rule->n_ports;
	for (size_t i = 0; i < rule->n_ports; i++) {
		const struct bl_rule_port *port = &rule->ports[i];

		if (!port->named)
			add_range(d, port->proto, port->first, port->last);
		else if (set->dir == BL_INGRESS)
			add_named(d, port, set->own.list, set->own.n);
		else if (class)
			add_named(d, port, class->members, class->n);
	}
}

static bool has_peer(const struct bl_policies *p, const struct bl_rule *rule)
{
	for (size_t i = 0; i < rule->n_peers; i++) {
		if (rule->peers[i]->mark == p->mark)
			return true;
	}
	return !rule->n_peers;
}

/* What the set says of the class; NULL: of any. */
static void write_draft(struct bl_policies *p, const struct bl_set_entry *set,
			const struct bl_class_entry *class, struct draft *d)
{
	p->mark++;
	for (size_t i = 0; class && i < class->n; i++)
		class->members[i].atom->mark = p->mark;
	for (size_t i = 0; i < set->n_rules; i++) {
		const struct bl_rules *r = set->rules[i];

		for (size_t k = 0; k < r->n[set->dir]; k++) {
			if (has_peer(p, &r->dir[set->dir][k]))
				add_ports(d, set, class, &r->dir[set->dir][k]);
		}
	}
	d->n = d->all ? 0 : bl_ranges_join(d->ranges, d->n);
}

static void make_cell(struct bl_policies *p, struct bl_set_entry *set,
		      const struct bl_class_entry *class)
{
	uint32_t id = class ? class->id : BL_CLASS_ANY;
	struct bl_cell_entry *cell;
	struct draft d = {};

	HASH_FIND(hh, set->cells, &id, sizeof(id), cell);
	if (cell)
		return;
	write_draft(p, set, class, &d);
	if (d.matched) {
		cell = bl_calloc(1, sizeof(*cell) + d.n * sizeof(*d.ranges));
		cell->class = id;
		cell->verdict = d.all ? BL_VERDICT_ALLOW : BL_VERDICT_DENY;
		cell->n = d.n;
		for (size_t i = 0; i < d.n; i++)
			cell->ranges[i] = d.ranges[i];
		HASH_ADD(hh, set->cells, class, sizeof(cell->class), cell);
		note(&p->new_cells, &p->n_new_cells, set->id, id);
	}
	free(d.ranges);
}

void bl_cells_compile(struct bl_policies *p)
{
	for (size_t i = 0; i < p->fresh_sets.n; i++) {
		struct bl_set_entry *set = p->fresh_sets.items[i];

		set->fresh = false;
		make_cell(p, set, NULL);
		for (size_t k = 0; k < set->atoms.n; k++) {
			const struct bl_atom *atom = set->atoms.items[k];

			for (size_t c = 0; c < atom->classes.n; c++)
				make_cell(p, set, atom->classes.items[c]);
		}
	}
	for (size_t i = 0; i < p->fresh_classes.n; i++) {
		struct bl_class_entry *class = p->fresh_classes.items[i];

		class->fresh = false;
		for (size_t k = 0; k < class->n; k++) {
			const struct bl_atom *atom = class->members[k].atom;

			for (size_t s = 0; s < atom->sets.n; s++)
				make_cell(p, atom->sets.items[s], class);
		}
	}
	p->fresh_sets.n = p->fresh_classes.n = 0;
}

static void drop_cell(struct bl_policies *p, struct bl_set_entry *set, struct bl_cell_entry *cell)
{
	note(&p->gone_cells, &p->n_gone_cells, set->id, cell->class);
	HASH_DEL(set->cells, cell);
	free(cell);
}

void bl_cells_drop_set(struct bl_policies *p, struct bl_set_entry *set)
{
	struct bl_cell_entry *cell, *tmp;

	HASH_ITER (hh, set->cells, cell, tmp)
		drop_cell(p, set, cell);
}

void bl_cells_drop_class(struct bl_policies *p, struct bl_class_entry *class)
{
	for (size_t i = 0; i < class->n; i++) {
		const struct bl_atom *atom = class->members[i].atom;

		for (size_t k = 0; k < atom->sets.n; k++) {
			struct bl_set_entry *set = atom->sets.items[k];
			struct bl_cell_entry *cell;

			HASH_FIND(hh, set->cells, &class->id, sizeof(class->id), cell);
			if (cell)
				drop_cell(p, set, cell);
		}
	}
}
