/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Labels, annotations and label selectors.
 *
 * Maps of labels appear in many places (metadata.labels, a Service's selector, a pod's
 * nodeSelector, matchLabels), and each place has the same rules: keys are qualified names, values
 * are label values. Causes name the map, never the key, as the real server does; two bad keys
 * therefore give two causes with one field.
 *
 * Annotations differ: the case of a key does not matter, values are free, and keys and values
 * together may take 256 KiB.
 *
 * A label selector's requirement is checked for what its operator wants: In and NotIn need values,
 * Exists and DoesNotExist refuse them.
 */
#include "apiserver/kinds/meta.h"
#include "apiserver/kinds/names.h"
#include "base/str.h"

#define ANNOTATIONS_MAX ((size_t)256 * 1024)

void bl_check_labels(struct bl_check *ck, const char *name, const json_t *labels)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)labels, key, value) {
		const char *text = json_string_value(value);

		(void)bl_check_rules(ck, name, key, bl_rule_qualified_name);
		(void)bl_check_rules(ck, name, text ? text : "", bl_rule_label_value);
	}
}

void bl_check_annotations(struct bl_check *ck, const char *name, const json_t *annotations)
{
	size_t total = 0;
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)annotations, key, value) {
		(void)bl_check_rules(ck, name, key, bl_rule_annotation_key);
		total += strlen(key) + json_string_length(value);
	}
	if (total > ANNOTATIONS_MAX)
		bl_check_too_long(ck, name, ANNOTATIONS_MAX);
}

static void check_requirement(struct bl_check *ck, const json_t *req)
{
	const char *op = bl_str(req, "operator");
	bool any = bl_count(req, "values") > 0;

	if (bl_streq(op, "In") || bl_streq(op, "NotIn")) {
		if (!any)
			bl_check_required(ck, "values",
					  "must be specified when `operator` is 'In' or 'NotIn'");
	} else if (bl_streq(op, "Exists") || bl_streq(op, "DoesNotExist")) {
		if (any)
			bl_check_forbidden(ck, "values",
					   "may not be specified when `operator` is 'Exists' or "
					   "'DoesNotExist'");
	} else {
		bl_check_invalid_str(ck, "operator", op, "not a valid selector operator");
	}
	(void)bl_check_rules(ck, "key", bl_str(req, "key"), bl_rule_qualified_name);
}

static void check_requirement_values(struct bl_check *ck, const json_t *req)
{
	const json_t *values = bl_get(req, "values");

	for (size_t i = 0; i < json_array_size(values); i++) {
		size_t mark = bl_path_push(&ck->at, "values");

		bl_path_push_index(&ck->at, i);
		(void)bl_check_rules(ck, NULL, bl_str_at_index(values, i), bl_rule_label_value);
		bl_path_pop(&ck->at, mark);
	}
}

void bl_check_label_selector(struct bl_check *ck, const char *name, const json_t *selector)
{
	const json_t *exprs = bl_get(selector, "matchExpressions");
	size_t mark = bl_path_push(&ck->at, name);

	bl_check_labels(ck, "matchLabels", bl_get(selector, "matchLabels"));
	for (size_t i = 0; i < json_array_size(exprs); i++) {
		const json_t *req = json_array_get(exprs, i);
		size_t inner = bl_path_push(&ck->at, "matchExpressions");

		bl_path_push_index(&ck->at, i);
		check_requirement(ck, req);
		check_requirement_values(ck, req);
		bl_path_pop(&ck->at, inner);
	}
	bl_path_pop(&ck->at, mark);
}
