/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_KINDS_QUANTITY_H
#define BL_APISERVER_KINDS_QUANTITY_H

#include <jansson.h>
#include <stdbool.h>

#define BL_QUANTITY_ONE 1000000000

/*
 * A resource quantity ("500m", "64Mi", 1.5) in units of 1 / BL_QUANTITY_ONE; what is finer is rounded away from zero, what
 * is larger than the range is its bound. 0 or -EINVAL.
 */
int bl_quantity_parse(const json_t *value, __int128 *ret_nano);

/* -1, 0 or 1 as a is less than, equal to or greater than b; what cannot be read counts as 0. */
int bl_quantity_cmp(const json_t *a, const json_t *b);

/* A whole number of units. */
bool bl_quantity_is_whole(const json_t *value);

#endif
