// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Strict readings of text.
 *
 * strtol() accepts blanks, signs, hexadecimal and trailing bytes; every one of those has been a vulnerability somewhere
 * (CVE-2021-29923: leading zeros read as octal by one side and as decimal by the other). These functions accept exactly
 * one form of each value and nothing else.
 */

#include "base/str.h"

#include <errno.h>

bool bl_str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool bl_str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

int bl_str_to_int(const char *s, int64_t min, int64_t max, int64_t *ret)
{
	int64_t sign = 1, v = 0;

	if (*s == '-' && min < 0) {
		sign = -1;
		s++;
	}
	if (*s < '0' || *s > '9' || (*s == '0' && (s[1] || sign < 0)))
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, sign * (*s - '0'), &v))
			return -ERANGE;
	}
	if (v < min || v > max)
		return -ERANGE;
	*ret = v;
	return 0;
}

int bl_str_to_port(const char *s, uint16_t *ret_port)
{
	int64_t v;
	int rc = bl_str_to_int(s, 1, 65535, &v);

	if (!rc)
		*ret_port = (uint16_t)v;
	return rc;
}

static bool alnum_lower(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Length of the label at s, 0 where it breaks the grammar. It ends at a dot or at the end. */
static size_t label_len(const char *s)
{
	size_t n = 0;

	while (alnum_lower(s[n]) || s[n] == '-')
		n++;
	if (!n || (s[n] && s[n] != '.') || s[0] == '-' || s[n - 1] == '-')
		return 0;
	return n;
}

bool bl_str_is_dns_label(const char *s)
{
	size_t n = label_len(s);

	return n && n <= 63 && !s[n];
}

bool bl_str_is_dns_subdomain(const char *s)
{
	if (strlen(s) > 253)
		return false;
	for (;;) {
		size_t n = label_len(s);

		if (!n)
			return false;
		if (!s[n])
			return true;
		s += n + 1;
	}
}
