// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: beelined, the node agent.
 *
 * Reads the configuration, opens the agent and runs the loop until a signal ends it. A wrong flag, configuration
 * or kubeconfig is one line that names it, and exit status 2; anything else that keeps the agent from starting is one line
 * and exit status 1. Ending leaves the data path in the kernel; `--purge` is what removes it.
 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/agent.h"
#include "base/log.h"
#include "base/version.h"
#include "client/kubeconfig.h"

struct flags {
	const char *config;
	bool check;
	bool purge;
};

static void usage(FILE *to)
{
	fputs("usage: beelined [--config FILE] [--check-config | --purge]\n"
	      "\n"
	      "  --config FILE    configuration, YAML or JSON (beelined.conf(5))\n"
	      "  --check-config   read the configuration and its kubeconfig, say what is wrong, and end\n"
	      "  --purge          remove every program, map and link from the kernel, and end\n"
	      "  --version        print the version\n"
	      "  --help           print this\n",
	      to);
}

/* Exit status, or -1 to go on. */
static int parse_flags(int argc, char **argv, struct flags *ret)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'}, {"check-config", no_argument, NULL, 'k'},
		{"purge", no_argument, NULL, 'p'},	  {"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},	  {},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			ret->config = optarg;
			break;
		case 'k':
			ret->check = true;
			break;
		case 'p':
			ret->purge = true;
			break;
		case 'V':
			puts("beelined " BEELINE_VERSION);
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		default:
			return 2; /* getopt has named the flag */
		}
	}
	if (optind < argc) {
		fprintf(stderr, "beelined: unexpected argument '%s'\n", argv[optind]);
		return 2;
	}
	return -1;
}

static int fail(const struct bl_err *err, int status)
{
	fprintf(stderr, "beelined: %s\n", bl_err_text(err));
	return status;
}

static int check_kubeconfig(const char *path, struct bl_err *err)
{
	BL_KUBECONFIG struct bl_kubeconfig *k = NULL;

	return bl_kubeconfig_load(path, &k, err);
}

static int run(const struct bl_agent_config *config)
{
	struct bl_loop *loop = bl_loop_new();
	struct bl_agent *agent = NULL;
	struct bl_err err = {};
	int rc = bl_agent_new(loop, config, &agent, &err);

	if (!rc)
		bl_loop_run(loop);
	bl_agent_free(agent);
	bl_loop_free(loop);
	if (!rc)
		return 0;
	return fail(&err, rc == -EINVAL ? 2 : 1);
}

int main(int argc, char **argv)
{
	BL_AGENT_CONFIG struct bl_agent_config *config = NULL;
	struct flags flags = {};
	struct bl_err err = {};
	int status = parse_flags(argc, argv, &flags);

	if (status >= 0)
		return status;
	if (bl_agent_config_load(flags.config, &config, &err))
		return fail(&err, 2);
	bl_log_set_level(config->log_level);
	if (flags.purge)
		return bl_datapath_purge(config->bpf_dir, &err) ? fail(&err, 1) : 0;
	if (!flags.check)
		return run(config);
	if (config->kubeconfig && check_kubeconfig(config->kubeconfig, &err))
		return fail(&err, 2);
	return 0;
}
