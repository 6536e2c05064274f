// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The compiled tables, asked by the programs' own verdict function.
 *
 * The tables are those of the compiler, before any map: when the kernel's say something else, it is the maps that are wrong. Both
 * epochs are alike here.
 */

#include <string.h>

#include "agent/compile/policy_internal.h"
#include "beeline/addr.h"

/* What the functions below hand out lives here. */
struct answer {
	struct bl_class exact, block;
	struct bl_cell cell;
	const struct bl_cell_range *ranges;
};

struct view {
	const struct bl_policies *p;
	struct answer *a;
};

static struct bl_ip ip_of(int family, const struct bl_addr *addr)
{
	struct bl_ip ip = {.family = (uint8_t)family};

	memcpy(ip.b, addr, bl_ip_size(&ip));
	return ip;
}

static const struct bl_class *bl_view_exact(const void *view, int family,
					    const struct bl_addr *addr)
{
	const struct view *v = view;
	struct bl_ip ip = ip_of(family, addr);
	const struct bl_addr_entry *a;

	HASH_FIND(hh, v->p->addrs, &ip, sizeof(ip), a);
	if (!a || !bl_addr_is_wanted(v->p, a))
		return NULL;
	v->a->exact.id[0] = v->a->exact.id[1] = bl_class_id(a->class);
	return &v->a->exact;
}

static const struct bl_class *bl_view_block(const void *view, int family,
					    const struct bl_addr *addr)
{
	const struct view *v = view;
	struct bl_ip ip = ip_of(family, addr);

	v->a->block.id[0] = v->a->block.id[1] = bl_class_id(bl_blocks_find(v->p, &ip));
	return &v->a->block;
}

static const struct bl_cell *bl_view_cell(const void *view, const struct bl_cell_key *key)
{
	const struct view *v = view;
	const struct bl_cell_entry *cell = NULL;
	const struct bl_set_entry *set;

	HASH_FIND(by_id, v->p->sets_by_id, &key->set, sizeof(key->set), set);
	if (set)
		HASH_FIND(hh, set->cells, &key->class, sizeof(key->class), cell);
	if (!cell)
		return NULL;
	v->a->ranges = cell->ranges;
	v->a->cell =
		(struct bl_cell){.count = (uint16_t)cell->n, .verdict = (uint8_t)cell->verdict};
	return &v->a->cell;
}

static const struct bl_cell_range *bl_view_range(const void *view, uint32_t index)
{
	const struct view *v = view;

	return index < v->a->cell.count ? &v->a->ranges[index] : NULL;
}

#include "lib/verdict.h"

static const struct bl_pod_entry *local_pod(const struct bl_policies *p, const struct bl_ip *ip)
{
	for (size_t i = 0; i < p->locals.n; i++) {
		const struct bl_pod_entry *pod = p->locals.items[i];

		for (size_t k = 0; k < pod->n_ips; k++) {
			if (!bl_ip_cmp(&pod->ips[k], ip))
				return pod;
		}
	}
	return NULL;
}

bool bl_policies_ask(const struct bl_policies *p, const struct bl_policy_question *q,
		     struct bl_policy_answer *ret_answer)
{
	struct bl_policy_ask ask = {.port = q->port, .proto = q->proto, .has_port = q->port != 0};
	const struct bl_pod_entry *pod = local_pod(p, &q->pod);
	struct answer scratch = {};
	struct view view = {p, &scratch};
	struct bl_addr addr = {};

	if (!pod)
		return false;
	memcpy(&addr, q->peer.b, bl_ip_size(&q->peer));
	ret_answer->set = pod->sets[q->dir] ? pod->sets[q->dir]->id : BL_SET_OPEN;
	ret_answer->class = bl_policy_class(&view, q->peer.family, &addr, 0);
	ret_answer->allowed = bl_policy_verdict(&view, ret_answer->set, ret_answer->class, &ask) ==
			      BL_VERDICT_ALLOW;
	return true;
}
