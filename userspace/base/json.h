/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_BASE_JSON_H
#define BL_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

#define BL_JSON_DEPTH_MAX 64

static inline json_t *bl_json_free(json_t *j)
{
	json_decref(j);
	return NULL;
}

BL_DEFINE_CLEANUP(json, json_t, bl_json_free);
#define BL_JSON BL_CLEANUP(bl_cleanup_json)

/*
 * Reads one JSON value of at most BL_JSON_DEPTH_MAX levels; duplicate keys, trailing bytes and
 * invalid UTF-8 are refused with line and column in the error. -EINVAL; *ret_json is owned by the
 * caller.
 */
int bl_json_parse(const char *data, size_t len, json_t **ret_json, struct bl_err *err);

/* One YAML document as JSON (the core schema's null, bool, int and float; no anchors, no tags).
 * Same bounds and errors. */
int bl_json_parse_yaml(const char *data, size_t len, json_t **ret_json, struct bl_err *err);

/* Either of the two, from a file of at most `max` bytes; errors name the file. */
int bl_json_load_file(const char *path, size_t max, json_t **ret_json, struct bl_err *err);

/*
 * Fields of an object. An absent or null field leaves *ret untouched and is no error; a wrong type
 * or range is -EINVAL with the field's name. Strings are lent by the object.
 */
int bl_json_get_str(const json_t *obj, const char *key, const char **ret, struct bl_err *err);
int bl_json_get_int(const json_t *obj, const char *key, int64_t min, int64_t max, int64_t *ret,
		    struct bl_err *err);
int bl_json_get_bool(const json_t *obj, const char *key, bool *ret, struct bl_err *err);
int bl_json_get_obj(const json_t *obj, const char *key, const json_t **ret, struct bl_err *err);
int bl_json_get_arr(const json_t *obj, const char *key, const json_t **ret, struct bl_err *err);

/* Walks objects along the keys (terminated by NULL); NULL where the path ends early. Lends. */
json_t *bl_json_at(const json_t *obj, ...) __attribute__((sentinel));

/* The string at a path of keys, or NULL where it is absent or no string. Lends. */
const char *bl_json_str_at(const json_t *obj, ...) __attribute__((sentinel));

/* Compact text that the caller frees. */
char *bl_json_dump(const json_t *j);

#endif
