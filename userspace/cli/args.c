// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Options.
 *
 * Options may stand before, between and behind the words of a command, as `--name value` or `--name=value`; `--` ends them.
 * A table says which there are, whether they have a value and where it goes; those that only some commands know are
 * reported to the caller, who knows the command. What is wrong is said in one line that names it.
 */

#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"

#define TIMEOUT_MAX 86400

enum kind { TEXT, FLAG, NUMBER, FORMAT };

static const struct option {
	const char *name, *letter;
	enum kind kind;
	size_t offset;	      /* in struct bl_cli */
	unsigned int belongs; /* 0: to every command */
	int64_t max;
} options[] = {
	{"--socket", "", TEXT, offsetof(struct bl_cli, socket), 0, 0},
	{"--bpf-dir", "", TEXT, offsetof(struct bl_cli, bpf_dir), 0, 0},
	{"--output", "-o", FORMAT, offsetof(struct bl_cli, json), 0, 0},
	{"--help", "-h", FLAG, offsetof(struct bl_cli, help), 0, 0},
	{"--namespace", "-n", TEXT, offsetof(struct bl_cli, namespace), BL_CLI_NAMESPACE, 0},
	{"--programmed", "", FLAG, offsetof(struct bl_cli, programmed), BL_CLI_WAIT, 0},
	{"--backends", "", NUMBER, offsetof(struct bl_cli, backends), BL_CLI_WAIT, 1000000},
	{"--timeout", "", NUMBER, offsetof(struct bl_cli, timeout_s), BL_CLI_WAIT, TIMEOUT_MAX},
};

/* The option that a word is, and the value that is part of it. */
static const struct option *find(const char *word, const char **ret_value)
{
	const char *equals = strchr(word, '=');
	size_t n = equals ? (size_t)(equals - word) : strlen(word);

	*ret_value = equals ? equals + 1 : NULL;
	for (size_t i = 0; i < BL_ARRAY_SIZE(options); i++) {
		if (strlen(options[i].name) == n && !strncmp(options[i].name, word, n))
			return &options[i];
		if (!equals && bl_streq(options[i].letter, word))
			return &options[i];
	}
	return NULL;
}

static int set(const struct option *o, const char *value, struct bl_cli *c)
{
	void *field = (char *)c + o->offset;

	switch (o->kind) {
	case FLAG:
		*(bool *)field = true;
		return 0;
	case TEXT:
		*(const char **)field = value;
		return *value ? 0 : bl_cli_fail(c, 2, "%s: must not be empty", o->name);
	case FORMAT:
		*(bool *)field = bl_streq(value, "json");
		if (bl_streq(value, "json") || bl_streq(value, "table"))
			return 0;
		return bl_cli_fail(c, 2, "%s: '%s' is neither json nor table", o->name, value);
	case NUMBER:
		if (bl_str_to_int(value, 0, o->max, field))
			return bl_cli_fail(c, 2, "%s: '%s' is no number from 0 to %lld", o->name,
					   value, (long long)o->max);
		return 0;
	}
	return 0;
}

static int add_word(struct bl_cli *c, const char *word)
{
	if (c->n_words == BL_CLI_WORDS_MAX)
		return bl_cli_fail(c, 2, "unexpected argument '%s'", word);
	c->words[c->n_words++] = word;
	return 0;
}

int bl_cli_parse(int argc, char **argv, unsigned int *ret_options, struct bl_cli *c)
{
	bool options_end = false;
	int rc = 0;

	*ret_options = 0;
	for (int i = 1; i < argc && !rc; i++) {
		const struct option *o;
		const char *value;

		if (options_end || argv[i][0] != '-') {
			rc = add_word(c, argv[i]);
			continue;
		}
		options_end = bl_streq(argv[i], "--");
		if (options_end)
			continue;
		o = find(argv[i], &value);
		if (!o)
			return bl_cli_fail(c, 2, "unknown option '%s'; beeline --help lists them",
					   argv[i]);
		if (o->kind == FLAG && value)
			return bl_cli_fail(c, 2, "%s has no value", o->name);
		if (o->kind != FLAG && !value && ++i == argc)
			return bl_cli_fail(c, 2, "%s needs a value", o->name);
		*ret_options |= o->belongs;
		rc = set(o, value ? value : argv[i], c);
	}
	return rc;
}
