/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_KINDS_QUANTITY_H
#define BL_APISERVER_KINDS_QUANTITY_H

#include <jansson.h>
#include <stdbool.h>

/*
 * A resource quantity ("500m", "64Mi", 1.5) as thousandths of its unit; what is finer is rounded away from zero, what is
 * larger than the range is its bound. 0 or -EINVAL.
 */
int bl_quantity_parse(const json_t *value, __int128 *ret_milli);

/* -1, 0 or 1 as a is less than, equal to or greater than b; what cannot be read counts as 0. */
int bl_quantity_cmp(const json_t *a, const json_t *b);

/* A whole number of units. */
bool bl_quantity_is_whole(const json_t *value);

#endif
