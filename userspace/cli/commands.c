// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The commands.
 *
 * A command is a row: its words, its operands, what it says about itself and its function, which lies in a cmd_*.c of its
 * own. The overall help and each command's own come from the same row. Wrong usage is one line and exit status 2, so
 * that a script can tell it from a failure (1).
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/version.h"
#include "cli/cli.h"
#include "ipc/client.h"

#define BPF_DIR	  "/sys/fs/bpf/beeline"
#define TIMEOUT_S 30

#define NOT_ENFORCED                                                                                  \
	"Policies are compiled and kept in the kernel's tables, which no program asks yet: nothing\n" \
	"is dropped for them."

static const struct bl_cli_command commands[] = {
	{"status", NULL, "", "what the agent of this node holds, and what it could not program",
	 "Exit status 1 when no agent answers; the packet counters are then read from the kernel.",
	 0, 0, bl_cmd_status},
	{"service", "list", "", "Services with their frontends and backends",
	 "-n NAMESPACE shows one namespace only.", BL_CLI_NAMESPACE, 0, bl_cmd_service_list},
	{"service", "get", "[NAMESPACE/]NAME", "one Service, a line for each frontend and backend",
	 "The namespace is 'default' where neither the name nor -n says another.", BL_CLI_NAMESPACE,
	 1, bl_cmd_service_get},
	{"endpoint", "list", "", "addresses that lie on this node: its pods' and its own", "", 0, 0,
	 bl_cmd_endpoint_list},
	{"policy", "list", "", "NetworkPolicies, and how many pods of this node each selects",
	 "-n NAMESPACE shows one namespace only.\n" NOT_ENFORCED, BL_CLI_NAMESPACE, 0,
	 bl_cmd_policy_list},
	{"policy", "for", "[NAMESPACE/]POD", "what policies allow a pod, a line for each rule",
	 "The namespace is 'default' where neither the name nor -n says another.\n" NOT_ENFORCED,
	 BL_CLI_NAMESPACE, 1, bl_cmd_policy_for},
	{"policy", "explain", "FROM TO PORT[/PROTOCOL]",
	 "what the compiled tables and the kernel's say of a connection",
	 "FROM and TO are NAMESPACE/POD or addresses; each end is judged on its own node.\n"
	 "Exit status 1 where the two do not agree; -o json says it of each instead.\n" NOT_ENFORCED,
	 0, 3, bl_cmd_policy_explain},
	{"bgp", "status", "", "BIRD and its BGP sessions", "", 0, 0, bl_cmd_bgp_status},
	{"map", "list", "", "the BPF maps: names, sizes, purposes", "", 0, 0, bl_cmd_map_list},
	{"map", "dump", "NAME", "every entry of a BPF map", "`beeline map list` shows the names.",
	 0, 1, bl_cmd_map_dump},
	{"wait", NULL, "--programmed svc/[NAMESPACE/]NAME",
	 "wait until a Service is in the kernel of this node",
	 "  --backends N   also until it has exactly N backends\n"
	 "  --timeout S    give up after S seconds (30), with exit status 1",
	 BL_CLI_NAMESPACE | BL_CLI_WAIT, 1, bl_cmd_wait},
};

static void print_usage_line(const struct bl_cli_command *cmd, FILE *out)
{
	fprintf(out, "usage: beeline %s%s%s%s%s%s\n", cmd->noun, cmd->verb ? " " : "",
		cmd->verb ? cmd->verb : "", *cmd->operands ? " " : "", cmd->operands,
		cmd->options & BL_CLI_WAIT ? " [--backends N] [--timeout S]" : "");
}

static void print_row(const struct bl_cli_command *cmd, FILE *out)
{
	BL_FREE char *words = bl_asprintf("%s%s%s %s", cmd->noun, cmd->verb ? " " : "",
					  cmd->verb ? cmd->verb : "", cmd->operands);

	fprintf(out, "  %-40s %s\n", words, cmd->about);
}

