/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_KINDS_DATA_H
#define BL_APISERVER_KINDS_DATA_H

#include "apiserver/kinds/check.h"

/* What a ConfigMap or Secret may hold in all, keys not counted. */
#define BL_DATA_MAX ((size_t)1024 * 1024)

/* How many bytes a base64 text stands for. */
size_t bl_data_decoded_size(const char *base64);

/* The bytes as base64 text; the caller frees it. */
char *bl_data_encode(const void *bytes, size_t len);

/* The bytes that a valid base64 text stands for, terminated by a zero that ret_len does not count; the caller frees them. */
char *bl_data_decode(const char *base64, size_t *ret_len);

/*
 * Keys of the map at the path's child `name`. Adds what the values hold to *total, decoded where `base64`.
 */
void bl_check_data(struct bl_check *ck, const char *name, const json_t *data, bool base64,
		   size_t *total);

/* An object that is set to immutable stays so, and so do the fields (NULL-terminated). */
void bl_check_immutable_data(struct bl_check *ck, const json_t *obj, const json_t *old,
			     const char *const *fields);

#endif
