// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: beeline-cni, the plugin that a container runtime runs.
 *
 * Reads the configuration from standard input, at most BL_PLUGIN_CONF_MAX bytes, and writes one JSON object or nothing to
 * standard output. Longer input is dropped whole and answered like an empty one: as undecodable.
 * The plugin is started for every pod, so it links nothing that it does not need and never touches the network itself.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf.h"
#include "plugin.h"

#define READ_SIZE 16384

static void read_input(struct bl_buf *conf)
{
	while (conf->len <= BL_PLUGIN_CONF_MAX) {
		ssize_t n = read(STDIN_FILENO, bl_buf_reserve(conf, READ_SIZE), READ_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		conf->len += (size_t)n;
	}
	if (conf->len > BL_PLUGIN_CONF_MAX)
		bl_buf_clear(conf);
}

int main(void)
{
	BL_BUF struct bl_buf conf = {};
	BL_BUF struct bl_buf out = {};
	int status;

	read_input(&conf);
	status = bl_plugin_run(getenv, &conf, &out);
	if (out.len && (fwrite(out.data, 1, out.len, stdout) != out.len || fflush(stdout)))
		status = 1;
	return status;
}
