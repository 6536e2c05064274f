/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TESTS_GOLDEN_DUMP_H
#define BL_TESTS_GOLDEN_DUMP_H

#include "agent/compile/compile.h"
#include "base/buf.h"

/* The desired state as text: what golden files hold. */
void dump_service(const struct bl_desired_service *want, struct bl_buf *out);
void dump_node(const struct bl_desired_node *want, struct bl_buf *out);

#endif
