// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Pools of node CIDRs.
 *
 * A range is cut into pieces by arithmetic; only who owns which is remembered, and that is rebuilt from the nodes, never
 * stored. The search for a free piece goes round: a piece that was given back is used again as late as possible, so
 * that routes of a node that just went are not confused with those of one that just came.
 *
 * A piece in use that lies outside the range, or that two nodes claim, is the caller's to report; it takes nothing away
 * from the others.
 */

#include "controllers/cidrpool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define MAX_PIECES 65536

/* The address of piece n. */
static struct bl_cidr piece(const struct bl_cidrpool *p, size_t n)
{
	struct bl_cidr c = {.ip = p->range.ip, .len = p->bits};

	for (unsigned int bit = 0; bit < 16 && bit < p->bits; bit++) {
		unsigned int at = p->bits - 1 - bit;

		if (n >> bit & 1)
			c.ip.b[at / 8] |= (uint8_t)(0x80 >> at % 8);
	}
	return c;
}

/* The number of a piece; -1: none of this pool. */
static long number_of(const struct bl_cidrpool *p, const struct bl_cidr *c)
{
	size_t n = 0;

	if (c->len != p->bits || !bl_cidr_contains(&p->range, &c->ip))
		return -1;
	for (unsigned int at = p->range.len; at < p->bits; at++)
		n = n << 1 | (c->ip.b[at / 8] >> (7 - at % 8) & 1);
	return n < p->count ? (long)n : -1;
}

int bl_cidrpool_init(struct bl_cidrpool *p, const struct bl_cidr *range, uint8_t bits,
		     struct bl_err *err)
{
	char text[BL_CIDR_STRLEN];
	unsigned int spare = bits - range->len;

	if (bits < range->len || bits > bl_ip_bits(&range->ip))
		return bl_err_set(err, -EINVAL, "cluster CIDR %s holds no /%u for a node",
				  bl_cidr_format(range, text), bits);
	*p = (struct bl_cidrpool){.range = *range, .bits = bits};
	p->count = spare > 16 ? MAX_PIECES : (size_t)1 << spare;
	p->owners = bl_calloc(p->count, sizeof(*p->owners));
	return 0;
}

void bl_cidrpool_free(struct bl_cidrpool *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->owners[i]);
	free(p->owners);
	*p = (struct bl_cidrpool){};
}

int bl_cidrpool_take(struct bl_cidrpool *p, const char *owner, struct bl_cidr *ret_cidr)
{
	for (size_t k = 0; k < p->count; k++) {
		size_t i = (p->next + k) % p->count;

		if (p->owners[i])
			continue;
		p->owners[i] = bl_strdup(owner);
		p->next = (i + 1) % p->count;
		*ret_cidr = piece(p, i);
		return 0;
	}
	return -ENOSPC;
}

int bl_cidrpool_adopt(struct bl_cidrpool *p, const struct bl_cidr *cidr, const char *owner)
{
	long n = number_of(p, cidr);

	if (n < 0)
		return -ENOENT;
	if (p->owners[n])
		return bl_streq(p->owners[n], owner) ? 0 : -EEXIST;
	p->owners[n] = bl_strdup(owner);
	return 0;
}

size_t bl_cidrpool_release(struct bl_cidrpool *p, const char *owner, const struct bl_cidr *keep)
{
	long kept = keep ? number_of(p, keep) : -1;
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++) {
		if (!p->owners[i] || (long)i == kept || !bl_streq(p->owners[i], owner))
			continue;
		free(p->owners[i]);
		p->owners[i] = NULL;
		n++;
	}
	return n;
}
