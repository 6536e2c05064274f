/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_AGENT_AGENT_H
#define BL_AGENT_AGENT_H

/*
 * The agent: watches fill the store, apply brings the kernel to what the store says, handlers answer the socket. The
 * struct is shared by the files of this folder; each field says who writes it.
 */

#include "agent/bgp/bgp.h"
#include "agent/cni.h"
#include "agent/compile/policy.h"
#include "agent/config.h"
#include "agent/datapath/datapath.h"
#include "agent/event.h"
#include "agent/failures.h"
#include "agent/net/net.h"
#include "agent/server.h"
#include "agent/store/store.h"
#include "agent/timing.h"
#include "base/loop.h"
#include "client/reflector.h"

#define BL_UPLINKS_MAX 8
#define BL_AGENT_KINDS 6

struct bl_agent;
struct bl_waiter;

/* One collection of the API. Written by watch.c. */
struct bl_agent_watch {
	struct bl_agent *agent;
	enum bl_api_kind kind;
	struct bl_reflector *reflector;
	bool listing;  /* between a list's begin and its end */
	bool synced;   /* listed whole at least once */
	char why[256]; /* why it is not connected, "" when it is */
};

struct bl_agent {
	const struct bl_agent_config *config; /* lent by main */
	struct bl_loop *loop;
	char *socket_path;

	struct bl_client *client;
	struct bl_events *events;
	struct bl_agent_watch watches[BL_AGENT_KINDS];
	struct bl_store *store;

	struct bl_datapath *datapath;
	struct bl_net *net;
	struct bl_bgp *bgp; /* NULL: routing is direct */
	struct bl_cni *cni;
	struct bl_server *server;
	struct bl_failures *failures;

	/* apply.c */
	struct bl_defer apply;
	struct bl_timer *more;	  /* goes on with services in the next turn */
	struct bl_timer *retry;	  /* comes back to what failed */
	struct bl_timer *collect; /* frees what rests in the datapath */
	uint64_t retry_ms;
	bool node_dirty;
	bool swept;
	bool conf_installed;
	struct bl_timing timing;      /* and watch.c, which notes events */
	struct bl_arena *node_arena;  /* holds `node` */
	struct bl_desired_node *node; /* what was applied last; NULL before */
	uint32_t uplinks[BL_UPLINKS_MAX];
	size_t n_uplinks;

	/* policy.c */
	struct bl_policies *policies;
	struct bl_timer *policy_timer; /* comes back when packets of the last change are gone */
	bool policy_dirty;	       /* the compiler was told something */
	bool policy_whole;	       /* its first answer, the whole, was taken */
	bool policy_waits;	       /* not all of it is in force yet */

	struct bl_waiter *waiters; /* wait.c */
};

/* Opens everything and starts to watch. The agent is whole or not there. */
int bl_agent_new(struct bl_loop *loop, const struct bl_agent_config *config,
		 struct bl_agent **ret_agent, struct bl_err *err);
/* The kernel's state stays. */
struct bl_agent *bl_agent_free(struct bl_agent *a);

/* watch.c */
void bl_agent_watch_start(struct bl_agent *a);
void bl_agent_watch_stop(struct bl_agent *a);
bool bl_agent_is_synced(const struct bl_agent *a);

/* apply.c */
void bl_agent_apply_init(struct bl_agent *a);
void bl_agent_apply_stop(struct bl_agent *a);
/* Asks for a turn of apply; with `node` also for what is compiled as a whole. */
void bl_agent_mark(struct bl_agent *a, bool node);
/* Whether the kernel holds what the Service wants; "" or why not in *ret_why (lent). */
bool bl_agent_service_programmed(const struct bl_agent *a, const char *namespace, const char *name,
				 const char **ret_why);
int bl_agent_attachment_programmed(void *agent, const struct bl_attachment *att,
				   struct bl_err *err);

/* policy.c: needs the datapath, and the store still empty */
void bl_agent_policy_open(struct bl_agent *a);
void bl_agent_policy_close(struct bl_agent *a);
/* One turn; with `node` also for the pods that are attached now. 0: all is in force; -EAGAIN: a timer comes back to it. */
int bl_agent_apply_policy(struct bl_agent *a, bool node);

/* node.c: one turn of what is compiled as a whole. */
void bl_agent_apply_node(struct bl_agent *a);

/* handlers.c, policy_serve.c, wait.c */
void bl_agent_serve(struct bl_agent *a);
void bl_agent_policy_serve(struct bl_agent *a);
void bl_agent_wait_serve(struct bl_agent *a);
void bl_agent_wait_check(struct bl_agent *a);
void bl_agent_wait_stop(struct bl_agent *a);

#endif
