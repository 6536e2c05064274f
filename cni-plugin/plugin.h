/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_PLUGIN_PLUGIN_H
#define BL_PLUGIN_PLUGIN_H

#include "base/buf.h"

/*
 * One call of the plugin: the environment, the configuration's bytes, and behind `out` what goes to standard output. Returns
 * the exit status, 0 or 1.
 */
int bl_plugin_run(char *(*get)(const char *name), const struct bl_buf *conf, struct bl_buf *out);

#endif
