/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TEST_NETNS_H
#define BL_TEST_NETNS_H

/* Moves the test into a new network namespace that forwards, and runs these lines of `ip -batch` in it. */
void netns_new(const char *commands);

/* Runs lines of `ip -batch` in the namespace that the test is in. */
void netns_ip(const char *commands);

/* The namespace that the test is in, as a descriptor for netns_enter(); and as a path for iproute2. */
int netns_self(void);
void netns_enter(int fd);

#endif
