// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: One prefix that stands for several.
 *
 * A program that asks of every packet whether its address may be a service's compares it with one prefix, whatever the number of
 * ranges. What the prefix holds beside the ranges costs such a packet a lookup and nothing else, so that
 * ranges far apart make it slow and never wrong.
 */

#include "agent/datapath/cover.h"

#include <string.h>

static size_t common_bits(const struct bl_cidr *cidr, const uint8_t *addr, size_t most)
{
	size_t same = 0;

	most = cidr->len < most ? cidr->len : most;
	while (same < most && !((addr[same / 8] ^ cidr->ip.b[same / 8]) & (0x80 >> same % 8)))
		same++;
	return same;
}

void bl_cover(const struct bl_cidr *list, size_t n, uint8_t family, uint32_t *ret_words)
{
	size_t size = family == 4 ? 4 : 16, bits = 8 * size;
	uint8_t *addr = (uint8_t *)ret_words, *mask = addr + size;
	const uint8_t *first = NULL;

	for (size_t i = 0; i < n; i++) {
		if (list[i].ip.family != family)
			continue;
		first = first ? first : list[i].ip.b;
		bits = common_bits(&list[i], first, bits);
	}
	memset(ret_words, n && !first ? 0xff : 0, 2 * size);
	for (size_t i = 0; first && i < bits; i++) {
		mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
		addr[i / 8] = first[i / 8] & mask[i / 8];
	}
}
