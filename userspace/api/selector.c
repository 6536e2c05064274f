// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Label selectors.
 *
 * matchLabels and matchExpressions become one list of requirements, and a selector matches when all of them do. The traps
 * are in what is not there: NotIn and DoesNotExist match an object without the key, In and Exists do not; an empty
 * value is a value; a selector without requirements ({}) matches everything, while an absent selector is the caller's to
 * interpret and therefore a NULL pointer, never an empty list.
 *
 * A requirement that could not be understood would widen or narrow a policy, so it is an error that names it.
 */

#include "api/selector.h"

#include "base/json.h"
#include "base/str.h"

#define MAX_VALUES 1000

static bool holds_value(const struct bl_api_requirement *q, const char *value)
{
	for (size_t i = 0; i < q->n_values; i++) {
		if (bl_streq(q->values[i], value))
			return true;
	}
	return false;
}

static bool requirement_holds(const struct bl_api_requirement *q, const struct bl_api_pairs *labels)
{
	const char *value = bl_api_pairs_get(labels, q->key);

	switch (q->op) {
	case BL_SELECT_IN:
		return value && holds_value(q, value);
	case BL_SELECT_NOT_IN:
		return !value || !holds_value(q, value);
	case BL_SELECT_EXISTS:
		return value != NULL;
	case BL_SELECT_DOES_NOT_EXIST:
		return !value;
	}
	return false;
}

bool bl_api_selector_matches(const struct bl_api_selector *s, const struct bl_api_pairs *labels)
{
	for (size_t i = 0; i < s->count; i++) {
		if (!requirement_holds(&s->list[i], labels))
			return false;
	}
	return true;
}

static int read_op(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *json,
		   enum bl_api_selector_op *ret)
{
	static const char *const names[] = {"In", "NotIn", "Exists", "DoesNotExist"};
	const char *s = bl_json_str_at(json, "operator", NULL);

	for (size_t i = 0; s && i < sizeof(names) / sizeof(*names); i++) {
		if (!bl_streq(s, names[i]))
			continue;
		*ret = (enum bl_api_selector_op)i;
		return 0;
	}
	return bl_api_fail(r, at, "operator", "'%.40s' is not In, NotIn, Exists or DoesNotExist",
			   s ? s : "");
}

static int read_expression(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *json,
			   struct bl_api_requirement *q)
{
	bool wants_values;
	int rc = bl_api_read_str(r, at, json, "key", BL_API_MAX_KEY, &q->key);

	if (!rc && !*q->key)
		rc = bl_api_fail(r, at, "key", "is missing");
	if (!rc)
		rc = read_op(r, at, json, &q->op);
	if (!rc)
		rc = bl_api_read_strs(r, at, json, "values", MAX_VALUES, &q->values, &q->n_values);
	if (rc)
		return rc;
	wants_values = q->op == BL_SELECT_IN || q->op == BL_SELECT_NOT_IN;
	if (wants_values && !q->n_values)
		return bl_api_fail(r, at, "values", "In and NotIn need at least one");
	if (!wants_values && q->n_values)
		return bl_api_fail(r, at, "values", "Exists and DoesNotExist take none");
	return 0;
}

static void from_labels(struct bl_api_reader *r, const struct bl_api_pairs *labels,
			struct bl_api_selector *s)
{
	const char **values = bl_api_array(r, labels->count, const char *);

	for (size_t i = 0; i < labels->count; i++) {
		values[i] = labels->list[i].value;
		s->list[s->count++] = (struct bl_api_requirement){
			.key = labels->list[i].key,
			.op = BL_SELECT_IN,
			.values = &values[i],
			.n_values = 1,
		};
	}
}

int bl_api_read_selector(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *obj,
			 const char *key, const struct bl_api_selector **ret)
{
	const json_t *json = NULL, *list, *entry;
	struct bl_api_pairs labels = {};
	struct bl_api_selector *s;
	size_t i, n;
	int rc = bl_api_read_obj(r, at, obj, key, &json);

	if (rc || !json)
		return rc;
	at = BL_API_AT(at, key);
	rc = bl_api_read_pairs(r, at, json, "matchLabels", BL_API_MAX_VALUE, NULL, &labels);
	if (!rc)
		rc = bl_api_read_list(r, at, json, "matchExpressions", BL_API_MAX_ENTRIES, &list,
				      &n);
	if (rc)
		return rc;
	s = bl_api_array(r, 1, struct bl_api_selector);
	s->list = bl_api_array(r, labels.count + n, struct bl_api_requirement);
	from_labels(r, &labels, s);
	json_array_foreach (list, i, entry) {
		rc = read_expression(r, BL_API_NTH(at, "matchExpressions", i), entry,
				     &s->list[s->count++]);
		if (rc)
			return rc;
	}
	*ret = s;
	return 0;
}
