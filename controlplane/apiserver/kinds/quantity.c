/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Quantities in objects.
 *
 * Validation compares quantities (requests against limits) and asks for their sign and whether they are whole. The text
 * is read by the schema's parser; a bare JSON number counts as its text.
 */
#include "apiserver/kinds/quantity.h"

#include <errno.h>

#include "apiserver/schema/quantity.h"
#include "base/cleanup.h"

int bl_quantity_parse(const json_t *value, __int128 *ret_nano)
{
	BL_FREE char *number = NULL;

	if (json_is_string(value))
		return bl_quantity_nano(json_string_value(value), ret_nano);
	if (!json_is_number(value))
		return -EINVAL;
	number = json_dumps(value, JSON_ENCODE_ANY);
	return number ? bl_quantity_nano(number, ret_nano) : -EINVAL;
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
	__int128 nano = 0;

	return !bl_quantity_parse(value, &nano) && nano % BL_QUANTITY_ONE == 0;
}