/* Of all commands, or of those that begin with a noun. */
static int help(const char *noun, FILE *out)
{
	fputs("usage: beeline [OPTION...] COMMAND\n\n", out);
	for (size_t i = 0; i < BL_ARRAY_SIZE(commands); i++)
		if (!noun || bl_streq(commands[i].noun, noun))
			print_row(&commands[i], out);
	fputs("\n"
	      "  -o, --output FORMAT   table or json\n"
	      "  --socket PATH         the agent's socket ($BEELINE_SOCKET, " BL_IPC_SOCKET ")\n"
	      "  --bpf-dir PATH        where maps are pinned, read when no agent answers\n"
	      "                        ($BEELINE_BPF_DIR, " BPF_DIR ")\n"
	      "  -h, --help            this, or a command's own help\n",
	      out);
	return 0;
}

static int help_of(const struct bl_cli_command *cmd, FILE *out)
{
	print_usage_line(cmd, out);
	fprintf(out, "\n%s\n", cmd->about);
	if (*cmd->help)
		fprintf(out, "\n%s\n", cmd->help);
	return 0;
}

/* A first word that wants a second. */
static bool is_group(const char *noun)
{
	for (size_t i = 0; i < BL_ARRAY_SIZE(commands); i++)
		if (commands[i].verb && bl_streq(commands[i].noun, noun))
			return true;
	return false;
}

/* The command of the first words, which are then taken away. NULL after saying what is wrong. */
static const struct bl_cli_command *find_command(struct bl_cli *c)
{
	const char *noun = c->words[0], *verb = c->n_words > 1 ? c->words[1] : "";
	bool noun_known = false;

	for (size_t i = 0; i < BL_ARRAY_SIZE(commands); i++) {
		const struct bl_cli_command *cmd = &commands[i];
		size_t used = cmd->verb ? 2 : 1;

		if (!bl_streq(cmd->noun, noun))
			continue;
		noun_known = true;
		if (cmd->verb && !bl_streq(cmd->verb, verb))
			continue;
		c->n_words -= used;
		memmove(c->words, c->words + used, c->n_words * sizeof(c->words[0]));
		return cmd;
	}
	bl_cli_fail(c, 2,
		    noun_known ? "'%s' and then what? beeline --help lists the commands"
			       : "unknown command '%s'; beeline --help lists them",
		    noun);
	return NULL;
}

static int check_usage(const struct bl_cli *c, const struct bl_cli_command *cmd,
		       unsigned int options)
{
	if (options & ~cmd->options)
		return bl_cli_fail(c, 2, "%s%s%s does not know that option", cmd->noun,
				   cmd->verb ? " " : "", cmd->verb ? cmd->verb : "");
	if (c->n_words > cmd->n_operands)
		return bl_cli_fail(c, 2, "unexpected argument '%s'", c->words[cmd->n_operands]);
	if (c->n_words < cmd->n_operands)
		return bl_cli_fail(c, 2, "%s%s%s needs %s", cmd->noun, cmd->verb ? " " : "",
				   cmd->verb ? cmd->verb : "", cmd->operands);
	return 0;
}

static const char *from_env(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

int bl_cli_run(int argc, char **argv, FILE *out, FILE *err)
{
	struct bl_cli c = {.out = out,
			   .err = err,
			   .socket = from_env("BEELINE_SOCKET", BL_IPC_SOCKET),
			   .bpf_dir = from_env("BEELINE_BPF_DIR", BPF_DIR),
			   .backends = -1,
			   .timeout_s = TIMEOUT_S};
	const struct bl_cli_command *cmd;
	unsigned int options;
	int status;

	if (argc == 2 && bl_streq(argv[1], "--version")) {
		fputs("beeline " BEELINE_VERSION "\n", out);
		return 0;
	}
	status = bl_cli_parse(argc, argv, &options, &c);
	if (status)
		return status;
	if (!c.n_words)
		return c.help ? help(NULL, out)
			      : bl_cli_fail(&c, 2, "no command; beeline --help lists them");
	if (c.help && c.n_words == 1 && is_group(c.words[0]))
		return help(c.words[0], out);
	cmd = find_command(&c);
	if (!cmd)
		return 2;
	if (c.help)
		return help_of(cmd, out);
	status = check_usage(&c, cmd, options);
	return status ? status : cmd->run(&c);
}
