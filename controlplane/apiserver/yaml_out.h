/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_YAML_OUT_H
#define BL_APISERVER_YAML_OUT_H

#include <jansson.h>

#include "base/buf.h"

/* A value as a YAML document in block style. */
void bl_yaml_write(struct bl_buf *b, const json_t *value);

#endif
