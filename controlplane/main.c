// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: beeline-controlplane.
 *
 * The embedded control plane: a Kubernetes-compatible API server over SQLite and the controllers that a cluster needs, in
 * one process on one loop. It starts alone: its folder holds the database, a certificate authority of its own, tokens and
 * admin.kubeconfig, all made at the first start.
 *
 *   beeline-controlplane --data-dir D --listen ADDR:PORT [--listen ...] [--controllers none|LIST]
 *                        [--service-cidr V4,V6] [--cluster-cidr V4,V6] [--node-port-range A-B] [--tls-san NAME,...]
 *   beeline-controlplane kubeconfig --data-dir D --user U [--group G ...] [--server URL]
 *
 * A flag that cannot be read is one line on standard error and status 2; what fails later is one line and status 1.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "apiserver/server.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/version.h"
#include "controllers/controllers.h"
#include "storage/storage.h"

#define LIST_MAX 32

struct list {
	const char *item[LIST_MAX + 1];
	size_t count;
};

struct flags {
	const char *data_dir, *controllers, *user, *server;
	const char *service_cidr, *cluster_cidr, *port_range, *log_level;
	struct list listen, sans, groups;
	struct bl_alloc_config alloc;
	struct bl_cidr cluster_cidrs[2];
	unsigned int cluster_cidr_count;
};

static int add(struct list *l, const char *item, struct bl_err *err)
{
	if (l->count == LIST_MAX)
		return bl_err_set(err, -E2BIG, "more than %d values", LIST_MAX);
	l->item[l->count++] = item;
	return 0;
}

/* Splits in place. */
static int add_all(struct list *l, char *text, struct bl_err *err)
{
	char *save, *part;
	int ret = 0;

	for (part = strtok_r(text, ",", &save); part && !ret; part = strtok_r(NULL, ",", &save))
		ret = add(l, part, err);
	return ret;
}

static int parse_cidrs(const char *text, struct bl_cidr cidrs[2], unsigned int *ret_count,
		       struct bl_err *err)
{
	BL_FREE char *copy = bl_strdup(text);
	char *save, *part;
	unsigned int n = 0;

