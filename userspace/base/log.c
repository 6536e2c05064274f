// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: One line a fact, on standard error.
 *
 * The service manager keeps, rotates and forwards what a program writes to standard error, so there is no log file, no
 * rotation and no second format here. A line is built in one buffer and written by one system call: lines of
 * several processes on one descriptor do not mix.
 */

#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static enum bl_log_level max_level = BL_LOG_INFO;

static void clean(char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
	}
}

void bl_log(enum bl_log_level level, const char *fmt, ...)
{
	char line[2048], stamp[BL_TIME_STRLEN];
	va_list ap;
	int head, n;
	size_t len;

	if (level > max_level)
		return;
	head = snprintf(line, sizeof(line), "%s %s ", bl_time_format(bl_time_wall_ns(), 1, stamp),
			level_names[level]);
	va_start(ap, fmt);
	n = vsnprintf(line + head, sizeof(line) - (size_t)head - 1, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	clean(line);
	len = strlen(line);
	line[len++] = '\n';
	while (write(STDERR_FILENO, line, len) < 0 && errno == EINTR)
		;
}

void bl_log_set_level(enum bl_log_level level)
{
	max_level = level;
}

int bl_log_parse_level(const char *word, enum bl_log_level *ret_level)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcmp(word, level_names[i]) == 0) {
			*ret_level = (enum bl_log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}
