// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Allocation that never fails.
 *
 * A node agent that cannot get a few kilobytes cannot do better than end: the data path stays in the kernel, and the
 * next start finds it there. Every caller is spared an error path that no test would reach. jansson, libuv and curl
 * keep the system's allocator; their failures surface as ordinary errors.
 */

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *p, size_t size)
{
	if (!p && size) {
		fprintf(stderr, "beeline: out of memory for %zu bytes\n", size);
		abort();
	}
	return p;
}

void *bl_malloc(size_t size)
{
	return must(malloc(size ? size : 1), size ? size : 1);
}

void *bl_calloc(size_t n, size_t size)
{
	if (!n || !size)
		n = size = 1;
	return must(calloc(n, size), size);
}

void *bl_realloc(void *p, size_t n, size_t size)
{
	if (!n || !size)
		n = size = 1;
	return must(reallocarray(p, n, size), size);
}

char *bl_strdup(const char *s)
{
	return must(strdup(s), strlen(s) + 1);
}

char *bl_strndup(const char *s, size_t n)
{
	return must(strndup(s, n), n + 1);
}

char *bl_asprintf(const char *fmt, ...)
{
	va_list ap;
	char *text = NULL;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	return must(n < 0 ? NULL : text, 1);
}
