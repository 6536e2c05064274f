/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_LISTEN_H
#define BL_APISERVER_LISTEN_H

#include "base/err.h"

#define BL_LISTEN_STRLEN 64

/* Opens a listening TCP socket; fills the address with the port that it got. -EINVAL: `where` cannot be read. */
int bl_listen_socket(const char *where, int *ret_fd, char ret_address[BL_LISTEN_STRLEN],
		     struct bl_err *err);

#endif
