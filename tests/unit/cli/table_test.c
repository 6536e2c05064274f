// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "cli/table.h"

static void expect(const struct bl_table *t, const char *want)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	bl_table_print(t, out);
	fclose(out);
	assert_string_equal(text, want);
	free(text);
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	BL_TABLE struct bl_table *t = bl_table_new(3, (const char *const[]){"A", "BB", "C"});

	(void)state;
	bl_table_cell(t, "long cell");
	bl_table_cellf(t, "%d", 7);
	bl_table_cell(t, "last");
	expect(t, "A           BB   C\n"
		  "long cell   7    last\n");
}

static void empty_cells_are_dashes_and_control_characters_are_gone(void **state)
{
	BL_TABLE struct bl_table *t = bl_table_new(3, NULL);

	(void)state;
	bl_table_cell(t, "");
	bl_table_cell(t, NULL);
	bl_table_cell(t, "a\x1b[2J\n");
	expect(t, "-   -   a?[2J?\n");
}

static void headings_alone_are_a_table(void **state)
{
	BL_TABLE struct bl_table *t = bl_table_new(2, (const char *const[]){"NAME", "AGE"});

	(void)state;
	expect(t, "NAME   AGE\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(empty_cells_are_dashes_and_control_characters_are_gone),
		cmocka_unit_test(headings_alone_are_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
