/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_CLI_CLI_H
#define BL_CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

/* The command line: options, commands and what they share. Exit status: 0, 1 (it failed, said why), 2 (wrong usage). */

#define BL_CLI_WORDS_MAX 5

struct bl_cli {
	FILE *out, *err;
	const char *socket;
	const char *bpf_dir;
	const char *namespace; /* NULL: not given */
	bool json;
	bool programmed;
	bool help;
	int64_t backends;  /* -1: not given */
	int64_t timeout_s; /* how long to wait */
	const char *words[BL_CLI_WORDS_MAX];
	size_t n_words;
	bool from_maps; /* the answer was read from pinned maps */
};

/* Options that only some commands know. */
enum bl_cli_option {
	BL_CLI_NAMESPACE = 1 << 0,
	BL_CLI_WAIT = 1 << 1, /* --programmed, --backends, --timeout */
};

struct bl_cli_command {
	const char *noun, *verb; /* verb NULL: the command is one word */
	const char *operands;	 /* as the usage shows them */
	const char *about;	 /* one line */
	const char *help;	 /* what --help adds */
	unsigned int options;	 /* enum bl_cli_option */
	size_t n_operands;	 /* exactly so many */
	int (*run)(struct bl_cli *c);
};

/* The whole program; argv as main() has it. */
int bl_cli_run(int argc, char **argv, FILE *out, FILE *err);

/* Options out of argv, the rest into words. 0, or 2 after one line that names the culprit. */
int bl_cli_parse(int argc, char **argv, unsigned int *ret_options, struct bl_cli *c);

/* "beeline: TEXT" to c->err; returns `status`. */
int bl_cli_fail(const struct bl_cli *c, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Reads an answer from pinned maps, with the name that the command was given or NULL. */
typedef int (*bl_cli_from_maps)(const char *bpf_dir, const char *name, json_t **ret,
				struct bl_err *err);

/*
 * Takes the request to the agent. Where no agent answers and `from_maps` is not NULL, says so and reads the pinned maps.
 * 0 and *ret_ok (the caller's); otherwise 1, after saying why.
 */
int bl_cli_fetch(struct bl_cli *c, json_t *request, int timeout_ms, bl_cli_from_maps from_maps,
		 const char *name, json_t **ret_ok);

/* Prints as JSON. */
int bl_cli_print_json(const struct bl_cli *c, const json_t *j);

/* NAMESPACE/NAME or NAME, behind "svc/" or "service/" where `prefix`; *ret_name is lent, *ret_namespace is the caller's. */
int bl_cli_service_name(const struct bl_cli *c, const char *word, bool prefix, char **ret_namespace,
			const char **ret_name);

/* The same for an object whose name may have dots; `kind` is for the error. */
int bl_cli_object_name(const struct bl_cli *c, const char *kind, const char *word,
		       char **ret_namespace, const char **ret_name);

#define BL_CLI_TIMEOUT_MS 10000

int bl_cmd_status(struct bl_cli *c);
int bl_cmd_service_list(struct bl_cli *c);
int bl_cmd_service_get(struct bl_cli *c);
int bl_cmd_endpoint_list(struct bl_cli *c);
int bl_cmd_bgp_status(struct bl_cli *c);
int bl_cmd_map_list(struct bl_cli *c);
int bl_cmd_map_dump(struct bl_cli *c);
int bl_cmd_policy_list(struct bl_cli *c);
int bl_cmd_policy_for(struct bl_cli *c);
int bl_cmd_policy_explain(struct bl_cli *c);
int bl_cmd_wait(struct bl_cli *c);

#endif
