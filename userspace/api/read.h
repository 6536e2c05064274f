/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_API_READ_H
#define BL_API_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/object.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/ip.h"

/*
 * What the decoders of the kinds are made of: fields by name, each with its bound, and errors that name the field's whole
 * path. An object is read twice, first to measure and then into memory of exactly that size, so nothing here may depend
 * on what an earlier reading did.
 */
struct bl_api_reader {
	struct bl_arena *arena;
	char *strings;	     /* where the next string goes; NULL while measuring */
	size_t string_bytes; /* of all strings so far, with terminators */
	size_t arena_bytes;  /* of everything else so far, as the arena rounds */
	struct bl_err err;
};

/* A place in the object, kept on the stack: {&spec, "ports", 0} is "spec.ports[0]". */
struct bl_api_at {
	const struct bl_api_at *up; /* NULL at the top */
	const char *name;
	long index; /* -1: not an element of a list */
};

#define BL_API_AT(up, name)	 (&(const struct bl_api_at){(up), (name), -1})
#define BL_API_NTH(up, name, nr) (&(const struct bl_api_at){(up), (name), (long)(nr)})

/* Bounds that several kinds share. */
#define BL_API_MAX_NAME	   253
#define BL_API_MAX_LABELS  1000
#define BL_API_MAX_KEY	   317 /* a subdomain, a slash and 63 bytes */
#define BL_API_MAX_VALUE   63
#define BL_API_MAX_ENTRIES 1000 /* of a list that the API does not bound */

/* Sets "path.key: ..." (key "": the place itself) and returns -EINVAL. */
int bl_api_fail(struct bl_api_reader *r, const struct bl_api_at *at, const char *key,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Zeroed memory of the object. */
void *bl_api_alloc(struct bl_api_reader *r, size_t n, size_t size);
#define bl_api_array(r, n, type) ((type *)bl_api_alloc((r), (n), sizeof(type)))

/* A string kept with the object. */
const char *bl_api_keep(struct bl_api_reader *r, const char *s);

/*
 * Fields of `obj`, which lies at `at` (NULL: the top). obj may be NULL: then every field is absent. Absent and null are one: *ret stays as
 * it is, except that a string becomes "", a list NULL and 0.
 */
int bl_api_read_str(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		    const char *key, size_t max, const char **ret);
int bl_api_read_bool(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		     const char *key, bool *ret);
int bl_api_read_int(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		    const char *key, int64_t min, int64_t max, int64_t *ret);
int bl_api_read_u16(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		    const char *key, uint16_t min, uint16_t max, uint16_t *ret);
int bl_api_read_obj(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		    const char *key, const json_t **ret);
/* A list of objects. */
int bl_api_read_list(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		     const char *key, size_t max, const json_t **ret, size_t *ret_n);
int bl_api_read_strs(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		     const char *key, size_t max, const char ***ret, size_t *ret_n);

/* "protocol": TCP where absent; others than TCP, UDP and SCTP are refused. */
int bl_api_read_proto(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		      uint8_t *ret);
/* "" counts as absent. */
int bl_api_read_ip(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		   const char *key, struct bl_ip *ret);
int bl_api_read_ips(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		    const char *key, size_t max, struct bl_ip **ret, size_t *ret_n);
int bl_api_read_cidrs(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		      const char *key, size_t max, bool host_bits, struct bl_cidr **ret,
		      size_t *ret_n);
/* A map of strings, sorted by key. `want` NULL: every key. */
int bl_api_read_pairs(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
		      const char *key, size_t max_value, bool (*want)(const char *key),
		      struct bl_api_pairs *ret);

/* Whether status.conditions has `type` with status "True". */
int bl_api_read_condition(struct bl_api_reader *r, const json_t *obj, const char *type, bool *ret);

#endif
