// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * DOC: Services resolved at the socket, before a packet exists.
 *
 * connect() and sendmsg() to a service's address get a backend's address instead, so that no packet of the flow is ever translated and
 * the server sees the client's own address. recvmsg() and getpeername() give the service's address back: the application
 * never learns of the backend. NodePorts are served on the addresses that the endpoint map flags; on loopback addresses only to
 * sockets of the node's own network namespace, since a pod's loopback is the pod's.
 *
 * A socket is connected once and stays with its backend. An unconnected UDP socket asks again with each datagram: it keeps
 * its backend for a service (BL_SOCK_CHOICE) while the backend's generation stands, and gets another one after that.
 * When one socket reaches one backend by two services, a reply could not tell which one it answers: a pod's second service
 * then stays untranslated here and is balanced packet by packet at the pod's link, which gives it a source port of its own.
 *
 * Refused, with ECONNREFUSED: a service without a live backend, a port that a service's address does not define, an address of the
 * service range that no service owns. Everything else is let through untouched. So is a datagram to a port of a service's address that lies in
 * the range for translation: where a service stands in for a client that reaches itself (pod.bpf.c, node.bpf.c), a server answers that
 * address, and if nobody is translated so, the packet is refused there.
 */

#include <linux/bpf.h>
#include <linux/in.h>

#include <bpf/bpf_helpers.h>

#include "lib/count.h"
#include "lib/ctx.h"
#include "lib/endpoint.h"
#include "lib/service.h"
#include "lib/sock.h"

#define ALLOW  1
#define REFUSE 0

#define ECONNREFUSED 111

/* The cookie of the node's network namespace (SO_NETNS_COOKIE); 0: NodePorts are not served on loopback. */
const volatile __u64 bl_node_netns = 0;

/* Whether the hooks may call bpf_set_retval() (6.1 and later); otherwise a refusal is EPERM. */
const volatile bool bl_has_set_retval = true;

BL_INLINE bool on_node(struct bpf_sock_addr *ctx)
{
	return bl_node_netns && bpf_get_netns_cookie(ctx) == bl_node_netns;
}

BL_INLINE int refuse(enum bl_reason reason)
{
	bl_count(reason, 0);
	if (bl_has_set_retval)
		bpf_set_retval(-ECONNREFUSED);
	return REFUSE;
}

/* Is a NodePort served at this address, to this socket? */
BL_INLINE bool serves_nodeport(struct bpf_sock_addr *ctx, const struct bl_config *cfg, int family,
			       const struct bl_addr *addr)
{
	__u32 loopback = family == BL_V4 ? BL_CONFIG_LOOPBACK4 : BL_CONFIG_LOOPBACK6;
	const struct bl_endpoint *ep;

	if (bl_addr_is_loopback(family, addr))
		return cfg->flags & loopback && on_node(ctx);
	ep = bl_endpoint_find(family, addr);
	return ep && ep->flags & BL_ENDPOINT_NODEPORT;
}

/* May the datagram be for a client whom the service stands in for? */
BL_INLINE bool may_be_answer(const struct bl_dest *d, const struct bl_config *cfg)
{
	__u16 port = bpf_ntohs(d->port);

	return d->proto == IPPROTO_UDP && cfg && port >= cfg->snat_port_first &&
	       port <= cfg->snat_port_last;
}

/* The service that is meant, or NULL; then *ret_refuse says whether the address is a service's all the same. */
BL_INLINE const struct bl_service *resolve(struct bpf_sock_addr *ctx, int family,
					   const struct bl_dest *d, bool *ret_refuse)
{
	const struct bl_service *svc;
	const struct bl_config *cfg;

	svc = bl_service_find(family, &d->addr, d->port, d->proto, BL_SCOPE_CLUSTER);
	if (svc)
		return svc;
	cfg = bl_ctx_config();
	if (cfg && bl_service_in_nodeports(cfg, d->port) &&
	    serves_nodeport(ctx, cfg, family, &d->addr))
		return bl_service_find_nodeport(family, d->port, d->proto, BL_SCOPE_NODEPORT);
	*ret_refuse =
		!may_be_answer(d, cfg) && (bl_service_owns(family, &d->addr) ||
					   bl_prefix_find(family, &d->addr) & BL_PREFIX_SERVICE);
	return NULL;
}

BL_INLINE bool is_balanced(__u32 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP;
}

/* What a reply of the backend has to be shown as. */
BL_INLINE int remember(struct bpf_sock_addr *ctx, int family, const struct bl_dest *d,
		       const struct bl_service *svc, const struct bl_backend *b, __u32 id)
{
	struct bl_sock_origin origin = {
		.addr = d->addr,
		.port = d->port,
		.service = svc->id,
		.backend = id,
		.generation = b->generation,
	};
	struct bl_sock_key key;

	bl_sock_key(ctx, family, &b->addr, b->port, BL_SOCK_ORIGIN, &key);
	return bpf_map_update_elem(&sock_origin, &key, &origin, BPF_ANY);
}

BL_INLINE int connect_to(struct bpf_sock_addr *ctx, int hook, int family, const struct bl_dest *d)
{
	const struct bl_service *svc;
	const struct bl_backend *b;
	bool unowned = false;
	__u32 id = 0;

	svc = resolve(ctx, family, d, &unowned);
	if (!svc)
		return unowned ? refuse(BL_DROP_NO_SERVICE) : ALLOW;
	b = bl_backend_for_netns(family, bpf_get_netns_cookie(ctx), svc, &id);
	if (!b)
		return refuse(BL_DROP_NO_BACKEND);
	/* A failure costs getpeername() its answer, not the connection. */
	remember(ctx, family, d, svc, b, id);
	bl_dest_write(ctx, hook, family, &b->addr, b->port);
	bl_count(BL_PASS_SERVICE, 0);
	return ALLOW;
}

