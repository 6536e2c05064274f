// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Base64, as certificates and keys stand in a kubeconfig.
 *
 * Strict where it protects: only the alphabet of RFC 4648 section 4, padding only at the end and only as much as is
 * needed, nothing behind it, no stray bits in the last character. Line breaks are skipped, since YAML block text has them.
 *
 * The size is bounded before anything is allocated: four characters give at most three bytes.
 */

#include "client/base64.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* What the bits that are left and the padding say at the end. */
static int finish(unsigned int chars, unsigned int pads, uint32_t bits)
{
	if ((chars + pads) % 4 || pads > 2)
		return -EINVAL;
	if (pads == 2)
		return bits & 0xf ? -EINVAL : 0;
	return pads == 1 && bits & 0x3 ? -EINVAL : 0;
}

int bl_base64_decode(const char *text, size_t max, struct bl_buf *buf)
{
	unsigned int chars = 0, pads = 0;
	uint32_t bits = 0;

	if (strlen(text) / 4 * 3 > max + 3 + max / 32)
		return -EFBIG;
	for (const char *p = text; *p; p++) {
		int v = value_of(*p);

		if (*p == '\n' || *p == '\r')
			continue;
		if (*p == '=') {
			pads++;
			continue;
		}
		if (v < 0 || pads)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)v;
		chars++;
		if (chars % 4 == 2)
			bl_buf_putc(buf, (char)(bits >> 4));
		else if (chars % 4 == 3)
			bl_buf_putc(buf, (char)(bits >> 2));
		else if (chars % 4 == 0)
			bl_buf_putc(buf, (char)bits);
	}
	return finish(chars, pads, bits);
}
