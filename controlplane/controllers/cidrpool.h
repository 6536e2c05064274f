/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CONTROLLERS_CIDRPOOL_H
#define BL_CONTROLLERS_CIDRPOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/ip.h"

/* A range cut into pieces of one size, each owned by at most one name. */
struct bl_cidrpool {
	struct bl_cidr range;
	uint8_t bits;  /* length of a piece */
	char **owners; /* by piece; NULL: free */
	size_t count;
	size_t next; /* where the search for a free one begins */
};

/* -EINVAL: a piece does not fit the range. Uses the first 65,536 pieces at most. */
int bl_cidrpool_init(struct bl_cidrpool *p, const struct bl_cidr *range, uint8_t bits,
		     struct bl_err *err);
void bl_cidrpool_free(struct bl_cidrpool *p);

/* -ENOSPC: none is free. */
int bl_cidrpool_take(struct bl_cidrpool *p, const char *owner, struct bl_cidr *ret_cidr);

/* Marks a piece that is in use. -ENOENT: it is none of this pool; -EEXIST: another owns it. */
int bl_cidrpool_adopt(struct bl_cidrpool *p, const struct bl_cidr *cidr, const char *owner);

/* Frees what the owner has, except `keep` (NULL: all); returns how many. */
size_t bl_cidrpool_release(struct bl_cidrpool *p, const char *owner, const struct bl_cidr *keep);

#endif
