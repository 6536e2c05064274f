/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_SERVICE_H
#define BEELINE_LIB_SERVICE_H

/*
 * DOC: Services: service4/6 -> slot -> backend. One hash and two array reads.
 *
 * The value of service4/6 is read once into a copy: the agent replaces it in one write, and what was read stays whole. The slots
 * it names live on for a grace period after that. A slot may then still name a backend that is gone; picking tries a few
 * slots before it gives up.
 *
 * Session affinity: a client that has got a backend of a service gets it again (affinity4/6), as long as the service still gives
 * it new connections and the client is not silent for longer than the service says. It is asked for when a flow or a connection begins;
 * after that the flow and the socket know their backend themselves.
 */

#include "lib/ctx.h"

#define BL_PICK_TRIES 4

BL_INLINE const struct bl_service *bl_service_find(int family, const struct bl_addr *addr,
						   __be16 port, __u8 proto, __u8 scope)
{
	if (family == BL_V4) {
		struct bl_service4_key key = {
			.addr = {.w = {addr->w[0]}},
			.port = port,
			.proto = proto,
			.scope = scope,
		};

		return bl_map_find(&service4, &key);
	} else {
		struct bl_service6_key key = {
			.addr = {.w = {addr->w[0], addr->w[1], addr->w[2], addr->w[3]}},
			.port = port,
			.proto = proto,
			.scope = scope,
		};

		return bl_map_find(&service6, &key);
	}
}

/* `scope` is BL_SCOPE_NODEPORT inside of the cluster, BL_SCOPE_NODEPORT_EXTERNAL outside. */
BL_INLINE const struct bl_service *bl_service_find_nodeport(int family, __be16 port, __u8 proto,
							    __u8 scope)
{
	struct bl_addr any = {};

	return bl_service_find(family, &any, port, proto, scope);
}

/* Does some Service own the address, whatever the port? */
BL_INLINE bool bl_service_owns(int family, const struct bl_addr *addr)
{
	return bl_service_find(family, addr, 0, 0, BL_SCOPE_ADDR);
}

BL_INLINE const struct bl_backend *bl_backend_find(__u32 id)
{
	return bpf_map_lookup_elem(&backend, &id);
}

/* The backend that an entry of flow or sock_origin remembers, if it is still that one. */
BL_INLINE const struct bl_backend *bl_backend_current(__u32 id, __u32 generation)
{
	const struct bl_backend *b = bl_backend_find(id);

	if (!b || !(b->flags & BL_BACKEND_LIVE) || b->generation != generation)
		return NULL;
	return b;
}

/* A live backend of the service by chance, or NULL. */
BL_INLINE const struct bl_backend *bl_backend_pick(const struct bl_service *svc, __u32 *ret_id)
{
	__u32 first = svc->first_slot, count = svc->slot_count;

	if (!count)
		return NULL;
	for (int i = 0; i < BL_PICK_TRIES; i++) {
		__u32 index = first + bl_random_below(count);
		const bl_slot *s = bpf_map_lookup_elem(&slot, &index);
		const struct bl_backend *b;

		if (!s)
			return NULL;
		b = bl_backend_find(*s);
		if (b && b->flags & BL_BACKEND_LIVE) {
			*ret_id = *s;
			return b;
		}
	}
	return NULL;
}

/* --- affinity --------------------------------------------------------------------------------------------------------- */

#define BL_SLOT_BITS 20 /* more slots than any service has */

/*
 * Does the service still give new connections to the backend? A service with affinity has its slots in order. Not static, so
 * that the verifier looks at it once and not wherever it is called from.
 */
int bl_slots_hold(__u32 first, __u32 count, __u32 id);

__noinline int bl_slots_hold(__u32 first, __u32 count, __u32 id)
{
	__u32 lo = 0, hi = count;

	for (int i = 0; i < BL_SLOT_BITS && lo < hi; i++) {
		__u32 mid = (lo + hi) / 2, index = first + mid;
		const bl_slot *s = bpf_map_lookup_elem(&slot, &index);

		if (!s)
			return 0;
		if (*s == id)
			return 1;
		if (*s < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return 0;
}

/* The backend that the client keeps, NULL where it has none any more; using it keeps it longer. */
BL_INLINE const struct bl_backend *kept(const struct bl_service *svc, struct bl_affinity *a,
					__u32 now, __u32 *ret_id)
{
	const struct bl_backend *b;

	if (!a || now - a->used_s > svc->affinity_s)
		return NULL;
	b = bl_backend_current(a->backend, a->generation);
	if (!b || !bl_slots_hold(svc->first_slot, svc->slot_count, a->backend))
		return NULL;
	if (a->used_s != now)
		a->used_s = now;
	*ret_id = a->backend;
	return b;
}

/* `map` and `key` are the client's. Of two first packets at once, the second finds what the first has written. */
BL_INLINE const struct bl_backend *pick_kept(void *map, const void *key,
					     const struct bl_service *svc, __u32 *ret_id)
{
	__u32 now = bpf_ktime_get_coarse_ns() / 1000000000;
	struct bl_affinity *a = bl_map_find(map, key), fresh = {.used_s = now};
	const struct bl_backend *b = kept(svc, a, now, ret_id), *other;

	if (b)
		return b;
	b = bl_backend_pick(svc, ret_id);
	if (!b)
		return NULL;
	fresh.backend = *ret_id;
	fresh.generation = b->generation;
	if (!bpf_map_update_elem(map, key, &fresh, a ? BPF_ANY : BPF_NOEXIST) || a)
		return b;
	other = kept(svc, bl_map_find(map, key), now, ret_id);
	return other ? other : b;
}

static __noinline const struct bl_backend *pick_kept4(const struct bl_addr *client,
						      const struct bl_service *svc, __u32 *ret_id)
{
	struct bl_affinity4_key key = {.addr = {.w = {client->w[0]}}, .service = svc->id};

	return pick_kept(&affinity4, &key, svc, ret_id);
}

static __noinline const struct bl_backend *pick_kept6(const struct bl_addr *client,
						      const struct bl_service *svc, __u32 *ret_id)
{
	struct bl_affinity6_key key = {
		.addr = {.w = {client->w[0], client->w[1], client->w[2], client->w[3]}},
		.service = svc->id,
	};

	return pick_kept(&affinity6, &key, svc, ret_id);
}

/* A live backend for a packet's sender, or NULL. */
BL_INLINE const struct bl_backend *bl_backend_for(int family, const struct bl_addr *client,
						  const struct bl_service *svc, __u32 *ret_id)
{
	if (bl_likely(!svc->affinity_s) || !svc->slot_count)
		return bl_backend_pick(svc, ret_id);
	return family == BL_V4 ? pick_kept4(client, svc, ret_id) : pick_kept6(client, svc, ret_id);
}

/* A live backend for a socket of the network namespace, or NULL. */
BL_INLINE const struct bl_backend *bl_backend_for_netns(int family, __u64 cookie,
							const struct bl_service *svc, __u32 *ret_id)
{
	struct bl_affinity6_key key = {
		.addr = {.w = {cookie, cookie >> 32, 0, family}},
		.service = svc->id | BL_AFFINITY_NETNS,
	};

	if (bl_likely(!svc->affinity_s) || !svc->slot_count)
		return bl_backend_pick(svc, ret_id);
	return pick_kept(&affinity6, &key, svc, ret_id);
}

BL_INLINE bool bl_service_in_nodeports(const struct bl_config *cfg, __be16 port)
{
	__u16 p = bpf_ntohs(port);

	return p >= cfg->nodeport_first && p <= cfg->nodeport_last;
}

#endif
