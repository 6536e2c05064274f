/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CLIENT_BASE64_H
#define BL_CLIENT_BASE64_H

#include <stddef.h>

#include "base/buf.h"

/* Appends the bytes of RFC 4648 base64 with padding; line breaks are skipped. At most `max` bytes. -EINVAL or -EFBIG. */
int bl_base64_decode(const char *text, size_t max, struct bl_buf *buf);

#endif
