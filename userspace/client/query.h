/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CLIENT_QUERY_H
#define BL_CLIENT_QUERY_H

#include <stdint.h>

#include "base/buf.h"

/* Appends "?key=value" or "&key=value" to a path, the value escaped (RFC 3986). NULL or "": nothing. */
void bl_query_add(struct bl_buf *url, const char *key, const char *value);
void bl_query_add_number(struct bl_buf *url, const char *key, uint64_t value);

#endif
