/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Resource quantities.
 *
 * k8s.io/apimachinery/pkg/api/resource.Quantity: a decimal number and a suffix, of either the
 * binary series (Ki to Ei), the decimal one (n, u, m, none, k to E) or an exponent (e3, E3). The
 * server compares quantities (requests against limits) and asks for their sign, so thousandths in
 * 128 bits are enough; the text itself is kept as the client wrote it.
 *
 * "E" is a suffix by itself and an exponent when digits follow. A bare JSON number counts as its
 * text.
 */
#include "apiserver/kinds/quantity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"

/* Bounds of what is kept: 2^63-1 units, as the real server caps them. */
#define MILLI_MAX ((__int128)INT64_MAX * 1000)

struct suffix {
	const char *text;
	int base; /* 2 or 10 */
	int power;
};

static const struct suffix suffixes[] = {
	{"", 10, 0},   {"n", 10, -9}, {"u", 10, -6}, {"m", 10, -3}, {"k", 10, 3},  {"M", 10, 6},
	{"G", 10, 9},  {"T", 10, 12}, {"P", 10, 15}, {"E", 10, 18}, {"Ki", 2, 10}, {"Mi", 2, 20},
	{"Gi", 2, 30}, {"Ti", 2, 40}, {"Pi", 2, 50}, {"Ei", 2, 60},
};

static int parse_suffix(const char *s, int *ret_base, int *ret_power)
{
	int64_t exponent;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (!bl_streq(suffixes[i].text, s))
			continue;
		*ret_base = suffixes[i].base;
		*ret_power = suffixes[i].power;
		return 0;
	}
	if (*s != 'e' && *s != 'E')
		return -EINVAL;
	s += s[1] == '+' ? 2 : 1;
	if (bl_str_to_int(s, -400, 400, &exponent))
		return -EINVAL;
	*ret_base = 10;
	*ret_power = (int)exponent;
	return 0;
}

static __int128 scale_up(__int128 v, int base, int power)
{
	while (power-- > 0 && v < MILLI_MAX)
		v *= base;
	return v < MILLI_MAX ? v : MILLI_MAX;
}

static __int128 scale_down(__int128 v, int power, bool *exact)
{
	while (power-- > 0 && v > 0) {
		*exact &= v % 10 == 0;
		v /= 10;
	}
	return v;
}

/* digits * base^power / 10^places, in thousandths, rounded up. */
static __int128 to_milli(__int128 digits, int places, int base, int power)
{
	bool exact = true;
	__int128 v = digits;

	/* A binary factor first, so that 1.5Ki does not lose its half. */
	if (base == 2)
		v = scale_up(v, 2, power);
	power = (base == 10 ? power : 0) + 3 - places;
	if (power >= 0)
		return scale_up(v, 10, power);
	v = scale_down(v, -power, &exact);
	return exact ? v : v + 1;
}

static int parse_text(const char *s, __int128 *ret_milli)
{
	bool negative = *s == '-';
	__int128 digits = 0;
	bool any = false;
	bool point = false;
	int places = 0;
	int base;
	int power;

	s += *s == '-' || *s == '+';
	for (; (*s >= '0' && *s <= '9') || (*s == '.' && !point); s++) {
		if (*s == '.') {
			point = true;
			continue;
		}
		any = true;
		/* Beyond 27 digits nothing changes in thousandths of what is in range. */
		if (digits < MILLI_MAX) {
			digits = digits * 10 + (*s - '0');
			places += point;
		} else {
			places -= !point;
		}
	}
	if (!any || parse_suffix(s, &base, &power))
		return -EINVAL;
	*ret_milli = to_milli(digits, places, base, power) * (negative ? -1 : 1);
	return 0;
}

int bl_quantity_parse(const json_t *value, __int128 *ret_milli)
{
	BL_FREE char *number = NULL;

	if (json_is_string(value))
		return parse_text(json_string_value(value), ret_milli);
	if (!json_is_number(value))
		return -EINVAL;
	number = json_dumps(value, JSON_ENCODE_ANY);
	return number ? parse_text(number, ret_milli) : -EINVAL;
}

int bl_quantity_cmp(const json_t *a, const json_t *b)
{
	__int128 x = 0;
	__int128 y = 0;

	(void)bl_quantity_parse(a, &x);
	(void)bl_quantity_parse(b, &y);
	return (x > y) - (x < y);
}

bool bl_quantity_is_whole(const json_t *value)
{
	__int128 milli = 0;

	return !bl_quantity_parse(value, &milli) && milli % 1000 == 0;
}
