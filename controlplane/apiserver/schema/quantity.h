/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_SCHEMA_QUANTITY_H
#define BL_APISERVER_SCHEMA_QUANTITY_H

#define BL_QUANTITY_STRLEN 48

/*
 * Brings a quantity (k8s.io/apimachinery resource.Quantity: "500m", "1.5Gi", "1e3") into its canonical form: no fraction,
 * and the largest suffix that needs none. Finer than nano is rounded up, more than 2^63-1 is cut. -EINVAL: not a quantity.
 */
int bl_quantity_canonical(const char *text, char ret_text[BL_QUANTITY_STRLEN]);

/* The same amount in units of 10^-9, with its sign. -EINVAL: not a quantity. */
int bl_quantity_nano(const char *text, __int128 *ret_nano);

#endif
