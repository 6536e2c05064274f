// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Which address a pod gets.
 *
 * An address that was free for long is worth more than one that was just given back: a client, a conntrack table or a cache
 * somewhere may still know the old owner by it. So fresh addresses go first, in order, and given ones rest in a queue whose
 * head has rested longest. When a prefix has no fresh ones left, the head is taken. The queue is bounded: an IPv6 prefix
 * never runs out of fresh addresses, and remembering each that a node ever used would grow without end; from REST_MAX
 * resting ones on, the head is taken before a fresh one.
 *
 * Nothing of this is written down: who has what is on the attachments' records. After a restart the order of what rests is
 * forgotten, but fresh addresses are then sought from behind the highest one in use, so that those freed last come late.
 *
 * Only addresses that are, or were, given out take memory.
 */

#include "agent/ipam.h"

#include <endian.h>
#include <errno.h>
#include <uthash.h>
#include <utlist.h>

#include "base/mem.h"

#define FIRST	 2 /* behind the network's and the node's own */
#define REST_MAX 1024

struct address {
	struct bl_ip ip;
	bool used;
	struct address *prev, *next; /* of the queue, where it rests */
	UT_hash_handle hh;
};

struct bl_ipam {
	struct bl_cidr cidr;
	uint64_t last;	 /* the highest offset that is given out */
	uint64_t cursor; /* where the next fresh address is sought */
	uint64_t fresh;	 /* offsets that have not been looked at */
	struct address *all;
	struct address *resting; /* head: longest */
	size_t n_used, n_resting;
};

struct bl_ipam *bl_ipam_new(const struct bl_cidr *cidr)
{
	struct bl_ipam *p = bl_new0(struct bl_ipam);
	uint64_t size = bl_cidr_size(cidr);

	p->cidr = *cidr;
	p->last = size > FIRST ? size - (cidr->ip.family == 4 ? 2 : 1) : 0;
	p->cursor = FIRST;
	p->fresh = p->last >= FIRST ? p->last - FIRST + 1 : 0;
	return p;
}

struct bl_ipam *bl_ipam_free(struct bl_ipam *p)
{
	struct address *a, *tmp;

	if (!p)
		return NULL;
	HASH_ITER (hh, p->all, a, tmp) {
		HASH_DEL(p->all, a);
		free(a);
	}
	free(p);
	return NULL;
}

const struct bl_cidr *bl_ipam_cidr(const struct bl_ipam *p)
{
	return &p->cidr;
}

size_t bl_ipam_used(const struct bl_ipam *p)
{
	return p->n_used;
}

bool bl_ipam_full(const struct bl_ipam *p)
{
	return p->last < FIRST || p->n_used > p->last - FIRST;
}

static struct address *find(const struct bl_ipam *p, const struct bl_ip *ip)
{
	struct address *a;

	HASH_FIND(hh, p->all, ip, sizeof(*ip), a);
	return a;
}

static void use(struct bl_ipam *p, const struct bl_ip *ip)
{
	struct address *a = find(p, ip);

	if (!a) {
		a = bl_new0(struct address);
		a->ip = *ip;
		HASH_ADD(hh, p->all, ip, sizeof(a->ip), a);
	} else {
		DL_DELETE(p->resting, a);
		p->n_resting--;
	}
	a->used = true;
	p->n_used++;
}

/* The next offset that nobody has looked at; the search goes once around. False: there is none. */
static bool next_fresh(struct bl_ipam *p, struct bl_ip *ret_ip)
{
	while (p->fresh) {
		struct bl_ip ip;
		int rc = bl_cidr_nth(&p->cidr, p->cursor, &ip);

		p->cursor = p->cursor == p->last ? FIRST : p->cursor + 1;
		p->fresh--;
		if (rc || find(p, &ip))
			continue;
		*ret_ip = ip;
		return true;
	}
	return false;
}

int bl_ipam_take(struct bl_ipam *p, struct bl_ip *ret_ip)
{
	struct bl_ip ip;

	if (p->n_resting >= REST_MAX || !next_fresh(p, &ip)) {
		if (!p->resting)
			return -ENOSPC;
		ip = p->resting->ip;
	}
	use(p, &ip);
	*ret_ip = ip;
	return 0;
}

/* Where an address lies in its prefix, as far as 64 bits tell. */
static uint64_t offset_of(const struct bl_ipam *p, const struct bl_ip *ip)
{
	uint64_t a, b;
	uint32_t a4, b4;

	if (ip->family == 4) {
		memcpy(&a4, ip->b, sizeof(a4));
		memcpy(&b4, p->cidr.ip.b, sizeof(b4));
		return be32toh(a4) - be32toh(b4);
	}
	memcpy(&a, ip->b + 8, sizeof(a));
	memcpy(&b, p->cidr.ip.b + 8, sizeof(b));
	return be64toh(a) - be64toh(b);
}

/* The prefix's edges, exactly: whatever its length. */
static bool is_reserved(const struct bl_ipam *p, const struct bl_ip *ip)
{
	struct bl_ip edge;

	for (uint64_t n = 0; n < FIRST; n++)
		if (!bl_cidr_nth(&p->cidr, n, &edge) && !bl_ip_cmp(&edge, ip))
			return true;
	return ip->family == 4 && offset_of(p, ip) > p->last;
}

int bl_ipam_take_this(struct bl_ipam *p, const struct bl_ip *ip, bool known, struct bl_err *err)
{
	const struct address *a = find(p, ip);
	char text[BL_IP_STRLEN], prefix[BL_CIDR_STRLEN];
	uint64_t offset = offset_of(p, ip);

	bl_ip_format(ip, text);
	bl_cidr_format(&p->cidr, prefix);
	if (!bl_cidr_contains(&p->cidr, ip))
		return bl_err_set(err, -ERANGE, "address %s lies outside the node's %s", text,
				  prefix);
	if (!known && is_reserved(p, ip))
		return bl_err_set(err, -EINVAL, "address %s of %s is not for pods", text, prefix);
	if (a && a->used)
		return bl_err_set(err, -EADDRINUSE, "address %s is in use", text);
	use(p, ip);
	if (known && offset >= p->cursor && offset < p->last)
		p->cursor = offset + 1;
	return 0;
}

void bl_ipam_give(struct bl_ipam *p, const struct bl_ip *ip)
{
	struct address *a = find(p, ip);

	if (!a || !a->used)
		return;
	a->used = false;
	p->n_used--;
	DL_APPEND(p->resting, a);
	p->n_resting++;
}