	for (part = strtok_r(copy, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
		if (n == 2)
			return bl_err_set(err, -EINVAL, "'%s': at most one range a family", text);
		if (bl_cidr_parse(part, false, &cidrs[n]))
			return bl_err_set(err, -EINVAL, "'%s' is no address range", part);
		n++;
	}
	if (!n || (n == 2 && cidrs[0].ip.family == cidrs[1].ip.family))
		return bl_err_set(err, -EINVAL, "'%s': one range a family", text);
	*ret_count = n;
	return 0;
}

static int parse_ports(const char *text, struct bl_alloc_config *a, struct bl_err *err)
{
	char first[8];
	const char *dash = strchr(text, '-');

	snprintf(first, sizeof(first), "%.*s", dash ? (int)(dash - text) : 0, text);
	if (!dash || bl_str_to_port(first, &a->port_min) ||
	    bl_str_to_port(dash + 1, &a->port_max) || a->port_min > a->port_max)
		return bl_err_set(err, -EINVAL, "'%s' is not FIRST-LAST", text);
	return 0;
}

enum {
	F_DATA = 1,
	F_LISTEN,
	F_CONTROLLERS,
	F_SERVICE,
	F_CLUSTER,
	F_PORTS,
	F_SAN,
	F_LOG,
	F_USER,
	F_GROUP,
	F_SERVER
};

static const struct option serve_options[] = {
	{"data-dir", required_argument, NULL, F_DATA},
	{"listen", required_argument, NULL, F_LISTEN},
	{"controllers", required_argument, NULL, F_CONTROLLERS},
	{"service-cidr", required_argument, NULL, F_SERVICE},
	{"cluster-cidr", required_argument, NULL, F_CLUSTER},
	{"node-port-range", required_argument, NULL, F_PORTS},
	{"tls-san", required_argument, NULL, F_SAN},
	{"log-level", required_argument, NULL, F_LOG},
	{},
};

static const struct option mint_options[] = {
	{"data-dir", required_argument, NULL, F_DATA},
	{"user", required_argument, NULL, F_USER},
	{"group", required_argument, NULL, F_GROUP},
	{"server", required_argument, NULL, F_SERVER},
	{},
};

static int take_flag(struct flags *f, int which, char *value, struct bl_err *err)
{
	enum bl_log_level level;

	switch (which) {
	case F_DATA:
		f->data_dir = value;
		return 0;
	case F_LISTEN:
		return add(&f->listen, value, err);
	case F_CONTROLLERS:
		f->controllers = value;
		return 0;
	case F_SERVICE:
		return parse_cidrs(value, f->alloc.service_cidrs, &f->alloc.service_cidr_count,
				   err);
	case F_CLUSTER:
		return parse_cidrs(value, f->cluster_cidrs, &f->cluster_cidr_count, err);
	case F_PORTS:
		return parse_ports(value, &f->alloc, err);
	case F_SAN:
		return add_all(&f->sans, value, err);
	case F_LOG:
		if (bl_log_parse_level(value, &level))
			return bl_err_set(err, -EINVAL, "'%s' is no level", value);
		bl_log_set_level(level);
		return 0;
	case F_USER:
		f->user = value;
		return 0;
	case F_GROUP:
		return add(&f->groups, value, err);
	default:
		f->server = value;
		return 0;
	}
}

static const char *flag_name(const struct option *o, int which)
{
	while (o->name && o->val != which)
		o++;
	return o->name ? o->name : "?";
}

static int parse_flags(int argc, char **argv, const struct option *options, struct flags *f)
{
	struct bl_err err = {};
	int which;

	opterr = 0;
	while ((which = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (which == '?') {
			fprintf(stderr, "beeline-controlplane: %s: unknown flag or no value\n",
				argv[optind - 1]);
			return -EINVAL;
		}
		if (take_flag(f, which, optarg, &err)) {
			fprintf(stderr, "beeline-controlplane: --%s: %s\n",
				flag_name(options, which), bl_err_text(&err));
			return -EINVAL;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "beeline-controlplane: %s: unexpected argument\n", argv[optind]);
		return -EINVAL;
	}
	if (!f->data_dir) {
		fprintf(stderr, "beeline-controlplane: --data-dir is missing\n");
		return -EINVAL;
	}
	return 0;
}

static int mint(int argc, char **argv)
{
	struct flags f = {};
	struct bl_err err = {};
	BL_FREE char *text = NULL;

	if (parse_flags(argc, argv, mint_options, &f))
		return 2;
	if (!f.user) {
		fprintf(stderr, "beeline-controlplane: --user is missing\n");
		return 2;
	}
	if (bl_server_mint_kubeconfig(f.data_dir, f.user, f.groups.item, f.server, &text, &err)) {
		fprintf(stderr, "beeline-controlplane: %s\n", bl_err_text(&err));
		return 1;
	}
	fputs(text, stdout);
	return 0;
}

static int open_storage(const char *data_dir, struct bl_storage **ret, struct bl_err *err)
{
	BL_FREE char *path = bl_asprintf("%s/objects.db", data_dir);
	int rc = bl_file_mkdirs(data_dir, 0700, err);

	return rc ? rc : bl_storage_open_sqlite(path, ret, err);
}

static int start_controllers(struct bl_loop *loop, const struct flags *f, const char *kubeconfig,
			     struct bl_controllers **ret, struct bl_err *err)
{
	struct bl_controllers_opts o = {
		.names = f->controllers,
		.cluster_cidrs = {f->cluster_cidrs[0], f->cluster_cidrs[1]},
		.n_cluster_cidrs = f->cluster_cidr_count,
	};

	return bl_controllers_start(loop, kubeconfig, &o, ret, err);
}

static int serve(struct bl_loop *loop, const struct flags *f, struct bl_err *err)
{
	struct bl_server_opts o = {
		.data_dir = f->data_dir,
		.listen = f->listen.item,
		.tls_sans = f->sans.item,
		.alloc = f->alloc,
		.kinds = bl_kinds,
	};
	struct bl_storage *storage;
	struct bl_controllers *controllers = NULL;
	struct bl_server *server;
	int rc = open_storage(f->data_dir, &storage, err);

	if (rc)
		return rc;
	rc = bl_server_start(loop, storage, &o, &server, err);
	if (rc) {
		bl_storage_free(storage);
		return rc;
	}
	bl_log_info("ready url=%s kubeconfig=%s", bl_server_url(server),
		    bl_server_kubeconfig(server));
	rc = start_controllers(loop, f, bl_server_kubeconfig(server), &controllers, err);
	if (!rc)
		bl_loop_run(loop);
	bl_controllers_stop(controllers);
	bl_server_stop(server);
	return rc;
}

static int run(int argc, char **argv)
{
	struct flags f = {.controllers = "all"};
	struct bl_err err = {};
	struct bl_loop *loop;
	int rc;

	parse_cidrs("10.96.0.0/16,fd00:10:96::/112", f.alloc.service_cidrs,
		    &f.alloc.service_cidr_count, NULL);
	parse_ports("30000-32767", &f.alloc, NULL);
	parse_cidrs("10.244.0.0/16,fd00:10:244::/56", f.cluster_cidrs, &f.cluster_cidr_count, NULL);
	if (parse_flags(argc, argv, serve_options, &f))
		return 2;
	if (!f.listen.count) {
		fprintf(stderr, "beeline-controlplane: --listen is missing\n");
		return 2;
	}
	if (bl_controllers_check(f.controllers, &err)) {
		fprintf(stderr, "beeline-controlplane: %s\n", bl_err_text(&err));
		return 2;
	}
	umask(077);
	loop = bl_loop_new();
	rc = serve(loop, &f, &err);
	bl_loop_free(loop);
	if (rc)
		fprintf(stderr, "beeline-controlplane: %s\n", bl_err_text(&err));
	return !rc ? 0 : rc == -EINVAL ? 2 : 1;
}

static int usage(void)
{
	puts("usage: beeline-controlplane --data-dir D --listen ADDRESS:PORT [FLAG...]\n"
	     "       beeline-controlplane kubeconfig --data-dir D --user U [--group G] [--server URL]\n"
	     "\n"
	     "  --data-dir D             everything lies there; made at the first start\n"
	     "  --listen ADDRESS:PORT    may be given several times; port 0 takes a free one\n"
	     "  --controllers LIST       all (the default), none, or names with commas between\n"
	     "  --service-cidr V4,V6     Services' addresses (10.96.0.0/16,fd00:10:96::/112)\n"
	     "  --cluster-cidr V4,V6     pods' addresses (10.244.0.0/16,fd00:10:244::/56)\n"
	     "  --node-port-range A-B    (30000-32767)\n"
	     "  --tls-san NAME,...       further names in the server's certificate\n"
	     "  --log-level LEVEL        error, warn, info or debug\n"
	     "  --version, --help        print the version, or this\n"
	     "\n"
	     "beeline-controlplane(8) says more.");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && bl_streq(argv[1], "--help"))
		return usage();
	if (argc == 2 && bl_streq(argv[1], "--version")) {
		puts("beeline-controlplane " BEELINE_VERSION);
		return 0;
	}
	if (argc > 1 && bl_streq(argv[1], "kubeconfig"))
		return mint(argc - 1, argv + 1);
	return run(argc, argv);
}
