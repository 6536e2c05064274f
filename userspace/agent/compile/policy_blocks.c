// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: ipBlocks become classes on a trie.
 *
 * Every prefix that some block or some except names is an entry; its class is the set of blocks that hold what lies in it and in
 * no longer entry. So the longest prefix finds the class and is no precedence: a block inside another one, or inside
 * another's exception, has the members of both. Prefixes are nested or apart, never crossing, so one walk in their order
 * with the stack of those that hold the current one is enough: a prefix has what the one around it has, without the blocks that
 * except it, with the blocks that it is.
 */

#include <string.h>

#include "agent/compile/policy_internal.h"
#include "base/mem.h"

/* A block or one of its exceptions, at its prefix. */
struct mention {
	struct bl_cidr cidr;
	struct bl_atom *atom;
	bool except;
};

/* Exceptions come behind blocks: one that excepts all of itself holds nothing. */
static int mention_cmp(const void *a, const void *b)
{
	const struct mention *x = a, *y = b;
	int rc = bl_cidr_cmp(&x->cidr, &y->cidr);

	return rc ? rc : (int)x->except - (int)y->except;
}

static struct mention *collect(const struct bl_policies *p, size_t *ret_n)
{
	struct mention *list;
	size_t n = 0;

	for (const struct bl_atom *a = p->atoms; a; a = a->hh.next)
		n += a->kind == BL_ATOM_BLOCK ? 1 + a->block.n_except : 0;
	list = bl_calloc(n, sizeof(*list));
	n = 0;
	for (struct bl_atom *a = p->atoms; a; a = a->hh.next) {
		if (a->kind != BL_ATOM_BLOCK)
			continue;
		list[n++] = (struct mention){.cidr = a->block.cidr, .atom = a};
		for (size_t i = 0; i < a->block.n_except; i++)
			list[n++] = (struct mention){a->block.except[i], a, true};
	}
	qsort(list, n, sizeof(*list), mention_cmp);
	*ret_n = n;
	return list;
}

static bool holds(const struct bl_cidr *outer, const struct bl_cidr *inner)
{
	return outer->len <= inner->len && bl_cidr_contains(outer, &inner->ip);
}

static void apply_mention(const struct mention *m, struct bl_members *to)
{
	if (m->except)
		(void)bl_members_remove(to, m->atom);
	else
		(void)bl_members_add(to, m->atom, 0);
}

static void inherit(const struct bl_class_entry *class, struct bl_members *to)
{
	for (size_t i = 0; class && i < class->n; i++)
		(void)bl_members_add(to, class->members[i].atom, 0);
}

/* One entry a prefix, from the mentions in order. */
static size_t walk(struct bl_policies *p, const struct mention *list, size_t n,
		   struct bl_block_entry *out)
{
	size_t stack[129], depth = 0, kept = 0; /* at most one prefix a length */

	for (size_t i = 0; i < n;) {
		const struct bl_cidr *cidr = &list[i].cidr;
		struct bl_members m = {};

		while (depth && !holds(&out[stack[depth - 1]].cidr, cidr))
			depth--;
		out[kept].around = depth ? &out[stack[depth - 1]] : NULL;
		if (depth)
			inherit(out[kept].around->class, &m);
		out[kept].cidr = *cidr;
		for (; i < n && !bl_cidr_cmp(&list[i].cidr, &out[kept].cidr); i++)
			apply_mention(&list[i], &m);
		out[kept].class = bl_class_ref(p, &m);
		out[kept].id = bl_class_id(out[kept].class);
		bl_members_free(&m);
		stack[depth++] = kept++;
	}
	return kept;
}

void bl_blocks_compile(struct bl_policies *p)
{
	struct bl_block_entry *old = p->blocks, *new;
	size_t n_old = p->n_blocks, n;
	struct mention *list;

	if (!p->blocks_dirty)
		return;
	p->blocks_dirty = false;
	list = collect(p, &n);
	new = bl_calloc(n, sizeof(*new));
	p->n_blocks = walk(p, list, n, new);
	p->blocks = new;
	for (size_t i = 0; i < n_old; i++)
		bl_class_unref(p, old[i].class);
	free(old);
	free(list);
	bl_addrs_mark_all(p);
}

/* The last prefix at or before the address in the order of prefixes holds it, or one of those around that prefix does. */
const struct bl_class_entry *bl_blocks_find(const struct bl_policies *p, const struct bl_ip *ip)
{
	struct bl_cidr host = bl_ip_host(ip);
	const struct bl_block_entry *b;
	size_t low = 0, high = p->n_blocks;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (bl_cidr_cmp(&p->blocks[mid].cidr, &host) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	b = low ? &p->blocks[low - 1] : NULL;
	while (b && !bl_cidr_contains(&b->cidr, ip))
		b = b->around;
	return b ? b->class : NULL;
}

void bl_blocks_free(struct bl_policies *p)
{
	for (size_t i = 0; i < p->n_blocks; i++)
		bl_class_unref(p, p->blocks[i].class);
	free(p->blocks);
	free(p->told_blocks);
	p->blocks = p->told_blocks = NULL;
	p->n_blocks = p->n_told_blocks = 0;
}
