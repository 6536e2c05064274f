/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Taints of nodes and tolerations of pods.
 *
 * A taint keeps pods away from a node unless they tolerate it. Both name a key, a value and an
 * effect; a toleration may leave the effect out (any), and the key too if its operator is Exists
 * (any taint).
 *
 * A pair of key and effect is unique on a node; the value is not part of it. On a pod two tolerations
 * may be equal.
 *
 * A value that is no label value is named at the operator, where the real server puts it, because the
 * operator decides whether there is a value at all.
 */
#include "apiserver/kinds/taints.h"

#include "apiserver/kinds/names.h"
#include "base/str.h"

static const char *const effects[] = {"NoSchedule", "PreferNoSchedule", "NoExecute", NULL};

static bool same_taint(const json_t *a, const json_t *b)
{
	return bl_streq(bl_str(a, "key"), bl_str(b, "key")) &&
	       bl_streq(bl_str(a, "effect"), bl_str(b, "effect"));
}

void bl_check_taints(struct bl_check *ck, const char *name, const json_t *taints)
{
	for (size_t i = 0; i < json_array_size(taints); i++) {
		const json_t *taint = json_array_get(taints, i);
		size_t mark = bl_path_push(&ck->at, name);

		bl_path_push_index(&ck->at, i);
		(void)bl_check_rules(ck, "key", bl_str(taint, "key"), bl_rule_qualified_name);
		(void)bl_check_rules(ck, "value", bl_str(taint, "value"), bl_rule_label_value);
		if (!bl_has_str(taint, "effect"))
			bl_check_required(ck, "effect", "");
		else
			(void)bl_check_one_of(ck, "effect", bl_str(taint, "effect"), effects);
		for (size_t k = 0; k < i; k++) {
			if (!same_taint(json_array_get(taints, k), taint))
				continue;
			bl_check_add(ck, BL_CAUSE_DUPLICATE, NULL, taint,
				     "taints must be unique by key and effect pair");
			break;
		}
		bl_path_pop(&ck->at, mark);
	}
}

static void check_operator(struct bl_check *ck, const json_t *t)
{
	static const char *const operators[] = {"Equal", "Exists", NULL};
	const char *op = bl_str(t, "operator");

	if (*op == '\0' || bl_streq(op, "Equal")) {
		(void)bl_check_rules(ck, "operator", bl_str(t, "value"), bl_rule_label_value);
	} else if (bl_streq(op, "Exists")) {
		if (bl_has_str(t, "value"))
			bl_check_invalid(ck, "operator", t,
					 "value must be empty when `operator` is 'Exists'");
	} else {
		(void)bl_check_one_of(ck, "operator", op, operators);
	}
}

void bl_check_tolerations(struct bl_check *ck, const char *name, const json_t *tolerations)
{
	for (size_t i = 0; i < json_array_size(tolerations); i++) {
		const json_t *t = json_array_get(tolerations, i);
		const char *key = bl_str(t, "key");
		size_t mark = bl_path_push(&ck->at, name);

		bl_path_push_index(&ck->at, i);
		if (*key)
			(void)bl_check_rules(ck, "key", key, bl_rule_qualified_name);
		else if (!bl_streq(bl_str(t, "operator"), "Exists"))
			bl_check_invalid(ck, "operator", bl_get(t, "operator"),
					 "operator must be Exists when `key` is empty, which means "
					 "\"match all values and all keys\"");
		if (bl_has(t, "tolerationSeconds") && !bl_streq(bl_str(t, "effect"), "NoExecute"))
			bl_check_invalid(ck, "effect", bl_get(t, "effect"),
					 "effect must be 'NoExecute' when `tolerationSeconds` is "
					 "set");
		check_operator(ck, t);
		if (bl_has_str(t, "effect"))
			(void)bl_check_one_of(ck, "effect", bl_str(t, "effect"), effects);
		bl_path_pop(&ck->at, mark);
	}
}
