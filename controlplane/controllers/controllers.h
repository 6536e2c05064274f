/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CONTROLLERS_CONTROLLERS_H
#define BL_CONTROLLERS_CONTROLLERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"
#include "base/loop.h"

/*
 * The controllers of the embedded control plane. Each is a loop of its own over the Kubernetes API, through a client like
 * any other: they would work against any API server, and know nothing of the storage behind it.
 */
struct bl_controllers;

struct bl_controllers_opts {
	/* "all", "none", or names by comma (--controllers); "-name" takes one away from all. Lent for the call. */
	const char *names;
	/* Where nodes get their pod CIDRs from: at most one a family. */
	struct bl_cidr cluster_cidrs[2];
	size_t n_cluster_cidrs;
	uint8_t node_bits4; /* length of a node's IPv4 CIDR; 0: 24 */
	uint8_t node_bits6; /* likewise IPv6; 0: 64 */
};

/* Whether --controllers can be understood; -EINVAL names the word and what there is. */
int bl_controllers_check(const char *names, struct bl_err *err);

/* Starts them on the loop; they connect when it runs, and again whenever they must. */
int bl_controllers_start(struct bl_loop *loop, const char *kubeconfig,
			 const struct bl_controllers_opts *opts, struct bl_controllers **ret,
			 struct bl_err *err);
struct bl_controllers *bl_controllers_stop(struct bl_controllers *c);

#endif
