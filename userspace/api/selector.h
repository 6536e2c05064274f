/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_API_SELECTOR_H
#define BL_API_SELECTOR_H

#include "api/object.h"
#include "api/read.h"

/* A meta/v1 LabelSelector. matchLabels are requirements of one value. */
enum bl_api_selector_op {
	BL_SELECT_IN,
	BL_SELECT_NOT_IN, /* matches an absent key too */
	BL_SELECT_EXISTS,
	BL_SELECT_DOES_NOT_EXIST,
};

struct bl_api_requirement {
	const char *key;
	enum bl_api_selector_op op;
	const char **values; /* In, NotIn: at least one; "" is a value */
	size_t n_values;
};

/* All requirements hold; no requirement: everything matches. An absent selector is a NULL pointer, never one of these. */
struct bl_api_selector {
	struct bl_api_requirement *list;
	size_t count;
};

bool bl_api_selector_matches(const struct bl_api_selector *s, const struct bl_api_pairs *labels);

/* NULL where the field is absent. Unknown operators, In without values, Exists with values: -EINVAL. */
int bl_api_read_selector(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
			 const char *key, const struct bl_api_selector **ret);

#endif
