/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_ADDR_H
#define BEELINE_ADDR_H

#include <linux/types.h>

/* Addresses in network byte order. struct bl_addr holds either family; IPv4 uses w[0], the rest is zero. */
struct bl_addr4 {
	__be32 w[1];
};

struct bl_addr6 {
	__be32 w[4];
};

struct bl_addr {
	__be32 w[4];
};

#endif
