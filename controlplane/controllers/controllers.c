// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The table of controllers.
 *
 * Starts those that were asked for, over one client and shared caches: each collection is listed and watched once,
 * however many controllers look at it, and only if one does.
 *
 * A controller is a row: a name, a start that says which collections it wants, a stop. Controllers know nothing of each
 * other; what one needs from another it sees in the API.
 *
 * Stopping goes the other way round: first the controllers, which give up their requests, then the caches, which hand out
 * nothing any more, then the client.
 */

#include "controllers/controllers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "controllers/cidrpool.h"
#include "controllers/internal.h"
#include "controllers/slices.h"

static const struct bl_controller_type *const types[] = {
	&bl_controller_endpointslice, &bl_controller_nodecidr,
	&bl_controller_namespace,     &bl_controller_gc,
	&bl_controller_nodelifecycle,
};

struct bl_controllers {
	struct bl_loop *loop;
	struct bl_client *client;
	struct bl_controllers_opts opts;
	struct bl_mirror *caches[BL_SHARED_COUNT];
	void *running[BL_ARRAY_SIZE(types)];
};

static const struct bl_mirror_opts shared[BL_SHARED_COUNT] = {
	[BL_SHARED_NAMESPACES] = {.path = "/api/v1/namespaces", .kind = BL_API_NAMESPACE},
	[BL_SHARED_NODES] = {.path = "/api/v1/nodes", .kind = BL_API_NODE},
	[BL_SHARED_PODS] = {.path = "/api/v1/pods", .kind = BL_API_POD},
	[BL_SHARED_SERVICES] = {.path = "/api/v1/services", .kind = BL_API_SERVICE},
	[BL_SHARED_SLICES] = {.path = "/apis/discovery.k8s.io/v1/endpointslices",
			      .kind = BL_API_ENDPOINTSLICE,
			      .keep_json = true,
			      .label_selector = BL_SLICES_MANAGEDBY "=" BL_SLICES_MANAGER},
	[BL_SHARED_LEASES] =
		{.path = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases",
		 .kind = -1,
		 .keep_json = true},
};

struct bl_mirror *bl_controllers_mirror(struct bl_controllers *c, enum bl_shared which)
{
	if (!c->caches[which])
		c->caches[which] = bl_mirror_new(c->client, &shared[which]);
	return c->caches[which];
}

struct bl_loop *bl_controllers_loop(const struct bl_controllers *c)
{
	return c->loop;
}

struct bl_client *bl_controllers_client(const struct bl_controllers *c)
{
	return c->client;
}

const struct bl_controllers_opts *bl_controllers_opts(const struct bl_controllers *c)
{
	return &c->opts;
}

static int index_of(const char *name, size_t len)
{
	for (size_t i = 0; i < BL_ARRAY_SIZE(types); i++) {
		if (strlen(types[i]->name) == len && !memcmp(types[i]->name, name, len))
			return (int)i;
	}
	return -1;
}

static int unknown(const char *word, size_t len, struct bl_err *err)
{
	BL_BUF struct bl_buf known = {};

	for (size_t i = 0; i < BL_ARRAY_SIZE(types); i++)
		bl_buf_printf(&known, "%s%s", i ? ", " : "", types[i]->name);
	return bl_err_set(
		err, -EINVAL,
		"--controllers: there is no controller '%.*s'; there are %s, or all, none",
		(int)(len > 60 ? 60 : len), word, known.data);
}

/* Which of the table are wanted. */
static int choose(const char *names, bool wanted[BL_ARRAY_SIZE(types)], struct bl_err *err)
{
	const char *word = names;

	memset(wanted, *names == '-', BL_ARRAY_SIZE(types) * sizeof(bool));
	if (bl_streq(names, "none"))
		return 0;
	for (;;) {
		size_t len = strcspn(word, ",");
		bool minus = *word == '-';
		int i = index_of(word + minus, len - minus);

		if (i >= 0)
			wanted[i] = !minus;
		else if ((len == 3 && !memcmp(word, "all", 3)) || (len == 1 && *word == '*'))
			memset(wanted, true, BL_ARRAY_SIZE(types) * sizeof(bool));
		else
			return unknown(word, len, err);
		if (!word[len])
			return 0;
		word += len + 1;
	}
}

int bl_controllers_check(const char *names, struct bl_err *err)
{
	bool wanted[BL_ARRAY_SIZE(types)];

	return choose(names, wanted, err);
}

struct bl_controllers *bl_controllers_stop(struct bl_controllers *c)
{
	if (!c)
		return NULL;
	for (size_t i = 0; i < BL_ARRAY_SIZE(types); i++) {
		if (c->running[i])
			types[i]->stop(c->running[i]);
	}
	for (size_t i = 0; i < BL_SHARED_COUNT; i++)
		bl_mirror_free(c->caches[i]);
	bl_client_free(c->client);
	free(c);
	return NULL;
}

/* The cluster CIDRs must hold at least one node's. */
static int check_cidrs(const struct bl_controllers *c, struct bl_err *err)
{
	for (size_t i = 0; i < c->opts.n_cluster_cidrs; i++) {
		const struct bl_cidr *range = &c->opts.cluster_cidrs[i];
		struct bl_cidrpool pool = {};
		int rc = bl_cidrpool_init(
			&pool, range,
			range->ip.family == 4 ? c->opts.node_bits4 : c->opts.node_bits6, err);

		if (rc)
			return rc;
		bl_cidrpool_free(&pool);
	}
	return 0;
}

int bl_controllers_start(struct bl_loop *loop, const char *kubeconfig,
			 const struct bl_controllers_opts *opts, struct bl_controllers **ret,
			 struct bl_err *err)
{
	bool wanted[BL_ARRAY_SIZE(types)];
	struct bl_controllers *c;
	struct bl_client *client;
	int rc = choose(opts->names, wanted, err);

	if (!rc)
		rc = bl_client_new(loop, kubeconfig, &client, err);
	if (rc)
		return rc;
	c = bl_new0(struct bl_controllers);
	c->loop = loop;
	c->client = client;
	c->opts = *opts;
	c->opts.names = NULL;
	c->opts.node_bits4 = opts->node_bits4 ? opts->node_bits4 : 24;
	c->opts.node_bits6 = opts->node_bits6 ? opts->node_bits6 : 64;
	rc = check_cidrs(c, err);
	if (rc) {
		bl_controllers_stop(c);
		return rc;
	}
	for (size_t i = 0; i < BL_ARRAY_SIZE(types); i++) {
		if (wanted[i])
			c->running[i] = types[i]->start(c);
	}
	*ret = c;
	return 0;
}
