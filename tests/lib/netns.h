/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TEST_NETNS_H
#define BL_TEST_NETNS_H

/* Moves the test into a new network namespace that forwards, and runs these lines of `ip -batch` in it. */
void netns_new(const char *commands);

#endif
