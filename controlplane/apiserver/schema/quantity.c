// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Quantities
 *
 * The API's numbers of resources: a sign, digits with an optional fraction, and a suffix that is decimal (n u m k M G T P
 * E), binary (Ki Mi Gi Ti Pi Ei) or a decimal exponent (e3, E-3). The server gives each one back in a canonical form, so
 * that equal amounts compare equal as text: "1000m" becomes "1", "1024Mi" becomes "1Gi", "1.5Gi" becomes "1536Mi".
 *
 * A value is held in units of 10^-9 in 128 bits. That is exact: the API knows nothing finer than nano and nothing above
 * 2^63-1. The family of the suffix is kept, but a binary quantity below 1024 is written as a decimal one, as the real
 * server does.
 */
#include "apiserver/schema/quantity.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define NANO	   1000000000
#define DIGITS_MAX 18 /* of the fraction; finer digits only round up */

enum family { DECIMAL, BINARY, EXPONENT };

static const char *const decimal_suffixes[] = {"n", "u", "m", "", "k", "M", "G", "T", "P", "E"};
static const char *const binary_suffixes[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};

static const __int128 nano_max = (__int128)INT64_MAX * NANO;

/* v * n, or the largest value. */
static __int128 times(__int128 v, int n)
{
	return v > nano_max / n ? nano_max : v * n;
}

static int index_of(const char *const *list, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (bl_streq(list[i], s))
			return (int)i;
	return -1;
}

/* What follows the digits: its family and its power of ten or of 1024. */
static int parse_suffix(const char *s, enum family *ret_family, int *ret_power)
{
	int i = index_of(decimal_suffixes, BL_ARRAY_SIZE(decimal_suffixes), s);

	if (i >= 0) {
		*ret_family = DECIMAL;
		*ret_power = (i - 3) * 3;
		return 0;
	}
	i = index_of(binary_suffixes, BL_ARRAY_SIZE(binary_suffixes), s);
	if (i > 0) {
		*ret_family = BINARY;
		*ret_power = i;
		return 0;
	}
	if (*s != 'e' && *s != 'E')
		return -EINVAL;
	s++;
	if (!isdigit((unsigned char)s[*s == '-' || *s == '+']) || strlen(s) > 4)
		return -EINVAL;
	char *end;
	long power = strtol(s, &end, 10);

	if (*end)
		return -EINVAL;
	*ret_family = EXPONENT;
	*ret_power = (int)power;
	return 0;
}

/* The digits of a number and how many of them are a fraction; *ret_more: there were finer ones. */
static int parse_digits(const char **s, __int128 *ret_value, int *ret_fraction, bool *ret_more)
{
	__int128 v = 0;
	int digits = 0, fraction = 0;
	bool point = false, more = false;

	for (; isdigit((unsigned char)**s) || (**s == '.' && !point); (*s)++) {
		if (**s == '.') {
			point = true;
			continue;
		}
		digits++;
		if (point && fraction == DIGITS_MAX) {
			more |= **s != '0';
			continue;
		}
		fraction += point;
		v = v > nano_max ? v : v * 10 + (**s - '0');
	}
	if (!digits)
		return -EINVAL;
	*ret_value = v;
	*ret_fraction = fraction;
	*ret_more = more;
	return 0;
}

static __int128 to_nano(__int128 v, int fraction, bool more, enum family family, int power)
{
	int ten = 9 - fraction + (family == BINARY ? 0 : power);

	if (v == 0)
		return more;
	for (int i = 0; family == BINARY && i < power; i++)
		v = times(v, 1024);
	for (; ten > 0 && v < nano_max; ten--)
		v = times(v, 10);
	for (; ten < 0 && v > 0; ten++) {
		more |= v % 10 != 0;
		v /= 10;
	}
	v += more;
	return v > nano_max ? nano_max : v;
}

static void print(char *buf, bool negative, __int128 v, const char *suffix)
{
	snprintf(buf, BL_QUANTITY_STRLEN, "%s%llu%s", negative ? "-" : "", (unsigned long long)v,
		 suffix);
}

static void print_binary(char *buf, bool negative, __int128 nano)
{
	__int128 v = (nano + NANO - 1) / NANO;
	size_t i = 0;

	for (; v % 1024 == 0 && i + 1 < BL_ARRAY_SIZE(binary_suffixes); i++)
		v /= 1024;
	print(buf, negative, v, binary_suffixes[i]);
}

static void print_decimal(char *buf, bool negative, __int128 v, bool exponent)
{
	size_t i = 0;

	for (; v % 1000 == 0 && i + 1 < BL_ARRAY_SIZE(decimal_suffixes); i++)
		v /= 1000;
	if (!exponent) {
		print(buf, negative, v, decimal_suffixes[i]);
		return;
	}
	char suffix[8] = "";

	if (i != 3)
		snprintf(suffix, sizeof(suffix), "e%d", ((int)i - 3) * 3);
	print(buf, negative, v, suffix);
}

/* The amount without its sign, which the text's first character says. */
static int parse(const char *text, enum family *ret_family, __int128 *ret_nano)
{
	int fraction, power;
	__int128 v;
	bool more;

	text += *text == '-' || *text == '+';
	if (parse_digits(&text, &v, &fraction, &more) || parse_suffix(text, ret_family, &power))
		return -EINVAL;
	*ret_nano = to_nano(v, fraction, more, *ret_family, power);
	return 0;
}

int bl_quantity_nano(const char *text, __int128 *ret_nano)
{
	enum family family;
	__int128 v;

	if (parse(text, &family, &v))
		return -EINVAL;
	*ret_nano = *text == '-' ? -v : v;
	return 0;
}

int bl_quantity_canonical(const char *text, char ret_text[BL_QUANTITY_STRLEN])
{
	bool negative = *text == '-';
	enum family family;
	__int128 v;

	if (parse(text, &family, &v))
		return -EINVAL;
	if (v == 0)
		print(ret_text, false, 0, "");
	else if (family == BINARY && v >= (__int128)1024 * NANO)
		print_binary(ret_text, negative, v);
	else
		print_decimal(ret_text, negative, v, family == EXPONENT);
	return 0;
}
