/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TEST_DATAPATH_BOX_H
#define BL_TEST_DATAPATH_BOX_H

/* A sandbox as a group's fixture, and data paths in it. Skips where there can be none. */

#include "../../lib/sandbox.h"
#include "agent/datapath/datapath.h"

static struct sandbox box;
static bool has_box;

static int enter(void **state)
{
	(void)state;
	has_box = sandbox_enter(&box);
	return 0;
}

static int leave(void **state)
{
	(void)state;
	sandbox_leave(&box);
	return 0;
}

static struct bl_datapath *open_dp(const struct bl_datapath_opts *extra)
{
	struct bl_datapath_opts opts = extra ? *extra : (struct bl_datapath_opts){};
	struct bl_datapath *dp = NULL;
	struct bl_err err = {};

	opts.pin_dir = box.bpffs;
	opts.cgroup = box.cgroup;
	if (bl_datapath_open(&opts, &dp, &err))
		fail_msg("%s", err.text);
	return dp;
}

static void purge(void)
{
	struct bl_err err = {};

	if (bl_datapath_purge(box.bpffs, &err))
		fail_msg("%s", err.text);
}

static int teardown(void **state)
{
	(void)state;
	if (has_box)
		purge();
	return 0;
}

static void need_box(void)
{
	if (!has_box)
		skip();
}

#endif
