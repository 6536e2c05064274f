/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_DATAPATH_COVER_H
#define BL_DATAPATH_COVER_H

#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"

/*
 * The smallest prefix over all listed ones of the family (4 or 6): fills the words of its address, then of its mask, in network byte
 * order; IPv4 has one of each, IPv6 four. An empty list gives a mask of zero, which every address fits; a list without the family
 * an address that is nobody's.
 */
void bl_cover(const struct bl_cidr *list, size_t n, uint8_t family, uint32_t *ret_words);

#endif
