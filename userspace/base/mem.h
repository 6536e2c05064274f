/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_BASE_MEM_H
#define BL_BASE_MEM_H

#include <stddef.h>

/*
 * Allocation that never fails: out of memory ends the process with a message (forwarding lives in
 * the kernel, a restart is cheap). Sizes that come from outside are therefore bounded before they
 * get here.
 */
void *bl_malloc(size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1)));
void *bl_calloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1, 2)));
void *bl_realloc(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
char *bl_strdup(const char *s) __attribute__((malloc, returns_nonnull));
char *bl_strndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));
char *bl_asprintf(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), malloc, returns_nonnull));

#define bl_new0(type)	 ((type *)bl_calloc(1, sizeof(type)))
#define BL_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
