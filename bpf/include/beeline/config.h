/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BEELINE_CONFIG_H
#define BEELINE_CONFIG_H

#include <linux/types.h>

#include "beeline/addr.h"

/* config: the one entry that the agent writes whenever the node's own facts change. */
struct bl_config {
	struct bl_addr
		snat4; /* the node's address that leaves the cluster; zero: IPv4 is not masqueraded */
	struct bl_addr snat6;
	__u16 snat_port_first; /* host byte order; reserved for translation, no socket of the node uses them */
	__u16 snat_port_last;
	__u16 nodeport_first; /* host byte order */
	__u16 nodeport_last;
	__u32 flags; /* BL_CONFIG_* */
};
_Static_assert(sizeof(struct bl_config) == 44, "struct bl_config is 44 bytes");
#define BL_CONFIG_MASQUERADE \
	0x01 /* traffic of pods that leaves the cluster gets the node's address */
#define BL_CONFIG_LOOPBACK4 0x02 /* NodePorts are served to the node itself at 127.0.0.0/8 */
#define BL_CONFIG_LOOPBACK6 0x04 /* and at ::1 */

#endif
