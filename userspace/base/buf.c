// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Bytes that grow.
 *
 * Capacity doubles, so appending n bytes one by one costs O(n). A zero byte always follows the data: the buffer is a C
 * string whenever what went in was text. Consuming moves the rest to the front; readers of streams consume whole
 * messages, not bytes.
 */

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

char *bl_buf_reserve(struct bl_buf *b, size_t more)
{
	size_t need = b->len + more + 1;

	if (need > b->cap) {
		size_t cap = b->cap ? b->cap : 64;

		while (cap < need)
			cap *= 2;
		b->data = bl_realloc(b->data, cap, 1);
		b->cap = cap;
	}
	return b->data + b->len;
}

void bl_buf_append(struct bl_buf *b, const void *data, size_t len)
{
	char *to = bl_buf_reserve(b, len);

	if (len)
		memcpy(to, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void bl_buf_puts(struct bl_buf *b, const char *s)
{
	bl_buf_append(b, s, strlen(s));
}

void bl_buf_putc(struct bl_buf *b, char c)
{
	bl_buf_append(b, &c, 1);
}

void bl_buf_printf(struct bl_buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n > 0) {
		char *to = bl_buf_reserve(b, (size_t)n);

		(void)vsnprintf(to, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void bl_buf_consume(struct bl_buf *b, size_t n)
{
	if (!n)
		return;
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
	b->data[b->len] = '\0';
}

void bl_buf_clear(struct bl_buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

void bl_buf_free(struct bl_buf *b)
{
	free(b->data);
	*b = (struct bl_buf){};
}

char *bl_buf_take(struct bl_buf *b)
{
	char *data = b->data ? b->data : bl_strdup("");

	*b = (struct bl_buf){};
	return data;
}
