// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What kube-proxy's chain names are made of.
 *
 * A chain is named after the SHA-256 of what it belongs to, in the base32 of RFC 4648: so names are of one length, survive a restart,
 * and take the characters that iptables and nft allow.
 */

#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>

#include "rules.h"

const char *rules_proto(const struct rules_service *s)
{
	return s->proto == IPPROTO_UDP ? "udp" : "tcp";
}

void rules_hash(const char *text, unsigned int len, char *ret_hash)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint8_t sum[32];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, text, strlen(text), sum) < 0)
		abort();
	for (unsigned int i = 0; i < len; i++) {
		unsigned int bit = i * 5, pair = sum[bit / 8] << 8 | sum[bit / 8 + 1];

		ret_hash[i] = digits[pair >> (11 - bit % 8) & 31];
	}
	ret_hash[len] = '\0';
}
