// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Kernel settings of this network namespace.
 *
 * /proc/sys/net shows the settings of the reader's own network namespace, so the same paths serve the node and, from inside, a pod. A
 * setting is read first and written only where it differs: most restarts write none, and where /proc/sys is read-only, as in
 * many containers, a node that is set up already is fine.
 *
 * What a node needs: forwarding, both families. Turning it on for IPv6 makes the kernel forget routes learnt from router
 * advertisements unless the link says accept_ra=2, so the uplinks that listen to them get that first. Reverse path
 * filtering on uplinks is made loose where it is strict: an answer to a balanced connection may leave by another link than
 * the route back to the client names. So it is on pods' links: what a pod answers to the node's own packets to a Service comes from
 * the Service's address.
 */

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/net/nl.h"
#include "base/mem.h"

#define RP_FILTER_STRICT 1
#define RP_FILTER_LOOSE	 2
#define ACCEPT_RA_HOST	 1 /* unless forwarding */
#define ACCEPT_RA_ALWAYS 2

static char *sysctl_path(const char *path, const char *ifname)
{
	const char *at = strstr(path, "%s");

	if (!at)
		return bl_asprintf("/proc/sys/net/%s", path);
	return bl_asprintf("/proc/sys/net/%.*s%s%s", (int)(at - path), path, ifname, at + 2);
}

int bl_sysctl_get(const char *path, const char *ifname, int *ret_value)
{
	BL_FREE char *full = sysctl_path(path, ifname);
	BL_CLOSE int fd = open(full, O_RDONLY | O_CLOEXEC);
	char text[16] = {};

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return -errno;
	*ret_value = atoi(text);
	return 0;
}

int bl_sysctl_set(const char *path, const char *ifname, int value, struct bl_err *err)
{
	BL_FREE char *full = sysctl_path(path, ifname);
	BL_CLOSE int fd = -1;
	int have, len, rc;
	char text[16];

	rc = bl_sysctl_get(path, ifname, &have);
	if (rc == -ENOENT || (!rc && have == value))
		return 0;
	if (rc)
		return bl_err_set(err, rc, "%s: %s", full, strerror(-rc));
	len = snprintf(text, sizeof(text), "%d\n", value);
	fd = open(full, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, (size_t)len) != len)
		return bl_err_set(err, -errno, "%s: cannot be set to %d: %s", full, value,
				  strerror(errno));
	return 0;
}

int bl_sysctl_loosen(const char *ifname, struct bl_err *err)
{
	int all = 0, own = 0;

	(void)bl_sysctl_get("ipv4/conf/all/rp_filter", NULL, &all);
	(void)bl_sysctl_get("ipv4/conf/%s/rp_filter", ifname, &own);
	/* The kernel goes by the larger of the two. */
	if ((all > own ? all : own) != RP_FILTER_STRICT)
		return 0;
	return bl_sysctl_set("ipv4/conf/%s/rp_filter", ifname, RP_FILTER_LOOSE, err);
}

static int prepare_uplink(const char *name, struct bl_err *err)
{
	int ra = 0, rc;

	(void)bl_sysctl_get("ipv6/conf/%s/accept_ra", name, &ra);
	rc = bl_sysctl_loosen(name, err);
	if (!rc && ra == ACCEPT_RA_HOST)
		rc = bl_sysctl_set("ipv6/conf/%s/accept_ra", name, ACCEPT_RA_ALWAYS, err);
	return rc;
}

int bl_net_prepare_node(const uint32_t *uplinks, size_t n_uplinks, struct bl_err *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < n_uplinks; i++) {
		char name[IF_NAMESIZE];

		if (if_indextoname(uplinks[i], name))
			rc = prepare_uplink(name, err);
	}
	if (!rc)
		rc = bl_sysctl_set("ipv4/ip_forward", NULL, 1, err);
	if (!rc)
		rc = bl_sysctl_set("ipv6/conf/all/forwarding", NULL, 1, err);
	return rc;
}
