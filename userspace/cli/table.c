// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Tables for people.
 *
 * Columns are as wide as their widest cell, three blanks apart, without trailing blanks, so that awk and cut read them as
 * well as people do. An empty cell is shown as a dash, because a missing column would move the others in the eyes of such
 * tools.
 *
 * Text in cells comes from the API and from kernel maps: control characters are replaced before a terminal sees them.
 * Widths count bytes; names of the API are ASCII.
 */

#include "cli/table.h"

#include <stdarg.h>
#include <string.h>

#include "base/mem.h"

#define GAP 3

struct bl_table {
	size_t columns;
	char **cells;
	size_t n, room;
	size_t *widths;
};

struct bl_table *bl_table_new(size_t columns, const char *const *headings)
{
	struct bl_table *t = bl_new0(struct bl_table);

	t->columns = columns;
	t->widths = bl_calloc(columns, sizeof(*t->widths));
	for (size_t i = 0; headings && i < columns; i++)
		bl_table_cell(t, headings[i]);
	return t;
}

struct bl_table *bl_table_free(struct bl_table *t)
{
	if (!t)
		return NULL;
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t->widths);
	free(t);
	return NULL;
}

void bl_table_cell(struct bl_table *t, const char *text)
{
	char *copy = bl_strdup(text && *text ? text : "-");
	size_t *width = &t->widths[t->n % t->columns];
	size_t len = strlen(copy);

	for (char *s = copy; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
	if (t->n == t->room) {
		t->room = t->room ? t->room * 2 : 64;
		t->cells = bl_realloc(t->cells, t->room, sizeof(*t->cells));
	}
	t->cells[t->n++] = copy;
	if (len > *width)
		*width = len;
}

void bl_table_cellf(struct bl_table *t, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	bl_table_cell(t, text);
}

void bl_table_print(const struct bl_table *t, FILE *out)
{
	for (size_t i = 0; i < t->n; i++) {
		size_t column = i % t->columns;

		if (column + 1 == t->columns || i + 1 == t->n)
			fprintf(out, "%s\n", t->cells[i]);
		else
			fprintf(out, "%-*s", (int)t->widths[column] + GAP, t->cells[i]);
	}
}
