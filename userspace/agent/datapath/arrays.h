/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_DATAPATH_ARRAYS_H
#define BL_DATAPATH_ARRAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maps/maps.h"

/* An array map in this process's memory, mapped as far as it has been written. */
struct bl_array {
	int fd; /* lent */
	enum bl_map map;
	uint32_t entries;
	uint32_t stride; /* bytes from entry to entry */
	size_t len;	 /* bytes of the whole array, in pages */
	char *base;	 /* NULL: it cannot be mapped */
	uint64_t *there; /* a bit for each window that is mapped */
	bool narrow;	 /* only the windows of the last entry stay mapped */
	size_t last;	 /* the first of these */
};

/* Takes address space and nothing else. A map that cannot be mapped leaves `base` NULL. */
void bl_array_open(struct bl_array *a, enum bl_map map, int fd);
void bl_array_close(struct bl_array *a);

/* Writes the entry by plain stores. -E2BIG: there is no such index; -EOPNOTSUPP: the map cannot be mapped. */
int bl_array_write(struct bl_array *a, uint32_t index, const void *value);

#endif
