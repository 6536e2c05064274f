/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_KINDS_CHECK_H
#define BL_APISERVER_KINDS_CHECK_H

#include <jansson.h>
#include <stdbool.h>

#include "apiserver/causes.h"

/* One validation under way: where it is, and what it found. */
struct bl_check {
	struct bl_causes *causes;
	struct bl_path at;
};

/* Broken rules of one text: the real server gives a cause for each. Texts are static. */
struct bl_rules {
	const char *text[4];
	unsigned int count;
};

typedef struct bl_rules (*bl_rule_fn)(const char *value);

/*
 * Adds a cause at the path, or at its child `name` where name is not NULL. A name that starts with '[' is put behind the
 * path as it is.
 */
void bl_check_add(struct bl_check *ck, enum bl_cause_reason reason, const char *name,
		  const json_t *value, const char *detail);
void bl_check_addf(struct bl_check *ck, enum bl_cause_reason reason, const char *name,
		   const json_t *value, const char *detail, ...)
	__attribute__((format(printf, 5, 6)));

static inline void bl_check_required(struct bl_check *ck, const char *name, const char *detail)
{
	bl_check_add(ck, BL_CAUSE_REQUIRED, name, NULL, detail);
}

static inline void bl_check_invalid(struct bl_check *ck, const char *name, const json_t *value,
				    const char *detail)
{
	bl_check_add(ck, BL_CAUSE_INVALID, name, value, detail);
}

static inline void bl_check_forbidden(struct bl_check *ck, const char *name, const char *detail)
{
	bl_check_add(ck, BL_CAUSE_FORBIDDEN, name, NULL, detail);
}

/* Text that is no part of the object: "" where it is absent. */
void bl_check_invalid_str(struct bl_check *ck, const char *name, const char *value,
			  const char *detail);
void bl_check_duplicate(struct bl_check *ck, const char *name, const json_t *value);
void bl_check_too_long(struct bl_check *ck, const char *name, size_t max);
void bl_check_too_many(struct bl_check *ck, const char *name, size_t count, size_t max);

/* Adds Unsupported unless the value is one of the words (NULL-terminated, sorted). */
bool bl_check_one_of(struct bl_check *ck, const char *name, const char *value,
		     const char *const *words);

/* Adds Invalid for each rule that the value breaks; true: none. */
bool bl_check_rules(struct bl_check *ck, const char *name, const char *value, bl_rule_fn rule);

/* Adds Invalid unless min <= value <= max: "must be between 1 and 65535, inclusive". */
bool bl_check_range(struct bl_check *ck, const char *name, long long value, long long min,
		    long long max);
bool bl_check_not_negative(struct bl_check *ck, const char *name, long long value);

/* Adds Invalid "field is immutable" unless both are equal; absent, null and empty are the same. */
bool bl_check_immutable(struct bl_check *ck, const char *name, const json_t *value,
			const json_t *old);

/* --- reading an object ------------------------------------------------------------------------- */

/* The string, "" where it is absent or no string. Lends. */
static inline const char *bl_str(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : "";
}

static inline bool bl_has(const json_t *obj, const char *key)
{
	const json_t *j = json_object_get(obj, key);

	return j && !json_is_null(j);
}

/* The text is there and not empty. */
static inline bool bl_has_str(const json_t *obj, const char *key)
{
	return *bl_str(obj, key) != '\0';
}

static inline long long bl_int(const json_t *obj, const char *key)
{
	return json_integer_value(json_object_get(obj, key));
}

static inline bool bl_bool(const json_t *obj, const char *key)
{
	return json_is_true(json_object_get(obj, key));
}

static inline size_t bl_count(const json_t *obj, const char *key)
{
	const json_t *j = json_object_get(obj, key);

	return json_is_object(j) ? json_object_size(j) : json_array_size(j);
}

static inline json_t *bl_get(const json_t *obj, const char *key)
{
	return json_object_get(obj, key);
}

/* The text at an index, "" where it is no string. Lends. */
static inline const char *bl_str_at_index(const json_t *array, size_t i)
{
	const char *s = json_string_value(json_array_get(array, i));

	return s ? s : "";
}

/* Equal as the API server compares: null, absent, empty list, empty map, "" count as the same. */
bool bl_same(const json_t *a, const json_t *b);

/* --- changing an object ------------------------------------------------------------------------ */

/* The object at the key, made where it is absent. Lends. */
json_t *bl_ensure(json_t *obj, const char *key);
void bl_set_str(json_t *obj, const char *key, const char *value);
void bl_set_int(json_t *obj, const char *key, long long value);

/* Sets where the key is absent (or, for strings, empty). */
void bl_default_str(json_t *obj, const char *key, const char *value);
void bl_default_int(json_t *obj, const char *key, long long value);
void bl_default_bool(json_t *obj, const char *key, bool value);

/* Makes the key what it is in `from`: a deep copy, or absent. */
void bl_carry(json_t *obj, const json_t *from, const char *key);

#endif
