/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TESTS_SANDBOX_H
#define BL_TESTS_SANDBOX_H

#include <stdbool.h>

/*
 * A corner of the kernel of this process's own: a network and a mount namespace with lo up, a bpffs, and an empty cgroup.
 * Everything but the cgroup goes with the process.
 */
struct sandbox {
	char dir[64];	 /* temporary folder */
	char bpffs[96];	 /* a folder that does not exist yet, on a bpffs */
	char cgroup[96]; /* cgroup v2 */
};

/* False, with a message, where the rights or the file systems are missing. */
bool sandbox_enter(struct sandbox *s);
void sandbox_leave(struct sandbox *s);

#endif
