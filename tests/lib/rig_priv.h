/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TEST_RIG_PRIV_H
#define BL_TEST_RIG_PRIV_H

/* What the files of the stage share. Nobody else includes this. */

#include "bpf/host.skel.h"
#include "bpf/node.skel.h"
#include "bpf/pod.skel.h"
#include "rig.h"

struct rig {
	struct pod_bpf *pod;
	struct host_bpf *host;
	struct node_bpf *node;
	int map[32]; /* by row of BL_MAPS */
	uint32_t link[3];
	bool in_place;
	uint32_t slots; /* taken so far */
};

enum map_row {
#define MAP_ROW(name, ...) MAP_##name,
	BL_MAPS(MAP_ROW)
#undef MAP_ROW
		MAP_COUNT
};

#endif
