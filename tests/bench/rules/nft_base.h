/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_BENCH_NFT_BASE_H
#define BL_BENCH_NFT_BASE_H

#include "rules.h"

/* What a full text begins with: the table, its base chains, sets, maps and the rules that use them. */
void rules_write_nft_base(FILE *out, const struct rules_set *set);

#endif