/* Does this socket already get answers from the backend under another name? */
BL_INLINE bool is_taken(struct bpf_sock_addr *ctx, int family, const struct bl_dest *d,
			const struct bl_backend *b)
{
	const struct bl_sock_origin *o;
	struct bl_sock_key key;

	bl_sock_key(ctx, family, &b->addr, b->port, BL_SOCK_ORIGIN, &key);
	o = bl_map_find(&sock_origin, &key);
	return o && (o->port != d->port || !bl_addr_equal(family, &o->addr, &d->addr));
}

/* Chooses for an unconnected socket and remembers the choice; ALLOW without a choice leaves the datagram to the pod's link. */
BL_INLINE int choose(struct bpf_sock_addr *ctx, int hook, int family, const struct bl_dest *d,
		     const struct bl_service *svc, const struct bl_sock_key *key)
{
	struct bl_sock_origin choice = {.addr = d->addr, .port = d->port, .service = svc->id};
	const struct bl_backend *b;
	__u32 id = 0;

	b = bl_backend_for_netns(family, bpf_get_netns_cookie(ctx), svc, &id);
	if (!b)
		return refuse(BL_DROP_NO_BACKEND);
	if (is_taken(ctx, family, d, b) && !on_node(ctx))
		return ALLOW;
	if (remember(ctx, family, d, svc, b, id))
		return refuse(BL_DROP_INTERNAL);
	choice.backend = id;
	choice.generation = b->generation;
	bpf_map_update_elem(&sock_origin, key, &choice, BPF_ANY);
	bl_dest_write(ctx, hook, family, &b->addr, b->port);
	bl_count(BL_PASS_SERVICE, 0);
	return ALLOW;
}

BL_INLINE int send_to(struct bpf_sock_addr *ctx, int hook, int family, const struct bl_dest *d)
{
	const struct bl_sock_origin *o;
	const struct bl_service *svc;
	const struct bl_backend *b;
	struct bl_sock_key key;
	bool unowned = false;

	svc = resolve(ctx, family, d, &unowned);
	if (!svc)
		return unowned ? refuse(BL_DROP_NO_SERVICE) : ALLOW;
	if (!svc->slot_count)
		return refuse(BL_DROP_NO_BACKEND);
	bl_sock_key(ctx, family, &d->addr, d->port, BL_SOCK_CHOICE, &key);
	o = bl_map_find(&sock_origin, &key);
	b = o && o->service == svc->id ? bl_backend_current(o->backend, o->generation) : NULL;
	if (!b)
		return choose(ctx, hook, family, d, svc, &key);
	bl_dest_write(ctx, hook, family, &b->addr, b->port);
	bl_count(BL_PASS_SERVICE, 0);
	return ALLOW;
}

/* The application sees the service that it asked for. */
BL_INLINE void show_origin(struct bpf_sock_addr *ctx, int hook, int family, const struct bl_dest *d)
{
	const struct bl_sock_origin *o;
	struct bl_sock_key key;

	bl_sock_key(ctx, family, &d->addr, d->port, BL_SOCK_ORIGIN, &key);
	o = bl_map_find(&sock_origin, &key);
	if (o)
		bl_dest_write(ctx, hook, family, &o->addr, o->port);
}

BL_INLINE int on_connect(struct bpf_sock_addr *ctx, int hook)
{
	struct bl_dest d;

	if (!is_balanced(ctx->protocol))
		return ALLOW;
	if (bl_dest_read(ctx, hook, &d) == BL_V4)
		return connect_to(ctx, hook, BL_V4, &d);
	return connect_to(ctx, hook, BL_V6, &d);
}

BL_INLINE int on_send(struct bpf_sock_addr *ctx, int hook)
{
	struct bl_dest d;

	if (!is_balanced(ctx->protocol))
		return ALLOW;
	if (bl_dest_read(ctx, hook, &d) == BL_V4)
		return send_to(ctx, hook, BL_V4, &d);
	return send_to(ctx, hook, BL_V6, &d);
}

BL_INLINE int on_name(struct bpf_sock_addr *ctx, int hook)
{
	struct bl_dest d;

	if (bl_dest_read(ctx, hook, &d) == BL_V4)
		show_origin(ctx, hook, BL_V4, &d);
	else
		show_origin(ctx, hook, BL_V6, &d);
	return ALLOW;
}

SEC("cgroup/connect4")
int bl_connect4(struct bpf_sock_addr *ctx)
{
	return on_connect(ctx, BL_V4);
}

SEC("cgroup/connect6")
int bl_connect6(struct bpf_sock_addr *ctx)
{
	return on_connect(ctx, BL_V6);
}

SEC("cgroup/sendmsg4")
int bl_sendmsg4(struct bpf_sock_addr *ctx)
{
	return on_send(ctx, BL_V4);
}

SEC("cgroup/sendmsg6")
int bl_sendmsg6(struct bpf_sock_addr *ctx)
{
	return on_send(ctx, BL_V6);
}

SEC("cgroup/recvmsg4")
int bl_recvmsg4(struct bpf_sock_addr *ctx)
{
	return on_name(ctx, BL_V4);
}

SEC("cgroup/recvmsg6")
int bl_recvmsg6(struct bpf_sock_addr *ctx)
{
	return on_name(ctx, BL_V6);
}

SEC("cgroup/getpeername4")
int bl_getpeername4(struct bpf_sock_addr *ctx)
{
	return on_name(ctx, BL_V4);
}

SEC("cgroup/getpeername6")
int bl_getpeername6(struct bpf_sock_addr *ctx)
{
	return on_name(ctx, BL_V6);
}

char _license[] SEC("license") = "Dual BSD/GPL";
