// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The XDP program on uplinks.
 *
 * XDP spares tc work and nothing depends on it: an uplink whose driver refuses it is served by tc alone, which is said once. In the
 * driver (native) it runs before the packet has a socket buffer. Generic, on the socket buffer, every driver can, but the kernel may have
 * to copy any packet of the link for it, whatever that is for: so it is used only where the configuration demands it.
 *
 * A veth takes a native program, but throws away what such a program sends unless its peer polls (NAPI), which the peer does with a
 * program of its own or with GRO switched on. The peer is another namespace's and nothing tells from here whether it does, so a
 * veth gets none, unless the configuration demands one.
 *
 * The links are pinned as those of tc and are renewed in place. One in another mode than is wished is let go and made anew.
 */

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/datapath/dp.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

static bool is_veth(uint32_t ifindex)
{
	BL_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq req = {.ifr_data = (char *)&info};

	if (fd < 0 || !if_indextoname(ifindex, req.ifr_name) || ioctl(fd, SIOCETHTOOL, &req))
		return false;
	info.driver[sizeof(info.driver) - 1] = '\0';
	return bl_streq(info.driver, "veth");
}

/* What runs on the interface now, whoever has put it there: XDP_ATTACHED_*. */
static uint8_t attached(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, opts);

	return bpf_xdp_query((int)ifindex, 0, &opts) ? XDP_ATTACHED_NONE : opts.attach_mode;
}

static bool may_be(enum bl_xdp_wish wish, uint32_t ifindex, bool native)
{
	switch (wish) {
	case BL_XDP_NATIVE:
		return native;
	case BL_XDP_GENERIC:
		return !native;
	case BL_XDP_AUTO:
		return native && !is_veth(ifindex);
	default:
		return false;
	}
}

/* A new link, pinned; 0 or what the kernel says. */
static int create(const char *path, int prog_fd, uint32_t ifindex, bool native)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts,
		    .flags = native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
	BL_CLOSE int fd = bpf_link_create(prog_fd, (int)ifindex, BPF_XDP, &opts);

	if (fd < 0)
		return -errno;
	return bpf_obj_pin(fd, path) ? -errno : 0;
}

/* Unpinning alone lets the kernel detach later, and until then the interface takes no program in another mode. */
static void let_go(const char *path)
{
	BL_CLOSE int fd = bpf_obj_get(path);

	if (fd >= 0)
		(void)bpf_link_detach(fd);
	(void)unlink(path);
}

/* Keeps the pinned link, if it is in the mode that would be chosen now. */
static bool renew(const char *path, int prog_fd, uint32_t ifindex, enum bl_xdp_wish wish)
{
	uint8_t mode = attached(ifindex);

	if ((mode == XDP_ATTACHED_DRV || mode == XDP_ATTACHED_SKB) &&
	    may_be(wish, ifindex, mode == XDP_ATTACHED_DRV) &&
	    bl_links_renew(path, ifindex, prog_fd) == 0)
		return true;
	let_go(path);
	return false;
}

static const char *mode_now(uint32_t ifindex)
{
	return attached(ifindex) == XDP_ATTACHED_DRV ? "native" : "generic";
}

static const char *attach(const struct bl_links *l, int prog_fd, uint32_t ifindex)
{
	BL_FREE char *path = bl_asprintf("%s/xdp-%u", l->dir, ifindex);
	int rc = 0;

	if (renew(path, prog_fd, ifindex, l->xdp_wish))
		return mode_now(ifindex);
	for (int native = 1; native >= 0; native--) {
		if (!may_be(l->xdp_wish, ifindex, native))
			continue;
		rc = create(path, prog_fd, ifindex, native);
		if (!rc)
			return native ? "native" : "generic";
	}
	if (rc)
		bl_log_warn("no XDP, tc serves alone ifindex=%u error=%s", ifindex, strerror(-rc));
	return "off";
}

void bl_xdp_attach(struct bl_links *l, int prog_fd, uint32_t ifindex)
{
	struct bl_xdp_uplink *u;

	for (size_t i = 0; i < l->n_xdp; i++) {
		if (l->xdp[i].ifindex == ifindex)
			return;
	}
	if (l->n_xdp == BL_XDP_UPLINKS_MAX)
		return;
	u = &l->xdp[l->n_xdp++];
	*u = (struct bl_xdp_uplink){.ifindex = ifindex, .mode = attach(l, prog_fd, ifindex)};
	bl_log_info("XDP on an uplink ifindex=%u mode=%s", ifindex, u->mode);
}

void bl_xdp_keep(struct bl_links *l, const uint32_t *ifindexes, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n_xdp; i++) {
		for (size_t k = 0; k < n; k++) {
			if (l->xdp[i].ifindex != ifindexes[k])
				continue;
			l->xdp[kept++] = l->xdp[i];
			break;
		}
	}
	l->n_xdp = kept;
}
