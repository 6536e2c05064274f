// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The command line of a bench program, strictly read.
 *
 * Everything is named, nothing is positional, and what is not in the table is refused: a bench that ran with half of what it was told
 * would give numbers for something else.
 */

#include "flag.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

/* The flag of an argument `--name[=value]`; *ret_value is NULL without a value in it. */
static const struct bl_flag *find(const struct bl_flag *flags, const char *arg,
				  const char **ret_value)
{
	const char *equals = strchr(arg, '=');
	size_t len = equals ? (size_t)(equals - arg) : strlen(arg);

	if (len < 3 || !bl_str_starts(arg, "--"))
		return NULL;
	for (; flags->name; flags++)
		if (strlen(flags->name) == len - 2 && !memcmp(flags->name, arg + 2, len - 2))
			break;
	*ret_value = equals ? equals + 1 : NULL;
	return flags->name ? flags : NULL;
}

static int read_choice(const struct bl_flag *f, const char *value)
{
	size_t len = strlen(value);
	const char *at = f->hint;

	for (int i = 0;; i++) {
		size_t n = strcspn(at, "|");

		if (n == len && !memcmp(at, value, n)) {
			*f->choice = i;
			return 0;
		}
		if (!at[n])
			return -EINVAL;
		at += n + 1;
	}
}

static int read_value(const struct bl_flag *f, const char *value, struct bl_err *err)
{
	int rc = 0;

	if (f->text)
		*f->text = value;
	else if (f->choice)
		rc = read_choice(f, value);
	else
		rc = bl_str_to_int(value, f->min, f->max, f->number);
	if (!rc)
		return 0;
	if (f->choice)
		return bl_err_set(err, rc, "--%s: '%s' is none of %s", f->name, value, f->hint);
	return bl_err_set(err, rc, "--%s: '%s' is no number from %lld to %lld", f->name, value,
			  (long long)f->min, (long long)f->max);
}

int bl_flag_parse(const struct bl_flag *flags, int argc, char **argv, struct bl_err *err)
{
	for (int i = 1; i < argc; i++) {
		const char *value = NULL;
		const struct bl_flag *f = find(flags, argv[i], &value);
		int rc;

		if (!f)
			return bl_err_set(err, -EINVAL, "'%s': no such flag", argv[i]);
		if (f->set) {
			if (value)
				return bl_err_set(err, -EINVAL, "--%s takes no value", f->name);
			*f->set = 1;
			continue;
		}
		if (!value && ++i < argc)
			value = argv[i];
		if (!value)
			return bl_err_set(err, -EINVAL, "--%s wants a value", f->name);
		rc = read_value(f, value, err);
		if (rc)
			return rc;
	}
	return 0;
}

void bl_flag_usage(const struct bl_flag *flags, const char *program, FILE *out)
{
	fprintf(out, "usage: %s [FLAG]...\n", program);
	for (; flags->name; flags++)
		fprintf(out, "  --%-10s %s\n", flags->name, flags->hint);
}
