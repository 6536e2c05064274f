// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The network configuration that container runtimes read.
 *
 * A runtime takes the first configuration of its folder, and a kubelet calls its node ready for pods as soon as there is one.
 * So the agent installs it when it can take pods, not before, in one step, and never touches another file of the folder. The
 * version is 1.0.0, the newest that containerd 1.6 reads; the plugin itself speaks up to 1.1.0. A text that is there already
 * is not written again, so the runtime has nothing to reload when an agent restarts.
 *
 * `type` is the plugin's file name in the runtime's plugin folder.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cni.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define CONF_NAME "10-beeline.conflist"
#define CONF_MAX  65536

int bl_cni_install_conf(const char *conf_dir, const char *socket, struct bl_err *err)
{
	BL_JSON json_t *conf = json_pack("{s:s, s:s, s:[{s:s, s:s, s:{s:b}}]}", "cniVersion",
					 "1.0.0", "name", "beeline", "plugins", "type",
					 "beeline-cni", "socket", socket, "capabilities", "ips", 1);
	BL_FREE char *path = bl_asprintf("%s/%s", conf_dir, CONF_NAME);
	BL_BUF struct bl_buf old = {};
	char *dumped = json_dumps(conf, JSON_INDENT(2));
	BL_FREE char *text = bl_asprintf("%s\n", dumped ? dumped : "");
	int rc;

	free(dumped);
	if (!conf)
		return bl_err_set(err, -EINVAL, "%s: the socket's path is not UTF-8", path);
	rc = bl_file_mkdirs(conf_dir, 0755, err);
	if (rc)
		return rc;
	if (!bl_file_read(path, CONF_MAX, &old, NULL) && bl_streq(old.data, text))
		return 0;
	return bl_file_write(path, text, strlen(text), 0644, err);
}
