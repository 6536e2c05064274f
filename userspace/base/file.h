/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_BASE_FILE_H
#define BL_BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* Reads a whole regular file of at most `max` bytes behind what buf holds. -EFBIG names the bound.
 */
int bl_file_read(const char *path, size_t max, struct bl_buf *buf, struct bl_err *err);

/*
 * Replaces a file in one step (temporary file in the same folder, fsync, rename, fsync of the
 * folder): after a crash either the old or the new bytes are there, whole.
 */
int bl_file_write(const char *path, const void *data, size_t len, mode_t mode, struct bl_err *err);

/* mkdir -p with `mode` for what is created. */
int bl_file_mkdirs(const char *path, mode_t mode, struct bl_err *err);

#endif
