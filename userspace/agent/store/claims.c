// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Who asks for which NodePort and address.
 *
 * The API server hands out ClusterIPs and NodePorts once, but a load balancer's controller or a restored backup may give one
 * address and port to two Services, and external addresses are whatever users write. Of those that ask, the oldest has it, whatever
 * the order in which this node heard of them; when it goes, the next one is dirty and takes over.
 *
 * Load balancers' addresses and external ones are asked for separately, so that a user's claim never comes before a
 * controller's.
 */

#include "agent/store/claims.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/mem.h"

struct key {
	uint8_t addr[16];
	uint16_t port;
	uint8_t proto;
	uint8_t family; /* 0: a NodePort, whose addr is zero */
};

struct asker {
	const struct bl_api_service *service;
	enum bl_store_claim kind;
};

struct claim {
	UT_hash_handle hh;
	struct key key;
	struct asker *askers;
	size_t count;
};

struct bl_store_claims {
	struct claim *all;
};

/* One change, walked port by port. */
struct change {
	struct bl_store_claims *claims;
	const struct bl_api_service *service;
	bool comes;
	bl_store_rival_fn fn;
	void *arg;
};

struct bl_store_claims *bl_store_claims_new(void)
{
	return bl_new0(struct bl_store_claims);
}

static void drop(struct bl_store_claims *c, struct claim *claim)
{
	HASH_DEL(c->all, claim);
	free(claim->askers);
	free(claim);
}

struct bl_store_claims *bl_store_claims_free(struct bl_store_claims *c)
{
	struct claim *claim, *tmp;

	HASH_ITER (hh, c->all, claim, tmp)
		drop(c, claim);
	free(c);
	return NULL;
}

static struct claim *find(const struct bl_store_claims *c, const struct bl_ip *ip, uint16_t port,
			  uint8_t proto, struct key *ret_key)
{
	struct claim *claim;

	*ret_key = (struct key){.port = port, .proto = proto, .family = ip ? ip->family : 0};
	if (ip)
		memcpy(ret_key->addr, ip->b, bl_ip_size(ip));
	HASH_FIND(hh, c->all, ret_key, sizeof(*ret_key), claim);
	return claim;
}

static void tell_rivals(const struct change *ch, const struct claim *claim)
{
	for (size_t i = 0; i < claim->count; i++) {
		if (claim->askers[i].service != ch->service)
			ch->fn(ch->arg, claim->askers[i].service);
	}
}

static void change_one(const struct change *ch, enum bl_store_claim kind, const struct bl_ip *ip,
		       const struct bl_api_service_port *port)
{
	uint16_t number = kind == BL_CLAIM_NODE_PORT ? port->node_port : port->port;
	struct key key;
	struct claim *claim = find(ch->claims, ip, number, port->proto, &key);
	size_t kept = 0;

	if (!claim && !ch->comes)
		return;
	if (!claim) {
		claim = bl_new0(struct claim);
		claim->key = key;
		HASH_ADD(hh, ch->claims->all, key, sizeof(key), claim);
	}
	tell_rivals(ch, claim);
	if (ch->comes) {
		claim->askers = bl_realloc(claim->askers, claim->count + 1, sizeof(*claim->askers));
		claim->askers[claim->count++] = (struct asker){ch->service, kind};
		return;
	}
	for (size_t i = 0; i < claim->count; i++) {
		if (claim->askers[i].service != ch->service)
			claim->askers[kept++] = claim->askers[i];
	}
	claim->count = kept;
	if (!kept)
		drop(ch->claims, claim);
}

static void change_port(const struct change *ch, const struct bl_api_service_port *port)
{
	const struct bl_api_service *s = ch->service;

	if (port->node_port)
		change_one(ch, BL_CLAIM_NODE_PORT, NULL, port);
	for (size_t i = 0; s->type == BL_SERVICE_LOAD_BALANCER && i < s->n_ingress; i++) {
		if (!s->ingress[i].proxy)
			change_one(ch, BL_CLAIM_BALANCER, &s->ingress[i].ip, port);
	}
	for (size_t i = 0; i < s->n_external_ips; i++)
		change_one(ch, BL_CLAIM_EXTERNAL, &s->external_ips[i], port);
}

static void change(struct change ch)
{
	if (!bl_api_service_is_proxied(ch.service))
		return;
	for (size_t i = 0; i < ch.service->n_ports; i++)
		change_port(&ch, &ch.service->ports[i]);
}

void bl_store_claims_add(struct bl_store_claims *c, const struct bl_api_service *service,
			 bl_store_rival_fn fn, void *arg)
{
	change((struct change){c, service, true, fn, arg});
}

void bl_store_claims_remove(struct bl_store_claims *c, const struct bl_api_service *service,
			    bl_store_rival_fn fn, void *arg)
{
	change((struct change){c, service, false, fn, arg});
}

/* Older first; of the same second, by name. */
static bool is_before(const struct bl_api_service *a, const struct bl_api_service *b)
{
	const struct bl_api_meta *x = &a->obj.meta, *y = &b->obj.meta;
	int rc;

	if (x->created_ns != y->created_ns)
		return x->created_ns < y->created_ns;
	rc = strcmp(x->namespace, y->namespace);
	return (rc ? rc : strcmp(x->name, y->name)) < 0;
}

const struct bl_api_service *bl_store_claims_holder(const struct bl_store_claims *c,
						    enum bl_store_claim kind,
						    const struct bl_ip *ip, uint16_t port,
						    uint8_t proto)
{
	const struct bl_api_service *holder = NULL;
	struct key key;
	const struct claim *claim = find(c, ip, port, proto, &key);

	for (size_t i = 0; claim && i < claim->count; i++) {
		const struct asker *a = &claim->askers[i];

		if (a->kind == kind && (!holder || is_before(a->service, holder)))
			holder = a->service;
	}
	return holder;
}
