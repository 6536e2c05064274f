/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_AGENT_CNI_PRIV_H
#define BL_AGENT_CNI_PRIV_H

#include <uthash.h>

#include "agent/cni.h"
#include "agent/ipam.h"
#include "agent/record.h"
#include "ipc/messages.h"

/* What cni.c (the attachments' lives) and cni_serve.c (the requests) share. */

enum cni_state {
	CNI_ADDING, /* the link is there; an apply is awaited */
	CNI_LIVE,
	CNI_REMOVING, /* no longer in the list; an apply is awaited, then the link goes */
};

/* A request that waits for an attachment's next state. */
struct cni_waiter {
	struct bl_call *call;
	bool add; /* an ADD: fails where the attachment is removed */
	struct cni_attachment *of;
	struct cni_waiter *prev, *next;
};

struct cni_attachment {
	struct bl_cni *cni;
	struct bl_record *record;
	enum cni_state state;
	uint64_t since; /* the change that brought it into its state */
	int fail_code;	/* REMOVING because an ADD failed: what its waiter is told */
	struct bl_err why;
	struct cni_waiter *waiters;
	UT_hash_handle hh; /* by host_ifname */
};

/* A GC that waits for the removals it asked for. */
struct cni_gc {
	struct bl_call *call;
	struct bl_cni *cni;
	uint64_t since;
	size_t removed;
	struct cni_gc *prev, *next;
};

struct bl_cni {
	char *dir;
	struct bl_net *net;
	struct bl_cni_ops ops;
	struct bl_ipam *pools[2]; /* IPv4, IPv6; NULL: the node has no such prefix */
	uint32_t mtu;
	char *unready;
	struct cni_attachment *all;
	uint64_t changes; /* counts changes of the list */
	uint64_t taken;	  /* the change up to which the list was taken */
	bool applied;	  /* at least once since the start */
	struct cni_gc *gcs;
	struct bl_attachment *list; /* what bl_cni_attachments() lent */
};

struct cni_attachment *cni_find(const struct bl_cni *c, const char *container_id,
				const char *ifname);

/* Takes the record, which holds its addresses already: makes the link and awaits the apply. On failure nothing is left. */
int cni_attach(struct bl_cni *c, struct bl_record *r, int netns_fd, struct bl_call *call,
	       struct bl_err *err);

/* Takes it from the list and awaits the apply. `why` is NULL for a DEL. */
void cni_detach(struct cni_attachment *a, int fail_code, const struct bl_err *why);

/*
 * Before the first apply nothing is given to anybody (ADD is refused until then), and that apply leaves only what is in the
 * list: removals need not wait for it, though the API server may be away for long.
 */
void cni_settle(struct bl_cni *c);

/* The request is answered when the attachment's state changes. */
void cni_wait(struct cni_attachment *a, struct bl_call *call, bool add);

/* Addresses for a new record: those requested, and one of every other family that the node has. */
int cni_take_ips(struct bl_cni *c, const json_t *requested, struct bl_attachment *a,
		 struct bl_err *err);
void cni_give_ips(struct bl_cni *c, const struct bl_attachment *a);

/* Compares the link's both sides with the record. */
int cni_check_link(const struct bl_cni *c, const struct bl_attachment *a, int netns_fd,
		   struct bl_err *err);

/* The answer to an ADD. */
json_t *cni_add_answer(const struct bl_attachment *a);

#endif
