/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CLI_TABLE_H
#define BL_CLI_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "base/cleanup.h"

/* Aligned columns, printed when all is known. */
struct bl_table;

/* Headings as kubectl writes them ("NAMESPACE", "NAME"); NULL: none. */
struct bl_table *bl_table_new(size_t columns, const char *const *headings);
struct bl_table *bl_table_free(struct bl_table *t);

/* The next cell, row by row; NULL and "" show as "-" . Copies; control characters become '?'. */
void bl_table_cell(struct bl_table *t, const char *text);
void bl_table_cellf(struct bl_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void bl_table_print(const struct bl_table *t, FILE *out);

BL_DEFINE_CLEANUP(table, struct bl_table, bl_table_free);
#define BL_TABLE BL_CLEANUP(bl_cleanup_table)

#endif
