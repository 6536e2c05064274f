/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_IPC_NETNS_H
#define BL_IPC_NETNS_H

#include "base/err.h"

/*
 * Opens a network namespace once and checks what was opened, so that nothing can be swapped in between. -EINVAL: no absolute
 * path, or no network namespace; -EBUSY: the host's (ours, or that of process 1); -ENOENT and others: open(2).
 */
int bl_netns_open(const char *path, int *ret_fd, struct bl_err *err);

/* The checks alone, of a descriptor that somebody sent. */
int bl_netns_check(int fd, struct bl_err *err);

#endif
