// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Clocks, and RFC 3339 text.
 *
 * The API's times are RFC 3339 in UTC: whole seconds (metav1.Time) or microseconds (metav1.MicroTime). Parsing accepts
 * every offset and any number of fraction digits, as Go's time.RFC3339 does, and checks each field's range. Intervals are
 * measured with the monotonic clock only.
 */

#include "base/time.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static int64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * (int64_t)BL_NSEC_PER_SEC + ts.tv_nsec;
}

uint64_t bl_time_mono_ns(void)
{
	return (uint64_t)now(CLOCK_MONOTONIC);
}

uint64_t bl_time_boot_ns(void)
{
	return (uint64_t)now(CLOCK_BOOTTIME);
}

int64_t bl_time_wall_ns(void)
{
	return now(CLOCK_REALTIME);
}

const char *bl_time_format(int64_t wall_ns, int micro, char buf[BL_TIME_STRLEN])
{
	int64_t ns = wall_ns % (int64_t)BL_NSEC_PER_SEC;
	time_t sec = wall_ns / (int64_t)BL_NSEC_PER_SEC;
	struct tm tm;
	size_t n;

	if (ns < 0) {
		ns += (int64_t)BL_NSEC_PER_SEC;
		sec--;
	}
	gmtime_r(&sec, &tm);
	n = strftime(buf, BL_TIME_STRLEN, "%Y-%m-%dT%H:%M:%S", &tm);
	if (micro)
		n += (size_t)snprintf(buf + n, BL_TIME_STRLEN - n, ".%06d", (int)(ns / 1000));
	(void)snprintf(buf + n, BL_TIME_STRLEN - n, "Z");
	return buf;
}

/* Reads exactly n digits within [min, max] and moves on. */
static bool digits(const char **s, int n, int min, int max, int *ret)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		v = 10 * v + (**s - '0');
	}
	*ret = v;
	return v >= min && v <= max;
}

static bool literal(const char **s, char c)
{
	return *(*s)++ == c;
}

static bool fraction(const char **s, int64_t *ret_ns)
{
	int64_t scale = (int64_t)BL_NSEC_PER_SEC / 10;
	const char *start;

	if (**s != '.')
		return true;
	start = ++*s;
	for (; **s >= '0' && **s <= '9'; (*s)++, scale /= 10)
		*ret_ns += (**s - '0') * scale;
	return *s > start;
}

/* "Z" or "+hh:mm"; seconds east of UTC. */
static bool offset(const char **s, int *ret_sec)
{
	int sign, h, m;

	if (**s == 'Z') {
		(*s)++;
		*ret_sec = 0;
		return true;
	}
	if (**s != '+' && **s != '-')
		return false;
	sign = *(*s)++ == '-' ? -1 : 1;
	if (!digits(s, 2, 0, 23, &h) || !literal(s, ':') || !digits(s, 2, 0, 59, &m))
		return false;
	*ret_sec = sign * (h * 3600 + m * 60);
	return true;
}

static bool day_exists(int year, int month, int day)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return day <= days[month - 1] + (month == 2 && leap);
}

int bl_time_parse(const char *s, int64_t *ret_wall_ns)
{
	struct tm tm = {};
	int64_t ns = 0;
	int off;

	if (!digits(&s, 4, 0, 9999, &tm.tm_year) || !literal(&s, '-') ||
	    !digits(&s, 2, 1, 12, &tm.tm_mon) || !literal(&s, '-') ||
	    !digits(&s, 2, 1, 31, &tm.tm_mday) || !literal(&s, 'T') ||
	    !digits(&s, 2, 0, 23, &tm.tm_hour) || !literal(&s, ':') ||
	    !digits(&s, 2, 0, 59, &tm.tm_min) || !literal(&s, ':') ||
	    !digits(&s, 2, 0, 60, &tm.tm_sec) || !fraction(&s, &ns) || !offset(&s, &off) || *s)
		return -EINVAL;
	/* an int64_t of nanoseconds reaches from 1678 to 2262 */
	if (tm.tm_year < 1678 || tm.tm_year > 2261 ||
	    !day_exists(tm.tm_year, tm.tm_mon, tm.tm_mday))
		return -EINVAL;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*ret_wall_ns = ((int64_t)timegm(&tm) - off) * (int64_t)BL_NSEC_PER_SEC + ns;
	return 0;
}
