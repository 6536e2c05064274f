/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_LIB_NAT_H
#define BEELINE_LIB_NAT_H

/*
 * DOC: The state of translated flows: flow4/6, two entries a flow, one a direction.
 *
 * Each entry is keyed by the packet as it arrives and holds the packet as it leaves. The reply's key is what makes a translation unique, so
 * it is inserted first and never over a living entry: whoever finds it taken tries another source port. The
 * source port is always one of the range that the node reserves, also where the client's address is kept. Otherwise a client that reaches
 * one backend by two services, or by a service and directly, from one port, would have one reply key for two flows; and the
 * direct flow has no entry that could tell.
 *
 * The port that is tried first is a hash of the flow, so that a flow whose entries were evicted finds its old port again. An entry
 * whose flow is over (TCP closed for a while, or silent for longer than its protocol allows) may be taken over.
 */

#include "lib/ctx.h"
#include "lib/parse.h"
#include "lib/service.h"

#define BL_NAT_TRIES 16

#define BL_SECOND 1000000000LL

BL_INLINE struct bl_flow *bl_flow_find(int family, const struct bl_addr *saddr,
				       const struct bl_addr *daddr, __be16 sport, __be16 dport,
				       __u8 proto)
{
	if (family == BL_V4) {
		struct bl_flow4_key key = {
			.saddr = {.w = {saddr->w[0]}},
			.daddr = {.w = {daddr->w[0]}},
			.sport = sport,
			.dport = dport,
			.proto = proto,
		};

		return bl_map_find(&flow4, &key);
	} else {
		struct bl_flow6_key key = {
			.saddr = {.w = {saddr->w[0], saddr->w[1], saddr->w[2], saddr->w[3]}},
			.daddr = {.w = {daddr->w[0], daddr->w[1], daddr->w[2], daddr->w[3]}},
			.sport = sport,
			.dport = dport,
			.proto = proto,
		};

		return bl_map_find(&flow6, &key);
	}
}

BL_INLINE struct bl_flow *bl_flow_of(int family, const struct bl_packet *p)
{
	return bl_flow_find(family, &p->saddr, &p->daddr, p->sport, p->dport, p->proto);
}

/* The entry of the packet that would answer `f`. */
BL_INLINE struct bl_flow *bl_flow_reverse(int family, const struct bl_flow *f, __u8 proto)
{
	return bl_flow_find(family, &f->daddr, &f->saddr, f->dport, f->sport, proto);
}

BL_INLINE long flow_put(int family, const struct bl_addr *saddr, const struct bl_addr *daddr,
			__be16 sport, __be16 dport, __u8 proto, const struct bl_flow *value,
			__u64 mode)
{
	if (family == BL_V4) {
		struct bl_flow4_key key = {
			.saddr = {.w = {saddr->w[0]}},
			.daddr = {.w = {daddr->w[0]}},
			.sport = sport,
			.dport = dport,
			.proto = proto,
		};

		return bpf_map_update_elem(&flow4, &key, value, mode);
	} else {
		struct bl_flow6_key key = {
			.saddr = {.w = {saddr->w[0], saddr->w[1], saddr->w[2], saddr->w[3]}},
			.daddr = {.w = {daddr->w[0], daddr->w[1], daddr->w[2], daddr->w[3]}},
			.sport = sport,
			.dport = dport,
			.proto = proto,
		};

		return bpf_map_update_elem(&flow6, &key, value, mode);
	}
}

BL_INLINE bool opens_tcp(const struct bl_packet *p)
{
	return (p->tcp_flags & (BL_TCP_SYN | BL_TCP_ACK | BL_TCP_RST)) == BL_TCP_SYN;
}

/* May the packet be its flow's first? */
BL_INLINE bool bl_nat_opens(const struct bl_packet *p)
{
	switch (p->proto) {
	case IPPROTO_TCP:
		return opens_tcp(p);
	case IPPROTO_UDP:
		return true;
	case IPPROTO_SCTP:
		return p->type == BL_SCTP_INIT;
	default:
		return p->flags & BL_PACKET_ECHO;
	}
}

static __noinline void flow_close(struct bl_flow *f, struct bl_flow *reverse)
{
	f->state |= BL_FLOW_STATE_CLOSED;
	if (reverse)
		reverse->state |= BL_FLOW_STATE_CLOSED;
}

/* Notes that the flow lives, about once a second, and that it ends. */
BL_INLINE void bl_flow_touch(int family, const struct bl_packet *p, struct bl_flow *f)
{
	__u16 tick = bl_tick_now();

	if (bl_unlikely(f->tick != tick)) {
		f->tick = tick;
		f->seen_ns = bpf_ktime_get_coarse_ns();
	}
	if (p->proto == IPPROTO_TCP && bl_unlikely(p->tcp_flags & (BL_TCP_FIN | BL_TCP_RST)) &&
	    !(f->state & BL_FLOW_STATE_CLOSED))
		flow_close(f, bl_flow_reverse(family, f, p->proto));
}

