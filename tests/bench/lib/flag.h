/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_LIB_FLAG_H
#define BENCH_LIB_FLAG_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

/*
 * What a program of the benches is told: `--name VALUE` or `--name=VALUE`. A table says what there is and where it goes;
 * it ends with a name of NULL. A flag without a place for a value is one that is set: `--name` alone.
 */
struct bl_flag {
	const char *name; /* without the dashes */
	const char *hint; /* for the usage; a text's choices, "a|b|c", where `choice` is set */
	const char **text;
	int64_t *number;
	int64_t min, max;
	int *choice; /* index in the hint's choices */
	int *set;
};

#define BL_FLAG_TEXT(n, h, p)                         \
	{                                             \
		.name = (n), .hint = (h), .text = (p) \
	}
#define BL_FLAG_CHOICE(n, h, p)                         \
	{                                               \
		.name = (n), .hint = (h), .choice = (p) \
	}
#define BL_FLAG_SET(n, h, p)                         \
	{                                            \
		.name = (n), .hint = (h), .set = (p) \
	}
#define BL_FLAG_NUMBER(n, h, p, least, most)                                           \
	{                                                                              \
		.name = (n), .hint = (h), .number = (p), .min = (least), .max = (most) \
	}

/* 0, or -EINVAL or -ERANGE with the flag's name in `err`. Texts are lent from argv. */
int bl_flag_parse(const struct bl_flag *flags, int argc, char **argv, struct bl_err *err);

void bl_flag_usage(const struct bl_flag *flags, const char *program, FILE *out);

#endif
