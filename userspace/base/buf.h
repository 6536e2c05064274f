/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_BASE_BUF_H
#define BL_BASE_BUF_H

#include <stddef.h>

#include "base/cleanup.h"

/*
 * Bytes that grow. `data` is always terminated by a zero byte that `len` does not count (NULL only
 * before the first append). Zero-initialised is empty: `BL_BUF struct bl_buf b = {};`
 */
struct bl_buf {
	char *data;
	size_t len;
	size_t cap;
};

void bl_buf_append(struct bl_buf *b, const void *data, size_t len);
void bl_buf_puts(struct bl_buf *b, const char *s);
void bl_buf_putc(struct bl_buf *b, char c);
void bl_buf_printf(struct bl_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Makes room for `more` bytes behind `len` and returns where they start; the caller writes there
 * and raises `len`. */
char *bl_buf_reserve(struct bl_buf *b, size_t more);

/* Removes the first n bytes (n <= len). */
void bl_buf_consume(struct bl_buf *b, size_t n);
void bl_buf_clear(struct bl_buf *b); /* empties, keeps the memory */
void bl_buf_free(struct bl_buf *b);  /* empties, frees the memory */

/* Gives the bytes away as a string that the caller frees; never NULL. */
char *bl_buf_take(struct bl_buf *b);

#define BL_BUF BL_CLEANUP(bl_buf_free)

#endif
