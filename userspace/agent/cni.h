/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_AGENT_CNI_H
#define BL_AGENT_CNI_H

#include "agent/net/net.h"
#include "agent/server.h"
#include "base/err.h"
#include "base/ip.h"

/*
 * The pods' attachments to this node: what a container runtime asked for by CNI. One JSON file an attachment outlives the
 * agent. An ADD is answered once the agent has applied a state that holds the attachment, a DEL once it has applied one
 * that does not.
 */
struct bl_cni;

/* An interface of a container. Strings are never NULL. Lent by the list. */
struct bl_attachment {
	const char *container_id;
	const char *ifname; /* inside */
	const char *network;
	const char *netns;	   /* path, as the runtime named it */
	const char *pod_namespace; /* "" where the runtime named no pod */
	const char *pod_name;
	const char *pod_uid;
	char host_ifname[16];
	struct bl_ip ips[2]; /* IPv4 first */
	size_t n_ips;
	uint32_t mtu;
	uint32_t ifindex; /* host side; 0: the link is gone, so there is nothing to program */
	uint8_t mac[6];	  /* inside */
	uint8_t host_mac[6];
};

struct bl_cni_ops {
	/* The list is another: apply it, then call bl_cni_applied(). Marks only, applies nothing itself. */
	void (*changed)(void *arg);
	/* Whether the kernel holds the attachment's endpoints, routes and programs; the error names what is missing. */
	int (*programmed)(void *arg, const struct bl_attachment *a, struct bl_err *err);
	void *arg;
};

struct bl_cni_opts {
	const char *dir; /* the files' folder: made where it is missing */
	struct bl_net *net;
	struct bl_cni_ops ops;
};

/* Loads what is on disk and undoes what was half made. An unreadable file is logged and kept. */
int bl_cni_new(const struct bl_cni_opts *opts, struct bl_cni **ret_cni, struct bl_err *err);
struct bl_cni *bl_cni_free(struct bl_cni *c);

/* Registers cni-add, cni-del, cni-check, cni-gc and cni-status. */
void bl_cni_serve(struct bl_cni *c, struct bl_server *server);

/* The node's pod prefixes; at most one a family is used, the first. Addresses given out stay as they are. */
void bl_cni_set_cidrs(struct bl_cni *c, const struct bl_cidr *cidrs, size_t n);
/* MTU of pods whose configuration names none. */
void bl_cni_set_mtu(struct bl_cni *c, uint32_t mtu);
/* Why ADD and STATUS are refused for the time being ("services are not synced"); NULL: they are not. Copied. */
void bl_cni_set_unready(struct bl_cni *c, const char *reason);
/* Lends the text; NULL: pods can be taken. No prefix yet is also a reason. */
const char *bl_cni_unready(const struct bl_cni *c);

/*
 * What shall be programmed, ordered by address; lent until the next call of this room or turn of the loop. Attachments
 * without a link (ifindex 0) are not in it.
 */
const struct bl_attachment *bl_cni_attachments(struct bl_cni *c, size_t *ret_n);
/* The node's links have changed: looks again which attachments have theirs. */
void bl_cni_links_changed(struct bl_cni *c);
/* All on record, also those without a link. */
size_t bl_cni_count(const struct bl_cni *c);

/*
 * The list as it was at the call of bl_cni_attachments() has been applied; err: something of it failed. Each ADD that
 * waits is then asked about by ops.programmed, and answered or undone; each DEL that waits is finished, err or not: what remains of it is the apply's to repeat.
 */
void bl_cni_applied(struct bl_cni *c, const struct bl_err *err);

/*
 * Installs <conf_dir>/10-beeline.conflist in one step, where its text differs: what a container runtime reads. Called
 * when the node can take pods.
 */
int bl_cni_install_conf(const char *conf_dir, const char *socket, struct bl_err *err);

#endif