BL_INLINE bool flow_is_over(const struct bl_flow *f, __u8 proto, __u64 now)
{
	__s64 idle = now - f->seen_ns;

	if (f->state & BL_FLOW_STATE_CLOSED)
		return idle > 10 * BL_SECOND;
	return idle > (proto == IPPROTO_TCP || proto == IPPROTO_SCTP ? 7200 : 120) * BL_SECOND;
}

BL_INLINE __u32 hash_of(int family, const struct bl_packet *p)
{
	__u32 h = bl_mix(((__u32)p->sport << 16) | p->dport, p->proto);

	h = bl_mix(bl_mix(h, p->saddr.w[0]), p->daddr.w[0]);
	if (family == BL_V6) {
		h = bl_mix(bl_mix(h, p->saddr.w[3]), p->daddr.w[3]);
		h = bl_mix(bl_mix(h, p->saddr.w[2]), p->daddr.w[2]);
	}
	return h;
}

/* Is the entry the reply direction of this very flow? */
BL_INLINE bool answers(int family, const struct bl_flow *f, const struct bl_packet *p)
{
	return f->dport == p->sport && f->sport == p->dport &&
	       bl_addr_equal(family, &f->daddr, &p->saddr) &&
	       bl_addr_equal(family, &f->saddr, &p->daddr);
}

/* Inserts the reply's entry with `port` as the flow's source port. Not 0: the port is taken. */
BL_INLINE long claim(int family, const struct bl_packet *p, const struct bl_flow *to,
		     const struct bl_flow *reply, __be16 port)
{
	struct bl_flow *taken;

	if (!flow_put(family, &to->daddr, &to->saddr, to->dport, port, p->proto, reply,
		      BPF_NOEXIST))
		return 0;
	taken = bl_flow_find(family, &to->daddr, &to->saddr, to->dport, port, p->proto);
	if (!taken)
		return -1;
	if (!answers(family, taken, p)) {
		struct bl_flow *old = bl_flow_reverse(family, taken, p->proto);

		if (!flow_is_over(taken, p->proto, reply->seen_ns) ||
		    (old && !flow_is_over(old, p->proto, reply->seen_ns)))
			return -1;
		/* What still leads to the port would share it with the new flow. */
		if (old)
			old->backend = ~0U;
	}
	*taken = *reply;
	return 0;
}

/*
 * Makes both entries of the packet's flow. `to` comes with all but the source port, which is filled in. The reasons:
 * BL_PASS_SERVICE when done, or why not.
 */
BL_INLINE enum bl_reason nat_create(int family, const struct bl_packet *p, struct bl_flow *to)
{
	const struct bl_config *cfg = bl_ctx_config();
	struct bl_flow reply = {
		.saddr = p->daddr,
		.daddr = p->saddr,
		.sport = p->dport,
		.dport = p->sport,
		.flags = to->flags | BL_FLOW_REPLY,
		.tick = bl_tick_now(),
		.backend = to->backend,
		.generation = to->generation,
		.seen_ns = bpf_ktime_get_coarse_ns(),
	};
	__u32 first, count, offset;

	if (!cfg || !cfg->snat_port_first || cfg->snat_port_last < cfg->snat_port_first)
		return BL_DROP_SNAT_FULL;
	first = cfg->snat_port_first;
	count = cfg->snat_port_last - first + 1;
	offset = ((__u64)hash_of(family, p) * count) >> 32;
	for (int i = 0; i < BL_NAT_TRIES; i++) {
		__be16 port = bpf_htons(first + offset);

		if (!claim(family, p, to, &reply, port)) {
			to->sport = port;
			to->tick = reply.tick;
			to->seen_ns = reply.seen_ns;
			return flow_put(family, &p->saddr, &p->daddr, p->sport, p->dport, p->proto,
					to, BPF_ANY)
				       ? BL_DROP_INTERNAL
				       : BL_PASS_SERVICE;
		}
		offset = i ? bl_random_below(count) : (offset + 1) % count;
	}
	return BL_DROP_SNAT_FULL;
}

static __noinline enum bl_reason nat_create4(const struct bl_packet *p, struct bl_flow *to)
{
	return nat_create(BL_V4, p, to);
}

static __noinline enum bl_reason nat_create6(const struct bl_packet *p, struct bl_flow *to)
{
	return nat_create(BL_V6, p, to);
}

BL_INLINE enum bl_reason bl_nat_create(int family, const struct bl_packet *p, struct bl_flow *to)
{
	return family == BL_V4 ? nat_create4(p, to) : nat_create6(p, to);
}

/* Is the flow's backend still the one that it was made for? Only the asking direction is held to that. */
BL_INLINE bool bl_flow_is_current(const struct bl_flow *f)
{
	return !f->backend || f->flags & BL_FLOW_REPLY ||
	       bl_backend_current(f->backend, f->generation);
}

#endif
