// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The pinned policy tables, asked by the programs' own verdict function.
 *
 * Each answer is what a packet would be told at this moment: the epoch is read once, as a program reads it. What the pod's own endpoint says leads
 * to its sets; an address without such an endpoint is of no pod of this node.
 */

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/ip.h"
#include "base/mem.h"
#include "maps/maps.h"

static const enum bl_map tables[] = {BL_MAP_endpoint4,	 BL_MAP_endpoint6,  BL_MAP_class4,
				     BL_MAP_class6,	 BL_MAP_block4,	    BL_MAP_block6,
				     BL_MAP_cell,	 BL_MAP_cell_range, BL_MAP_isolation,
				     BL_MAP_policy_epoch};

/* What was looked up last, of each kind. */
struct found {
	struct bl_class exact, block;
	struct bl_cell cell;
	struct bl_cell_range range;
};

struct view {
	int fds[BL_MAP_COUNT];
	struct found *found;
};

static const struct bl_class *bl_view_exact(const void *view, int family,
					    const struct bl_addr *addr)
{
	const struct view *v = view;
	int fd = v->fds[family == 4 ? BL_MAP_class4 : BL_MAP_class6];

	return bpf_map_lookup_elem(fd, addr, &v->found->exact) ? NULL : &v->found->exact;
}

static const struct bl_class *bl_view_block(const void *view, int family,
					    const struct bl_addr *addr)
{
	const struct view *v = view;
	int fd = v->fds[family == 4 ? BL_MAP_block4 : BL_MAP_block6];
	struct bl_prefix6_key key = {.len = family == 4 ? 32 : 128};

	memcpy(&key.addr, addr, sizeof(key.addr));
	return bpf_map_lookup_elem(fd, &key, &v->found->block) ? NULL : &v->found->block;
}

static const struct bl_cell *bl_view_cell(const void *view, const struct bl_cell_key *key)
{
	const struct view *v = view;

	return bpf_map_lookup_elem(v->fds[BL_MAP_cell], key, &v->found->cell) ? NULL
									      : &v->found->cell;
}

static const struct bl_cell_range *bl_view_range(const void *view, uint32_t index)
{
	const struct view *v = view;

	return bpf_map_lookup_elem(v->fds[BL_MAP_cell_range], &index, &v->found->range)
		       ? NULL
		       : &v->found->range;
}

#include "lib/verdict.h"

static void view_close(struct view *v)
{
	for (int i = 0; i < BL_MAP_COUNT; i++)
		bl_cleanup_close(&v->fds[i]);
}

static int view_open(struct view *v, const char *pin_dir, struct bl_err *err)
{
	int rc = 0;

	for (int i = 0; i < BL_MAP_COUNT; i++)
		v->fds[i] = -1;
	for (size_t i = 0; !rc && i < BL_ARRAY_SIZE(tables); i++)
		rc = bl_maps_open(pin_dir, tables[i], true, &v->fds[tables[i]], err);
	return rc;
}

static uint32_t set_of(const struct view *v, const struct bl_endpoint *e, enum bl_direction dir,
		       uint32_t epoch)
{
	struct bl_isolation isolation = {};

	if (!e->policy)
		return BL_SET_OPEN;
	(void)bpf_map_lookup_elem(v->fds[BL_MAP_isolation], &e->policy, &isolation);
	return isolation.set[epoch & 1][dir];
}

int bl_maps_policy(const char *pin_dir, const struct bl_maps_question *q,
		   struct bl_maps_verdict *ret_verdict, struct bl_err *err)
{
	struct bl_policy_ask ask = {.port = q->port, .proto = q->proto, .has_port = q->port != 0};
	enum bl_map map = q->pod.family == 4 ? BL_MAP_endpoint4 : BL_MAP_endpoint6;
	struct bl_endpoint endpoint = {};
	struct found found = {};
	struct view v = {.found = &found};
	uint32_t key = 0, epoch = 0;
	struct bl_addr addr = {};
	int rc = view_open(&v, pin_dir, err);

	*ret_verdict = (struct bl_maps_verdict){};
	if (!rc && !bpf_map_lookup_elem(v.fds[map], q->pod.b, &endpoint) &&
	    endpoint.flags & BL_ENDPOINT_POD) {
		memcpy(&addr, q->peer.b, bl_ip_size(&q->peer));
		(void)bpf_map_lookup_elem(v.fds[BL_MAP_policy_epoch], &key, &epoch);
		*ret_verdict = (struct bl_maps_verdict){
			.local = true,
			.place = endpoint.policy,
			.set = set_of(&v, &endpoint, q->dir, epoch),
			.class = bl_policy_class(&v, q->peer.family, &addr, epoch),
		};
		ret_verdict->allowed = bl_policy_verdict(&v, ret_verdict->set, ret_verdict->class,
							 &ask) == BL_VERDICT_ALLOW;
	}
	view_close(&v);
	return rc;
}
